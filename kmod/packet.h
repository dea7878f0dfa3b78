/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_PACKET_H
#define LBHASH_PACKET_H

#include <linux/types.h>

struct lbhash_service;
struct lbhash_table;
struct nf_hook_state;
struct sk_buff;

/**
 * struct lbhash_packet - a packet on its way through the balancer
 * @skb: packet that the hook sees; gone after a verdict of NF_STOLEN
 * @state: hook, devices and namespace at which it was seen
 * @svc: service that the rule names; NULL for a rule that only adopts
 * @table: table of @svc, dereferenced once for all decisions on the packet, how
 *	it is tracked and delivered included
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @way: how it is tracked and delivered, flags of enum lbhash_way
 *
 * The fast ways keep it in registers: they pass it by value to what is not
 * inline, and only the slow ways take its address.
 */
struct lbhash_packet {
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	struct lbhash_service *svc;
	const struct lbhash_table *table;
	u32 family;
	u32 way;
};

#endif /* LBHASH_PACKET_H */
