/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_TABLE_H
#define LBHASH_TABLE_H

#include <linux/hash.h>
#include <linux/rcupdate.h>

#include "backend.h"
#include "hash.h"
#include "lbhash.h"
#include "transition.h"

/**
 * struct lbhash_conf - attributes of a service, as the user sees them
 * @size: slots, a prime
 * @fields: of enum lbhash_hash_field
 * @src4: leading bits of an IPv4 source address that are hashed
 * @dst4: likewise of the destination
 * @src6: leading bits of an IPv6 source address that are hashed
 * @dst6: likewise of the destination
 * @seed: key of the hash, lowest byte first
 * @mask: mark bits of the service
 * @on_empty: one of enum lbhash_on_empty
 * @settle: seconds
 */
struct lbhash_conf {
	u32 size;
	u32 fields;
	u8 src4;
	u8 dst4;
	u8 src6;
	u8 dst6;
	u8 seed[LBHASH_SEED_LEN];
	u32 mask;
	u32 on_empty;
	u32 settle;
};

/**
 * struct lbhash_table - a service's configuration, ready for packets
 * @mask: &lbhash_conf.mask, first because every packet reads it
 * @size: &lbhash_conf.size
 * @transitions: length of @list
 * @marks_bits: logarithm of the length of @marks
 * @n: number of members
 * @members: sorted by name
 * @slots: owner and previous owner of each slot, see transition.h; NULL if
 *	nobody takes connections, and nobody has any
 * @marks: open hash of marks, each an index of @members or LBHASH_NONE
 * @hash: how flows are hashed
 * @conf: the attributes
 * @digest: of the slots, 0 until somebody asked for it
 * @list: slots in transition, in ascending order, NULL if there is none; not
 *	for packets
 * @rcu: to free it
 *
 * Every change of a service, large or small, is a new table, so that no packet
 * meets half of one. Once it is published only @digest, @list, @transitions and
 * the previous owners change: slots close and settle, one word each. That is
 * also why @marks is an array of ours and no rhashtable: it has to appear
 * together with the members that it names.
 */
struct lbhash_table {
	u32 mask;
	u32 size;
	u32 transitions;
	u32 marks_bits;
	u32 n;
	struct lbhash_member *members;
	u32 *slots;
	u16 *marks;
	struct lbhash_hash hash;
	struct lbhash_conf conf;
	u64 digest;
	struct lbhash_transition *list;
	struct rcu_head rcu;
};

u16 *lbhash_marks_alloc(u32 n, u32 *bits, gfp_t gfp);

struct lbhash_table *lbhash_table_build(const struct lbhash_conf *conf,
					const struct lbhash_member *members,
					u32 n, const struct lbhash_table *old);
void lbhash_table_free(struct lbhash_table *table);
void lbhash_table_free_rcu(struct lbhash_table *table);
u64 lbhash_table_digest(struct lbhash_table *table);
void lbhash_table_map(const struct lbhash_table *from,
		      const struct lbhash_table *to, u16 *indices);
bool lbhash_table_has_same_hash(const struct lbhash_table *a,
				const struct lbhash_table *b);
bool lbhash_table_is_comparable(const struct lbhash_table *a,
				const struct lbhash_table *b);
void lbhash_table_trim(struct lbhash_table *table);
void lbhash_table_settle(struct lbhash_table *table);

/**
 * lbhash_marks_at - look a mark up in an index
 * @marks: an index
 * @bits: its size is two to the power of this
 * @members: members that it names
 * @mark: a mark
 *
 * Return: where the index names the member with that mark; where it would, and
 * names nobody, if it has none.
 */
static inline u16 *lbhash_marks_at(u16 *marks, u32 bits,
				   const struct lbhash_member *members,
				   u32 mark)
{
	u32 at = hash_32(mark, bits);

	while (marks[at] != LBHASH_NONE && members[marks[at]].mark != mark)
		at = (at + 1) & ((1u << bits) - 1);
	return &marks[at];
}

/**
 * lbhash_table_by_mark - whose mark is it
 * @table: a table
 * @mark: a mark under the service's mask
 *
 * Return: the member, whatever its state, or NULL.
 */
static inline const struct lbhash_member *
lbhash_table_by_mark(const struct lbhash_table *table, u32 mark)
{
	u16 found = *lbhash_marks_at(table->marks, table->marks_bits,
				     table->members, mark);

	return found == LBHASH_NONE ? NULL : &table->members[found];
}

/* The member with a mark if it is usable, else NULL. */
static inline const struct lbhash_member *
lbhash_table_usable_by_mark(const struct lbhash_table *table, u32 mark)
{
	const struct lbhash_member *member = lbhash_table_by_mark(table, mark);

	return member && lbhash_member_is_usable(member) ? member : NULL;
}

/**
 * lbhash_table_slot - slot of a flow
 * @table: a table
 * @flow: a flow
 *
 * Return: the slot's number.
 */
static inline u32 lbhash_table_slot(const struct lbhash_table *table,
				    const struct lbhash_flow *flow)
{
	return reciprocal_scale(lbhash_hash_flow(flow, &table->hash),
				table->size);
}

/**
 * lbhash_table_at - what is in a slot
 * @table: a table
 * @slot: less than the table's size
 *
 * Return: owner and previous owner, see transition.h.
 */
static inline u32 lbhash_table_at(const struct lbhash_table *table, u32 slot)
{
	if (unlikely(!table->slots))
		return lbhash_slot(LBHASH_NONE, LBHASH_NONE);
	return READ_ONCE(table->slots[slot]);
}

/**
 * lbhash_table_is_empty - does nobody take connections?
 * @table: a table
 *
 * Return: true if no slot has an owner; else all of them have one.
 */
static inline bool lbhash_table_is_empty(const struct lbhash_table *table)
{
	return lbhash_slot_owner(lbhash_table_at(table, 0)) == LBHASH_NONE;
}

/**
 * lbhash_table_member - who is that
 * @table: a table
 * @index: from a slot of it
 *
 * Return: the member, or NULL for LBHASH_NONE.
 */
static inline const struct lbhash_member *
lbhash_table_member(const struct lbhash_table *table, u16 index)
{
	if (unlikely(index == LBHASH_NONE))
		return NULL;
	return &table->members[index];
}

#endif /* LBHASH_TABLE_H */
