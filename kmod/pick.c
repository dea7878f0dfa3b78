// SPDX-License-Identifier: GPL-2.0
/*
 * From a packet to its backend: the facts of the packet are gathered, decide.c
 * decides, and the conntrack entry of a new connection is marked; or recall.c
 * asks the flow memory about packets of slots in transition. Most packets
 * take the fast way of their rule's --track, which answers one row of the table
 * in decide.c; all others take the slow way. These packets are left alone,
 * whatever the rule matches:
 *
 * - IPv6 neighbour discovery
 * - with --track always, packets in the reply direction of a connection that is
 *   not pinned, and ICMP errors about its other direction
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "decide.h"
#include "deliver.h"
#include "flow.h"
#include "hash.h"
#include "oneway.h"
#include "packet.h"
#include "pick.h"
#include "pin.h"
#include "recall.h"
#include "service.h"
#include "stats.h"
#include "table.h"

static __always_inline struct lbhash_packet
packet_of(struct lbhash_service *svc, const struct lbhash_table *table,
	  struct sk_buff *skb, const struct nf_hook_state *state, u32 way)
{
	return (struct lbhash_packet){
		.skb = skb,
		.state = state,
		.svc = svc,
		.table = table,
		.family = state->pf,
		.way = way,
	};
}

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

/* Does a packet begin something, in a slot in transition? A flow without
 * handshake that is older than the transition has a mark, or was silent for too
 * long.
 */
static bool opens(const struct lbhash_packet *packet,
		  const struct lbhash_flow *flow, u32 number)
{
	if (lbhash_flow_has_handshake(flow))
		return lbhash_flow_opens(packet->skb, flow);
	return !flow->quoted && lbhash_table_is_aged(packet->table, number);
}

/* The mark of a connection that may open on an entry in use, if it goes where
 * an earlier one went.
 */
static u32 mark_of_opening(const struct lbhash_table *table,
			   const struct lbhash_opening *opening)
{
	u32 mark = opening->mark & table->mask;
	const struct lbhash_member *member;

	if (!opening->first_time)
		return mark;
	member = mark ? lbhash_table_usable_by_mark(table, mark) : NULL;
	return member && lbhash_member_is_open(member) ? mark : 0;
}

static u32 mark_of(const struct lbhash_conn *conn,
		   const struct lbhash_table *table)
{
	if (unlikely(conn->opens))
		return mark_of_opening(table, &conn->opening);
	if (unlikely(conn->answered))
		return 0;
	return conn->ct ? lbhash_pin_read(conn->ct, table->mask) :
			  conn->remembered & table->mask;
}

/* Decide by the slot, and mark the entry of a connection that gets a backend.
 */
/* conntrack_facts: error_alone_is_invalid */
static struct lbhash_decision decide_slot(const struct lbhash_packet *packet,
					  const struct lbhash_flow *flow,
					  const struct lbhash_conn *conn,
					  struct lbhash_facts *facts)
{
	const struct lbhash_table *table = packet->table;
	u32 number = lbhash_table_slot(table, flow);
	u32 slot = lbhash_table_at(table, number);
	struct lbhash_decision decision;

	facts->quoted = flow->quoted;
	facts->opens = lbhash_slot_in_transition(slot) &&
		       (conn->answered || opens(packet, flow, number));
	decision = lbhash_decide_slot(table, slot, facts);
	if (lbhash_stats_is_choice(decision.reason) && !conn->opens)
		lbhash_pin_write(conn->ct, decision.member->mark, table->mask);
	/* Its SYN has been counted as a choice. */
	if (unlikely(conn->answered && decision.member))
		decision.reason = LBHASH_REASON_ADOPTED;
	return decision;
}

/* An entry that conntrack drops too early would leave a connection that looks
 * older than it is while slots are in transition, and that goes to the owner
 * once they have settled. Most connections are at the owners of settled slots,
 * and their entries expire as conntrack would have it.
 */
static void extend_timeout(const struct lbhash_packet *packet,
			   const struct lbhash_conn *conn,
			   const struct lbhash_member *member)
{
	const struct lbhash_table *table = packet->table;
	bool is_elsewhere, is_longer = false;
	struct lbhash_flow flow;
	u32 slot;

	if (!conn->ct || !member ||
	    !(conn->brief || (READ_ONCE(table->transitions) &&
			      lbhash_pin_is_established(conn->ct))))
		return;
	if (lbhash_pin_is_path(conn->ct)) {
		lbhash_pin_extend(conn->ct, LBHASH_PIN_IDLE);
		return;
	}
	if (lbhash_flow_parse(packet->skb, packet->family, &flow))
		return;
	slot = slot_of(table, &flow);
	is_elsewhere = member !=
		       lbhash_table_member(table, lbhash_slot_owner(slot));
	if (is_elsewhere || lbhash_slot_in_transition(slot))
		is_longer = lbhash_pin_extend(conn->ct,
					      max(LBHASH_PIN_IDLE,
						  table->conf.settle));
	lbhash_pin_set_lasting(conn->ct, is_elsewhere && is_longer);
}

