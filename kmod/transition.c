// SPDX-License-Identifier: GPL-2.0
/*
 * Transitions: slots change owners without moving their connections. Pure
 * arithmetic: no lock, no clock, no conntrack. Loops over slots, of which there
 * may be many, let other tasks run.
 *
 * A settled slot needs no memory: the table alone gives the backend of all of
 * its connections. When the owner changes, older connections stay with the old
 * owner and new ones go to the new owner. Conntrack tells them apart for as
 * long as the slot is in transition. A connection without an entry is older
 * than the first change, whatever has happened to the slot since, so the
 * previous owner remains the owner before that change.
 *
 * After the settle time the slot closes: from then on a connection without an
 * entry counts as new. The slot settles when no entry is pinned to another
 * backend than the owner.
 *
 * Ideas: Beamer (NSDI 2018) keeps a bucket's previous owner, JET (CoNEXT 2021)
 * tracks only the connections that a change can move, GLB's second chance.
 */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>

#include "transition.h"

/* Index of an old table's backend in the new one, if it keeps connections. */
static u16 heir_of(const u16 *heirs, u16 old)
{
	return old == LBHASH_NONE ? LBHASH_NONE : heirs[old];
}

static bool owner_changed(u32 slot, u32 old, const u16 *heirs)
{
	return heir_of(heirs, lbhash_slot_owner(old)) !=
	       lbhash_slot_owner(slot);
}

/* The previous owner of a slot that was @old; @mixed as in struct
 * lbhash_transition.
 */
static u16 carry_previous(u16 owner, u32 old, bool mixed, const u16 *heirs)
{
	u16 fallback = heir_of(heirs, lbhash_slot_fallback(old));

	/* Without an owner, pinned connections could be at any backend. */
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
 * @heirs: for each backend of the old table its index in the new one, or
 *	LBHASH_NONE if it cannot keep its connections
 *
 * Context: may sleep.
 * Return: number of slots of the new table that are in transition.
 */
u32 lbhash_transition_carry(u32 *slots, u32 size, const u32 *old,
			    const struct lbhash_transition *old_list,
			    const u16 *heirs)
{
	u32 i, n = 0;

	lbhash_for_each_slot(i, size) {
		u16 owner = lbhash_slot_owner(slots[i]);
		bool mixed = false;

		/* Almost all slots stay as they are. */
		if (lbhash_slot_is_settled(old[i]) &&
		    heirs[lbhash_slot_owner(old[i])] == owner)
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
			    const u16 *heirs, u32 now)
{
	u32 i;

	lbhash_for_each_slot(i, size) {
		struct lbhash_transition was = {};
		bool changed;

		/* Neither is in transition: LBHASH_NONE is all ones. */
		if (!lbhash_slot_in_transition(old[i] & slots[i]))
			continue;
		changed = owner_changed(slots[i], old[i], heirs);
		if (lbhash_slot_in_transition(old[i]))
			was = *old_list++;
		else
			changed = true;
		if (!lbhash_slot_in_transition(slots[i]))
			continue;
		*list++ = (struct lbhash_transition){
			.since = changed ? now : was.since,
			.slot = i,
			.mixed = was.mixed ||
				   lbhash_slot_is_closing(slots[i]) ||
				   (changed &&
				    lbhash_slot_in_transition(old[i])),
		};
	}
}

/**
 * lbhash_transition_close_all - close the slots of a table with another hash
 * @slots: in and out, slots of the new table, which have owners only
 * @size: number of slots
 * @list: out, with room for all slots
 * @now: present time in seconds
 *
 * Flows have other slots now, so entries can be pinned to any backend.
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
				.slot = i,
				.mixed = true,
			};
	}
	return n;
}

/**
 * lbhash_transition_close - close slots whose settle time is over
 * @slots: slots of a table, which packets may be reading
 * @list: slots in transition
 * @n: length of @list
 * @settle: settle time in seconds
 * @now: present time in seconds
 *
 * A slot without an owner stays open, as its connections without an entry have
 * no other backend than the previous owner.
 *
 * Context: may sleep.
 * Return: number of slots that are closing now.
 */
u32 lbhash_transition_close(u32 *slots, struct lbhash_transition *list, u32 n,
			    u32 settle, u32 now)
{
	u32 i, closing = 0;

	lbhash_for_each_slot(i, n) {
		u32 *slot = &slots[list[i].slot];
		u16 owner = lbhash_slot_owner(*slot);

		if (owner != LBHASH_NONE && !lbhash_slot_is_closing(*slot) &&
		    now - list[i].since >= settle) {
			WRITE_ONCE(*slot, lbhash_slot(owner, owner));
			list[i].mixed = true;
		}
		closing += lbhash_slot_is_closing(*slot);
	}
	return closing;
}

/**
 * lbhash_transition_settle - settle closing slots that are not busy
 * @slots: slots of a table, which packets may be reading
 * @list: slots in transition; in and out
 * @n: length of @list
 * @busy: bit per slot: an entry is pinned to another backend than the owner
 *
 * Context: may sleep.
 * Return: number of slots that stay in transition, the new length of @list.
 */
u32 lbhash_transition_settle(u32 *slots, struct lbhash_transition *list, u32 n,
			     const unsigned long *busy)
{
	u32 i, left = 0;

	lbhash_for_each_slot(i, n) {
		u32 *slot = &slots[list[i].slot];
		u16 owner = lbhash_slot_owner(*slot);

		if (lbhash_slot_is_closing(*slot) &&
		    !test_bit(list[i].slot, busy))
			WRITE_ONCE(*slot, lbhash_slot(owner, LBHASH_NONE));
		else
			list[left++] = list[i];
	}
	return left;
}

/**
 * lbhash_transition_wait - compute the time until a slot closes
 * @slots: slots of a table
 * @list: slots in transition
 * @n: length of @list
 * @settle: settle time in seconds
 * @now: present time in seconds
 * @last: compute it for the last slot to close, not the first
 *
 * Context: may sleep.
 * Return: seconds, 0 for a slot that is closing; U32_MAX if no slot is going to
 * close.
 */
u32 lbhash_transition_wait(const u32 *slots,
			   const struct lbhash_transition *list, u32 n,
			   u32 settle, u32 now, bool last)
{
	u32 i, wait, waited, answer = U32_MAX;

	lbhash_for_each_slot(i, n) {
		if (lbhash_slot_owner(slots[list[i].slot]) == LBHASH_NONE)
			continue;
		waited = now - list[i].since;
		wait = lbhash_slot_is_closing(slots[list[i].slot]) ||
		       waited >= settle ? 0 : settle - waited;
		if (answer == U32_MAX || (last ? wait > answer : wait < answer))
			answer = wait;
	}
	return answer;
}
