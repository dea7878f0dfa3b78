// SPDX-License-Identifier: GPL-2.0
/*
 * Packet -> flow. Packets are whole here: wherever a rule of ours exists,
 * defragmentation runs before it.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "flow.h"

/* ICMPv6 types of neighbour discovery, from router solicitation to redirect
 * (RFC 4861, section 4).
 */
#define NDISC_FIRST	133
#define NDISC_LAST	137

/**
 * lbhash_flow_has_ports - does a transport header begin with ports?
 * @proto: IPPROTO_* of the header
 *
 * Return: true if it does; ports of other flows are 0.
 */
bool lbhash_flow_has_ports(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	default:
		return false;
	}
}

/* Addresses and protocol of the IPv4 header at @offset. */
static int parse_ipv4(const struct sk_buff *skb, unsigned int offset,
		      struct lbhash_flow *flow, bool *later_fragment)
{
	const struct iphdr *iph;
	struct iphdr buffer;

	iph = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!iph || iph->version != 4 || iph->ihl < 5)
		return -EINVAL;

	flow->src.ip = iph->saddr;
	flow->dst.ip = iph->daddr;
	flow->proto = iph->protocol;
	flow->thoff = offset + iph->ihl * 4;
	*later_fragment = iph->frag_off & htons(IP_OFFSET);
	return 0;
}

/* Addresses of the IPv6 header at @offset, and the end of its extensions. */
static int parse_ipv6(const struct sk_buff *skb, unsigned int offset,
		      struct lbhash_flow *flow, bool *later_fragment)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buffer;
	unsigned short frag_off = 0;
	int proto;

	ip6h = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!ip6h || ip6h->version != 6)
		return -EINVAL;

	flow->src.in6 = ip6h->saddr;
	flow->dst.in6 = ip6h->daddr;
	flow->thoff = offset;
	proto = ipv6_find_hdr(skb, &flow->thoff, -1, &frag_off, NULL);
	if (proto < 0)
		return -EINVAL;

	flow->proto = proto;
	*later_fragment = frag_off;
	return 0;
}

static int parse_packet(const struct sk_buff *skb, unsigned int offset,
			struct lbhash_flow *flow)
{
	bool later_fragment;
	__be16 *ports, buffer[2];
	int err;

	if (flow->family == NFPROTO_IPV4)
		err = parse_ipv4(skb, offset, flow, &later_fragment);
	else
		err = parse_ipv6(skb, offset, flow, &later_fragment);
	if (err)
		return err;

	flow->sport = 0;
	flow->dport = 0;
	if (later_fragment || !lbhash_flow_has_ports(flow->proto))
		return 0;

	ports = skb_header_pointer(skb, flow->thoff, sizeof(buffer), buffer);
	if (!ports)
		return -EINVAL;
	flow->sport = ports[0];
	flow->dport = ports[1];
	return 0;
}

/* In both ICMPs the type comes first, and the quoted packet after 8 bytes. */
static bool is_icmp_error(const struct sk_buff *skb,
			  const struct lbhash_flow *flow)
{
	const u8 *type;
	u8 buffer;

	if (flow->family == NFPROTO_IPV4 && flow->proto != IPPROTO_ICMP)
		return false;
	if (flow->family == NFPROTO_IPV6 && flow->proto != IPPROTO_ICMPV6)
		return false;
	type = skb_header_pointer(skb, flow->thoff, sizeof(buffer), &buffer);
	if (!type)
		return false;

	if (flow->family == NFPROTO_IPV6)
		return *type >= ICMPV6_DEST_UNREACH &&
		       *type <= ICMPV6_PARAMPROB;
	return *type == ICMP_DEST_UNREACH || *type == ICMP_SOURCE_QUENCH ||
	       *type == ICMP_TIME_EXCEEDED || *type == ICMP_PARAMETERPROB;
}

/* The packet that an ICMP error quotes went from the virtual address to the
 * client; its reverse is the flow that the error is about.
 */
static int parse_quoted(const struct sk_buff *skb, struct lbhash_flow *flow)
{
	struct lbhash_flow quoted = { .family = flow->family };
	int err;

	err = parse_packet(skb, flow->thoff + sizeof(struct icmphdr), &quoted);
	if (err)
		return err;
	if (!nf_inet_addr_cmp(&quoted.src, &flow->dst))
		return -EINVAL;

	flow->src = quoted.dst;
	flow->dst = quoted.src;
	flow->sport = quoted.dport;
	flow->dport = quoted.sport;
	flow->proto = quoted.proto;
	flow->quoted = true;
	return 0;
}

