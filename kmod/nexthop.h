/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NEXTHOP_H
#define LBHASH_NEXTHOP_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>

struct dst_entry;
struct lbhash_net;
struct net;
struct net_device;

/**
 * struct lbhash_nexthop - a cached route to an address of a backend
 * @dst: the route, referenced
 * @cookie: IPv6: for dst_check(); IPv4: routing generation of the namespace,
 *	read before the lookup
 * @addr: the address; the backend's may have changed since
 * @dev: device, not referenced, only for comparisons: @dst may lose it
 * @place: the backend's pointer to this nexthop
 * @ln: namespace whose list has the route
 * @node: node in &lbhash_net.nexthops
 * @rcu: frees the nexthop after a grace period
 */
struct lbhash_nexthop {
	struct dst_entry *dst;
	u32 cookie;
	union nf_inet_addr addr;
	const struct net_device *dev;
	struct lbhash_nexthop __rcu **place;
	struct lbhash_net *ln;
	struct list_head node;
	struct rcu_head rcu;
};

int lbhash_nexthop_init(void);
void lbhash_nexthop_exit(void);

const struct lbhash_nexthop *
lbhash_nexthop_ipv4(struct net *net, struct lbhash_nexthop __rcu **place,
		    __be32 addr);
const struct lbhash_nexthop *
lbhash_nexthop_ipv6(struct net *net, struct lbhash_nexthop __rcu **place,
		    const struct in6_addr *addr);
void lbhash_nexthop_drop(struct lbhash_nexthop __rcu **place);

#endif /* LBHASH_NEXTHOP_H */
