/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_TABLE_H
#define LBHASH_TABLE_H

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>

#include "backend.h"
#include "hash.h"
#include "lbhash.h"
#include "transition.h"

/**
 * struct lbhash_conf - attributes of a service, as users configure them
 * @size: number of slots, a prime
 * @fields: flags of enum lbhash_hash_field
 * @src4: length of the hashed prefix of IPv4 source addresses
 * @dst4: length of the hashed prefix of IPv4 destination addresses
 * @src6: length of the hashed prefix of IPv6 source addresses
 * @dst6: length of the hashed prefix of IPv6 destination addresses
 * @seed: key of the hash, lowest byte first
 * @mask: bits of marks that belong to the service
 * @on_empty: one of enum lbhash_on_empty
 * @settle: seconds that a slot stays in transition at least
 * @track: one of enum lbhash_track, for rules that follow the service
 * @deliver: one of enum lbhash_deliver, likewise
 * @idle: seconds for which a silent connection with a handshake is remembered
 *	at least, once its slot is no longer in transition
 * @udp_idle: seconds after which a silent flow without a handshake is a new one
 * @settle_max: seconds after its last change at which a slot settles, even if
 *	connections are away from its owner; 0 for never, else at least @settle
 * @sample: one in so many settled slots is tracked as if in transition; 0 for
 *	none
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
	u32 track;
	u32 deliver;
	u32 idle;
	u32 udp_idle;
	u32 settle_max;
	u32 sample;
};

/**
 * enum lbhash_way - the way of packets, from a rule and its service
 * @LBHASH_WAY_NEVER: the hash alone decides
 * @LBHASH_WAY_CHANGED: packets are tracked if their slot is in transition;
 *	without this and the first one all packets are tracked
 * @LBHASH_WAY_NEXTHOP: packets are sent to the backend's address
 * @LBHASH_WAY_RAW: conntrack has not run yet; a rule knows it
 */
enum lbhash_way {
	LBHASH_WAY_NEVER	= 1 << 0,
	LBHASH_WAY_CHANGED	= 1 << 1,
	LBHASH_WAY_NEXTHOP	= 1 << 2,
	LBHASH_WAY_RAW		= 1 << 3,
};

/**
 * struct lbhash_moves - what the flow memory needs of slots in transition
 * @rcu: frees it after a grace period
 * @move: a word for each slot, see transition.h; 0 for a settled one
 */
struct lbhash_moves {
	struct rcu_head rcu;
	u32 move[];
};

/**
 * struct lbhash_aged - slots whose unknown flows without handshake are new ones
 * @rcu: frees it after a grace period
 * @slots: a bit for each slot; of a settled one it means nothing
 */
struct lbhash_aged {
	struct rcu_head rcu;
	unsigned long slots[];
};

/**
 * struct lbhash_table - the configuration of a service, as packets read it
 * @mask: &lbhash_conf.mask, first because every packet reads it
 * @size: &lbhash_conf.size
 * @transitions: length of @list
 * @marks_bits: binary logarithm of the length of @marks and of @ids
 * @n: length of @members
 * @way: at each hook of iptables, the way of packets whose rule follows the
 *	service: flags of enum lbhash_way
 * @members: backends, sorted by name
 * @slots: owner and previous owner of each slot, see transition.h; NULL in a
 *	table without slots, see lbhash_table_has_slots()
 * @marks: open hash of marks; values are indices of @members or LBHASH_NONE
 * @ids: likewise, of the numbers of backends
 * @sampled: settled slots are sampled: they are in @moves, and not in @list
 * @moves: words of the slots in transition and of those that are sampled, RCU;
 *	NULL if there are none, or if the service does not use the flow memory
 * @aged: which slots have been in transition for some time, RCU; NULL if none
 *	is in transition
 * @hash: how flows are hashed
 * @conf: attributes of the service
 * @digest: fingerprint of the slots, 0 until it is first asked for
 * @list: slots in transition, in ascending order, NULL if there are none; not
 *	read by packets
 * @rcu: frees the table after a grace period
 *
 * Every change of a service, large or small, publishes a new table, so that no
 * packet sees half of a change. In a published table only @digest, @list,
 * @transitions, @moves, @aged and previous owners change: slots age, close and
 * settle, one bit or word each. @marks is an array and not an rhashtable
 * because it must be published together with the members that it refers to.
 */