static __always_inline bool parse_plain(const struct sk_buff *skb, u8 family,
					struct lbhash_flow *flow)
{
	struct lbhash_head head;

	if (!lbhash_flow_read(skb, family, &head))
		return false;
	if (family == NFPROTO_IPV4) {
		flow->src.ip = ip_hdr(skb)->saddr;
		flow->dst.ip = ip_hdr(skb)->daddr;
	} else {
		flow->src.in6 = ipv6_hdr(skb)->saddr;
		flow->dst.in6 = ipv6_hdr(skb)->daddr;
	}
	flow->thoff = head.thoff;
	flow->sport = head.sport;
	flow->dport = head.dport;
	flow->proto = head.proto;
	return true;
}

/* noinline: rare, and must not cost plain packets anything. */
static noinline int parse_any(const struct sk_buff *skb,
			      struct lbhash_flow *flow)
{
	int err = parse_packet(skb, skb_network_offset(skb), flow);

	if (err)
		return err;
	if (is_icmp_error(skb, flow))
		return parse_quoted(skb, flow);
	return 0;
}

/**
 * lbhash_flow_parse - read the flow of a packet
 * @skb: packet at a Netfilter hook; may be paged
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: out; incomplete after a failure
 *
 * An ICMP error gets the flow of the packet that it quotes.
 *
 * Return: 0, or -EINVAL for a packet that is too short or malformed, or an ICMP
 * error whose destination did not send the quoted packet.
 */
int lbhash_flow_parse(const struct sk_buff *skb, u8 family,
		      struct lbhash_flow *flow)
{
	*flow = (struct lbhash_flow){ .family = family };
	if (likely(family == NFPROTO_IPV4 ?
		   parse_plain(skb, NFPROTO_IPV4, flow) :
		   parse_plain(skb, NFPROTO_IPV6, flow)))
		return 0;
	return parse_any(skb, flow);
}

/**
 * lbhash_flow_header - find a transport header
 * @skb: packet at a Netfilter hook, whose IP header is linear
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: IPPROTO_* of the header
 * @size: number of bytes of the header that are needed
 * @buffer: @size bytes, used if the header is not linear
 *
 * Return: the header, or NULL if the packet has another protocol or is too
 * short.
 */
const void *lbhash_flow_header(const struct sk_buff *skb, u8 family, u8 proto,
			       size_t size, void *buffer)
{
	unsigned int thoff = skb_network_offset(skb);

	if (family == NFPROTO_IPV4) {
		if (ip_hdr(skb)->protocol != proto)
			return NULL;
		thoff += ip_hdrlen(skb);
	} else if (ipv6_hdr(skb)->nexthdr == proto) {
		thoff += sizeof(struct ipv6hdr);
	} else if (ipv6_find_hdr(skb, &thoff, proto, NULL, NULL) < 0) {
		return NULL;
	}
	return skb_header_pointer(skb, thoff, size, buffer);
}

/**
 * lbhash_flow_is_ndisc_here - lbhash_flow_is_ndisc() for IPv6
 * @skb: IPv6 packet at a Netfilter hook
 *
 * Return: as lbhash_flow_is_ndisc().
 */
bool lbhash_flow_is_ndisc_here(const struct sk_buff *skb)
{
	u8 proto = ipv6_hdr(skb)->nexthdr;
	const u8 *type;
	u8 buffer;

	if (likely(proto == IPPROTO_TCP || proto == IPPROTO_UDP))
		return false;
	type = lbhash_flow_header(skb, NFPROTO_IPV6, IPPROTO_ICMPV6,
				  sizeof(buffer), &buffer);
	return type && *type >= NDISC_FIRST && *type <= NDISC_LAST;
}

/**
 * lbhash_flow_opens_here - lbhash_flow_opens() for TCP and SCTP
 * @skb: packet at a Netfilter hook; may be paged
 * @flow: the packet's flow, of one of these protocols
 *
 * Return: true for a TCP SYN and an SCTP INIT.
 */
bool lbhash_flow_opens_here(const struct sk_buff *skb,
			    const struct lbhash_flow *flow)
{
	union {
		struct tcphdr tcp;
		struct sctphdr sctp;
	} buffer;
	const struct sctphdr *sh;
	const struct tcphdr *th;

	if (flow->quoted)
		return false;
	if (flow->proto == IPPROTO_TCP) {
		th = skb_header_pointer(skb, flow->thoff, sizeof(buffer.tcp),
					&buffer.tcp);
		return th && th->syn && !th->ack && !th->rst;
	}
	sh = skb_header_pointer(skb, flow->thoff, sizeof(buffer.sctp),
				&buffer.sctp);
	return sh && !sh->vtag;
}