static int deliver_malformed(const struct lbhash_packet *packet)
{
	const struct lbhash_decision decision = {
		.reason = LBHASH_REASON_MALFORMED,
	};

	return lbhash_deliver(packet, decision);
}

/* By the connection, else by the slot. */
static int pick_by_conn(const struct lbhash_packet *packet,
			const struct lbhash_conn *conn)
{
	struct lbhash_facts facts = {
		.mark = mark_of(conn, packet->table),
		.tracked = conn->ct,
		.adopted = conn->adopted,
		.reopened = conn->reopened || conn->opens,
		.related = is_related(conn),
	};
	struct lbhash_decision decision = {};
	struct lbhash_flow flow;

	if (conn->ct && lbhash_pin_is_foreign(conn->ct, CTINFO2DIR(conn->info),
					      facts.mark))
		return NF_ACCEPT;
	if (facts.mark)
		decision = lbhash_decide_pinned(packet->table, &facts);
	if (!decision.member) {
		if (lbhash_flow_parse(packet->skb, packet->family, &flow))
			return deliver_malformed(packet);
		decision = decide_slot(packet, &flow, conn, &facts);
	}
	if (unlikely(conn->opens) && decision.member)
		lbhash_oneway_expect(conn->ct, &conn->opening,
				     decision.member->mark);
	extend_timeout(packet, conn, decision.member);
	return likely(decision.member) ?
	       lbhash_deliver_to(packet, decision.member, decision.reason) :
	       lbhash_deliver(packet, decision);
}

/* The backend of an entry whose mark suffices for the decision, else NULL. */
/* conntrack_facts: udp_stays_new, unknown_ack_is_new */
static __always_inline const struct lbhash_member *
pinned_to(const struct lbhash_packet *packet, const struct nf_conn *ct,
	  enum ip_conntrack_info info)
{
	const struct lbhash_table *table = packet->table;
	u32 mark;

	if ((info != IP_CT_ESTABLISHED && info != IP_CT_NEW) ||
	    READ_ONCE(table->transitions))
		return NULL;
	mark = lbhash_pin_read(ct, table->mask);
	return mark ? lbhash_table_usable_by_mark(table, mark) : NULL;
}

/* The same for an entry that conntrack has found before the rule was met. */
static __always_inline const struct lbhash_member *
pinned_fast(const struct lbhash_packet *packet)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(packet->skb, &info);
	const struct lbhash_member *member;
	struct lbhash_segment segment;

	if (!ct || nf_ct_is_template(ct))
		return NULL;
	member = pinned_to(packet, ct, info);
	if (!member)
		return NULL;
	segment = lbhash_segment_read(packet->skb, packet->family);
	return lbhash_oneway_goes_on(ct, info, &segment) ? member : NULL;
}

/* The number of a plain packet's slot; SLOT_UNKNOWN for other packets, which
 * take the slow way.
 */
#define SLOT_UNKNOWN	U32_MAX

static __always_inline u32 slot_number_fast(const struct lbhash_packet *packet)
{
	const struct lbhash_table *table = packet->table;
	u64 hash = lbhash_hash_fast(packet->skb, packet->family, &table->hash);

	if (unlikely(hash == LBHASH_HASH_NOT_PLAIN))
		return SLOT_UNKNOWN;
	return reciprocal_scale(hash, table->size);
}

static __always_inline u32 slot_fast(const struct lbhash_packet *packet,
				     u32 number)
{
	if (unlikely(number == SLOT_UNKNOWN))
		return lbhash_slot(LBHASH_NONE, LBHASH_NONE);
	return lbhash_table_at(packet->table, number);
}

/* The owner of a settled slot, for a connection that begins and has no mark.
 * noinline: most packets need none of the registers.
 */
static noinline const struct lbhash_member *
first_owner(const struct lbhash_table *table, struct sk_buff *skb,
	    const struct nf_hook_state *state, struct nf_conn *ct)
{
	const struct lbhash_packet packet = {
		.skb = skb,
		.table = table,
		.family = state->pf,
	};
	u32 slot = slot_fast(&packet, slot_number_fast(&packet));
	const struct lbhash_member *member;

	if (!lbhash_slot_is_settled(slot))
		return NULL;
	member = &table->members[lbhash_slot_owner(slot)];
	return lbhash_pin_write_first(ct, member->mark, table->mask) ?
	       member : NULL;
}

