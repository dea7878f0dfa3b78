/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_PIN_H
#define LBHASH_PIN_H

#include <linux/types.h>
#include <net/netfilter/nf_conntrack.h>

#include "oneway.h"

struct lbhash_flow;
struct lbhash_packet;
struct net;
struct sk_buff;

/**
 * struct lbhash_conn - the connection of a packet, as conntrack has it
 * @ct: the entry, attached to the packet; NULL without one
 * @info: where the packet stands in it; only with @ct
 * @adopted: this packet made a valid one-way connection of it
 * @reopened: this packet took the place of a connection of the same ports
 * @remembered: without @ct, the mark of the entry that the packet belongs to
 *	although conntrack called it INVALID; 0 without one
 * @tmpl: what a CT rule has attached to the packet, with a reference; NULL
 *	without one
 * @invalid: conntrack has called the packet INVALID, and its own hook, which
 *	comes later, will be asked again
 * @counted: how often conntrack has counted the packet as INVALID
 */
struct lbhash_conn {
	struct nf_conn *ct;
	enum ip_conntrack_info info;
	bool adopted;
	bool reopened;
	u32 remembered;
	struct nf_conn *tmpl;
	bool invalid;
	u32 counted;
};

/**
 * typedef lbhash_pin_visitor - what lbhash_pin_walk() calls for an entry
 * @mark: the entry's mark, not 0
 * @flow: what its packets are hashed by
 * @data: the walker's
 *
 * Context: a spinlock of conntrack held.
 */
typedef void (*lbhash_pin_visitor)(u32 mark, const struct lbhash_flow *flow,
				   void *data);

int lbhash_pin_track(const struct lbhash_packet *packet,
		     struct lbhash_conn *conn);
void lbhash_pin_leave(const struct lbhash_packet *packet,
		      const struct lbhash_conn *conn, int verdict);
bool lbhash_pin_can_begin(const struct lbhash_packet *packet);
u32 lbhash_pin_read(const struct nf_conn *ct, u32 mask);
void lbhash_pin_write(struct nf_conn *ct, u32 mark, u32 mask);
void lbhash_pin_delete_stale(const struct lbhash_packet *packet);
void lbhash_pin_extend(struct nf_conn *ct, u32 seconds);
struct nf_conn *__must_check lbhash_pin_get(struct net *net,
					     const struct sk_buff *skb,
					     u8 family);
struct nf_conn *__must_check
lbhash_pin_get_flow(struct net *net, const struct lbhash_flow *flow,
		     enum ip_conntrack_dir *dir);
void lbhash_pin_walk(struct net *net, lbhash_pin_visitor visit, void *data);

/**
 * lbhash_pin_is_foreign - is a packet of a connection that is not balanced?
 * @ct: the packet's entry
 * @dir: the direction in which it runs there
 * @mark: its mark under the service's mask
 *
 * A backend or this host has begun the connection with the VIP as its source:
 * what comes for the VIP is the answer. But where conntrack has not seen a
 * client begin, or has forgotten it, the first packet that it sees may be the
 * answer to the client.
 *
 * Return: true for the reply direction of a connection that is not pinned, and
 * for ICMP errors about its other direction, if its source was translated to
 * the VIP or its SYN was seen.
 */
static inline bool lbhash_pin_is_foreign(const struct nf_conn *ct,
					 enum ip_conntrack_dir dir, u32 mark)
{
	return !mark && dir == IP_CT_DIR_REPLY && lbhash_oneway_is_begun(ct);
}

/**
 * lbhash_pin_untrack - keep conntrack away from a packet
 * @skb: packet without an entry
 */
static inline void lbhash_pin_untrack(struct sk_buff *skb)
{
	/* conntrack_facts: untracked_is_left_alone */
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

#endif /* LBHASH_PIN_H */
