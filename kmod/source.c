// SPDX-License-Identifier: GPL-2.0
/*
 * Validation of IPv4 source addresses, which the kernel does when it routes a
 * packet. Packets sent by deliver_nexthop.c are not routed. IPv6 has no such
 * validation.
 *
 * Without rp_filter and policy routing, a source is valid unless it is an
 * address of this host. The kernel's hash table of those is not exported, and a
 * lookup in the routing table would cost more than the rest of the delivery. So
 * a Bloom filter has them; it is renewed after changes of the routing, at most
 * every LOCAL_PAUSE.
 */
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/ip_fib.h>
#include <net/l3mdev.h>
#include <net/xfrm.h>

#include "compat.h"
#include "net.h"
#include "source.h"

#define LOCAL_BITS	11
#define LOCAL_PAUSE	(HZ / 20)

/**
 * struct lbhash_locals - filter of a namespace's own IPv4 addresses
 * @genid: generation of the routing for which the filter is valid
 * @since: time of its creation, in jiffies
 * @rcu: frees the filter after a grace period
 * @bits: one bit per address
 */
struct lbhash_locals {
	int genid;
	unsigned long since;
	struct rcu_head rcu;
	DECLARE_BITMAP(bits, 1 << LOCAL_BITS);
};

static u32 bit_of(__be32 addr)
{
	return hash_32((__force u32)addr, LOCAL_BITS);
}

static void read_locals(struct lbhash_locals *locals, struct net *net)
{
	const struct in_ifaddr *ifa;
	struct in_device *in;
	struct net_device *dev;

	for_each_netdev_rcu(net, dev) {
		in = __in_dev_get_rcu(dev);
		if (!in)
			continue;
		in_dev_for_each_ifa_rcu(ifa, in)
			__set_bit(bit_of(ifa->ifa_local), locals->bits);
	}
}

/* NULL without memory, or within LOCAL_PAUSE of the last renewal. */
static const struct lbhash_locals *renew(struct lbhash_net *ln, int genid,
					 const struct lbhash_locals *now)
{
	struct lbhash_locals *locals, *old;

	if (now && time_before(jiffies, now->since + LOCAL_PAUSE))
		return NULL;
	locals = kzalloc(sizeof(*locals), GFP_ATOMIC | __GFP_NOWARN);
	if (!locals)
		return NULL;
	locals->genid = genid;
	locals->since = jiffies;
	read_locals(locals, ln->net);
	old = unrcu_pointer(xchg(&ln->locals, RCU_INITIALIZER(locals)));
	if (old)
		kfree_rcu(old, rcu);
	return locals;
}

static bool is_local(struct lbhash_net *ln, __be32 addr)
{
	const struct lbhash_locals *locals = rcu_dereference(ln->locals);
	int genid = rt_genid_ipv4(ln->net);

	if (unlikely(!locals || locals->genid != genid))
		locals = renew(ln, genid, locals);
	if (likely(locals && !test_bit(bit_of(addr), locals->bits)))
		return false;
	return inet_addr_type(ln->net, addr) == RTN_LOCAL;
}

/* Does no rule, class or custom local route affect the validation? */
static bool is_plain(struct net *net)
{
	return !fib_num_tclassid_users(net) &&
	       !net->ipv4.fib_has_custom_local_routes &&
	       !fib4_has_custom_rules(net);
}

/* Validate the reverse path, with rp_filter and policy routing. */
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
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_mark = IN_DEV_SRC_VMARK(in) ? skb->mark : 0,
	};

	lbhash_compat_set_tos(&fl4, iph);
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

/* Loopback, unspecified, multicast or broadcast. */
static bool is_martian(__be32 addr, struct in_device *in, struct net *net)
{
	u8 first = ntohl(addr) >> 24;

	if (likely(first && first != 127 && first < 224))
		return false;
	if (ipv4_is_loopback(addr))
		return !IN_DEV_NET_ROUTE_LOCALNET(in, net);
	return ipv4_is_zeronet(addr) || ipv4_is_multicast(addr) ||
	       ipv4_is_lbcast(addr);
}

/**
 * lbhash_source_is_valid - validate the source address of a packet
 * @ln: namespace that received the packet
 * @skb: received IPv4 packet
 * @in: IPv4 data of the device that received it
 *
 * Context: packet path, RCU.
 * Return: true if the kernel would accept the source when it routes the packet.
 */
bool lbhash_source_is_valid(struct lbhash_net *ln, struct sk_buff *skb,
			    struct in_device *in)
{
	__be32 saddr = ip_hdr(skb)->saddr;
	int strict;

	if (is_martian(saddr, in, ln->net))
		return false;
	strict = secpath_exists(skb) ? 0 : IN_DEV_RPFILTER(in);
	if (strict || !is_plain(ln->net))
		return has_way_back(skb, in, strict);
	return IN_DEV_ACCEPT_LOCAL(in) || !is_local(ln, saddr);
}

/* Free the filter of a namespace. */
void lbhash_source_exit(struct lbhash_net *ln)
{
	kfree(rcu_dereference_protected(ln->locals, 1));
}
