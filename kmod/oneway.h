/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_ONEWAY_H
#define LBHASH_ONEWAY_H

#include <linux/types.h>
#include <net/netfilter/nf_conntrack.h>

struct sk_buff;

/**
 * enum lbhash_adoption - what adopting an entry came to
 * @LBHASH_NOT_ADOPTED: the packet does not continue a one-way connection, or
 *	the entry must not be adopted now
 * @LBHASH_ADOPTED_NOW: it does, and conntrack will accept it now
 * @LBHASH_ADOPTED_BEFORE: it does, but another packet came first
 */
enum lbhash_adoption {
	LBHASH_NOT_ADOPTED,
	LBHASH_ADOPTED_NOW,
	LBHASH_ADOPTED_BEFORE,
};

enum lbhash_adoption lbhash_oneway_adopt(struct nf_conn *ct,
					 const struct sk_buff *skb, u8 family,
					 bool allowed);
bool lbhash_oneway_is_reuse(const struct nf_conn *ct,
			    enum ip_conntrack_dir dir,
			    const struct sk_buff *skb, u8 family);
bool lbhash_oneway_is_syn_seen(const struct nf_conn *ct);
bool lbhash_oneway_is_begun(const struct nf_conn *ct);

/**
 * lbhash_oneway_can_be_reused - can a packet open a new connection here?
 * @ct: entry that tracks the packet's connection
 *
 * Return: true if the protocol marks the first packet of a connection.
 */
static inline bool lbhash_oneway_can_be_reused(const struct nf_conn *ct)
{
	return nf_ct_protonum(ct) == IPPROTO_TCP ||
	       nf_ct_protonum(ct) == IPPROTO_SCTP;
}

#endif /* LBHASH_ONEWAY_H */
