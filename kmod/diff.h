/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_DIFF_H
#define LBHASH_DIFF_H

#include <linux/types.h>

struct lbhash_table;

/**
 * struct lbhash_share - the slots of one backend before and after a change
 * @name: name of the backend, owned by the table
 * @before: number of slots owned before
 * @after: number of slots owned after
 * @gained: number of slots that move to the backend
 * @lost: number of slots that move away from it
 * @entered: number of slots that enter transition with it as previous owner
 */
struct lbhash_share {
	const char *name;
	u32 before;
	u32 after;
	u32 gained;
	u32 lost;
	u32 entered;
};

/**
 * struct lbhash_diff - what a change moves
 * @size: number of slots after the change
 * @moved: number of slots whose owner changes; if slots do not correspond, an
 *	estimate: the share of flows that move, in slots of the new table
 * @needed: least number of moves that turns the old shares into the new ones
 * @entered: number of settled slots that enter transition
 * @forgotten: number of connections that are remembered away from the owner of
 *	their slot, and that the change forgets
 * @transitions: number of slots in transition after the change
 * @by_slot: every flow has the same slot before and after; if not, only @before
 *	and @after of the shares are known
 * @n: length of @shares
 * @shares: every backend that exists before or after
 */
struct lbhash_diff {
	u32 size;
	u32 moved;
	u32 needed;
	u32 entered;
	u32 forgotten;
	u32 transitions;
	bool by_slot;
	u32 n;
	struct lbhash_share *shares;
};

int lbhash_diff_compute(struct lbhash_diff *diff,
			const struct lbhash_table *before,
			  const struct lbhash_table *after);
void lbhash_diff_free(struct lbhash_diff *diff);

#endif /* LBHASH_DIFF_H */
