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

/* ICMPv6 types of neighbour discovery, from router solicitation to redirect
 * (RFC 4861, section 4).
 */
#define NDISC_FIRST	133
#define NDISC_LAST	137

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
 * struct usual - what almost every packet is: TCP or UDP right behind an IP
 * header without options, whole and in one piece
 * @thoff: where its ports are
 * @sport: source port
 * @dport: destination port
 * @proto: transport protocol
 */
struct usual {
	unsigned int thoff;
	__be16 sport, dport;
	u8 proto;
};

/* False for a packet that is not. */
static __always_inline bool read_usual(const struct sk_buff *skb, u8 family,
				       struct usual *usual)
{
	unsigned int offset = skb_network_offset(skb);
	bool ipv4 = family == NFPROTO_IPV4;
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	const __be16 *ports;

	usual->thoff = offset + (ipv4 ? sizeof(*iph) : sizeof(*ip6h));
	if (usual->thoff + 2 * sizeof(*ports) > skb_headlen(skb))
		return false;

	iph = (const void *)(skb->data + offset);
	ip6h = (const void *)iph;
	if (ipv4 && (iph->version != 4 || iph->ihl != 5 ||
		     iph->frag_off & htons(IP_OFFSET)))
		return false;
	if (!ipv4 && ip6h->version != 6)
		return false;
	usual->proto = ipv4 ? iph->protocol : ip6h->nexthdr;
	if (usual->proto != IPPROTO_TCP && usual->proto != IPPROTO_UDP)
		return false;

	ports = (const void *)(skb->data + usual->thoff);
	usual->sport = ports[0];
	usual->dport = ports[1];
	return true;
}

static __always_inline bool parse_usual(const struct sk_buff *skb, u8 family,
					struct lbhash_flow *flow)
{
	struct usual usual;

	if (!read_usual(skb, family, &usual))
		return false;
	if (family == NFPROTO_IPV4) {
		flow->src.ip = ip_hdr(skb)->saddr;
		flow->dst.ip = ip_hdr(skb)->daddr;
	} else {
		flow->src.in6 = ipv6_hdr(skb)->saddr;
		flow->dst.in6 = ipv6_hdr(skb)->daddr;
	}
	flow->thoff = usual.thoff;
	flow->sport = usual.sport;
	flow->dport = usual.dport;
	flow->proto = usual.proto;
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
		   parse_usual(skb, NFPROTO_IPV4, flow) :
		   parse_usual(skb, NFPROTO_IPV6, flow)))
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
 * lbhash_flow_is_ndisc_here - lbhash_flow_is_ndisc() of an IPv6 packet
 * @skb: packet
 *
 * Return: see there.
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
 * PRF", 2012), a word at a time: siphash() would want them side by side in
 * memory, where they are not.
 */
struct sip {
	u64 a, b, c, d;
};

static __always_inline struct sip sip_begin(const siphash_key_t *key)
{
	return (struct sip){
		.a = key->key[0] ^ SIPHASH_CONST_0,
		.b = key->key[1] ^ SIPHASH_CONST_1,
		.c = key->key[0] ^ SIPHASH_CONST_2,
		.d = key->key[1] ^ SIPHASH_CONST_3,
	};
}

static __always_inline void sip_word(struct sip *sip, u64 word)
{
	sip->d ^= word;
	SIPHASH_PERMUTATION(sip->a, sip->b, sip->c, sip->d);
	SIPHASH_PERMUTATION(sip->a, sip->b, sip->c, sip->d);
	sip->a ^= word;
}

static __always_inline u32 sip_end(struct sip *sip)
{
	sip->c ^= 0xff;
	SIPHASH_PERMUTATION(sip->a, sip->b, sip->c, sip->d);
	SIPHASH_PERMUTATION(sip->a, sip->b, sip->c, sip->d);
	SIPHASH_PERMUTATION(sip->a, sip->b, sip->c, sip->d);
	SIPHASH_PERMUTATION(sip->a, sip->b, sip->c, sip->d);
	return sip->a ^ sip->b ^ sip->c ^ sip->d;
}

/* The last word: ports and protocol, in the order of their bytes, and how many
 * bytes there were, with @n before.
 */
static u64 last_word(__be16 sport, __be16 dport, u8 proto, unsigned int n)
{
	u32 ports = (u32)le16_to_cpu((__force __le16)dport) << 16 |
		    le16_to_cpu((__force __le16)sport);

	return (u64)(n + 5) << 56 | (u64)proto << 32 | ports;
}

