/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_FLOW_H
#define LBHASH_FLOW_H

#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

struct sk_buff;

/**
 * struct lbhash_flow - what a packet is hashed by
 * @src: client's address; an IPv4 one in the first word, the rest zero
 * @dst: virtual address, likewise
 * @sport: client's port, 0 where the protocol has none
 * @dport: virtual port, likewise
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: transport protocol
 * @quoted: the packet is an ICMP error, and this is the flow of the packet
 *	that it quotes, seen in the direction of the error
 * @thoff: offset of the transport header of the packet itself
 */
struct lbhash_flow {
	union nf_inet_addr src;
	union nf_inet_addr dst;
	__be16 sport;
	__be16 dport;
	u8 family;
	u8 proto;
	bool quoted;
	unsigned int thoff;
};

/**
 * struct lbhash_flow_hash - how flows are hashed
 * @key: of SipHash-2-4
 * @src4: bits of an IPv4 source address that count, in network order
 * @dst4: likewise of the destination
 * @src6: bits of an IPv6 source address that count
 * @dst6: likewise of the destination
 * @sport: 0xffff where the source port counts, else 0
 * @dport: likewise
 * @proto: 0xff where the protocol counts, else 0
 * @symmetric: both directions of a flow give one hash
 * @no_address: no address counts; then the family does not count either, for
 *	the paths of an SCTP association may be of both
 */
struct lbhash_flow_hash {
	siphash_key_t key;
	__be32 src4;
	__be32 dst4;
	struct in6_addr src6;
	struct in6_addr dst6;
	__be16 sport;
	__be16 dport;
	u8 proto;
	bool symmetric;
	bool no_address;
};

int lbhash_flow_parse(const struct sk_buff *skb, u8 family,
		      struct lbhash_flow *flow);
const void *lbhash_flow_header(const struct sk_buff *skb, u8 family, u8 proto,
			       size_t size, void *buffer);
bool lbhash_flow_has_ports(u8 proto);
bool lbhash_flow_is_ndisc_here(const struct sk_buff *skb);
bool lbhash_flow_opens_here(const struct sk_buff *skb,
			    const struct lbhash_flow *flow);
u32 lbhash_flow_hash(const struct lbhash_flow *flow,
		     const struct lbhash_flow_hash *how);

/* More than any hash. */
#define LBHASH_FLOW_UNUSUAL	(~0ull)

u64 lbhash_flow_glance(const struct sk_buff *skb, u8 family,
		       const struct lbhash_flow_hash *how);

/**
 * lbhash_flow_opens - does a packet say that its connection is new?
 * @skb: packet
 * @flow: its flow, from lbhash_flow_parse()
 *
 * Return: true for a TCP SYN and an SCTP INIT, the only packets that do.
 */
static inline bool lbhash_flow_opens(const struct sk_buff *skb,
				     const struct lbhash_flow *flow)
{
	return (flow->proto == IPPROTO_TCP || flow->proto == IPPROTO_SCTP) &&
	       lbhash_flow_opens_here(skb, flow);
}

/**
 * lbhash_flow_is_ndisc - is a packet part of neighbour discovery?
 * @skb: packet at a Netfilter hook
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: true for router and neighbour solicitations and advertisements, and
 * redirects. They are for this host, also if they are for the VIP.
 */
static inline bool lbhash_flow_is_ndisc(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV6 && lbhash_flow_is_ndisc_here(skb);
}

#endif /* LBHASH_FLOW_H */
