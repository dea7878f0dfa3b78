/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What belongs to a network namespace, and the lock map.
 *
 * lbhash_net.mutex	all configuration of a namespace: its services, their
 *			published tables (writers), numbers of rules; taken in
 *			process context, by netlink, by rules that come and by
 *			the sweep, which holds it while it walks conntrack
 * RCU			packets: lbhash_service.table and all it points to
 * lbhash_net.nexthops_lock
 *			the list of nexthops, and what a backend's nexthop4 and
 *			nexthop6 are, for writers; nothing inside it
 * nf_conn.lock		taken by pin.c, inside RCU, nothing inside it
 *
 * A rule holds a reference of its service, so the service's memory outlives
 * the namespace's if the rules die last.
 */
#ifndef LBHASH_H
#define LBHASH_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct lbhash_locals;
struct net;

/**
 * struct lbhash_net - one network namespace
 * @net: the namespace
 * @mutex: serialises all configuration
 * @services: by name
 * @ids: the same services by number, the order of dumps
 * @generation: changes of any service, so that dumps notice
 * @sweep: settles slots; see sweep.c
 * @sweep_at: when it is to run, in jiffies, if it is pending
 * @nexthops_lock: protects @nexthops
 * @nexthops: the routes that backends have; see nexthop.c
 * @locals: its own IPv4 addresses, RCU; see source.c
 */
struct lbhash_net {
	struct net *net;
	struct mutex mutex; /* protects the members below */
	struct rhashtable services;
	struct xarray ids;
	u32 generation;
	struct delayed_work sweep;
	unsigned long sweep_at;
	spinlock_t nexthops_lock; /* protects the member below */
	struct list_head nexthops;
	struct lbhash_locals __rcu *locals;
};

struct lbhash_net *lbhash_net(const struct net *net);

int lbhash_xt_init(void);
void lbhash_xt_exit(void);
int lbhash_netlink_init(void);
void lbhash_netlink_exit(void);

#endif /* LBHASH_H */
