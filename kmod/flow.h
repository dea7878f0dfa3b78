/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_FLOW_H
#define LBHASH_FLOW_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <net/ip.h>

/**
 * struct lbhash_flow - the fields that a packet is hashed by
 * @src: address of the client; an IPv4 address is in the first word, and the
 *	rest is zero
 * @dst: virtual address, likewise
 * @sport: port of the client, 0 if the protocol has no ports
 * @dport: virtual port, likewise
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: IPPROTO_*, of the quoted packet for an ICMP error
 * @quoted: the packet is an ICMP error, and the fields are those of the packet
 *	that it quotes, in the direction of the error
 * @thoff: offset of the packet's own transport header
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
 * struct lbhash_head - the headers of a plain packet
 * @thoff: offset of the transport header
 * @sport: source port, in network order
 * @dport: destination port, in network order
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 *
 * Almost every packet is plain: TCP or UDP directly behind an IP header without
 * options, not fragmented, with addresses and ports in the linear part.
 */
struct lbhash_head {
	unsigned int thoff;
	__be16 sport, dport;
	u8 proto;
};

int lbhash_flow_parse(const struct sk_buff *skb, u8 family,
		      struct lbhash_flow *flow);
const void *lbhash_flow_header(const struct sk_buff *skb, u8 family, u8 proto,
			       size_t size, void *buffer);
bool lbhash_flow_has_ports(u8 proto);
bool lbhash_flow_is_ndisc_here(const struct sk_buff *skb);
bool lbhash_flow_opens_here(const struct sk_buff *skb,
			    const struct lbhash_flow *flow);

/**
 * lbhash_flow_read - read the headers of a plain packet
 * @skb: packet at a Netfilter hook; may be paged
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6, a constant where it matters
 * @head: out; only valid if true is returned
 *
 * Inline, as the fast ways of packets keep the result in registers.
 *
 * Return: false for a packet that is not plain.
 */
static __always_inline bool lbhash_flow_read(const struct sk_buff *skb,
					     u8 family,
					     struct lbhash_head *head)
{
	unsigned int offset = skb_network_offset(skb);
	bool ipv4 = family == NFPROTO_IPV4;
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	const __be16 *ports;

	head->thoff = offset + (ipv4 ? sizeof(*iph) : sizeof(*ip6h));
	if (head->thoff + 2 * sizeof(*ports) > skb_headlen(skb))
		return false;

	iph = (const void *)(skb->data + offset);
	ip6h = (const void *)iph;
	if (ipv4 && (iph->version != 4 || iph->ihl != 5 ||
		     iph->frag_off & htons(IP_OFFSET)))
		return false;
	if (!ipv4 && ip6h->version != 6)
		return false;
	head->proto = ipv4 ? iph->protocol : ip6h->nexthdr;
	if (head->proto != IPPROTO_TCP && head->proto != IPPROTO_UDP)
		return false;

	ports = (const void *)(skb->data + head->thoff);
	head->sport = ports[0];
	head->dport = ports[1];
	return true;
}

/**
 * lbhash_flow_head - read the headers of a plain packet again
 * @skb: packet for which lbhash_flow_read() has returned true
 * @family: likewise
 *
 * Return: what that gave.
 */
static __always_inline struct lbhash_head
lbhash_flow_head(const struct sk_buff *skb, u8 family)
{
	bool ipv4 = family == NFPROTO_IPV4;
	unsigned int thoff = skb_network_offset(skb) +
			     (ipv4 ? sizeof(struct iphdr) :
				     sizeof(struct ipv6hdr));
	const __be16 *ports = (const void *)(skb->data + thoff);

	return (struct lbhash_head){
		.thoff = thoff,
		.sport = ports[0],
		.dport = ports[1],
		.proto = ipv4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr,
	};
}

/* Does a packet of a protocol show that its connection begins? */
static inline bool lbhash_flow_has_handshake(const struct lbhash_flow *flow)
{
	return flow->proto == IPPROTO_TCP || flow->proto == IPPROTO_SCTP;
}

/**
 * lbhash_flow_bits - bits that tell most flows of plain packets apart
 * @skb: packet at a Netfilter hook
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @head: its headers, from lbhash_flow_read()
 *
 * Return: a value that everybody can predict.
 */
static __always_inline u32 lbhash_flow_bits(const struct sk_buff *skb,
					    u8 family,
					    const struct lbhash_head *head)
{
	__be32 address = family == NFPROTO_IPV4 ?
			 ip_hdr(skb)->saddr :
			 ipv6_hdr(skb)->saddr.s6_addr32[3];

	return (__force u32)address ^
	       ((__force u32)head->dport << 16 | (__force u32)head->sport);
}

/**
 * lbhash_flow_opens - does a packet open a connection?
 * @skb: packet at a Netfilter hook; may be paged
 * @flow: the packet's flow, from lbhash_flow_parse()
 *
 * Return: true for a TCP SYN and an SCTP INIT; no other protocol has such
 * packets.
 */
static inline bool lbhash_flow_opens(const struct sk_buff *skb,
				     const struct lbhash_flow *flow)
{
	return lbhash_flow_has_handshake(flow) &&
	       lbhash_flow_opens_here(skb, flow);
}

/**
 * lbhash_flow_is_ndisc - is a packet part of neighbour discovery?
 * @skb: packet at a Netfilter hook
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: true for router and neighbour solicitations and advertisements, and
 * redirects. They are for this host even if their destination is the VIP.
 */
static inline bool lbhash_flow_is_ndisc(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV6 && lbhash_flow_is_ndisc_here(skb);
}

#endif /* LBHASH_FLOW_H */
