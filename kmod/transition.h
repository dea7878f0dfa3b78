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
 * For a connection that is not remembered, neither by the mark of its conntrack
 * entry nor by the flow memory:
 *
 * (owner, previous owner)
 *
 * (A, none)	settled: A
 * (A, B)	in transition: B while it is usable, else A; A if the connection
 *		is new
 * (A, A)	closing: A; remembered connections may be at other backends; or
 *		sampled, which the word of the move tells: A, and all are there
 * (none, B)	in transition: B; no backend for new connections
 * (none, none)	no backend; remembered connections may be at any backend
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

/* Where connections belong that are not remembered: the previous owner, else
 * the owner.
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

/*
 * The flow memory needs more of a slot in transition: a word with the number of
 * the transition and these flags, which settling sets and packets read.
 */
#define LBHASH_MOVE_LEARNS	0x1 /* unknown connections are remembered */
#define LBHASH_MOVE_DUE		0x2 /* it closes, or will as soon as it can */
#define LBHASH_MOVE_BUSY	0x4 /* a remembered connection needs it */
#define LBHASH_MOVE_BITS	3

/* In the number of a slot that is settled and sampled, whose owner is its
 * previous owner; numbers of transitions are less.
 */
#define LBHASH_MOVE_SAMPLE	(1u << (31 - LBHASH_MOVE_BITS))

static inline u32 lbhash_move(u32 number)
{
	return number << LBHASH_MOVE_BITS;
}

static inline u32 lbhash_move_number(u32 move)
{
	return move >> LBHASH_MOVE_BITS;
}

static inline bool lbhash_move_is_sample(u32 move)
{
	return lbhash_move_number(move) & LBHASH_MOVE_SAMPLE;
}

/**
 * enum lbhash_phase - how far a transition has come
 * @LBHASH_PHASE_OPEN: what is unknown goes home
 * @LBHASH_PHASE_LEARNING: it goes home, and is remembered
 * @LBHASH_PHASE_CLOSING: it goes to the owner
 */
enum lbhash_phase {
	LBHASH_PHASE_OPEN,
	LBHASH_PHASE_LEARNING,
	LBHASH_PHASE_CLOSING,
};

/**
 * struct lbhash_transition - a slot in transition
 * @since: time of the last change of its owner, in seconds
 * @began: time at which the slot entered transition
 * @at: time at which @phase began
 * @slot: number of the slot
 * @phase: one of enum lbhash_phase; only with a flow memory it gets further
 *	before the slot settles
 * @mixed: connections may be at backends other than the owner and the previous
 *	owner
 */
struct lbhash_transition {
	u32 since;
	u32 began;
	u32 at;
	u32 slot : 29;
	u32 phase : 2;
	u32 mixed : 1;
};

/**
 * struct lbhash_heirs - where the backends of a table are in the next one
 * @at: for each backend its index in the new table, LBHASH_NONE if it is gone
 * @usable: likewise, LBHASH_NONE if it cannot keep its connections, either
 * @any: index of a backend of both that keeps its connections, or LBHASH_NONE
 */
struct lbhash_heirs {
	const u16 *at;
	const u16 *usable;
	u16 any;
};

/**
 * struct lbhash_times - times of transitions, all in seconds
 * @now: present time
 * @settle: how long a slot remains in transition at least
 * @most: how long at most, 0 for no limit
 * @idle: how long a silent connection is remembered
 * @udp_idle: how long a flow without handshake pauses at most
 * @full: the memory has lacked room within @idle, so connections that are
 *	unknown may be anywhere
 */
struct lbhash_times {
	u32 now;
	u32 settle;
	u32 most;
	u32 idle;
	u32 udp_idle;
	bool full;
};

u32 lbhash_transition_carry(u32 *slots, u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const struct lbhash_heirs *heirs);
void lbhash_transition_list(struct lbhash_transition *list, const u32 *slots,
			    u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const struct lbhash_heirs *heirs, u32 now);
u32 lbhash_transition_close_all(u32 *slots, u32 size,
				struct lbhash_transition *list, u32 now);
void lbhash_transition_moves(u32 *moves, const u32 *old_moves,
			     const struct lbhash_transition *list, u32 n,
			     u32 number);
u32 lbhash_transition_age(unsigned long *aged,
			  const struct lbhash_transition *list, u32 n,
			  const struct lbhash_times *times);
u32 lbhash_transition_settle(u32 *slots, u32 *moves,
			     struct lbhash_transition *list, u32 n,
			     const struct lbhash_times *times);
u32 lbhash_transition_wait(const u32 *slots, bool moves,
			   const struct lbhash_transition *list, u32 n,
			   const struct lbhash_times *times, bool last);

#endif /* LBHASH_TRANSITION_H */
