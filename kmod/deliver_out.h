/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last part of a packet's way to its backend, given a route: TTL, the hooks
 * of FORWARD and POSTROUTING, so that firewalls see the packet and conntrack
 * confirms its entry, and the neighbour. Inline in each mode of delivery, as a
 * call would cost as much as a lookup of the route.
 */
#ifndef LBHASH_DELIVER_OUT_H
#define LBHASH_DELIVER_OUT_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/netfilter/nf_queue.h>
#include <net/route.h>

#include "backend.h"

int lbhash_out_forward(struct net *net, struct sock *sk, struct sk_buff *skb);
int lbhash_out_reroute4(struct net *net, struct sock *sk, struct sk_buff *skb);
int lbhash_out_reroute6(struct net *net, struct sock *sk, struct sk_buff *skb);

/* Is this the hook by which conntrack confirms entries? Chains of nft may have
 * any priority, but have a type.
 */
/* conntrack_facts: confirm_is_last, nft_says_what_it_is */
static inline bool lbhash_out_is_confirm(const struct nf_hook_ops *ops)
{
	return ops->priority == NF_IP_PRI_CONNTRACK_CONFIRM &&
	       ops->hook_ops_type == NF_HOOK_OP_UNDEFINED;
}

/* Run the hooks of POSTROUTING; false for a packet that was stolen, queued or
 * dropped. A packet without an entry skips the last hook, conntrack's, which
 * exists wherever conntrack is in use.
 */
/* conntrack_facts: confirm_needs_entry */
static __always_inline bool
lbhash_out_postrouting(struct net *net, struct sk_buff *skb, u8 family,
		       struct net_device *in, struct net_device *out)
{
	bool ipv4 = family == NFPROTO_IPV4;
	const struct nf_hook_entries *hooks;
	struct nf_hook_state state;
	unsigned int i, n, verdict;

	hooks = ipv4 ?
		rcu_dereference(net->nf.hooks_ipv4[NF_INET_POST_ROUTING]) :
		rcu_dereference(net->nf.hooks_ipv6[NF_INET_POST_ROUTING]);
	if (!hooks)
		return true;
	n = hooks->num_hook_entries;
	if (!skb_nfct(skb) &&
	    lbhash_out_is_confirm(nf_hook_entries_get_hook_ops(hooks)[n - 1]))
		n--;
	if (!n)
		return true;

	nf_hook_state_init(&state, NF_INET_POST_ROUTING, family, in, out, NULL,
			   net, ipv4 ? lbhash_out_reroute4 :
				       lbhash_out_reroute6);
	for (i = 0; i < n; i++) {
		verdict = nf_hook_entry_hookfn(&hooks->hooks[i], skb, &state);
		if (likely(verdict == NF_ACCEPT))
			continue;
		switch (verdict & NF_VERDICT_MASK) {
		case NF_DROP:
			kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
			return false;
		case NF_QUEUE:
			/* No listener, and --queue-bypass. */
			if (nf_queue(skb, &state, i, verdict) == 1)
				continue;
		}
		return false;
	}
	return true;
}

/* Run the hooks of FORWARD and POSTROUTING on a packet that has its route;
 * false for a packet that was stolen, queued or dropped. Inlined once per
 * family: the kernel patches its code for hooks that are constants.
 */
static __always_inline bool
lbhash_out_hooks(struct net *net, struct sk_buff *skb, u8 family,
		 struct dst_entry *dst)
{
	bool ipv4 = family == NFPROTO_IPV4;
	struct net_device *in = skb->dev;

	if (nf_hook(family, NF_INET_FORWARD, net, NULL, skb, in, dst->dev,
		    lbhash_out_forward) != 1)
		return false;
	skb_clear_tstamp(skb);
	skb->dev = dst->dev;
	if (!lbhash_out_postrouting(net, skb, family, in, dst->dev))
		return false;
	if (likely(skb_dst(skb) == dst &&
		   (skb->len <= dst->dev->mtu || skb_is_gso(skb))))
		return true;
	if (ipv4)
		lbhash_out_reroute4(net, NULL, skb);
	else
		lbhash_out_reroute6(net, NULL, skb);
	return false;
}

