/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_CHANGE_H
#define LBHASH_CHANGE_H

#include <linux/types.h>

struct lbhash_table;

/**
 * struct lbhash_share - what a change does to one backend
 * @name: its name
 * @before: slots that it owned
 * @after: slots that it will own
 * @gained: slots that come to it
 * @lost: slots that leave it
 * @entered: slots that enter transition with it as their previous owner
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
 * struct lbhash_change - what a change does to a service's slots
 * @size: slots afterwards
 * @moved: slots that leave their owner; where slots do not mean the same before
 *	and after, as many of the new ones as connections move
 * @needed: how many had to, to get from the old shares to the new ones
 * @entered: settled slots that enter transition
 * @transitions: slots in transition afterwards
 * @by_slot: slots mean the same before and after; if not, of each share only
 *	@before and @after are known
 * @n: length of @shares
 * @shares: of every backend that there is before or after
 */
struct lbhash_change {
	u32 size;
	u32 moved;
	u32 needed;
	u32 entered;
	u32 transitions;
	bool by_slot;
	u32 n;
	struct lbhash_share *shares;
};

int lbhash_change_measure(struct lbhash_change *change,
			  const struct lbhash_table *before,
			  const struct lbhash_table *after);
void lbhash_change_free(struct lbhash_change *change);

#endif /* LBHASH_CHANGE_H */
