// SPDX-License-Identifier: GPL-2.0
/*
 * Carrying out a decision: trace it, count it, mark the packet, then deliver
 * it. Without a mode of delivery the mark is all, and routing rules do the
 * rest.
 */
#include "deliver.h"
#include "table.h"

static void trace_decision(const struct lbhash_packet *packet,
			   struct lbhash_decision decision)
{
	trace_lbhash_decision(packet->svc, packet->table, packet->skb,
			      &decision);
}

/**
 * lbhash_deliver_traced - lbhash_deliver_to() while a tracer listens
 * @packet: packet that gets the mark of @member
 * @member: backend of the packet's service
 * @reason: why @member was chosen, to be counted and traced
 *
 * Out of line, which keeps the stack of a tracepoint off the fast ways.
 *
 * Context: packet path, RCU.
 * Return: as lbhash_deliver_to().
 */
int lbhash_deliver_traced(struct lbhash_packet packet,
			  const struct lbhash_member *member,
			  enum lbhash_reason reason)
{
	const struct lbhash_decision decision = {
		.member = member,
		.reason = reason,
	};

	trace_decision(&packet, decision);
	return lbhash_deliver_untraced(&packet, member, reason);
}

/**
 * lbhash_deliver - carry out a decision, also one without a backend
 * @packet: packet that the decision is about
 * @decision: decision; its member may be NULL
 *
 * Context: packet path, RCU.
 * Return: as lbhash_deliver_to(). A packet without a backend is dropped if it
 * is empty and the service says so, and continues otherwise.
 */
int lbhash_deliver(const struct lbhash_packet *packet,
		   struct lbhash_decision decision)
{
	if (decision.member)
		return lbhash_deliver_to(packet, decision.member,
					 decision.reason);
	if (trace_lbhash_decision_enabled())
		trace_decision(packet, decision);
	lbhash_stats_packet(packet->svc->stats, NULL, decision.reason,
			    packet->skb->len);
	return decision.reason == LBHASH_REASON_EMPTY &&
	       packet->table->conf.on_empty == LBHASH_ON_EMPTY_DROP ?
	       NF_DROP : NF_ACCEPT;
}
