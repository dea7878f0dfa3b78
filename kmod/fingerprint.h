/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flow -> fingerprint, by which the flow memory knows a connection: NH of pairs
 * of words (J. Black, S. Halevi, H. Krawczyk, T. Krovetz and P. Rogaway, "UMAC:
 * Fast and Secure Message Authentication", 1999). Whatever two flows there are,
 * one in 2^64 keys gives them the same products. Only an administrator can see
 * a fingerprint, and the key as well, so clients cannot learn the key.
 */
#ifndef LBHASH_FINGERPRINT_H
#define LBHASH_FINGERPRINT_H

#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>

#include "memory.h"

static __always_inline u64 lbhash_print_pair(u64 a, u64 b, const u64 *key)
{
	a += key[0];
	b += key[1];
	return mul_u64_u64_shr(a, b, 64) ^ a * b;
}

/* All bits depend on all others: low and high ones choose buckets. */
static __always_inline u64 lbhash_print_mix(u64 sum)
{
	sum ^= sum >> 32;
	sum *= GOLDEN_RATIO_64;
	return sum ^ sum >> 29;
}

/* The word of the ports; the label of the service, which has 24 bits, fills
 * what they and the protocol leave.
 */
static __always_inline u64 lbhash_print_ports(u32 label, u8 proto,
					      __be16 sport, __be16 dport)
{
	return (u64)label << 40 | (u64)proto << 32 |
	       (u32)(__force u16)dport << 16 | (__force u16)sport;
}

/* The fingerprint of an IPv4 flow. */
static __always_inline u64
lbhash_print_ipv4(__be32 src, __be32 dst, u64 ports,
		  const struct lbhash_print_key *key)
{
	u64 addresses = (u64)(__force u32)dst << 32 | (__force u32)src;

	return lbhash_print_mix(lbhash_print_pair(addresses, ports,
						  &key->words[0]));
}

/* The fingerprint of an IPv6 flow. */
static __always_inline u64
lbhash_print_ipv6(const struct in6_addr *src, const struct in6_addr *dst,
		  u64 ports, const struct lbhash_print_key *key)
{
	u64 from[2], to[2];

	memcpy(from, src, sizeof(from));
	memcpy(to, dst, sizeof(to));
	return lbhash_print_mix(lbhash_print_pair(from[0], from[1],
						  &key->words[0]) +
				lbhash_print_pair(to[0], to[1],
						  &key->words[2]) +
				lbhash_print_pair(ports, 0, &key->words[4]));
}

#endif /* LBHASH_FINGERPRINT_H */
