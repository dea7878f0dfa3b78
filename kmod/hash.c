// SPDX-License-Identifier: GPL-2.0
/*
 * Flow -> hash: SipHash-2-4 of the fields that count.
 */
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "fingerprint.h"
#include "flow.h"
#include "hash.h"

/* SipHash-2-4 (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input
 * PRF", 2012), one word at a time: siphash() takes only contiguous input.
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

/* The last word: ports and protocol in the order of their bytes, and the length
 * of the input, of which @n bytes precede.
 */
static u64 last_word(__be16 sport, __be16 dport, u8 proto, unsigned int n)
{
	u32 ports = (u32)le16_to_cpu((__force __le16)dport) << 16 |
		    le16_to_cpu((__force __le16)sport);

	return (u64)(n + 5) << 56 | (u64)proto << 32 | ports;
}

static __always_inline u32 hash_ipv4(__be32 src, __be32 dst, __be16 sport,
				     __be16 dport, u8 proto,
				     const struct lbhash_hash *how)
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

/* An IPv6 address in two registers. */
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
				     const struct lbhash_hash *how)
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
 * lbhash_hash_flow - hash a flow
 * @flow: fields to hash, in network order; zero where the packet has none
 * @how: which of their bits count, and the key
 *
 * Return: 32 evenly spread bits, the same on every machine.
 */
u32 lbhash_hash_flow(const struct lbhash_flow *flow,
		     const struct lbhash_hash *how)
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

static __always_inline u64 hash_fast(const struct sk_buff *skb, u8 family,
				     const struct lbhash_hash *how)
{
	struct lbhash_head head;

	if (!lbhash_flow_read(skb, family, &head))
		return LBHASH_HASH_NOT_PLAIN;
	if (family == NFPROTO_IPV4)
		return hash_ipv4(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr,
				 head.sport, head.dport, head.proto, how);
	if (how->no_address)
		return hash_ipv4(0, 0, head.sport, head.dport, head.proto,
				 how);
	return hash_ipv6(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr,
			 head.sport, head.dport, head.proto, how);
}

/* noinline: IPv4 needs less stack. */
static noinline u64 hash_fast_ipv6(const struct sk_buff *skb,
				   const struct lbhash_hash *how)
{
	return hash_fast(skb, NFPROTO_IPV6, how);
}

/**
 * lbhash_hash_fast - hash a plain packet
 * @skb: packet at a Netfilter hook; may be paged
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @how: which bits of the fields count, and the key
 *
 * Gives the hash of lbhash_flow_parse() and lbhash_hash_flow() without a flow
 * in memory.
 *
 * Return: the hash, in 32 bits; LBHASH_HASH_NOT_PLAIN for a packet that is not
 * plain.
 */
u64 lbhash_hash_fast(const struct sk_buff *skb, u8 family,
		     const struct lbhash_hash *how)
{
	if (family == NFPROTO_IPV4)
		return hash_fast(skb, NFPROTO_IPV4, how);
	return hash_fast_ipv6(skb, how);
}

/**
 * lbhash_hash_expand - make the key of fingerprints from a shorter one
 * @key: out
 * @secret: key to be kept and passed on
 */
void lbhash_hash_expand(struct lbhash_print_key *key,
			const siphash_key_t *secret)
{
	u32 i;

	for (i = 0; i < LBHASH_PRINT_WORDS; i++)
		key->words[i] = siphash_2u64(i, 0, secret);
}

/**
 * lbhash_hash_print - compute the fingerprint of a flow
 * @flow: flow, with all of its fields
 * @label: label of the service, less than 2^24
 * @key: secret key
 *
 * Return: 64 bits.
 */
u64 lbhash_hash_print(const struct lbhash_flow *flow, u32 label,
		      const struct lbhash_print_key *key)
{
	u64 ports = lbhash_print_ports(label, flow->proto, flow->sport,
				       flow->dport);

	if (flow->family == NFPROTO_IPV4)
		return lbhash_print_ipv4(flow->src.ip, flow->dst.ip, ports,
					 key);
	return lbhash_print_ipv6(&flow->src.in6, &flow->dst.in6, ports, key);
}

/**
 * lbhash_hash_association - compute the fingerprint of an SCTP association
 * @flow: flow of one of its packets; its addresses do not count, of which an
 *	association may have several
 * @tag: verification tag of the client's packets
 * @label: likewise
 * @key: secret key
 *
 * Return: as lbhash_hash_print().
 */
u64 lbhash_hash_association(const struct lbhash_flow *flow, __be32 tag,
			    u32 label, const struct lbhash_print_key *key)
{
	const struct lbhash_flow association = {
		.family = NFPROTO_IPV4,
		.proto = flow->proto,
		.sport = flow->sport,
		.dport = flow->dport,
		.src.ip = tag,
	};

	return lbhash_hash_print(&association, label, key);
}
