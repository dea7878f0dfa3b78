/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_DELIVER_H
#define LBHASH_DELIVER_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "backend.h"
#include "decide.h"
#include "deliver_nexthop.h"
#include "packet.h"
#include "service.h"
#include "stats.h"
#include "trace.h"

int lbhash_deliver(const struct lbhash_packet *packet,
		   struct lbhash_decision decision);
int lbhash_deliver_traced(struct lbhash_packet packet,
			  const struct lbhash_member *member,
			  enum lbhash_reason reason);

/* Count, mark, and hand over to the mode of delivery. */
static __always_inline int
lbhash_deliver_untraced(const struct lbhash_packet *packet,
			const struct lbhash_member *member,
			enum lbhash_reason reason)
{
	struct sk_buff *skb = packet->skb;

	lbhash_stats_packet(packet->svc->stats, member->stats, reason,
			    skb->len);
	skb->mark = (skb->mark & ~packet->table->mask) | member->mark;
	return packet->way & LBHASH_WAY_NEXTHOP ?
	       lbhash_deliver_nexthop(member, skb, packet->state) : NF_ACCEPT;
}

/**
 * lbhash_deliver_to - deliver a packet to a backend
 * @packet: packet that gets the mark of @member
 * @member: backend of the packet's service
 * @reason: why @member was chosen, to be counted and traced
 *
 * Inline, for the fast ways; lbhash_deliver() is for all others.
 *
 * Context: packet path, RCU.
 * Return: verdict; NF_ACCEPT to continue, NF_DROP, or NF_STOLEN for a packet
 * that was sent.
 */
static __always_inline int lbhash_deliver_to(const struct lbhash_packet *packet,
					     const struct lbhash_member *member,
					     enum lbhash_reason reason)
{
	if (trace_lbhash_decision_enabled())
		return lbhash_deliver_traced(*packet, member, reason);
	return lbhash_deliver_untraced(packet, member, reason);
}

#endif /* LBHASH_DELIVER_H */
