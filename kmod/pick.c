// SPDX-License-Identifier: GPL-2.0
/*
 * What a packet meets: its facts are gathered, decide.c decides, the connection
 * is marked. A packet takes the fast way if one look at it suffices, and the
 * slow way otherwise. Left alone, whatever the rule matches, are
 *
 * - packets in the reply direction of a connection that is not pinned, and ICMP
 *   errors about one
 * - IPv6 neighbour discovery
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "decide.h"
#include "flow.h"
#include "forward.h"
#include "hash.h"
#include "oneway.h"
#include "pick.h"
#include "pin.h"
#include "service.h"
#include "stats.h"
#include "trace.h"

/* conntrack_facts: error_has_entry */
static bool is_related(const struct lbhash_conn *conn)
{
	return conn->info == IP_CT_RELATED || conn->info == IP_CT_RELATED_REPLY;
}

static u32 slot_of(const struct lbhash_table *table,
		   const struct lbhash_flow *flow)
{
	return lbhash_table_at(table, lbhash_table_slot(table, flow));
}

static u32 mark_of(const struct lbhash_conn *conn, u32 mask)
{
	return conn->ct ? lbhash_pin_read(conn->ct, mask) :
			  conn->remembered & mask;
}

/* Decide by the slot, and mark the connection if it has an entry. */
/* conntrack_facts: error_alone_is_invalid */
static struct lbhash_decision decide_slot(struct lbhash_service *svc,
					  const struct lbhash_table *table,
					  const struct sk_buff *skb,
					  const struct lbhash_flow *flow,
					  const struct lbhash_conn *conn,
					  struct lbhash_facts *facts)
{
	u32 slot = slot_of(table, flow);
	struct lbhash_decision decision;

	facts->quoted = flow->quoted;
	facts->opens = lbhash_slot_in_transition(slot) &&
		       lbhash_flow_opens(skb, flow);
	decision = lbhash_decide_slot(table, slot, facts);
	if (lbhash_stats_is_choice(decision.reason)) {
		lbhash_service_note(svc, flow);
		lbhash_pin_write(conn->ct, decision.member->mark, table->mask);
	}
	return decision;
}

/* While slots are in transition, a connection that conntrack forgets may be
 * taken for an older one than it is.
 */
static void hold(const struct lbhash_table *table,
		 const struct lbhash_conn *conn)
{
	if (conn->ct && unlikely(READ_ONCE(table->transitions)))
		lbhash_pin_hold(conn->ct, table->conf.settle);
}

/* Count, mark and, given the hook's @state, forward; returns the verdict,
 * NF_ACCEPT for going on.
 */
static __always_inline int send_on(struct lbhash_service *svc,
				   const struct lbhash_table *table,
				   struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   const struct lbhash_member *member,
				   enum lbhash_reason reason)
{
	lbhash_stats_packet(svc->stats, member->stats, reason, skb->len);
	skb->mark = (skb->mark & ~table->mask) | member->mark;
	return state ? lbhash_forward(member, skb, state) : NF_ACCEPT;
}

/* Tell who traces. noinline: room for a decision is for them to make. */
static noinline void tell(const struct lbhash_service *svc,
			  const struct lbhash_table *table,
			  const struct sk_buff *skb,
			  const struct lbhash_member *member,
			  enum lbhash_reason reason)
{
	const struct lbhash_decision decision = {
		.member = member,
		.reason = reason,
	};

	trace_lbhash_decision(svc, table, skb, &decision);
}

/* The last thing that its callers do: they keep nothing over it. */
static noinline int tell_and_send(struct lbhash_service *svc,
				  const struct lbhash_table *table,
				  struct sk_buff *skb,
				  const struct nf_hook_state *state,
				  const struct lbhash_member *member,
				  enum lbhash_reason reason)
{
	tell(svc, table, skb, member, reason);
	return send_on(svc, table, skb, state, member, reason);
}

static __always_inline int send_to(struct lbhash_service *svc,
				   const struct lbhash_table *table,
				   struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   const struct lbhash_member *member,
				   enum lbhash_reason reason)
{
	if (trace_lbhash_decision_enabled())
		return tell_and_send(svc, table, skb, state, member, reason);
	return send_on(svc, table, skb, state, member, reason);
}

/* Likewise, of what may be nobody. */
static int carry_out(struct lbhash_service *svc,
		     const struct lbhash_table *table, struct sk_buff *skb,
		     const struct nf_hook_state *state,
		     struct lbhash_decision decision)
{
	if (decision.member)
		return send_to(svc, table, skb, state, decision.member,
			       decision.reason);
	if (trace_lbhash_decision_enabled())
		tell(svc, table, skb, NULL, decision.reason);
	lbhash_stats_packet(svc->stats, NULL, decision.reason, skb->len);
	return decision.reason == LBHASH_REASON_EMPTY &&
	       table->conf.on_empty == LBHASH_ON_EMPTY_DROP ?
	       NF_DROP : NF_ACCEPT;
}

