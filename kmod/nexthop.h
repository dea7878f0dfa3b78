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
 * struct lbhash_nexthop - the route to one address of a backend
 * @dst: the route; holds a reference
 * @cookie: IPv6: for dst_check(); IPv4: the generation of the namespace's
 *	routing before the lookup
 * @addr: where it leads, for the backend's address may change
 * @dev: the device, only to be compared: @dst forgets it when it goes
 * @place: the backend's pointer to this
 * @ln: whose list it is on
 * @node: in &lbhash_net.nexthops
 * @rcu: to free it
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
