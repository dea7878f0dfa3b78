/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_MAGLEV_H
#define LBHASH_MAGLEV_H

#include <linux/siphash.h>
#include <linux/types.h>

/**
 * struct lbhash_maglev_entry - one backend on its way into the table
 * @name: what identifies it, zero-terminated; every choice derives from it
 * @weight: its share, 1..65535
 * @id: what is written into the slots that it gets
 * @position: next slot that it wants
 * @rank: hash of @name; entries fill in ascending order of it
 * @skip: distance to the slot that it wants after that
 * @slots: slots that it got
 * @next: entry that follows in the same round
 * @stride: rounds between two turns, rounded down
 * @rest: what @stride left over, in units of 1 / (2 * @weight) rounds
 * @debt: sum of @rest that has not made a round yet
 */
struct lbhash_maglev_entry {
	const char *name;
	u16 weight;
	u16 id;
	u32 position;
	u64 rank;
	u32 skip;
	u32 slots;
	u16 next;
	u32 stride;
	u32 rest;
	u32 debt;
};

u32 lbhash_maglev_prime(u32 size);
void lbhash_maglev_permute(struct lbhash_maglev_entry *entries, u32 n,
			   u32 size, const siphash_key_t *key);
size_t lbhash_maglev_scratch(const struct lbhash_maglev_entry *entries, u32 n,
			     u32 size);
void lbhash_maglev_fill(u32 *slots, u32 size,
			struct lbhash_maglev_entry *entries, u32 n,
			void *scratch);

#endif /* LBHASH_MAGLEV_H */