static int malformed(struct lbhash_service *svc,
		     const struct lbhash_table *table, struct sk_buff *skb)
{
	const struct lbhash_decision decision = {
		.reason = LBHASH_REASON_MALFORMED,
	};

	return carry_out(svc, table, skb, NULL, decision);
}

/* The backend of a connection that conntrack has found already, whose mark says
 * it all; NULL where there is more to do.
 */
/* conntrack_facts: udp_stays_new, unknown_ack_is_new */
static const struct lbhash_member *
glance_at_pin(const struct lbhash_table *table, const struct sk_buff *skb,
	      u8 family)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);
	u32 mark;

	if (!ct || nf_ct_is_template(ct) ||
	    (info != IP_CT_ESTABLISHED && info != IP_CT_NEW) ||
	    READ_ONCE(table->transitions))
		return NULL;
	mark = lbhash_pin_read(ct, table->mask);
	if (!mark || (lbhash_oneway_can_be_reused(ct) &&
		      lbhash_oneway_is_reuse(ct, IP_CT_DIR_ORIGINAL, skb,
					     family)))
		return NULL;
	return lbhash_table_usable_by_mark(table, mark);
}

/* By the connection, else by the slot. Without a @flow the packet is read if it
 * is needed.
 */
static int send_tracked(struct lbhash_service *svc,
			const struct lbhash_table *table, struct sk_buff *skb,
			const struct nf_hook_state *state, bool forward,
			const struct lbhash_conn *conn,
			const struct lbhash_flow *flow)
{
	struct lbhash_facts facts = {
		.mark = mark_of(conn, table->mask),
		.tracked = conn->ct,
		.adopted = conn->adopted,
		.reopened = conn->reopened,
		.related = is_related(conn),
	};
	struct lbhash_decision decision;
	struct lbhash_flow buffer;

	if (conn->ct && lbhash_pin_is_foreign(conn->ct, CTINFO2DIR(conn->info),
					      facts.mark))
		return NF_ACCEPT;
	decision = lbhash_decide_pinned(table, &facts);
	if (!decision.member) {
		if (!flow && lbhash_flow_parse(skb, state->pf, &buffer))
			return malformed(svc, table, skb);
		decision = decide_slot(svc, table, skb, flow ?: &buffer, conn,
				       &facts);
	}
	hold(table, conn);
	return carry_out(svc, table, skb, forward ? state : NULL, decision);
}

/* Any packet. noinline: most need no room for a flow and a connection. */
static noinline int track_closely(struct lbhash_service *svc,
				  const struct lbhash_table *table,
				  struct sk_buff *skb,
				  const struct nf_hook_state *state, bool raw,
				  bool forward)
{
	struct lbhash_conn conn;
	int verdict;

	if (lbhash_flow_is_ndisc(skb, state->pf))
		return NF_ACCEPT;
	if (lbhash_pin_track(skb, state, raw, &conn) != NF_ACCEPT)
		lbhash_pin_untrack(skb);
	verdict = send_tracked(svc, table, skb, state, forward, &conn, NULL);
	lbhash_pin_leave(skb, state, &conn, verdict);
	return verdict;
}

/**
 * lbhash_pick_tracked - decide with the connection's memory
 * @svc: service
 * @skb: packet; gets the backend's mark, and an entry if it had none
 * @state: of the hook
 * @raw: conntrack has not run yet; where it has no room for the packet, the
 *	packet is balanced by hash and becomes UNTRACKED instead of lost
 * @forward: send it to the backend's address, in PREROUTING
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT to go on, NF_DROP, NF_STOLEN for what was forwarded.
 */
int lbhash_pick_tracked(struct lbhash_service *svc, struct sk_buff *skb,
			const struct nf_hook_state *state, bool raw,
			bool forward)
{
	const struct lbhash_table *table = rcu_dereference(svc->table);
	const struct lbhash_member *member;

	member = glance_at_pin(table, skb, state->pf);
	if (!member)
		return track_closely(svc, table, skb, state, raw, forward);
	return send_to(svc, table, skb, forward ? state : NULL, member,
		       LBHASH_REASON_PINNED);
}

/* In a crowded table an entry would not live to see the connection adopted,
 * and then the connection had to go home.
 */
static bool begins_in_vain(const struct sk_buff *skb,
			   const struct nf_hook_state *state,
			   const struct lbhash_flow *flow)
{
	return lbhash_flow_opens(skb, flow) &&
	       !lbhash_pin_can_begin(skb, state);
}

/* What is in the slot of a packet that asks for nothing but its hash; nobody,
 * in a slot that is not settled, for any other packet.
 */
