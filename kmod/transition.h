/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_TRANSITION_H
#define LBHASH_TRANSITION_H

#include <linux/sched.h>
#include <linux/types.h>

#define LBHASH_NONE	0xffff

/* A table may have a million slots; so many are looked at in one go. */
#define LBHASH_SLOTS_AT_ONCE	16384

/*
 * A slot is one word, so that one load tells all of it: the owner in the low
 * half, the previous owner in the high half, both by their index in the table.
 * "Known" connections are those that conntrack knows.
 *
 * (owner, previous owner):
 *
 * (A, nobody)	settled: all connections are A's
 * (A, B)	in transition: unknown ones are B's, new ones A's
 * (A, A)	closing: unknown ones are A's, known ones may be others'
 * (nobody, B)	in transition: unknown ones are B's, there are no new ones
 * (nobody, nobody)
 *		known ones may be anybody's, there are no new ones
 */

static inline u32 lbhash_slot(u16 owner, u16 previous)
{
	return (u32)previous << 16 | owner;
}

static inline u16 lbhash_slot_owner(u32 slot)
{
	return slot;
}

static inline u16 lbhash_slot_previous(u32 slot)
{
	return slot >> 16;
}

static inline bool lbhash_slot_in_transition(u32 slot)
{
	return lbhash_slot_previous(slot) != LBHASH_NONE;
}

static inline bool lbhash_slot_is_closing(u32 slot)
{
	return lbhash_slot_in_transition(slot) &&
	       lbhash_slot_previous(slot) == lbhash_slot_owner(slot);
}

static inline bool lbhash_slot_is_settled(u32 slot)
{
	/* One comparison: no previous owner, and an owner that is somebody. */
	return slot - lbhash_slot(0, LBHASH_NONE) < LBHASH_NONE;
}

/* Whose unknown connections are. */
static inline u16 lbhash_slot_fallback(u32 slot)
{
	return lbhash_slot_in_transition(slot) ? lbhash_slot_previous(slot) :
						 lbhash_slot_owner(slot);
}

static inline bool lbhash_slots_go_on(u32 i, u32 n, u32 *end)
{
	if (i == n)
		return false;
	cond_resched();
	*end = n - i > LBHASH_SLOTS_AT_ONCE ? i + LBHASH_SLOTS_AT_ONCE : n;
	return true;
}

/* @i from 0 to below @n; may sleep. Two loops, which costs a slot nothing; they
 * must not be left but by continue.
 */
#define lbhash_for_each_slot(i, n)					\
	for (u32 _end = (i) = 0; lbhash_slots_go_on(i, n, &_end);)	\
		for (; (i) < _end; (i)++)

/**
 * struct lbhash_transition - a slot in transition
 * @since: second of its last change
 * @slot: number of the slot
 * @mixed: known connections may be at others than its owner and its previous
 *	owner
 */
struct lbhash_transition {
	u32 since;
	u32 slot : 31;
	u32 mixed : 1;
};

u32 lbhash_transition_carry(u32 *slots, u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const u16 *heirs);
void lbhash_transition_list(struct lbhash_transition *list, const u32 *slots,
			    u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const u16 *heirs, u32 now);
u32 lbhash_transition_close_all(u32 *slots, u32 size,
				struct lbhash_transition *list, u32 now);
u32 lbhash_transition_close(u32 *slots, struct lbhash_transition *list, u32 n,
			    u32 settle, u32 now);
u32 lbhash_transition_settle(u32 *slots, struct lbhash_transition *list, u32 n,
			     const unsigned long *busy);
u32 lbhash_transition_wait(const u32 *slots,
			   const struct lbhash_transition *list, u32 n,
			   u32 settle, u32 now, bool last);

#endif /* LBHASH_TRANSITION_H */