/* noinline: the fast way needs no stack for a flow and a connection. All
 * arguments stay in registers.
 */
static noinline int tracked_slow(struct lbhash_service *svc,
				 const struct lbhash_table *table,
				 struct sk_buff *skb,
				 const struct nf_hook_state *state, u32 way,
				 u32 glance)
{
	const struct lbhash_packet packet =
		packet_of(svc, table, skb, state, way);
	enum lbhash_reason reason = LBHASH_REASON_PINNED;
	const struct lbhash_member *member = NULL;
	struct lbhash_conn conn = {};
	int verdict;

	if (lbhash_flow_is_ndisc(skb, packet.family))
		return NF_ACCEPT;
	if (lbhash_pin_track(&packet, glance, &conn) != NF_ACCEPT)
		lbhash_pin_untrack(skb);
	if (conn.begins) {
		if (!(glance & LBHASH_GLANCE_BEGINS))
			member = first_owner(table, skb, state, conn.ct);
		reason = LBHASH_REASON_PICKED;
	} else if (likely(conn.ct && !conn.opens && !conn.answered &&
			  !conn.brief)) {
		member = pinned_to(&packet, conn.ct, conn.info);
		if (conn.adopted)
			reason = LBHASH_REASON_ADOPTED;
	}
	verdict = likely(member) ?
		  lbhash_deliver_to(&packet, member, reason) :
		  pick_by_conn(&packet, &conn);
	lbhash_pin_leave(&packet, &conn, verdict);
	return verdict;
}

/* noinline: as above. */
static noinline int tracked_mangle(struct lbhash_service *svc,
				   const struct lbhash_table *table,
				   struct sk_buff *skb,
				   const struct nf_hook_state *state, u32 way)
{
	const struct lbhash_packet packet =
		packet_of(svc, table, skb, state, way);
	const struct lbhash_member *member = pinned_fast(&packet);

	return member ?
	       lbhash_deliver_to(&packet, member, LBHASH_REASON_PINNED) :
	       tracked_slow(svc, table, skb, state, way, 0);
}

static __always_inline int tracked_raw(struct lbhash_service *svc,
				       const struct lbhash_table *table,
				       struct sk_buff *skb,
				       const struct nf_hook_state *state,
				       u32 way, u32 glance)
{
	const struct lbhash_packet packet =
		packet_of(svc, table, skb, state, way);
	enum lbhash_reason reason = LBHASH_REASON_PINNED;
	const struct lbhash_member *member = NULL;
	enum ip_conntrack_info info;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &info);
	if (glance & LBHASH_GLANCE_BEGINS) {
		member = first_owner(table, skb, state, ct);
		reason = LBHASH_REASON_PICKED;
	} else if (glance & LBHASH_GLANCE_MEMBER) {
		member = pinned_to(&packet, ct, info);
		if (glance & LBHASH_GLANCE_ADOPTED)
			reason = LBHASH_REASON_ADOPTED;
	}
	return likely(member) ?
	       lbhash_deliver_to(&packet, member, reason) :
	       tracked_slow(svc, table, skb, state, way, glance);
}

/**
 * lbhash_pick_tracked - balance a packet by its connection, --track always
 * @svc: service of the packet
 * @table: its table, dereferenced by the caller
 * @skb: packet; gets the backend's mark, and an entry if it had none
 * @state: state of the hook
 * @way: flags of enum lbhash_way; with LBHASH_WAY_RAW a packet for which
 *	conntrack has no room is balanced by its hash and becomes UNTRACKED
 *	instead of being dropped
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT to continue, NF_DROP, or NF_STOLEN for a packet that was
 * sent.
 */
int lbhash_pick_tracked(struct lbhash_service *svc,
			const struct lbhash_table *table, struct sk_buff *skb,
			const struct nf_hook_state *state, u32 way)
{
	if (!(way & LBHASH_WAY_RAW))
		return tracked_mangle(svc, table, skb, state, way);
	return tracked_raw(svc, table, skb, state, way,
			   lbhash_pin_glance(skb, state, table->mask));
}

/* Deliver by the hash alone; ICMP errors have another reason. */
static __always_inline int deliver_hashed(const struct lbhash_packet *packet,
					  u16 owner)
{
	return lbhash_deliver_to(packet, &packet->table->members[owner],
				 LBHASH_REASON_STATELESS);
}

