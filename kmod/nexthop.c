// SPDX-License-Identifier: GPL-2.0
/*
 * Nexthops: cached routes to the addresses of backends, valid until the
 * kernel's routing changes. All CPUs share them: packets borrow a route under
 * RCU without taking a reference. A packet that finds an outdated route
 * replaces it.
 *
 * A route holds a reference to its device; an IPv6 route even does when the
 * device is unregistered, by way of the entry that it was made from, and the
 * device would never be freed. So all routes of a namespace are on a list, and
 * the notifier drops those of a device that goes.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "net.h"
#include "nexthop.h"

static void free_nexthop(struct rcu_head *rcu)
{
	struct lbhash_nexthop *nexthop =
		container_of(rcu, struct lbhash_nexthop, rcu);

	dst_release(nexthop->dst);
	kfree(nexthop);
}

/* The backend no longer points to it. */
static void retire(struct lbhash_nexthop *nexthop)
{
	list_del(&nexthop->node);
	call_rcu(&nexthop->rcu, free_nexthop);
}

static void retire_unlocked(struct lbhash_nexthop *nexthop)
{
	struct lbhash_net *ln = nexthop->ln;

	spin_lock_bh(&ln->nexthops_lock);
	retire(nexthop);
	spin_unlock_bh(&ln->nexthops_lock);
}

/* Takes over the reference of @dst. */
static const struct lbhash_nexthop *keep(struct net *net,
					 struct lbhash_nexthop __rcu **place,
					 struct dst_entry *dst, u32 cookie,
					 const union nf_inet_addr *addr)
{
	struct lbhash_net *ln = lbhash_net(net);
	struct lbhash_nexthop *nexthop, *old;

	nexthop = kmalloc(sizeof(*nexthop), GFP_ATOMIC | __GFP_NOWARN);
	if (!nexthop) {
		dst_release(dst);
		return NULL;
	}
	*nexthop = (struct lbhash_nexthop){
		.dst = dst,
		.cookie = cookie,
		.addr = *addr,
		.dev = dst->dev,
		.place = place,
		.ln = ln,
	};
	spin_lock_bh(&ln->nexthops_lock);
	list_add(&nexthop->node, &ln->nexthops);
	old = unrcu_pointer(xchg(place, RCU_INITIALIZER(nexthop)));
	if (old)
		retire(old);
	spin_unlock_bh(&ln->nexthops_lock);
	return nexthop;
}

/* With FLOWI_FLAG_KNOWN_NH the address is the next hop, whatever the
 * destination of a packet, unless the route to the address has a gateway.
 */
/* conntrack_facts: known_nh_is_next_hop */
static const struct lbhash_nexthop *
find_ipv4(struct net *net, struct lbhash_nexthop __rcu **place, __be32 address)
{
	struct flowi4 fl4 = {
		.daddr = address,
		.flowi4_flags = FLOWI_FLAG_KNOWN_NH,
	};
	union nf_inet_addr addr = { .ip = address };
	u32 genid = rt_genid_ipv4(net);
	struct rtable *rt;

	/* A change updates the routes before the generation. */
	smp_rmb();
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_type != RTN_UNICAST || rt->rt_flags & RTCF_LOCAL) {
		ip_rt_put(rt);
		return NULL;
	}
	return keep(net, place, &rt->dst, genid, &addr);
}

static bool same_origin(const struct dst_entry *a, const struct dst_entry *b)
{
	return rcu_access_pointer(dst_rt6_info(a)->from) ==
	       rcu_access_pointer(dst_rt6_info(b)->from);
}

static bool leads_elsewhere(const struct dst_entry *dst)
{
	return !dst->error && !(dst->dev->flags & IFF_LOOPBACK) &&
	       !(dst_rt6_info(dst)->rt6i_flags &
		 (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT));
}

/* A cookie is read from a route, hence after its lookup. If routing changes in
 * between, an outdated route would be cached with a current cookie. So the
 * cookie comes from a first lookup, the route from a second one. If the two
 * differ, cookie 0, which is never current, makes the next packet repeat the
 * lookup.
 */
