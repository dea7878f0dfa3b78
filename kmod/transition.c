// SPDX-License-Identifier: GPL-2.0
/*
 * Transitions: slots change owners without moving their connections. Pure
 * arithmetic: no lock, no clock, no conntrack. Loops over slots, of which there
 * may be many, let other tasks run.
 *
 * A settled slot needs no memory: the table alone gives the backend of all of
 * its connections. When the owner changes, older connections stay with the old
 * owner and new ones go to the new owner. Conntrack or the flow memory tells
 * them apart for as long as the slot is in transition. A connection that is not
 * remembered is older than the first change, whatever has happened to the slot
 * since, so the previous owner remains the owner before that change.
 *
 * With conntrack every connection that sends a packet is remembered, by its
 * mark, whatever becomes of the slot: it settles after the settle time. The
 * flow memory only knows those that began in transition, and only while it
 * lasts. After the settle time it learns the others, for as long as a silent
 * one may be idle. Then the slot closes: from now on a connection that is not
 * remembered counts as new. It settles when the connections elsewhere than at
 * the owner have been silent for as long.
 *
 * Ideas: Beamer (NSDI 2018) keeps a bucket's previous owner, JET (CoNEXT 2021)
 * tracks only the connections that a change can move, GLB's second chance.
 */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/limits.h>

#include "transition.h"

/* Index of an old table's backend in the new one. */
static u16 heir_of(const u16 *heirs, u16 old)
{
	return old == LBHASH_NONE ? LBHASH_NONE : heirs[old];
}

static bool owner_changed(u32 slot, u32 old, const struct lbhash_heirs *heirs)
{
	return heir_of(heirs->usable, lbhash_slot_owner(old)) !=
	       lbhash_slot_owner(slot);
}

/* The previous owner of a slot that was @old; @mixed as in struct
 * lbhash_transition. A previous owner that is down may return, and its
 * connections with it.
 */
static u16 carry_previous(u16 owner, u32 old, bool mixed,
			  const struct lbhash_heirs *heirs)
{
	bool waits = lbhash_slot_in_transition(old) &&
		     !lbhash_slot_is_closing(old);
	u16 fallback = heir_of(waits ? heirs->at : heirs->usable,
			       lbhash_slot_fallback(old));

	/* Nothing else keeps a slot without an owner in transition, which it is
	 * while connections are remembered at other backends.
	 */
	if (fallback == LBHASH_NONE && owner == LBHASH_NONE && mixed)
		return heirs->any;
	/* Without an owner, connections could be at any backend. */
	if (fallback == LBHASH_NONE)
		return mixed || lbhash_slot_fallback(old) == LBHASH_NONE ?
		       owner : LBHASH_NONE;
	if (lbhash_slot_is_settled(old) && fallback == owner)
		return LBHASH_NONE;
	return fallback;
}

/**
 * lbhash_transition_carry - carry previous owners over to a new table
 * @slots: in and out, slots of the new table, which have owners only
 * @size: number of slots of either table
 * @old: slots of the old table
 * @old_list: the old table's slots in transition, in ascending order
 * @heirs: where the backends of the old table are in the new one
 *
 * Context: may sleep.
 * Return: number of slots of the new table that are in transition.
 */
u32 lbhash_transition_carry(u32 *slots, u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const struct lbhash_heirs *heirs)
{
	u32 i, n = 0;

	lbhash_for_each_slot(i, size) {
		u16 owner = lbhash_slot_owner(slots[i]);
		bool mixed = false;

		/* Almost all slots stay as they are. */
		if (lbhash_slot_is_settled(old[i]) &&
		    heirs->usable[lbhash_slot_owner(old[i])] == owner)
			continue;
		if (lbhash_slot_in_transition(old[i]))
			mixed = old_list++->mixed ||
				  owner_changed(slots[i], old[i], heirs);
		slots[i] = lbhash_slot(owner, carry_previous(owner, old[i],
							     mixed, heirs));
		n += lbhash_slot_in_transition(slots[i]);
	}
	return n;
}

/* The entry of slot @i in the list of a new table; @was is that of the old one,
 * if the slot was in transition there.
 */
static struct lbhash_transition
carry_entry(u32 i, u32 slot, u32 old, const struct lbhash_transition *was,
	    const struct lbhash_heirs *heirs, u32 now)
{
	bool changed = !was || owner_changed(slot, old, heirs);
	bool was_closing = was && was->phase == LBHASH_PHASE_CLOSING;
	bool closing = lbhash_slot_is_closing(slot);
	struct lbhash_transition entry = {
		.since = now,
		.began = was ? was->began : now,
		.at = now,
		.slot = i,
		.phase = closing ? LBHASH_PHASE_CLOSING : LBHASH_PHASE_OPEN,
		.mixed = closing || (was && (was->mixed || changed)),
	};

	if (!changed) {
		entry.since = was->since;
		/* Its previous owner may be gone: then it closes now. */
		if (closing == was_closing) {
			entry.at = was->at;
			entry.phase = was->phase;
		}
	}
	return entry;
}

