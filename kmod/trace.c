// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoint of decisions. This code only runs while the tracepoint is
 * enabled.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>

#include "flow.h"
#include "stats.h"
#include "table.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Names of the specification, which lbhashctl uses, too. */
static const char * const reasons[] = {
	[LBHASH_REASON_PINNED]		= "pinned",
	[LBHASH_REASON_PICKED]		= "picked",
	[LBHASH_REASON_PREVIOUS]	= "previous",
	[LBHASH_REASON_REPICKED]	= "repicked",
	[LBHASH_REASON_ADOPTED]		= "adopted",
	[LBHASH_REASON_REOPENED]	= "reopened",
	[LBHASH_REASON_STATELESS]	= "stateless",
	[LBHASH_REASON_RELATED]		= "related",
	[LBHASH_REASON_EMPTY]		= "empty",
	[LBHASH_REASON_MALFORMED]	= "malformed",
};

static_assert(ARRAY_SIZE(reasons) == LBHASH_REASONS);

/* Get the name of a reason. */
const char *lbhash_trace_reason(enum lbhash_reason reason)
{
	return reasons[reason];
}

/**
 * lbhash_trace_flow - parse the flow of a packet for the tracepoint
 * @table: table that the decision was made by
 * @skb: packet at the hook
 * @flow: out, incomplete if the packet is malformed
 *
 * Most decisions were made without a flow or without a slot.
 *
 * Return: the slot, -1 for a malformed packet.
 */
int lbhash_trace_flow(const struct lbhash_table *table,
		      const struct sk_buff *skb, struct lbhash_flow *flow)
{
	u8 family = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
						       NFPROTO_IPV6;

	if (lbhash_flow_parse(skb, family, flow))
		return -1;
	return lbhash_table_slot(table, flow);
}

/**
 * lbhash_trace_addr - write an address as an IPv6 address
 * @to: out, of the size of struct in6_addr
 * @flow: flow whose family tells how to read @addr
 * @addr: address of either family
 */
void lbhash_trace_addr(u8 *to, const struct lbhash_flow *flow,
		       const union nf_inet_addr *addr)
{
	struct in6_addr in6 = addr->in6;

	if (flow->family == NFPROTO_IPV4)
		ipv6_addr_set_v4mapped(addr->ip, &in6);
	memcpy(to, &in6, sizeof(in6));
}

/**
 * lbhash_trace_sockaddr - write an address and a port as a sockaddr
 * @to: out, of the size of struct sockaddr_in6
 * @flow: flow whose family tells how to read @addr
 * @addr: address of either family
 * @port: port in network order
 */
void lbhash_trace_sockaddr(u8 *to, const struct lbhash_flow *flow,
			   const union nf_inet_addr *addr, __be16 port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = addr->ip,
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = port,
		.sin6_addr = addr->in6,
	};

	if (flow->family == NFPROTO_IPV6) {
		memcpy(to, &in6, sizeof(in6));
		return;
	}
	memset(to, 0, sizeof(in6));
	memcpy(to, &in, sizeof(in));
}
