/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NET_H
#define LBHASH_NET_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "memory.h"

struct lbhash_locals;
struct lbhash_lost;
struct net;

/**
 * struct lbhash_net - one network namespace
 * @net: the namespace, which outlives this struct
 * @mutex: protects the members up to @n_lost, see lbhash.h
 * @services: hash table of all services, by name
 * @ids: the same services by number, in the order of dumps
 * @generation: number of changes of any service, for the consistency of dumps
 * @changes: number of changes of services whose connections the flow memory
 *	has; numbers the transitions that begin with them
 * @settle: work that settles slots, see settle.c
 * @settle_at: when @settle is to run, in jiffies, while it is pending
 * @offload: work that ends the offload of connections, see offload.c
 * @lost: marks of backends whose connections @offload is for
 * @n_lost: length of @lost
 * @nexthops_lock: protects @nexthops
 * @nexthops: cached routes to backends, see nexthop.c
 * @memory: flow memory of services that track what changes
 * @memory_key: what the key of its fingerprints is made from
 * @locals: filter of the namespace's own IPv4 addresses, RCU; see source.c
 */
struct lbhash_net {
	struct net *net;
	struct mutex mutex; /* protects the members below */
	struct rhashtable services;
	struct xarray ids;
	u32 generation;
	u32 changes;
	struct delayed_work settle;
	unsigned long settle_at;
	struct delayed_work offload;
	struct lbhash_lost *lost;
	u32 n_lost;
	spinlock_t nexthops_lock; /* protects the member below */
	struct list_head nexthops;
	struct lbhash_memory memory;
	siphash_key_t memory_key;
	struct lbhash_locals __rcu *locals;
};

extern unsigned int lbhash_net_id;

struct lbhash_net *lbhash_net(const struct net *net);

#endif /* LBHASH_NET_H */