/**
 * lbhash_transition_list - list the slots in transition with their times
 * @list: out, with the length that lbhash_transition_carry() returned
 * @slots: slots of the new table
 * @size: number of slots
 * @old: slots of the old table
 * @old_list: the old table's slots in transition, in ascending order
 * @heirs: as for lbhash_transition_carry()
 * @now: present time in seconds
 *
 * Context: may sleep.
 */
void lbhash_transition_list(struct lbhash_transition *list, const u32 *slots,
			    u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const struct lbhash_heirs *heirs, u32 now)
{
	u32 i;

	lbhash_for_each_slot(i, size) {
		const struct lbhash_transition *was = NULL;

		/* Neither is in transition: LBHASH_NONE is all ones. */
		if (!lbhash_slot_in_transition(old[i] & slots[i]))
			continue;
		if (lbhash_slot_in_transition(old[i]))
			was = old_list++;
		if (lbhash_slot_in_transition(slots[i]))
			*list++ = carry_entry(i, slots[i], old[i], was, heirs,
					      now);
	}
}

/**
 * lbhash_transition_close_all - close the slots of a table with another hash
 * @slots: in and out, slots of the new table, which have owners only
 * @size: number of slots
 * @list: out, with room for all slots
 * @now: present time in seconds
 *
 * Flows have other slots now, so connections can be at any backend.
 *
 * Context: may sleep.
 * Return: number of slots of the new table that are in transition.
 */
u32 lbhash_transition_close_all(u32 *slots, u32 size,
				struct lbhash_transition *list, u32 now)
{
	u32 i, n = 0;

	lbhash_for_each_slot(i, size) {
		u16 owner = lbhash_slot_owner(slots[i]);

		slots[i] = lbhash_slot(owner, owner);
		if (owner != LBHASH_NONE)
			list[n++] = (struct lbhash_transition){
				.since = now,
				.began = now,
				.at = now,
				.slot = i,
				.phase = LBHASH_PHASE_CLOSING,
				.mixed = true,
			};
	}
	return n;
}

/**
 * lbhash_transition_moves - number the transitions of a new table
 * @moves: zeroes; out, a word for each slot in transition
 * @old_moves: words of the table that is replaced, NULL if it has none or its
 *	slots do not correspond
 * @list: slots in transition
 * @n: length of @list
 * @number: number of the transitions that begin now, not 0
 *
 * A slot that was in transition keeps its number, as connections are remembered
 * by it. Learning begins anew if the owner has changed.
 *
 * Context: may sleep.
 */
void lbhash_transition_moves(u32 *moves, const u32 *old_moves,
			     const struct lbhash_transition *list, u32 n,
			     u32 number)
{
	u32 i;

	lbhash_for_each_slot(i, n) {
		u32 slot = list[i].slot, move = lbhash_move(number);

		if (old_moves && lbhash_move_number(old_moves[slot]))
			move = old_moves[slot] &
			       ~(LBHASH_MOVE_LEARNS | LBHASH_MOVE_DUE);
		if (list[i].phase == LBHASH_PHASE_LEARNING)
			move |= LBHASH_MOVE_LEARNS;
		if (list[i].phase == LBHASH_PHASE_CLOSING)
			move |= LBHASH_MOVE_DUE;
		moves[slot] = move;
	}
}

static bool has_passed(u32 seconds, u32 since, u32 now)
{
	return now - since >= seconds;
}

static void enter(struct lbhash_transition *entry, enum lbhash_phase phase,
		  u32 now)
{
	entry->phase = phase;
	entry->at = now;
}

/* The next phase of a slot with a flow memory. From @idle seconds of learning
 * on the memory keeps what will be elsewhere than at the owner; the slot closes
 * when it has been told so, and only if it has learned everything.
 */
static u32 go_on(u32 *slot, u32 move, struct lbhash_transition *entry,
		 const struct lbhash_times *times)
{
	u16 owner = lbhash_slot_owner(*slot);

	switch (entry->phase) {
	case LBHASH_PHASE_OPEN:
		if (!has_passed(times->settle, entry->since, times->now))
			break;
		enter(entry, LBHASH_PHASE_LEARNING, times->now);
		move |= LBHASH_MOVE_LEARNS;
		break;
	case LBHASH_PHASE_LEARNING:
		if (owner == LBHASH_NONE ||
		    !has_passed(times->idle, entry->at, times->now))
			break;
		if (move & LBHASH_MOVE_DUE && !times->full) {
			enter(entry, LBHASH_PHASE_CLOSING, times->now);
			entry->mixed = true;
			WRITE_ONCE(*slot, lbhash_slot(owner, owner));
			move &= ~LBHASH_MOVE_LEARNS;
		}
		move |= LBHASH_MOVE_DUE;
		break;
	default:
		break;
	}
	return move;
}

