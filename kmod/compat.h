/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows that kernels differ. What probe.sh has asked their
 * headers is in probed.h, which the build makes: versions do not tell, for
 * stable kernels and distributions backport.
 */
#ifndef LBHASH_COMPAT_H
#define LBHASH_COMPAT_H

#include <linux/ip.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/inet_dscp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/route.h>

#include "probed.h"

/* What pre_doit and post_doit are told about. */
#ifdef LBHASH_HAVE_GENL_SPLIT_OPS
#define lbhash_compat_genl_ops	genl_split_ops
#else
#define lbhash_compat_genl_ops	genl_ops
#endif

/**
 * lbhash_compat_dump_attrs - the attributes of a request for a dump
 * @cb: the dump
 *
 * Return: an array by attribute, valid as long as the dump.
 */
static inline struct nlattr **
lbhash_compat_dump_attrs(struct netlink_callback *cb)
{
#ifdef LBHASH_HAVE_GENL_DUMP_INFO
	return genl_dumpit_info(cb)->info.attrs;
#else
	return (struct nlattr **)genl_dumpit_info(cb)->attrs;
#endif
}

#ifdef LBHASH_HAVE_EXTACK_TEXT

/**
 * lbhash_compat_refuse - say why a request failed
 * @skb: the request's message
 * @info: the request
 * @attr: the attribute to blame, or NULL
 * @text: one sentence, in memory that may go when this returns
 * @err: the negative errno
 *
 * Return: what the operation has to return.
 */
static inline int lbhash_compat_refuse(struct sk_buff *skb,
				       struct genl_info *info,
				       const struct nlattr *attr,
				       const char *text, int err)
{
	NL_SET_ERR_MSG_FMT(info->extack, "%s", text);
	NL_SET_BAD_ATTR(info->extack, attr);
	return err;
}

#else

/* The sentence has to live until the ack is made, which is after the operation
 * returned. So the ack is made here, and netlink told (-EINTR) to make none.
 */
static inline int lbhash_compat_refuse(struct sk_buff *skb,
				       struct genl_info *info,
				       const struct nlattr *attr,
				       const char *text, int err)
{
	struct netlink_ext_ack *extack = info->extack;

	if (extack) {
		extack->_msg = text;
		NL_SET_BAD_ATTR(extack, attr);
	}
	netlink_ack(skb, info->nlhdr, err, extack);
	return -EINTR;
}

#endif /* LBHASH_HAVE_EXTACK_TEXT */

/**
 * lbhash_compat_set_tos - have a lookup ask for a packet's type of service
 * @fl4: the lookup
 * @iph: the packet's header
 *
 * Sets as much of it as the kernel heeds when it routes such a packet.
 */
static inline void lbhash_compat_set_tos(struct flowi4 *fl4,
					 const struct iphdr *iph)
{
#if defined(LBHASH_HAVE_FLOWI4_DSCP)
	fl4->flowi4_dscp = ip4h_dscp(iph);
#elif defined(LBHASH_HAVE_IPTOS_RT_MASK)
	fl4->flowi4_tos = iph->tos & IPTOS_RT_MASK;
#else
	fl4->flowi4_tos = iph->tos & INET_DSCP_MASK;
#endif
}

/**
 * lbhash_compat_route_input - route a packet that has come in
 * @skb: IPv4 packet
 * @daddr: where to, which need not be the packet's destination
 *
 * Return: true if it has a route.
 */
static inline bool lbhash_compat_route_input(struct sk_buff *skb,
					     __be32 daddr)
{
	const struct iphdr *iph = ip_hdr(skb);

#ifdef LBHASH_HAVE_ROUTE_INPUT_DSCP
	return !ip_route_input_noref(skb, daddr, iph->saddr, ip4h_dscp(iph),
				     skb->dev);
#else
	return !ip_route_input_noref(skb, daddr, iph->saddr, iph->tos,
				     skb->dev);
#endif
}

/**
 * lbhash_compat_timeout_put - what of an entry's timeout policy has to be put
 * @ct: a template that got one by nf_ct_timeout_ext_add()
 */
static inline void lbhash_compat_timeout_put(const struct nf_conn *ct)
{
#ifdef LBHASH_HAVE_CT_TIMEOUT_PUT
	nf_ct_timeout_put(ct);
#endif
}

/* Exported, but declared in a header of net/netfilter's own. */
void nf_queue_nf_hook_drop(struct net *net);

#endif /* LBHASH_COMPAT_H */
