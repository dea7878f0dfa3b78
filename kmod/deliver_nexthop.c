// SPDX-License-Identifier: GPL-2.0
/*
 * Send a packet to its backend without a routing rule.
 *
 * Most packets need nothing but a smaller TTL and a link header. They go by the
 * FORWARD and POSTROUTING hooks, as all that is forwarded does, so that
 * firewalls see them and conntrack confirms their entries, and from there to
 * the neighbour. The rest (TTL expired, too big, IP options, IPsec, ...) is
 * left to the kernel's own forwarding, with the route that it shall take.
 */
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/netfilter/nf_queue.h>
#include <net/route.h>
/* Brings skb_gso_validate_network_len(), which moved (6.5). */
#include <net/udp.h>
#include <net/xfrm.h>

#include "compat.h"
#include "deliver_nexthop.h"
#include "nexthop.h"
#include "source.h"
#include "stats.h"
#include "table.h"

#define NOT_ROUTED_BY	(IFF_L3MDEV_MASTER | IFF_L3MDEV_SLAVE | \
			 IFF_L3MDEV_RX_HANDLER)

/* Is it a packet that this host would route, and has not? */
static bool is_to_route(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb->sk &&
	       !skb_valid_dst(skb) && !nf_bridge_info_exists(skb) &&
	       !(skb->dev->priv_flags & NOT_ROUTED_BY);
}

static __always_inline bool has_ipsec_policy(struct net *net,
					     struct sk_buff *skb)
{
#ifdef CONFIG_XFRM
	return !__xfrm_check_nopolicy(net, skb, XFRM_POLICY_FWD) ||
	       !__xfrm_check_nopolicy(net, skb, XFRM_POLICY_OUT);
#else
	return false;
#endif
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (likely(skb->len <= mtu))
		return true;
	return skb_is_gso(skb) && skb_shinfo(skb)->gso_type &&
	       skb_gso_validate_network_len(skb, mtu);
}

/* conntrack_facts: defrag_notes_size */
static bool is_plain_ipv4(struct net *net, struct sk_buff *skb,
			  const struct dst_entry *dst)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);
	const struct iphdr *iph = ip_hdr(skb);

	return iph->ihl == 5 && iph->ttl > 1 && !IPCB(skb)->frag_max_size &&
	       rt->rt_gw_family && !dst->lwtstate &&
	       !has_ipsec_policy(net, skb) &&
	       fits(skb, ip_dst_mtu_maybe_forward(dst, true));
}

/* Global unicast, or unique local; what is not is for the kernel to look at. */
static bool is_global(const struct in6_addr *addr)
{
	return (addr->s6_addr[0] & 0xe0) == 0x20 ||
	       (addr->s6_addr[0] & 0xfe) == 0xfc;
}

static bool is_plain_ipv6(struct net *net, struct sk_buff *skb,
			  const struct dst_entry *dst)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	return ip6h->hop_limit > 1 && !IP6CB(skb)->frag_max_size &&
	       !(IP6CB(skb)->flags & IP6SKB_ROUTERALERT) &&
	       !dst->lwtstate && !has_ipsec_policy(net, skb) &&
	       !READ_ONCE(net->ipv6.devconf_all->proxy_ndp) &&
	       is_global(&ip6h->saddr) &&
	       (likely(skb->len <= IPV6_MIN_MTU) ||
		fits(skb, ip6_dst_mtu_maybe_forward(dst, true)));
}

/* The rest of a packet's way, if FORWARD or POSTROUTING gave it to someone who
 * gave it back later, or made another packet of it.
 */
static int resume_forward(struct net *net, struct sock *sk,
			  struct sk_buff *skb)
{
	skb_clear_tstamp(skb);
	return dst_output(net, sk, skb);
}

static int resume_ipv4(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IPCB(skb)->flags |= IPSKB_REROUTED;
	return dst_output(net, sk, skb);
}

static int resume_ipv6(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IP6CB(skb)->flags |= IP6SKB_REROUTED;
	return dst_output(net, sk, skb);
}

/* Is it the one by which conntrack confirms entries? Chains of nft may have any
 * priority, but say what they are.
 */
/* conntrack_facts: confirm_is_last, nft_says_what_it_is */
static bool is_confirm(const struct nf_hook_ops *ops)
{
	return ops->priority == NF_IP_PRI_CONNTRACK_CONFIRM &&
	       ops->hook_ops_type == NF_HOOK_OP_UNDEFINED;
}