/* Can a slot settle? One without an owner cannot: its connections have no other
 * backend than the previous owner.
 */
static bool is_over(u32 slot, const u32 *move,
		    const struct lbhash_transition *entry,
		    const struct lbhash_times *times)
{
	if (lbhash_slot_owner(slot) == LBHASH_NONE)
		return false;
	if (!move)
		return has_passed(times->settle, entry->since, times->now);
	if (times->most &&
	    has_passed(times->most, entry->since, times->now))
		return true;
	return entry->phase == LBHASH_PHASE_CLOSING &&
	       has_passed(times->idle, entry->at, times->now) &&
	       !(*move & LBHASH_MOVE_BUSY);
}

/**
 * lbhash_transition_settle - settle slots whose transition is over
 * @slots: slots of a table, which packets may be reading
 * @moves: words of slots in transition, likewise; NULL without a flow memory
 * @list: slots in transition; in and out
 * @n: length of @list
 * @times: present time, and how long it all takes
 *
 * Slots that do not settle go on to their next phase.
 *
 * Context: may sleep.
 * Return: number of slots that stay in transition, the new length of @list.
 */
u32 lbhash_transition_settle(u32 *slots, u32 *moves,
			     struct lbhash_transition *list, u32 n,
			     const struct lbhash_times *times)
{
	u32 i, left = 0;

	lbhash_for_each_slot(i, n) {
		u32 *slot = &slots[list[i].slot];
		u32 *move = moves ? &moves[list[i].slot] : NULL;
		u16 owner = lbhash_slot_owner(*slot);

		if (is_over(*slot, move, &list[i], times)) {
			WRITE_ONCE(*slot, lbhash_slot(owner, LBHASH_NONE));
			if (move)
				WRITE_ONCE(*move, 0);
			continue;
		}
		if (move)
			WRITE_ONCE(*move, go_on(slot, *move, &list[i], times));
		list[left++] = list[i];
	}
	return left;
}

static u32 rest(u32 seconds, u32 since, u32 now)
{
	return has_passed(seconds, since, now) ? 0 : seconds - (now - since);
}

/**
 * lbhash_transition_age - find slots whose unknown flows are new ones
 * @aged: a bit for each slot of a table; in and out, set for slots that have
 *	been in transition for longer than a flow without handshake pauses
 * @list: slots in transition
 * @n: length of @list
 * @times: present time, and how long such flows pause
 *
 * Context: may sleep.
 * Return: seconds until it is true of another slot, U32_MAX if it is of all.
 */
u32 lbhash_transition_age(unsigned long *aged,
			  const struct lbhash_transition *list, u32 n,
			  const struct lbhash_times *times)
{
	u32 i, wait, answer = U32_MAX;

	lbhash_for_each_slot(i, n) {
		wait = rest(times->udp_idle, list[i].began, times->now);
		if (wait)
			answer = min_t(u32, wait, answer);
		else if (!test_bit(list[i].slot, aged))
			set_bit(list[i].slot, aged);
	}
	return answer;
}

static u32 wait_for(const struct lbhash_transition *entry, bool moves,
		    const struct lbhash_times *times)
{
	u32 now = times->now, most = U32_MAX, wait;

	if (!moves)
		return rest(times->settle, entry->since, now);
	if (times->most)
		most = rest(times->most, entry->since, now);
	switch (entry->phase) {
	case LBHASH_PHASE_OPEN:
		wait = rest(times->settle, entry->since, now) +
		       2 * times->idle;
		break;
	case LBHASH_PHASE_LEARNING:
		wait = rest(times->idle, entry->at, now) + times->idle;
		break;
	default:
		wait = rest(times->idle, entry->at, now);
		break;
	}
	return min_t(u32, wait, most);
}

/**
 * lbhash_transition_wait - compute the time until a slot can settle
 * @slots: slots of a table
 * @moves: there is a flow memory
 * @list: slots in transition
 * @n: length of @list
 * @times: present time, and how long it all takes
 * @last: compute it for the last slot to settle, not the first
 *
 * Context: may sleep.
 * Return: seconds, 0 for a slot that only waits for connections; U32_MAX if no
 * slot is going to settle.
 */
u32 lbhash_transition_wait(const u32 *slots, bool moves,
			   const struct lbhash_transition *list, u32 n,
			   const struct lbhash_times *times, bool last)
{
	u32 i, wait, answer = U32_MAX;

	lbhash_for_each_slot(i, n) {
		if (lbhash_slot_owner(slots[list[i].slot]) == LBHASH_NONE)
			continue;
		wait = wait_for(&list[i], moves, times);
		if (answer == U32_MAX || (last ? wait > answer : wait < answer))
			answer = wait;
	}
	return answer;
}
