// SPDX-License-Identifier: GPL-2.0
/*
 * May an IPv4 packet come from where it says, by the interface that it came by?
 * The kernel asks that when it routes a packet, which ours are not. IPv6 does
 * not ask.
 *
 * Usually all that matters is that the source is not an address of this host.
 * The kernel has a hash table of those, which is not for modules, and to look
 * into the routing table costs more than all else here. So there is a Bloom
 * filter of them, made anew after a change of the routing, but not too often.
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
 * struct lbhash_locals - a namespace's own IPv4 addresses
 * @genid: the routing that it is true for
 * @since: when it was made, in jiffies
 * @rcu: to free it
 * @bits: one set for each address
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

/* NULL without memory, or if it is too early again. */
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

/* Do more things matter than that? */
static bool is_plain(struct net *net)
{
	return !fib_num_tclassid_users(net) &&
	       !net->ipv4.fib_has_custom_local_routes &&
	       !fib4_has_custom_rules(net);
}

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

/* Nobody's address, or everybody's. */
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
 * lbhash_source_is_valid - would the kernel route such a packet?
 * @ln: namespace
 * @skb: IPv4 packet that came in by a device
 * @in: that device
 *
 * Context: packet path, RCU.
 * Return: true if it would, as far as the source is concerned.
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

/**
 * lbhash_source_exit - the namespace dies
 * @ln: the namespace
 */
void lbhash_source_exit(struct lbhash_net *ln)
{
	kfree(rcu_dereference_protected(ln->locals, 1));
}
