/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_RCUPDATE_H
#define SHIM_RCUPDATE_H

#include "compiler.h"
#include <linux/types.h>

#define __rcu

struct rcu_head {
	void (*func)(struct rcu_head *head);
};

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/* There are no concurrent readers: no grace period is needed. */
static inline void call_rcu(struct rcu_head *head,
			    void (*func)(struct rcu_head *head))
{
	func(head);
}

#endif /* SHIM_RCUPDATE_H */
