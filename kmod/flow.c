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

/* The flow of almost every packet: TCP or UDP right behind an IP header without
 * options, whole and in one piece; false for any other.
 */
static __always_inline bool read_usual(const struct sk_buff *skb, u8 family,
				       struct lbhash_flow *flow)
{
	unsigned int offset = skb_network_offset(skb);
	bool ipv4 = family == NFPROTO_IPV4;
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	const __be16 *ports;
	u8 proto;

	flow->thoff = offset + (ipv4 ? sizeof(*iph) : sizeof(*ip6h));
	if (flow->thoff + 2 * sizeof(*ports) > skb_headlen(skb))
		return false;

	iph = (const void *)(skb->data + offset);
	ip6h = (const void *)iph;
	if (ipv4) {
		proto = iph->protocol;
		if (iph->version != 4 || iph->ihl != 5 ||
		    iph->frag_off & htons(IP_OFFSET))
			return false;
		flow->src.ip = iph->saddr;
		flow->dst.ip = iph->daddr;
	} else {
		proto = ip6h->nexthdr;
		if (ip6h->version != 6)
			return false;
		flow->src.in6 = ip6h->saddr;
		flow->dst.in6 = ip6h->daddr;
	}
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return false;

	ports = (const void *)(skb->data + flow->thoff);
	flow->sport = ports[0];
	flow->dport = ports[1];
	flow->proto = proto;
	return true;
}

/* noinline: what almost no packet needs shall cost the others nothing. */
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
	*flow = (struct lbhash_flow){ .family = family };
	if (likely(family == NFPROTO_IPV4 ?
		   read_usual(skb, NFPROTO_IPV4, flow) :
		   read_usual(skb, NFPROTO_IPV6, flow)))
		return 0;
	return parse_any(skb, flow);
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
 * lbhash_flow_opens_here - lbhash_flow_opens() of a protocol that has such
 * @skb: packet
 * @flow: its flow, TCP or SCTP
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

/* SipHash-2-4 (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input
 * PRF", 2012) of @n words and the five bytes in @rest. siphash() says the same;
 * the compiler unrolls this one.
 */
static __always_inline u32 sip(const siphash_key_t *key, const u64 *words,
			       unsigned int n, u64 rest)
{
	u64 a = key->key[0] ^ SIPHASH_CONST_0;
	u64 b = key->key[1] ^ SIPHASH_CONST_1;
	u64 c = key->key[0] ^ SIPHASH_CONST_2;
	u64 d = key->key[1] ^ SIPHASH_CONST_3;
	unsigned int i;
	u64 word;

	rest |= (u64)(n * sizeof(*words) + 5) << 56;
	for (i = 0; i <= n; i++) {
		word = i < n ? words[i] : rest;
		d ^= word;
		SIPHASH_PERMUTATION(a, b, c, d);
		SIPHASH_PERMUTATION(a, b, c, d);
		a ^= word;
	}
	c ^= 0xff;
	for (i = 0; i < 4; i++)
		SIPHASH_PERMUTATION(a, b, c, d);
	return a ^ b ^ c ^ d;
}

/* Ports and protocol, in the order of their bytes. */
static u64 rest_of(__be16 sport, __be16 dport, u8 proto)
{
	u32 ports = (u32)le16_to_cpu((__force __le16)dport) << 16 |
		    le16_to_cpu((__force __le16)sport);

	return (u64)proto << 32 | ports;
}

static __always_inline u32 hash_ipv4(const struct lbhash_flow *flow,
				     const struct lbhash_flow_hash *how)
{
	__be32 src = flow->src.ip & how->src4;
	__be32 dst = flow->dst.ip & how->dst4;
	__be16 sport = flow->sport & how->sport;
	__be16 dport = flow->dport & how->dport;
	u64 addresses;

	if (how->symmetric &&
	    (be32_to_cpu(src) > be32_to_cpu(dst) ||
	     (src == dst && be16_to_cpu(sport) > be16_to_cpu(dport)))) {
		swap(src, dst);
		swap(sport, dport);
	}
	addresses = (u64)le32_to_cpu((__force __le32)dst) << 32 |
		    le32_to_cpu((__force __le32)src);
	return sip(&how->key, &addresses, 1,
		   rest_of(sport, dport, flow->proto & how->proto));
}

static void mask_ipv6(__le64 *out, const struct in6_addr *addr,
		      const struct in6_addr *mask)
{
	__le64 bits[2];

	memcpy(out, addr, sizeof(*addr));
	memcpy(bits, mask, sizeof(*mask));
	out[0] &= bits[0];
	out[1] &= bits[1];
}

static __always_inline u32 hash_ipv6(const struct lbhash_flow *flow,
				     const struct lbhash_flow_hash *how)
{
	__be16 sport = flow->sport & how->sport;
	__be16 dport = flow->dport & how->dport;
	__le64 src[2], dst[2];
	u64 words[4];
	int order;

	mask_ipv6(src, &flow->src.in6, &how->src6);
	mask_ipv6(dst, &flow->dst.in6, &how->dst6);
	if (how->symmetric) {
		order = memcmp(src, dst, sizeof(src));
		if (!order)
			order = memcmp(&sport, &dport, sizeof(sport));
		if (order > 0) {
			swap(src[0], dst[0]);
			swap(src[1], dst[1]);
			swap(sport, dport);
		}
	}
	words[0] = le64_to_cpu(src[0]);
	words[1] = le64_to_cpu(src[1]);
	words[2] = le64_to_cpu(dst[0]);
	words[3] = le64_to_cpu(dst[1]);
	return sip(&how->key, words, 4,
		   rest_of(sport, dport, flow->proto & how->proto));
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

/* Of a usual packet, whose TCP header may end in the next piece. */
static __always_inline bool may_open(const struct sk_buff *skb,
				     const struct lbhash_flow *flow)
{
	const struct tcphdr *th = (const void *)(skb->data + flow->thoff);

	return flow->proto == IPPROTO_TCP &&
	       (flow->thoff + sizeof(*th) > skb_headlen(skb) || th->syn);
}

static __always_inline u64 glance_at(const struct sk_buff *skb, u8 family,
				     const struct lbhash_flow_hash *how)
{
	struct lbhash_flow flow = { .family = family };

	if (!read_usual(skb, family, &flow) || may_open(skb, &flow))
		return LBHASH_FLOW_UNUSUAL;
	if (family == NFPROTO_IPV4 || how->no_address)
		return hash_ipv4(&flow, how);
	return hash_ipv6(&flow, how);
}

/* noinline: IPv4 needs less of the stack. */
static noinline u64 glance_at_ipv6(const struct sk_buff *skb,
				   const struct lbhash_flow_hash *how)
{
	return glance_at(skb, NFPROTO_IPV6, how);
}

/**
 * lbhash_flow_glance - hash a packet's flow, if that is easy
 * @skb: packet at a Netfilter hook; may be paged
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @how: which fields count, and the key
 *
 * What lbhash_flow_parse() and lbhash_flow_hash() say of it, without a flow in
 * between.
 *
 * Return: the hash, in 32 bits, of a packet that is no ICMP error and opens no
 * connection; LBHASH_FLOW_UNUSUAL for any other, and where it is not easy.
 */
u64 lbhash_flow_glance(const struct sk_buff *skb, u8 family,
		       const struct lbhash_flow_hash *how)
{
	if (family == NFPROTO_IPV4)
		return glance_at(skb, NFPROTO_IPV4, how);
	return glance_at_ipv6(skb, how);
}