struct lbhash_table {
	u32 mask;
	u32 size;
	u32 transitions;
	u32 marks_bits;
	u32 n;
	u8 way[NF_INET_LOCAL_OUT + 1];
	bool sampled;
	struct lbhash_member *members;
	u32 *slots;
	u16 *marks;
	u16 *ids;
	struct lbhash_moves __rcu *moves;
	struct lbhash_aged __rcu *aged;
	struct lbhash_hash hash;
	struct lbhash_conf conf;
	u64 digest;
	struct lbhash_transition *list;
	struct rcu_head rcu;
};

/**
 * lbhash_track_in - what --track means in a table of iptables
 * @track: one of enum lbhash_track
 * @raw: in the raw table, where conntrack has not run yet
 *
 * Return: one of enum lbhash_track; where conntrack has run already, packets
 * are tracked, whether their slot has changed or not.
 */
static inline u32 lbhash_track_in(u32 track, bool raw)
{
	return track == LBHASH_TRACK_CHANGED && !raw ? LBHASH_TRACK_ALWAYS :
						       track;
}

/**
 * lbhash_way_of - the way of packets that are tracked as users say
 * @track: one of enum lbhash_track
 *
 * Return: flags of enum lbhash_way.
 */
static inline u8 lbhash_way_of(u32 track)
{
	return track == LBHASH_TRACK_NEVER ? LBHASH_WAY_NEVER :
	       track == LBHASH_TRACK_CHANGED ? LBHASH_WAY_CHANGED : 0;
}

u16 *lbhash_marks_alloc(u32 n, u32 *bits, gfp_t gfp);

struct lbhash_table *lbhash_table_build(const struct lbhash_conf *conf,
					const struct lbhash_member *members,
					u32 n, const struct lbhash_table *old,
					u32 number);
int lbhash_table_copy_settled(struct lbhash_table *copy,
			      const struct lbhash_table *table);
void lbhash_table_free(struct lbhash_table *table);
void lbhash_table_free_rcu(struct lbhash_table *table);
u64 lbhash_table_digest(struct lbhash_table *table);
void lbhash_table_map(const struct lbhash_table *from,
		      const struct lbhash_table *to, bool usable,
		      u16 *indices);
bool lbhash_table_has_same_hash(const struct lbhash_table *a,
				const struct lbhash_table *b);
bool lbhash_table_is_comparable(const struct lbhash_table *a,
				const struct lbhash_table *b);
u32 lbhash_table_age(struct lbhash_table *table, u32 now);
void lbhash_table_trim(struct lbhash_table *table);
int lbhash_table_number(struct lbhash_table *table, u32 number);
void lbhash_table_settle(struct lbhash_table *table);
void lbhash_table_sample(struct lbhash_table *table, u64 generation);
void lbhash_table_end_sample(struct lbhash_table *table);

/**
 * lbhash_marks_at - look a mark up in an index of marks
 * @marks: index, from lbhash_marks_alloc()
 * @bits: binary logarithm of the length of @marks
 * @members: array that the index refers to
 * @mark: mark to find
 *
 * Return: place of the member with that mark; if there is no such member, the
 * free place where it belongs.
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
 * lbhash_table_by_mark - find a member by its mark
 * @table: table that owns the member
 * @mark: mark under the service's mask
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
 * lbhash_ids_at - look the number of a backend up in an index
 * @ids: index, from lbhash_marks_alloc()
 * @bits: binary logarithm of the length of @ids
 * @members: array that the index refers to
 * @id: number to find
 *
 * Return: as lbhash_marks_at().
 */