/* noinline: as above. */
static noinline int changed_slow(struct lbhash_packet packet)
{
	const struct lbhash_table *table = packet.table;
	struct lbhash_facts facts = {};
	struct lbhash_flow flow;
	u32 number, slot;

	if (lbhash_flow_is_ndisc(packet.skb, packet.family))
		return NF_ACCEPT;
	if (lbhash_flow_parse(packet.skb, packet.family, &flow))
		return deliver_malformed(&packet);
	number = lbhash_table_slot(table, &flow);
	slot = lbhash_table_at(table, number);
	lbhash_pin_untrack(packet.skb);
	if (likely(lbhash_slot_is_settled(slot) && !flow.quoted))
		return deliver_hashed(&packet, lbhash_slot_owner(slot));
	facts.quoted = flow.quoted;
	if (lbhash_slot_in_transition(slot))
		lbhash_recall(&packet, &flow, number, slot, &facts);
	return lbhash_deliver(&packet, lbhash_decide(table, slot, &facts));
}

/* noinline: as above. */
static noinline int deliver_nowhere(struct lbhash_service *svc,
				    const struct lbhash_table *table,
				    struct sk_buff *skb,
				    enum lbhash_reason reason)
{
	const struct lbhash_packet packet = {
		.skb = skb,
		.svc = svc,
		.table = table,
	};
	const struct lbhash_decision decision = { .reason = reason };

	return lbhash_deliver(&packet, decision);
}

/* noinline: settled slots need less stack. The first arguments stay in their
 * registers.
 */
static noinline int changed_recall(struct lbhash_service *svc,
				   const struct lbhash_table *table,
				   struct sk_buff *skb,
				   const struct nf_hook_state *state, u8 way,
				   u32 number)
{
	const struct lbhash_packet packet =
		packet_of(svc, table, skb, state, way);
	struct lbhash_decision decision;

	decision = lbhash_recall_plain(svc, table, skb, state->pf, number,
				       lbhash_table_at(table, number));
	lbhash_pin_untrack(skb);
	return likely(decision.member) ?
	       lbhash_deliver_to(&packet, decision.member, decision.reason) :
	       deliver_nowhere(svc, table, skb, decision.reason);
}

/**
 * lbhash_pick_changed - remember what changes, --track changed
 * @svc: service of the packet
 * @table: its table, dereferenced by the caller
 * @skb: packet; gets the backend's mark
 * @state: state of the hook, where conntrack has not run yet
 * @way: flags of enum lbhash_way
 *
 * Context: packet path, RCU.
 * Return: as lbhash_pick_tracked().
 */
int lbhash_pick_changed(struct lbhash_service *svc,
			const struct lbhash_table *table, struct sk_buff *skb,
			const struct nf_hook_state *state, u8 way)
{
	const struct lbhash_packet packet =
		packet_of(svc, table, skb, state, way);
	u32 number = slot_number_fast(&packet);
	u32 slot = slot_fast(&packet, number);

	if (unlikely(!lbhash_slot_is_settled(slot)))
		return lbhash_slot_in_transition(slot) ?
		       changed_recall(svc, table, skb, state, way, number) :
		       changed_slow(packet);
	lbhash_pin_untrack(skb);
	return deliver_hashed(&packet, lbhash_slot_owner(slot));
}

/* noinline: as above. */
static noinline int untracked_slow(struct lbhash_packet packet)
{
	struct lbhash_facts facts = { .hash_only = true };
	struct lbhash_flow flow;
	u32 slot;

	if (lbhash_flow_is_ndisc(packet.skb, packet.family))
		return NF_ACCEPT;
	if (lbhash_flow_parse(packet.skb, packet.family, &flow))
		return deliver_malformed(&packet);
	slot = slot_of(packet.table, &flow);
	if (likely(!flow.quoted && lbhash_slot_owner(slot) != LBHASH_NONE))
		return deliver_hashed(&packet, lbhash_slot_owner(slot));
	facts.quoted = flow.quoted;
	return lbhash_deliver(&packet, lbhash_decide_slot(packet.table, slot,
							  &facts));
}

/**
 * lbhash_pick_untracked - balance a packet by its hash alone, --track never
 * @svc: service of the packet
 * @table: its table, dereferenced by the caller
 * @skb: packet; gets the backend's mark
 * @state: state of the hook
 * @way: flags of enum lbhash_way; with LBHASH_WAY_RAW conntrack will not see
 *	the packet
 *
 * Context: packet path, RCU.
 * Return: as lbhash_pick_tracked().
 */
int lbhash_pick_untracked(struct lbhash_service *svc,
			  const struct lbhash_table *table,
			  struct sk_buff *skb,
			  const struct nf_hook_state *state, u8 way)
{
	const struct lbhash_packet packet =
		packet_of(svc, table, skb, state, way);
	u32 slot = slot_fast(&packet, slot_number_fast(&packet));

	if (way & LBHASH_WAY_RAW)
		lbhash_pin_untrack(skb);
	if (unlikely(lbhash_slot_owner(slot) == LBHASH_NONE))
		return untracked_slow(packet);
	return deliver_hashed(&packet, lbhash_slot_owner(slot));
}