static u32 glance_at_slot(const struct lbhash_table *table,
			  const struct sk_buff *skb, u8 family)
{
	u64 hash = lbhash_hash_fast(skb, family, &table->hash);

	if (unlikely(hash == LBHASH_HASH_NOT_PLAIN))
		return lbhash_slot(LBHASH_NOBODY, LBHASH_NOBODY);
	return lbhash_table_at(table, reciprocal_scale(hash, table->size));
}

/* Any packet. noinline: most need no room for a flow and a connection. */
static noinline int pick_closely(struct lbhash_service *svc,
				 const struct lbhash_table *table,
				 struct sk_buff *skb,
				 const struct nf_hook_state *state,
				 bool forward)
{
	struct lbhash_decision decision;
	struct lbhash_facts facts = {};
	struct lbhash_conn conn = {};
	struct lbhash_flow flow;
	int verdict;
	u32 slot;

	if (lbhash_flow_is_ndisc(skb, state->pf))
		return NF_ACCEPT;
	if (lbhash_flow_parse(skb, state->pf, &flow))
		return malformed(svc, table, skb);
	slot = slot_of(table, &flow);
	if (likely(lbhash_slot_is_settled(slot))) {
		if (lbhash_flow_opens(skb, &flow))
			lbhash_pin_forget(skb, state, table->mask);
		lbhash_pin_untrack(skb);
		facts.quoted = flow.quoted;
		decision = lbhash_decide_slot(table, slot, &facts);
		return carry_out(svc, table, skb, forward ? state : NULL,
				 decision);
	}

	lbhash_service_note(svc, &flow);
	if (begins_in_vain(skb, state, &flow) ||
	    lbhash_pin_track(skb, state, true, &conn) != NF_ACCEPT)
		lbhash_pin_untrack(skb);
	verdict = send_tracked(svc, table, skb, state, forward, &conn, &flow);
	lbhash_pin_leave(skb, state, &conn, verdict);
	return verdict;
}

/**
 * lbhash_pick_changed - decide with a memory only where one is needed
 * @svc: service
 * @skb: packet; gets the backend's mark, and an entry if its slot is not
 *	settled and it had none
 * @state: of the hook, where conntrack has not run yet
 * @forward: send it to the backend's address, in PREROUTING
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT to go on, NF_DROP, NF_STOLEN for what was forwarded.
 */
int lbhash_pick_changed(struct lbhash_service *svc, struct sk_buff *skb,
			const struct nf_hook_state *state, bool forward)
{
	const struct lbhash_table *table = rcu_dereference(svc->table);
	u32 slot = glance_at_slot(table, skb, state->pf);

	if (unlikely(!lbhash_slot_is_settled(slot)))
		return pick_closely(svc, table, skb, state, forward);
	lbhash_pin_untrack(skb);
	return send_to(svc, table, skb, forward ? state : NULL,
		       &table->members[lbhash_slot_owner(slot)],
		       LBHASH_REASON_STATELESS);
}

/* Any packet. noinline: as above. */
static noinline int hash_closely(struct lbhash_service *svc,
				 const struct lbhash_table *table,
				 struct sk_buff *skb,
				 const struct nf_hook_state *state,
				 bool forward)
{
	struct lbhash_facts facts = { .hash_only = true };
	struct lbhash_decision decision;
	struct lbhash_flow flow;

	if (lbhash_flow_is_ndisc(skb, state->pf))
		return NF_ACCEPT;
	if (lbhash_flow_parse(skb, state->pf, &flow))
		return malformed(svc, table, skb);
	facts.quoted = flow.quoted;
	decision = lbhash_decide_slot(table, slot_of(table, &flow), &facts);
	return carry_out(svc, table, skb, forward ? state : NULL, decision);
}

/**
 * lbhash_pick_untracked - decide by hash alone
 * @svc: service
 * @skb: packet; gets the backend's mark
 * @state: of the hook
 * @raw: conntrack has not run yet, and shall not
 * @forward: send it to the backend's address, in PREROUTING
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT to go on, NF_DROP, NF_STOLEN for what was forwarded.
 */
int lbhash_pick_untracked(struct lbhash_service *svc, struct sk_buff *skb,
			  const struct nf_hook_state *state, bool raw,
			  bool forward)
{
	const struct lbhash_table *table = rcu_dereference(svc->table);
	u32 slot = glance_at_slot(table, skb, state->pf);

	if (raw)
		lbhash_pin_untrack(skb);
	if (unlikely(lbhash_slot_owner(slot) == LBHASH_NOBODY))
		return hash_closely(svc, table, skb, state, forward);
	return send_to(svc, table, skb, forward ? state : NULL,
		       &table->members[lbhash_slot_owner(slot)],
		       LBHASH_REASON_STATELESS);
}
