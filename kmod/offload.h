/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_OFFLOAD_H
#define LBHASH_OFFLOAD_H

#include <linux/types.h>

struct lbhash_net;
struct lbhash_table;

/**
 * struct lbhash_lost - a mark whose backend keeps its connections no longer
 * @mask: mask of the service
 * @mark: mark under @mask
 */
struct lbhash_lost {
	u32 mask;
	u32 mark;
};

void lbhash_offload_change(struct lbhash_net *ln,
			   const struct lbhash_table *old,
			   const struct lbhash_table *new);
void lbhash_offload_init(struct lbhash_net *ln);
void lbhash_offload_exit(struct lbhash_net *ln);

#endif /* LBHASH_OFFLOAD_H */