static __always_inline u32 hash_ipv4(__be32 src, __be32 dst, __be16 sport,
				     __be16 dport, u8 proto,
				     const struct lbhash_flow_hash *how)
{
	struct sip sip = sip_begin(&how->key);

	src &= how->src4;
	dst &= how->dst4;
	sport &= how->sport;
	dport &= how->dport;
	if (how->symmetric &&
	    (be32_to_cpu(src) > be32_to_cpu(dst) ||
	     (src == dst && be16_to_cpu(sport) > be16_to_cpu(dport)))) {
		swap(src, dst);
		swap(sport, dport);
	}
	sip_word(&sip, (u64)le32_to_cpu((__force __le32)dst) << 32 |
		       le32_to_cpu((__force __le32)src));
	sip_word(&sip, last_word(sport, dport, proto & how->proto, 8));
	return sip_end(&sip);
}

/* An IPv6 address, to be kept in registers. */
struct halves {
	__be64 first, second;
};

static __always_inline struct halves under(const struct in6_addr *addr,
					   const struct in6_addr *mask)
{
	struct halves a, m;

	memcpy(&a.first, &addr->s6_addr[0], sizeof(a.first));
	memcpy(&a.second, &addr->s6_addr[8], sizeof(a.second));
	memcpy(&m.first, &mask->s6_addr[0], sizeof(m.first));
	memcpy(&m.second, &mask->s6_addr[8], sizeof(m.second));
	a.first &= m.first;
	a.second &= m.second;
	return a;
}

static bool is_above(struct halves a, struct halves b)
{
	return be64_to_cpu(a.first) > be64_to_cpu(b.first) ||
	       (a.first == b.first &&
		be64_to_cpu(a.second) > be64_to_cpu(b.second));
}

static __always_inline u32 hash_ipv6(const struct in6_addr *saddr,
				     const struct in6_addr *daddr,
				     __be16 sport, __be16 dport, u8 proto,
				     const struct lbhash_flow_hash *how)
{
	struct halves src = under(saddr, &how->src6);
	struct halves dst = under(daddr, &how->dst6);
	struct sip sip = sip_begin(&how->key);

	sport &= how->sport;
	dport &= how->dport;
	if (how->symmetric &&
	    (is_above(src, dst) ||
	     (!is_above(dst, src) &&
	      be16_to_cpu(sport) > be16_to_cpu(dport)))) {
		swap(src, dst);
		swap(sport, dport);
	}
	sip_word(&sip, le64_to_cpu((__force __le64)src.first));
	sip_word(&sip, le64_to_cpu((__force __le64)src.second));
	sip_word(&sip, le64_to_cpu((__force __le64)dst.first));
	sip_word(&sip, le64_to_cpu((__force __le64)dst.second));
	sip_word(&sip, last_word(sport, dport, proto & how->proto, 32));
	return sip_end(&sip);
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
	if (how->no_address)
		return hash_ipv4(0, 0, flow->sport, flow->dport, flow->proto,
				 how);
	if (flow->family == NFPROTO_IPV4)
		return hash_ipv4(flow->src.ip, flow->dst.ip, flow->sport,
				 flow->dport, flow->proto, how);
	return hash_ipv6(&flow->src.in6, &flow->dst.in6, flow->sport,
			 flow->dport, flow->proto, how);
}

/* A TCP header may end in the next piece. */
static __always_inline bool may_open(const struct sk_buff *skb,
				     const struct usual *usual)
{
	const struct tcphdr *th = (const void *)(skb->data + usual->thoff);

	return usual->proto == IPPROTO_TCP &&
	       (usual->thoff + sizeof(*th) > skb_headlen(skb) || th->syn);
}

static __always_inline u64 glance_at(const struct sk_buff *skb, u8 family,
				     const struct lbhash_flow_hash *how)
{
	struct usual usual;

	if (!read_usual(skb, family, &usual) || may_open(skb, &usual))
		return LBHASH_FLOW_UNUSUAL;
	if (family == NFPROTO_IPV4)
		return hash_ipv4(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr,
				 usual.sport, usual.dport, usual.proto, how);
	if (how->no_address)
		return hash_ipv4(0, 0, usual.sport, usual.dport, usual.proto,
				 how);
	return hash_ipv6(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr,
			 usual.sport, usual.dport, usual.proto, how);
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
