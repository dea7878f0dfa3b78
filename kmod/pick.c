// SPDX-License-Identifier: GPL-2.0
/*
 * The decision: a packet, its connection and the service's table in, a backend
 * and the reason out.
 *
 *	connection's mark names a usable backend	it	  pinned
 *	... and this packet made it valid		it	  adopted
 *	... a backend that is gone or down		owner +	  repicked
 *	connection without a mark			owner +	  picked
 *	... that took the place of an older one		owner +	  reopened
 *	no connection					owner	  stateless
 *	an ICMP error, as the packet that it quotes	either	  related
 *	owner wanted, but nobody takes connections	on-empty  empty
 *	not to be parsed				nothing	  malformed
 *
 * (+: and pin the connection to it)
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "flow.h"
#include "pick.h"
#include "pin.h"
#include "service.h"
#include "stats.h"

static const struct lbhash_member *
usable_by_mark(const struct lbhash_table *table, u32 mark)
{
	const struct lbhash_member *member = lbhash_table_by_mark(table, mark);

	return member && lbhash_member_is_usable(member) ? member : NULL;
}

static const struct lbhash_member *owner_of(const struct lbhash_table *table,
					    const struct lbhash_flow *flow)
{
	return lbhash_table_owner(table, lbhash_table_slot(table, flow));
}

static bool is_related(const struct lbhash_conn *conn)
{
	return conn->info == IP_CT_RELATED || conn->info == IP_CT_RELATED_REPLY;
}

static struct lbhash_decision choose(const struct lbhash_table *table,
				     struct sk_buff *skb, u8 family,
				     const struct lbhash_conn *conn)
{
	struct lbhash_decision decision = {};
	struct lbhash_flow flow;
	u32 mark = 0;

	if (conn->ct) {
		mark = lbhash_pin_read(conn->ct, table->mask);
		if (mark)
			decision.member = usable_by_mark(table, mark);
		if (decision.member) {
			decision.reason =
				conn->adopted ? LBHASH_REASON_ADOPTED :
				is_related(conn) ? LBHASH_REASON_RELATED :
				LBHASH_REASON_PINNED;
			return decision;
		}
	}

	if (lbhash_flow_parse(skb, family, &flow)) {
		decision.reason = LBHASH_REASON_MALFORMED;
		return decision;
	}
	decision.member = owner_of(table, &flow);
	if (!decision.member) {
		decision.reason = LBHASH_REASON_EMPTY;
	} else if (flow.quoted) {
		decision.reason = LBHASH_REASON_RELATED;
	} else if (!conn->ct) {
		decision.reason = LBHASH_REASON_STATELESS;
	} else {
		lbhash_pin_write(conn->ct, decision.member->mark, table->mask);
		decision.reason = mark ? LBHASH_REASON_REPICKED :
				  conn->reopened ? LBHASH_REASON_REOPENED :
				  LBHASH_REASON_PICKED;
	}
	return decision;
}

/* Mark and count; returns the verdict, with NF_ACCEPT for going on. */
static int carry_out(struct lbhash_service *svc,
		     const struct lbhash_table *table, struct sk_buff *skb,
		     const struct lbhash_decision *decision)
{
	const struct lbhash_member *member = decision->member;

	lbhash_stats_packet(svc->stats, member ? member->stats : NULL,
			    decision->reason, skb->len);
	if (member)
		skb->mark = (skb->mark & ~table->mask) | member->mark;
	else if (decision->reason == LBHASH_REASON_EMPTY &&
		 table->conf.on_empty == LBHASH_ON_EMPTY_DROP)
		return NF_DROP;
	return NF_ACCEPT;
}

/**
 * lbhash_pick_tracked - decide with the connection's memory
 * @svc: service
 * @skb: packet; gets the backend's mark, and an entry if it had none
 * @state: of the hook
 * @raw: conntrack has not run yet; where it has no room for the packet, the
 *	packet is balanced by hash and becomes UNTRACKED instead of lost
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT to go on, NF_DROP.
 */
int lbhash_pick_tracked(struct lbhash_service *svc, struct sk_buff *skb,
			const struct nf_hook_state *state, bool raw)
{
	const struct lbhash_table *table = rcu_dereference(svc->table);
	struct lbhash_decision decision;
	struct lbhash_conn conn;

	if (lbhash_pin_track(skb, state, raw, &conn) != NF_ACCEPT)
		lbhash_pin_untrack(skb);
	decision = choose(table, skb, state->pf, &conn);
	return carry_out(svc, table, skb, &decision);
}

/**
 * lbhash_pick_untracked - decide by hash alone
 * @svc: service
 * @skb: packet; gets the backend's mark
 * @state: of the hook
 * @raw: conntrack has not run yet, and shall not
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT to go on, NF_DROP.
 */
int lbhash_pick_untracked(struct lbhash_service *svc, struct sk_buff *skb,
			  const struct nf_hook_state *state, bool raw)
{
	const struct lbhash_table *table = rcu_dereference(svc->table);
	static const struct lbhash_conn nobody;
	struct lbhash_decision decision;

	if (raw)
		lbhash_pin_untrack(skb);
	decision = choose(table, skb, state->pf, &nobody);
	return carry_out(svc, table, skb, &decision);
}

/**
 * lbhash_pick_flow - what would be decided, without a packet
 * @table: table of a service
 * @flow: a flow
 * @pinned: mark of its connection under the service's mask, 0 for none; NULL
 *	if there is no connection
 *
 * Return: what the next packet of the flow would meet.
 */
struct lbhash_decision lbhash_pick_flow(const struct lbhash_table *table,
					const struct lbhash_flow *flow,
					const u32 *pinned)
{
	struct lbhash_decision decision = {};

	if (pinned && *pinned)
		decision.member = usable_by_mark(table, *pinned);
	if (decision.member) {
		decision.reason = LBHASH_REASON_PINNED;
		return decision;
	}
	decision.member = owner_of(table, flow);
	decision.reason = !decision.member ? LBHASH_REASON_EMPTY :
			  pinned && *pinned ? LBHASH_REASON_REPICKED :
			  LBHASH_REASON_PICKED;
	return decision;
}
