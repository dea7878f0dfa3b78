// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of slots whose owners change, so that connections need not
 * change theirs. Pure arithmetic: no lock, no clock, no conntrack. Others
 * get to run in between, as the slots may be many.
 *
 * A settled slot needs no memory, for everybody can compute where all of its
 * connections are. When its owner changes, connections from before belong to
 * the old owner and those that begin from now on to the new one, and somebody
 * has to know which is which: conntrack does, for as long as the slot is in
 * transition. Whatever happens to the slot meanwhile, what conntrack does not
 * know is from before the first change, so the previous owner stays the one
 * that the slot had then.
 *
 * After a while the slot closes: what conntrack does not know now is taken for
 * new. It settles when conntrack knows nobody who is elsewhere.
 *
 * Ideas: Beamer (NSDI 2018) keeps a bucket's previous owner, JET (CoNEXT 2021)
 * tracks only the connections that a change can move, GLB's second chance.
 */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>

#include "transition.h"

/* Who the old table's backend is in the new one, if connections can stay. */
static u16 heir_of(const u16 *heirs, u16 old)
{
	return old == LBHASH_NONE ? LBHASH_NONE : heirs[old];
}

static bool owner_changed(u32 slot, u32 old, const u16 *heirs)
{
	return heir_of(heirs, lbhash_slot_owner(old)) !=
	       lbhash_slot_owner(slot);
}

/* The previous owner of a slot that was @old. @mixed as in struct
 * lbhash_transition.
 */
static u16 carry_previous(u16 owner, u32 old, bool mixed, const u16 *heirs)
{
	u16 fallback = heir_of(heirs, lbhash_slot_fallback(old));

	/* Known connections of a slot that nobody owned are anywhere. */
	if (fallback == LBHASH_NONE)
		return mixed || lbhash_slot_fallback(old) == LBHASH_NONE ?
		       owner : LBHASH_NONE;
	if (lbhash_slot_is_settled(old) && fallback == owner)
		return LBHASH_NONE;
	return fallback;
}

/**
 * lbhash_transition_carry - give the slots of a new table their previous owners
 * @slots: the new table's, with owners and without previous ones; in and out
 * @size: number of slots, of both tables
 * @old: the old table's
 * @old_list: its slots in transition, in ascending order
 * @heirs: for each backend of the old table its index in the new one, or
 *	LBHASH_NONE if connections cannot stay with it
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
 * lbhash_transition_list - note when the slots changed
 * @list: out, as many as lbhash_transition_carry() said
 * @slots: the new table's
 * @size: number of slots
 * @old: the old table's
 * @old_list: its slots in transition
 * @heirs: as above
 * @now: second
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

		/* Neither of them, for nobody is all ones. */
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
 * lbhash_transition_close_all - the slots mean nothing of what they did
 * @slots: the new table's, with owners; in and out
 * @size: number of slots
 * @list: out, room for all of them
 * @now: second
 *
 * Connections that conntrack knows can be anywhere.
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
 * lbhash_transition_close - close the slots that have waited long enough
 * @slots: a table's; packets may read them meanwhile
 * @list: those in transition
 * @n: number of them
 * @settle: seconds to wait
 * @now: second
 *
 * A slot that nobody owns waits on: its unknown connections have no other fallback.
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
 * lbhash_transition_settle - settle closing slots
 * @slots: a table's; packets may read them meanwhile
 * @list: those in transition
 * @n: number of them
 * @busy: bit per slot: conntrack knows somebody who is not at the owner
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
 * lbhash_transition_wait - how long until a slot closes
 * @slots: a table's
 * @list: those in transition
 * @n: number of them
 * @settle: seconds to wait
 * @now: second
 * @last: ask for the last one, not the first
 *
 * Context: may sleep.
 * Return: seconds; 0 for a slot that is closing already; U32_MAX if there is
 * none to wait for, or nobody owns any.
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
