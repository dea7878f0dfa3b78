// SPDX-License-Identifier: GPL-2.0
/*
 * May an IPv4 packet come from where it says, by the interface that it came by?
 * The kernel asks that when it routes a packet, which ours are not. IPv6 does
 * not ask.
 */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/ip_fib.h>
#include <net/l3mdev.h>
#include <net/xfrm.h>

#include "compat.h"
#include "source.h"

/* The way back, as rp_filter and policy routing have it. */
static bool has_way_back(struct sk_buff *skb, struct in_device *in, int strict)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct net *net = dev_net(skb->dev);
	struct fib_result res;
	struct flow_keys keys;
	struct flowi4 fl4 = {
		.flowi4_iif = LOOPBACK_IFINDEX,
		.daddr = iph->saddr,
		.saddr = iph->daddr,
		.flowi4_tos = iph->tos & LBHASH_COMPAT_TOS_MASK,
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_mark = IN_DEV_SRC_VMARK(in) ? skb->mark : 0,
	};

	if (fib4_rules_early_flow_dissect(net, skb, &fl4, &keys))
		swap(fl4.fl4_sport, fl4.fl4_dport);
	if (fib_lookup(net, &fl4, &res, 0))
		return !strict;
	if (res.type != RTN_UNICAST &&
	    (res.type != RTN_LOCAL || !IN_DEV_ACCEPT_LOCAL(in)))
		return false;
	if (fib_info_nh_uses_dev(res.fi, skb->dev))
		return true;
	if (!in->ifa_list)
		return !strict;
	return strict != 1;
}

/**
 * lbhash_source_is_valid - would the kernel route such a packet?
 * @skb: IPv4 packet that came in by a device
 * @in: that device
 *
 * Context: packet path, RCU.
 * Return: true if it would as far as the source is concerned, false if it would
 * not, or wants to count something about it.
 */
bool lbhash_source_is_valid(struct sk_buff *skb, struct in_device *in)
{
	struct net *net = dev_net(skb->dev);
	__be32 saddr = ip_hdr(skb)->saddr;
	int strict;

	if (ipv4_is_multicast(saddr) || ipv4_is_lbcast(saddr) ||
	    ipv4_is_zeronet(saddr) ||
	    (ipv4_is_loopback(saddr) && !IN_DEV_NET_ROUTE_LOCALNET(in, net)))
		return false;

	strict = secpath_exists(skb) ? 0 : IN_DEV_RPFILTER(in);
	if (!strict && IN_DEV_ACCEPT_LOCAL(in))
		return true;
	return has_way_back(skb, in, strict);
}
