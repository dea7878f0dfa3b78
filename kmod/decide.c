// SPDX-License-Identifier: GPL-2.0
/*
 * The decision: table, slot and facts in, backend and reason out. Pure: packets
 * and lookups call it, and a unit test in user space walks the table below.
 *
 *	facts of the packet				backend	  reason
 *	------------------------------------------	--------  ---------
 *	mark of a usable backend, tracked		its own	  pinned
 *	  adopted					its own	  adopted
 *	  related					its own	  related
 *	mark of a usable backend, not tracked		its own	  stateless
 *	any other: the slot decides. Of these
 *	  quoted by an ICMP error			slot's	  related
 *	  not tracked, or hash only			slot's	  stateless
 *	  mark of a backend that is gone or down	owner	  repicked
 *	  reopened					slot's	  reopened
 *	  slot's backend is the previous owner		previous  previous
 *	  slot's backend is the owner			owner	  picked
 *	  slot's backend is missing			none	  empty
 *
 * What the flow memory knows of a connection, the number of its backend, counts
 * as a mark does.
 *
 * "Slot's" is the home of the slot: the previous owner of a slot in transition,
 * unless it is down, and the owner of any other slot. It is the owner in
 * transition, too, for a tracked connection that opens or whose mark names no
 * usable backend, and for hash only, which looks at no mark either. A slot that
 * is in transition and closing has its owner as its previous owner.
 *
 * Without an entry even a connection that opens goes home: there is no room for
 * one, and its later packets would go there.
 */
#include "decide.h"
#include "table.h"

/**
 * lbhash_decide_pinned - decide by the mark of the connection
 * @table: table that has the member of the decision
 * @facts: facts of the packet; @opens and @quoted are not read
 *
 * The first half of lbhash_decide(), which needs no slot and so no hash.
 *
 * Return: the decision; without a backend the slot has to decide.
 */
struct lbhash_decision lbhash_decide_pinned(const struct lbhash_table *table,
					    const struct lbhash_facts *facts)
{
	struct lbhash_decision decision = {};

	if (facts->mark && !facts->hash_only)
		decision.member = lbhash_table_usable_by_mark(table,
							      facts->mark);
	else if (facts->id && !facts->hash_only)
		decision.member = lbhash_table_usable_by_id(table, facts->id);
	decision.reason = !facts->tracked ? LBHASH_REASON_STATELESS :
			  facts->adopted ? LBHASH_REASON_ADOPTED :
			  facts->related ? LBHASH_REASON_RELATED :
			  LBHASH_REASON_PINNED;
	return decision;
}

/**
 * lbhash_decide_slot - decide by the slot
 * @table: table that has the member of the decision
 * @slot: owner and previous owner of the packet's slot
 * @facts: facts of the packet, for which lbhash_decide_pinned() has no backend
 *
 * The second half of lbhash_decide().
 *
 * Return: the decision. If lbhash_stats_is_choice() of its reason, the entry of
 * the connection has to be marked.
 */
struct lbhash_decision lbhash_decide_slot(const struct lbhash_table *table,
					  u32 slot,
					  const struct lbhash_facts *facts)
{
	struct lbhash_decision decision = {};
	const struct lbhash_member *owner;
	bool is_lost = facts->mark || facts->id;

	owner = lbhash_table_member(table, lbhash_slot_owner(slot));
	decision.member = owner;
	if (!facts->hash_only &&
	    !(facts->tracked && (is_lost || facts->opens)))
		decision.member = lbhash_table_home(table, slot);
	if (!decision.member)
		decision.reason = LBHASH_REASON_EMPTY;
	else if (facts->quoted)
		decision.reason = LBHASH_REASON_RELATED;
	else if (facts->hash_only || !facts->tracked)
		decision.reason = LBHASH_REASON_STATELESS;
	else if (is_lost)
		decision.reason = LBHASH_REASON_REPICKED;
	else if (facts->reopened)
		decision.reason = LBHASH_REASON_REOPENED;
	else
		decision.reason = decision.member == owner ?
				  LBHASH_REASON_PICKED : LBHASH_REASON_PREVIOUS;
	return decision;
}

/**
 * lbhash_decide - decide which backend a packet goes to, and why
 * @table: table that has the member of the decision
 * @slot: owner and previous owner of the packet's slot
 * @facts: facts of the packet, all of them set
 *
 * Return: the decision.
 */
struct lbhash_decision lbhash_decide(const struct lbhash_table *table,
				     u32 slot,
				     const struct lbhash_facts *facts)
{
	struct lbhash_decision decision = lbhash_decide_pinned(table, facts);

	return decision.member ? decision :
				 lbhash_decide_slot(table, slot, facts);
}
