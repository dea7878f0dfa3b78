/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernels, all of them. Features are probed by probe.sh,
 * whose results are in probed.h, and not inferred from versions: stable kernels
 * and distributions backport.
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

/* The operation that pre_doit and post_doit get. */
#ifdef LBHASH_HAVE_GENL_SPLIT_OPS
#define lbhash_compat_genl_ops	genl_split_ops
#else
#define lbhash_compat_genl_ops	genl_ops
#endif

/**
 * lbhash_compat_dump_attrs - get the attributes of a dump request
 * @cb: dump that is starting or being continued
 *
 * Return: array indexed by attribute, valid as long as the dump.
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
 * lbhash_compat_refuse - report why a request failed
 * @skb: message of the request, to which an ack is sent
 * @info: the same request, parsed; its extack gets @text and @attr
 * @attr: attribute to blame, or NULL
 * @text: one sentence; need not outlive the call
 * @err: negative errno of the ack
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

/* The ack is sent after the operation has returned, when the sentence is gone.
 * So it is sent here, and -EINTR tells netlink to send none.
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
 * lbhash_compat_set_tos - set the type of service of a route lookup
 * @fl4: key of the lookup, changed
 * @iph: header of the packet to be routed
 *
 * Sets the bits that the kernel uses when it routes such a packet.
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
 * lbhash_compat_route_input - route a received packet
 * @skb: received IPv4 packet; gets the route, without a reference
 * @daddr: address to route to, which need not be the packet's destination
 *
 * Return: true if there is a route.
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
 * lbhash_compat_timeout_put - drop the timeout policy of a template
 * @ct: template that got the policy by nf_ct_timeout_ext_add()
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