static inline u16 *lbhash_ids_at(u16 *ids, u32 bits,
				 const struct lbhash_member *members, u32 id)
{
	u32 at = hash_32(id, bits);

	while (ids[at] != LBHASH_NONE && members[ids[at]].id != id)
		at = (at + 1) & ((1u << bits) - 1);
	return &ids[at];
}

/* The member with a number, whatever its state, or NULL. */
static inline const struct lbhash_member *
lbhash_table_by_id(const struct lbhash_table *table, u32 id)
{
	u16 found = *lbhash_ids_at(table->ids, table->marks_bits,
				   table->members, id);

	return found == LBHASH_NONE ? NULL : &table->members[found];
}

/* The member with a number if it is usable, else NULL. */
static inline const struct lbhash_member *
lbhash_table_usable_by_id(const struct lbhash_table *table, u32 id)
{
	const struct lbhash_member *member = lbhash_table_by_id(table, id);

	return member && lbhash_member_is_usable(member) ? member : NULL;
}

/* Compute the number of the slot of a flow. */
static inline u32 lbhash_table_slot(const struct lbhash_table *table,
				    const struct lbhash_flow *flow)
{
	return reciprocal_scale(lbhash_hash_flow(flow, &table->hash),
				table->size);
}

/**
 * lbhash_table_has_slots - does a table have slots?
 * @table: table, published or not
 *
 * Return: false if no backend takes connections and none has any to keep.
 */
static inline bool lbhash_table_has_slots(const struct lbhash_table *table)
{
	return table->slots;
}

/**
 * lbhash_table_at - read a slot
 * @table: table, with or without slots
 * @slot: number of the slot, less than &lbhash_conf.size
 *
 * Return: owner and previous owner, see transition.h.
 */
static inline u32 lbhash_table_at(const struct lbhash_table *table, u32 slot)
{
	if (unlikely(!lbhash_table_has_slots(table)))
		return lbhash_slot(LBHASH_NONE, LBHASH_NONE);
	return READ_ONCE(table->slots[slot]);
}

/**
 * lbhash_table_is_empty - does no backend take connections?
 * @table: table, with or without slots
 *
 * Return: true if no slot has an owner; otherwise all slots have one.
 */
static inline bool lbhash_table_is_empty(const struct lbhash_table *table)
{
	return lbhash_slot_owner(lbhash_table_at(table, 0)) == LBHASH_NONE;
}

/**
 * lbhash_table_member - get the member that a slot refers to
 * @table: table that owns the member
 * @index: owner or previous owner from a slot of the table
 *
 * Return: the member, NULL for LBHASH_NONE.
 */
static inline const struct lbhash_member *
lbhash_table_member(const struct lbhash_table *table, u16 index)
{
	if (unlikely(index == LBHASH_NONE))
		return NULL;
	return &table->members[index];
}

/**
 * lbhash_table_home - find the home of a slot
 * @table: table
 * @slot: owner and previous owner
 *
 * Return: where connections belong that are not remembered: the previous owner
 * while it is usable, else the owner; NULL if there is no backend.
 */
static inline const struct lbhash_member *
lbhash_table_home(const struct lbhash_table *table, u32 slot)
{
	const struct lbhash_member *home;

	home = lbhash_table_member(table, lbhash_slot_fallback(slot));
	if (home && unlikely(!lbhash_member_is_usable(home)))
		home = lbhash_table_member(table, lbhash_slot_owner(slot));
	return home;
}

/**
 * lbhash_table_is_aged - are unknown flows without handshake new ones?
 * @table: table
 * @number: number of a slot in transition
 *
 * Context: RCU.
 * Return: true if the slot has been in transition for longer than such a flow
 * pauses: one that is older would be known.
 */
static inline bool lbhash_table_is_aged(const struct lbhash_table *table,
					u32 number)
{
	const struct lbhash_aged *aged = rcu_dereference(table->aged);

	return aged && test_bit(number, aged->slots);
}

#endif /* LBHASH_TABLE_H */
