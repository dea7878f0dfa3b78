/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_TRANSITION_H
#define LBHASH_TRANSITION_H

#include <linux/sched.h>
#include <linux/types.h>

#define LBHASH_NONE	0xffff

/* Slots between two points where other tasks may run; there may be a million.
 */
#define LBHASH_SLOTS_AT_ONCE	16384

/*
 * A slot is one word, so that one load gives a consistent pair: the index of
 * the owner in the low half and that of the previous owner in the high half.
 * For a connection whose conntrack entry is not pinned, or that has none:
 *
 * (owner, previous owner)
 *
 * (A, none)	settled: A
 * (A, B)	in transition: B, or A if the connection is new
 * (A, A)	closing: A; pinned connections may be at other backends
 * (none, B)	in transition: B; no backend for new connections
 * (none, none)	no backend; pinned connections may be at any backend
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
	/* One comparison: no previous owner, and an owner. */
	return slot - lbhash_slot(0, LBHASH_NONE) < LBHASH_NONE;
}

/* Where connections without a pin belong: the previous owner, else the owner.
 */
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

/* Loop with @i from 0 to @n - 1; may sleep. The two nested loops add no cost
 * per slot, and allow continue but not break.
 */
#define lbhash_for_each_slot(i, n)					\
	for (u32 _end = (i) = 0; lbhash_slots_go_on(i, n, &_end);)	\
		for (; (i) < _end; (i)++)

/**
 * struct lbhash_transition - a slot in transition
 * @since: time of the last change of its owner, in seconds
 * @slot: number of the slot
 * @mixed: entries may be pinned to backends other than the owner and the
 *	previous owner
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
