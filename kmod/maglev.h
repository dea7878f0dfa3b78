/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_MAGLEV_H
#define LBHASH_MAGLEV_H

#include <linux/siphash.h>
#include <linux/types.h>

/**
 * struct lbhash_maglev_entry - a backend while slots are assigned
 * @name: name, zero-terminated; its hash determines the order of slots
 * @weight: share of the slots, 1..65535
 * @id: index that is written into the slots of the entry
 * @position: next slot of the walk
 * @rank: hash of @name; entries take turns in ascending order of ranks
 * @skip: distance from @position to the slot after it
 * @slots: number of slots assigned
 * @next: entry with the next turn in the same round
 * @stride: rounds between two turns, rounded down
 * @rest: fraction that @stride lacks, in units of 1 / (2 * @weight) rounds
 * @debt: sum of @rest since the last whole round
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