/* The hooks of POSTROUTING; false for a packet that is somebody's now, or
 * nobody's any more. One without an entry need not go to the last of all, which
 * is there wherever conntrack is in use.
 */
/* conntrack_facts: confirm_needs_entry */
static __always_inline bool pass_postrouting(struct net *net,
					     struct sk_buff *skb, u8 family,
					     struct net_device *in,
					     struct net_device *out)
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
	    is_confirm(nf_hook_entries_get_hook_ops(hooks)[n - 1]))
		n--;
	if (!n)
		return true;

	nf_hook_state_init(&state, NF_INET_POST_ROUTING, family, in, out, NULL,
			   net, ipv4 ? resume_ipv4 : resume_ipv6);
	for (i = 0; i < n; i++) {
		verdict = nf_hook_entry_hookfn(&hooks->hooks[i], skb, &state);
		if (likely(verdict == NF_ACCEPT))
			continue;
		switch (verdict & NF_VERDICT_MASK) {
		case NF_DROP:
			kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
			return false;
		case NF_QUEUE:
			/* Not if nobody listens, and --queue-bypass. */
			if (nf_queue(skb, &state, i, verdict) == 1)
				continue;
		}
		return false;
	}
	return true;
}

/* Forward and send a packet that has its route; false if it is somebody's now,
 * or nobody's any more. For one family at a time: the kernel patches its code
 * for hooks that are constants.
 */
static __always_inline bool pass_hooks(struct net *net, struct sk_buff *skb,
				       u8 family, struct dst_entry *dst)
{
	bool ipv4 = family == NFPROTO_IPV4;
	struct net_device *in = skb->dev;

	if (nf_hook(family, NF_INET_FORWARD, net, NULL, skb, in, dst->dev,
		    resume_forward) != 1)
		return false;
	skb_clear_tstamp(skb);
	skb->dev = dst->dev;
	if (!pass_postrouting(net, skb, family, in, dst->dev))
		return false;
	if (likely(skb_dst(skb) == dst &&
		   (skb->len <= dst->dev->mtu || skb_is_gso(skb))))
		return true;
	if (ipv4)
		resume_ipv4(net, NULL, skb);
	else
		resume_ipv6(net, NULL, skb);
	return false;
}

