// SPDX-License-Identifier: GPL-2.0
/*
 * Packet -> flow -> hash. Fragments need no care here: wherever a rule of ours
 * exists, defragmentation runs before it.
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

/**
 * lbhash_flow_has_ports - do a protocol's packets begin with ports?
 * @proto: transport protocol
 *
 * Return: true if its flows have ports, false if theirs are 0.
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

/* Addresses of the IPv6 header at @offset, and where its extensions end. */
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

/* Both ICMPs put type and code first and the quoted packet after 8 bytes. */
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
 * client; turned around it is the flow that the error is about.
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

/**
 * lbhash_flow_parse - read a packet's flow
 * @skb: packet at a Netfilter hook; may be paged
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: out
 *
 * An ICMP error gets the flow of the packet that it quotes.
 *
 * Return: 0, or -EINVAL for a packet that is too short, malformed, or an ICMP
 * error that quotes somebody else's packet.
 */
int lbhash_flow_parse(const struct sk_buff *skb, u8 family,
		      struct lbhash_flow *flow)
{
	int err;

	memset(flow, 0, sizeof(*flow));
	flow->family = family;
	err = parse_packet(skb, skb_network_offset(skb), flow);
	if (err)
		return err;
	if (is_icmp_error(skb, flow))
		return parse_quoted(skb, flow);
	return 0;
}

/**
 * lbhash_flow_header - find a transport header
 * @skb: packet at a Netfilter hook
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: the protocol that it shall be of
 * @size: bytes wanted
 * @buffer: room for that many, should a copy be needed
 *
 * Return: the header, or NULL for a packet of another protocol or too short.
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
 * lbhash_flow_opens - does a packet say that its connection is new?
 * @skb: packet
 * @flow: its flow, from lbhash_flow_parse()
 *
 * Return: true for a TCP SYN and an SCTP INIT, the only packets that do.
 */
bool lbhash_flow_opens(const struct sk_buff *skb,
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
	switch (flow->proto) {
	case IPPROTO_TCP:
		th = skb_header_pointer(skb, flow->thoff, sizeof(buffer.tcp),
					&buffer.tcp);
		return th && th->syn && !th->ack && !th->rst;
	case IPPROTO_SCTP:
		sh = skb_header_pointer(skb, flow->thoff, sizeof(buffer.sctp),
					&buffer.sctp);
		return sh && !sh->vtag;
	default:
		return false;
	}
}

static u32 hash_ipv4(const struct lbhash_flow *flow,
		     const struct lbhash_flow_hash *how)
{
	u32 src = be32_to_cpu(flow->src.ip & how->src4);
	u32 dst = be32_to_cpu(flow->dst.ip & how->dst4);
	u32 sport = be16_to_cpu(flow->sport & how->sport);
	u32 dport = be16_to_cpu(flow->dport & how->dport);
	u8 proto = flow->proto & how->proto;

	if (how->symmetric && (src > dst || (src == dst && sport > dport))) {
		swap(src, dst);
		swap(sport, dport);
	}
	return siphash_2u64((u64)src << 32 | dst,
			    (u64)proto << 32 | sport << 16 | dport, &how->key);
}

static void mask_ipv6(struct in6_addr *out, const struct in6_addr *addr,
		      const struct in6_addr *mask)
{
	int i;

	for (i = 0; i < 4; i++)
		out->s6_addr32[i] = addr->s6_addr32[i] & mask->s6_addr32[i];
}

static u32 hash_ipv6(const struct lbhash_flow *flow,
		     const struct lbhash_flow_hash *how)
{
	struct {
		struct in6_addr src, dst;
		__be16 sport, dport;
		u8 proto, zero[3];
	} key __aligned(SIPHASH_ALIGNMENT);
	int order;

	/* Network order throughout: the same bytes on every machine. */
	mask_ipv6(&key.src, &flow->src.in6, &how->src6);
	mask_ipv6(&key.dst, &flow->dst.in6, &how->dst6);
	key.sport = flow->sport & how->sport;
	key.dport = flow->dport & how->dport;
	key.proto = flow->proto & how->proto;
	memset(key.zero, 0, sizeof(key.zero));

	if (how->symmetric) {
		order = ipv6_addr_cmp(&key.src, &key.dst);
		if (!order)
			order = memcmp(&key.sport, &key.dport,
				       sizeof(key.sport));
		if (order > 0) {
			swap(key.src, key.dst);
			swap(key.sport, key.dport);
		}
	}
	return siphash(&key, sizeof(key), &how->key);
}

/**
 * lbhash_flow_hash - hash a flow
 * @flow: a flow
 * @how: which of its fields count, and the key
 *
 * Return: 32 evenly spread bits, the same on every machine.
 */
u32 lbhash_flow_hash(const struct lbhash_flow *flow,
		     const struct lbhash_flow_hash *how)
{
	if (flow->family == NFPROTO_IPV4 || how->no_address)
		return hash_ipv4(flow, how);
	return hash_ipv6(flow, how);
}
