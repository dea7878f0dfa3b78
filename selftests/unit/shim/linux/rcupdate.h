/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_RCUPDATE_H
#define SHIM_RCUPDATE_H

#include "compiler.h"
#include <linux/types.h>

#define __rcu

#define rcu_dereference(pointer)			(pointer)
#define rcu_dereference_raw(pointer)			(pointer)
#define rcu_dereference_protected(pointer, condition)	(pointer)
#define rcu_access_pointer(pointer)			(pointer)
#define rcu_assign_pointer(pointer, value)		((pointer) = (value))
#define RCU_INIT_POINTER(pointer, value)		((pointer) = (value))
#define rcu_read_lock()					((void)0)
#define rcu_read_unlock()				((void)0)
#define synchronize_rcu()				((void)0)

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
