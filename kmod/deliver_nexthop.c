// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery to the backend's address as the next hop, without a routing rule.
 *
 * Most packets need no more than a smaller TTL and a link header: deliver_out.h
 * sends them by a cached route. The rest (TTL expired, too big, IP options,
 * IPsec, ...) gets a route to the same next hop and takes the kernel's own
 * forwarding path.
 */
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
/* Brings skb_gso_validate_network_len(), which moved (6.5). */
#include <net/udp.h>
#include <net/xfrm.h>

#include "backend.h"
#include "compat.h"
#include "deliver_nexthop.h"
#include "deliver_out.h"
#include "nexthop.h"
#include "source.h"

#define NOT_ROUTED_BY	(IFF_L3MDEV_MASTER | IFF_L3MDEV_SLAVE | \
			 IFF_L3MDEV_RX_HANDLER)

/* Would this host route the packet, and has it not done so yet? */
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

/* Global unicast or unique local; the kernel checks all other scopes itself. */
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

/* Process IP options as routing would have done. */
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

/* Copy a route for one packet, with the backend as next hop. */
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

/* Attach the route that the kernel would choose for a packet to the backend,
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
	/* No redirect: clients must not bypass this host. */
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

/* The packet continues unforwarded. */
static int not_sent(const struct lbhash_member *member)
{
	atomic64_inc(&member->backend->unforwarded);
	return NF_ACCEPT;
}

/* noinline: the fast way needs fewer registers. */
static noinline int forward_ipv4_slow(const struct lbhash_member *member,
				      struct sk_buff *skb, struct net *net)
{
	if (!route_ipv4(member, skb)) {
		skb_dst_drop(skb);
		return not_sent(member);
	}
	if (!read_options(net, skb))
		return NF_DROP;
	dst_input(skb);
	return NF_STOLEN;
}

static int forward_ipv4(const struct lbhash_member *member,
			struct sk_buff *skb, struct net *net)
{
	struct in_device *in = __in_dev_get_rcu(skb->dev);
	const struct lbhash_nexthop *nexthop;

	if (unlikely(!in || !IN_DEV_FORWARD(in)))
		return not_sent(member);
	nexthop = lbhash_nexthop_ipv4(net, &member->backend->nexthop4,
				      member->addr4);
	if (unlikely(!nexthop ||
		     !lbhash_source_is_valid(nexthop->ln, skb, in)))
		return not_sent(member);
	if (likely(is_plain_ipv4(net, skb, nexthop->dst)))
		return lbhash_deliver_out_ipv4(member, net, skb, nexthop->dst);
	return forward_ipv4_slow(member, skb, net);
}

/* IPv6 has one kind of route for input and output. As for packets with a
 * routing header, no redirect is sent: clients must not bypass this host.
 */
/* conntrack_facts: output_route_forwards */
static noinline int forward_ipv6_slow(struct sk_buff *skb,
				      struct dst_entry *dst)
{
	IP6CB(skb)->srcrt = skb_network_header_len(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	dst_input(skb);
	return NF_STOLEN;
}

static int forward_ipv6(const struct lbhash_member *member,
			struct sk_buff *skb, struct net *net)
{
	const struct lbhash_nexthop *nexthop;

	if (unlikely(!READ_ONCE(net->ipv6.devconf_all->forwarding)))
		return not_sent(member);
	nexthop = lbhash_nexthop_ipv6(net, &member->backend->nexthop6,
				      &member->addr6);
	if (unlikely(!nexthop))
		return not_sent(member);
	if (likely(is_plain_ipv6(net, skb, nexthop->dst)))
		return lbhash_deliver_out_ipv6(member, net, skb, nexthop->dst);
	return forward_ipv6_slow(skb, nexthop->dst);
}

/**
 * lbhash_deliver_nexthop - send a packet to its backend as next hop
 * @member: backend whose address is the next hop
 * @skb: packet, no longer the caller's if stolen
 * @state: state of the hook, PREROUTING
 *
 * A packet that cannot be sent there, or that the kernel would not forward, is
 * counted and continues unforwarded.
 *
 * Context: packet path, RCU.
 * Return: NF_STOLEN for a packet that was sent, NF_DROP, or NF_ACCEPT for a
 * packet that continues.
 */
int lbhash_deliver_nexthop(const struct lbhash_member *member,
			   struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	if (unlikely(!is_to_route(skb)))
		return not_sent(member);
	return state->pf == NFPROTO_IPV4 ?
	       forward_ipv4(member, skb, state->net) :
	       forward_ipv6(member, skb, state->net);
}