static const struct lbhash_nexthop *
find_ipv6(struct net *net, struct lbhash_nexthop __rcu **place,
	  const struct in6_addr *address)
{
	struct flowi6 fl6 = {
		.daddr = *address,
		.flowi6_flags = FLOWI_FLAG_KNOWN_NH,
	};
	union nf_inet_addr addr = { .in6 = *address };
	struct dst_entry *dst, *first;
	u32 cookie;

	if (ipv6_addr_is_multicast(address))
		return NULL;
	first = ip6_route_output(net, NULL, &fl6);
	if (!leads_elsewhere(first)) {
		dst_release(first);
		return NULL;
	}
	cookie = rt6_get_cookie(dst_rt6_info(first));
	/* A change updates the routes before the serial numbers. */
	smp_rmb();
	dst = ip6_route_output(net, NULL, &fl6);
	if (!same_origin(dst, first))
		cookie = 0;
	dst_release(first);
	if (!leads_elsewhere(dst)) {
		dst_release(dst);
		return NULL;
	}
	return keep(net, place, dst, cookie, &addr);
}

/* As ipv4_dst_check(), without a call. The route has a generation, too, but one
 * that was read after the lookup: it may be newer than the route.
 */
/* conntrack_facts: route_has_genid */
static bool is_current(const struct net *net,
		       const struct lbhash_nexthop *nexthop)
{
	return nexthop->dst->obsolete == DST_OBSOLETE_FORCE_CHK &&
	       nexthop->cookie == rt_genid_ipv4(net);
}

/**
 * lbhash_nexthop_ipv4 - get the route to an IPv4 address, cached or new
 * @net: namespace in which the route is looked up
 * @place: the backend's pointer to the cached route
 * @addr: the backend's address, 0 for none
 *
 * Context: packet path, RCU.
 * Return: the route, valid until the end of the RCU section; NULL if there is
 * no address or no route, or if the address is this host's.
 */
const struct lbhash_nexthop *
lbhash_nexthop_ipv4(struct net *net, struct lbhash_nexthop __rcu **place,
		    __be32 addr)
{
	const struct lbhash_nexthop *nexthop = rcu_dereference(*place);

	if (likely(nexthop && nexthop->addr.ip == addr &&
		   is_current(net, nexthop)))
		return nexthop;
	if (!addr)
		return NULL;
	return find_ipv4(net, place, addr);
}

/**
 * lbhash_nexthop_ipv6 - get the route to an IPv6 address, cached or new
 * @net: namespace in which the route is looked up
 * @place: the backend's pointer to the cached route
 * @addr: the backend's address, all zeroes for none
 *
 * Context: packet path, RCU.
 * Return: as lbhash_nexthop_ipv4().
 */
const struct lbhash_nexthop *
lbhash_nexthop_ipv6(struct net *net, struct lbhash_nexthop __rcu **place,
		    const struct in6_addr *addr)
{
	const struct lbhash_nexthop *nexthop = rcu_dereference(*place);

	if (likely(nexthop &&
		   ipv6_addr_equal(&nexthop->addr.in6, addr) &&
		   dst_check(nexthop->dst, nexthop->cookie)))
		return nexthop;
	if (ipv6_addr_any(addr))
		return NULL;
	return find_ipv6(net, place, addr);
}

/**
 * lbhash_nexthop_drop - drop a cached route
 * @place: pointer of a backend that no packet uses any more
 */
void lbhash_nexthop_drop(struct lbhash_nexthop __rcu **place)
{
	struct lbhash_nexthop *old = unrcu_pointer(xchg(place, NULL));

	if (old)
		retire_unlocked(old);
}

/* By now no lookup gives a route by the device, and no packet is using an older
 * one.
 */
static void drop_by_device(struct lbhash_net *ln, const struct net_device *dev)
{
	struct lbhash_nexthop *nexthop, *next;

	spin_lock_bh(&ln->nexthops_lock);
	list_for_each_entry_safe(nexthop, next, &ln->nexthops, node)
		if (nexthop->dev == dev &&
		    cmpxchg(nexthop->place, RCU_INITIALIZER(nexthop), NULL) ==
		    RCU_INITIALIZER(nexthop))
			retire(nexthop);
	spin_unlock_bh(&ln->nexthops_lock);
}

static int device_event(struct notifier_block *block, unsigned long event,
			void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event == NETDEV_UNREGISTER)
		drop_by_device(lbhash_net(dev_net(dev)), dev);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call	= device_event,
};

/**
 * lbhash_nexthop_init - register the notifier of devices
 *
 * Return: 0 or a negative errno.
 */
int lbhash_nexthop_init(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/**
 * lbhash_nexthop_exit - unregister the notifier of devices
 */
void lbhash_nexthop_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
