/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_HASH_H
#define LBHASH_HASH_H

#include <linux/in6.h>
#include <linux/siphash.h>
#include <linux/types.h>

struct lbhash_flow;
struct lbhash_print_key;
struct sk_buff;

/**
 * struct lbhash_hash - how flows are hashed
 * @key: key of SipHash-2-4
 * @src4: mask for IPv4 source addresses
 * @dst4: mask for IPv4 destination addresses
 * @src6: mask for IPv6 source addresses
 * @dst6: mask for IPv6 destination addresses
 * @sport: mask for source ports, 0xffff or 0
 * @dport: mask for destination ports, 0xffff or 0
 * @proto: mask for protocols, 0xff or 0
 * @symmetric: both directions of a flow have one hash
 * @no_address: no address is hashed, and neither is the family: an SCTP
 *	association can have paths of both
 */
struct lbhash_hash {
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

/* Larger than any hash. */
#define LBHASH_HASH_NOT_PLAIN	(~0ull)

u32 lbhash_hash_flow(const struct lbhash_flow *flow,
		     const struct lbhash_hash *how);
u64 lbhash_hash_fast(const struct sk_buff *skb, u8 family,
		     const struct lbhash_hash *how);
void lbhash_hash_expand(struct lbhash_print_key *key,
			const siphash_key_t *secret);
u64 lbhash_hash_print(const struct lbhash_flow *flow, u32 label,
		      const struct lbhash_print_key *key);
u64 lbhash_hash_association(const struct lbhash_flow *flow, __be32 tag,
			    u32 label, const struct lbhash_print_key *key);

#endif /* LBHASH_HASH_H */