static __always_inline void
lbhash_out_neigh(const struct lbhash_member *member, struct neighbour *neigh,
		 struct sk_buff *skb, bool no_cache)
{
	if (IS_ERR(neigh)) {
		kfree_skb(skb);
		return;
	}
	if (unlikely(!(READ_ONCE(neigh->nud_state) & NUD_VALID)))
		atomic64_inc(&member->backend->unresolved);
	neigh_output(neigh, skb, no_cache);
}

/**
 * lbhash_deliver_out_ipv4 - forward an IPv4 packet by a given route
 * @member: backend, for its counters
 * @net: namespace of the hook, for its hooks, counters and sysctls
 * @skb: packet that needs no more than a smaller TTL and a link header
 * @dst: route, not referenced; the packet borrows it
 *
 * Context: packet path, RCU.
 * Return: NF_STOLEN, or NF_DROP without memory.
 */
static __always_inline int
lbhash_deliver_out_ipv4(const struct lbhash_member *member, struct net *net,
			struct sk_buff *skb, struct dst_entry *dst)
{
	struct rtable *rt = container_of(dst, struct rtable, dst);
	struct neighbour *neigh;
	bool v6gw = false;

	if (skb_cow(skb, LL_RESERVED_SPACE(dst->dev) + dst->header_len))
		return NF_DROP;
	ip_decrease_ttl(ip_hdr(skb));
	skb_forward_csum(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	if (READ_ONCE(net->ipv4.sysctl_ip_fwd_update_priority))
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	__IP_INC_STATS(net, IPSTATS_MIB_OUTFORWDATAGRAMS);

	if (!lbhash_out_hooks(net, skb, NFPROTO_IPV4, dst))
		return NF_STOLEN;
	IP_UPD_PO_STATS(net, IPSTATS_MIB_OUT, skb->len);
	neigh = ip_neigh_for_gw(rt, skb, &v6gw);
	lbhash_out_neigh(member, neigh, skb, v6gw);
	return NF_STOLEN;
}

/**
 * lbhash_deliver_out_ipv6 - forward an IPv6 packet by a given route
 * @member: backend, for its counters
 * @net: namespace of the hook, for its hooks and counters
 * @skb: packet that needs no more than a smaller hop limit and a link header
 * @dst: route, not referenced; the packet borrows it
 *
 * Context: packet path, RCU.
 * Return: NF_STOLEN, or NF_DROP without memory.
 */
static __always_inline int
lbhash_deliver_out_ipv6(const struct lbhash_member *member, struct net *net,
			struct sk_buff *skb, struct dst_entry *dst)
{
	struct rt6_info *rt = container_of(dst, struct rt6_info, dst);
	struct inet6_dev *idev = rt->rt6i_idev;
	const struct in6_addr *nexthop;
	struct neighbour *neigh;

	if (skb_cow(skb, LL_RESERVED_SPACE(dst->dev) + dst->header_len))
		return NF_DROP;
	ipv6_hdr(skb)->hop_limit--;
	skb_forward_csum(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	__IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTFORWDATAGRAMS);

	if (!lbhash_out_hooks(net, skb, NFPROTO_IPV6, dst))
		return NF_STOLEN;
	IP6_UPD_PO_STATS(net, idev, IPSTATS_MIB_OUT, skb->len);
	nexthop = rt6_nexthop(rt, &ipv6_hdr(skb)->daddr);
	neigh = __ipv6_neigh_lookup_noref(dst->dev, nexthop);
	if (unlikely(!neigh))
		neigh = __neigh_create(&nd_tbl, nexthop, dst->dev, false);
	lbhash_out_neigh(member, neigh, skb, false);
	return NF_STOLEN;
}

#endif /* LBHASH_DELIVER_OUT_H */