static __always_inline void give_to(const struct lbhash_member *member,
				    struct neighbour *neigh,
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

static int send_ipv4(const struct lbhash_member *member, struct net *net,
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

	if (!pass_hooks(net, skb, NFPROTO_IPV4, dst))
		return NF_STOLEN;
	IP_UPD_PO_STATS(net, IPSTATS_MIB_OUT, skb->len);
	neigh = ip_neigh_for_gw(rt, skb, &v6gw);
	give_to(member, neigh, skb, v6gw);
	return NF_STOLEN;
}

static int send_ipv6(const struct lbhash_member *member, struct net *net,
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

	if (!pass_hooks(net, skb, NFPROTO_IPV6, dst))
		return NF_STOLEN;
	IP6_UPD_PO_STATS(net, idev, IPSTATS_MIB_OUT, skb->len);
	nexthop = rt6_nexthop(rt, &ipv6_hdr(skb)->daddr);
	neigh = __ipv6_neigh_lookup_noref(dst->dev, nexthop);
	if (unlikely(!neigh))
		neigh = __neigh_create(&nd_tbl, nexthop, dst->dev, false);
	give_to(member, neigh, skb, false);
	return NF_STOLEN;
}

/* What routing would have done with the options of a packet. */
static bool read_options(struct net *net, struct sk_buff *skb)
{
	struct ip_options *opt = &IPCB(skb)->opt;
	struct in_device *in;

	if (ip_hdr(skb)->ihl == 5)
		return true;
	if (skb_cow(skb, skb_headroom(skb)))
		return false;
	opt->optlen = ip_hdr(skb)->ihl * 4 - sizeof(struct iphdr);
	if (ip_options_compile(net, opt, skb)) {
		__IP_INC_STATS(net, IPSTATS_MIB_INHDRERRORS);
		return false;
	}
	if (likely(!opt->srr))
		return true;
	in = __in_dev_get_rcu(skb->dev);
	return in && IN_DEV_SOURCE_ROUTE(in) &&
	       !ip_options_rcv_srr(skb, skb->dev);
}

/* A route of the same kind for one packet, with the backend as next hop. */
static struct rtable *copy_route(struct rtable *rt, __be32 gateway)
{
	struct rtable *copy;

	copy = rt_dst_alloc(rt->dst.dev, rt->rt_flags, rt->rt_type,
			    rt->dst.flags & DST_NOXFRM);
	if (!copy)
		return NULL;
	copy->rt_is_input = rt->rt_is_input;
	copy->rt_iif = rt->rt_iif;
	copy->rt_pmtu = rt->rt_pmtu;
	copy->rt_mtu_locked = rt->rt_mtu_locked;
	copy->rt_gw_family = AF_INET;
	copy->rt_gw4 = gateway;
	copy->dst.input = READ_ONCE(rt->dst.input);
	copy->dst.output = READ_ONCE(rt->dst.output);
	copy->dst.lwtstate = lwtstate_get(rt->dst.lwtstate);
	ip_dst_init_metrics(&copy->dst, (struct dst_metrics *)
			    dst_metrics_ptr(&rt->dst));
	return copy;
}

/* Give a packet the route that the kernel would give one to the backend, but
 * with the backend as next hop.
 */
/* conntrack_facts: output_route_discards */
static bool route_ipv4(const struct lbhash_member *member, struct sk_buff *skb)
{
	struct rtable *rt, *copy;

	if (!lbhash_compat_route_input(skb, member->addr4))
		return false;
	rt = skb_rtable(skb);
	if (rt->rt_type != RTN_UNICAST)
		return false;
	/* Nobody is to send to a backend past this host. */
	IPCB(skb)->flags &= ~IPSKB_DOREDIRECT;
	if (rt->rt_gw_family)
		return true;

	copy = copy_route(rt, member->addr4);
	if (!copy)
		return false;
	skb_dst_drop(skb);
	skb_dst_set(skb, &copy->dst);
	return true;
}

static int forward_ipv4(const struct lbhash_member *member,
			struct sk_buff *skb, struct net *net)
{
	struct in_device *in = __in_dev_get_rcu(skb->dev);
	const struct lbhash_nexthop *nexthop;

	if (unlikely(!in || !IN_DEV_FORWARD(in)))
		return NF_ACCEPT;
	nexthop = lbhash_nexthop_ipv4(net, &member->backend->nexthop4,
				      member->addr4);
	if (unlikely(!nexthop ||
		     !lbhash_source_is_valid(nexthop->ln, skb, in)))
		return NF_ACCEPT;
	if (likely(is_plain_ipv4(net, skb, nexthop->dst)))
		return send_ipv4(member, net, skb, nexthop->dst);

	if (!route_ipv4(member, skb)) {
		skb_dst_drop(skb);
		return NF_ACCEPT;
	}
	if (!read_options(net, skb))
		return NF_DROP;
	dst_input(skb);
	return NF_STOLEN;
}

static int forward_ipv6(const struct lbhash_member *member,
			struct sk_buff *skb, struct net *net)
{
	const struct lbhash_nexthop *nexthop;
	struct dst_entry *dst;

	if (unlikely(!READ_ONCE(net->ipv6.devconf_all->forwarding)))
		return NF_ACCEPT;
	nexthop = lbhash_nexthop_ipv6(net, &member->backend->nexthop6,
				      &member->addr6);
	if (unlikely(!nexthop))
		return NF_ACCEPT;
	dst = nexthop->dst;
	if (likely(is_plain_ipv6(net, skb, dst)))
		return send_ipv6(member, net, skb, dst);

	/* IPv6 has one kind of route for packets in and out. Nobody is to be
	 * told to send to a backend past this host, as is nobody whose packet
	 * has a routing header.
	 */
	/* conntrack_facts: output_route_forwards */
	IP6CB(skb)->srcrt = skb_network_header_len(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	dst_input(skb);
	return NF_STOLEN;
}

/**
 * lbhash_deliver_nexthop - send a packet to its backend
 * @member: the backend
 * @skb: packet
 * @state: of the hook, PREROUTING
 *
 * A packet that cannot be sent there, or that the kernel would not forward, is
 * counted and left as it is.
 *
 * Context: packet path, RCU.
 * Return: NF_STOLEN for a packet that was sent, NF_DROP, NF_ACCEPT for one that
 * goes on as if nobody had tried.
 */
int lbhash_deliver_nexthop(const struct lbhash_member *member,
			   struct sk_buff *skb, const struct nf_hook_state *state)
{
	int verdict = NF_ACCEPT;

	if (likely(is_to_route(skb))) {
		if (state->pf == NFPROTO_IPV4)
			verdict = forward_ipv4(member, skb, state->net);
		else
			verdict = forward_ipv6(member, skb, state->net);
	}
	if (unlikely(verdict == NF_ACCEPT))
		atomic64_inc(&member->backend->unforwarded);
	return verdict;
}
