/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_BACKEND_H
#define LBHASH_BACKEND_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "lbhash.h"

struct lbhash_backend_stats;
struct lbhash_nexthop;

/**
 * struct lbhash_backend - the part of a backend that outlives tables
 * @ref: number of members, of tables and drafts, that point here
 * @id: number, not 0, that no other backend of this host has had
 * @name: unique in the service
 * @hash: hash of @name, for digests of tables
 * @stats: counters, per CPU
 * @nexthop4: cached route to the IPv4 address, RCU; NULL until a packet needs
 *	it
 * @nexthop6: cached route to the IPv6 address, likewise
 * @unforwarded: packets that could not be sent to the backend's address
 * @unresolved: packets sent while the link address was unknown. Rare events,
 *	both of them: counters per CPU would triple the memory that a control
 *	group is charged for
 * @remembered: connections that the flow memory keeps at the backend, at the
 *	last count; protected by &lbhash_net.mutex
 */
struct lbhash_backend {
	refcount_t ref;
	u32 id;
	char name[LBHASH_NAMESIZE];
	u64 hash;
	struct lbhash_backend_stats __percpu *stats;
	struct lbhash_nexthop __rcu *nexthop4;
	struct lbhash_nexthop __rcu *nexthop6;
	atomic64_t unforwarded;
	atomic64_t unresolved;
	u32 remembered;
};

/**
 * struct lbhash_member - a backend as configured in one table
 * @mark: mark under the service's mask, not 0
 * @weight: relative share of the slots, 0..65535; 0 gets none
 * @state: one of enum lbhash_state
 * @slots: number of slots owned
 * @addr4: IPv4 address of the next hop, 0 for none
 * @id: copy of @backend's number, by which the flow memory knows it
 * @stats: copy of @backend's pointer, which saves packets a cache line
 * @backend: name, counters, routes; the member holds a reference
 * @addr6: IPv6 address of the next hop, all zeroes for none
 */
struct lbhash_member {
	u32 mark;
	u16 weight;
	u8 state;
	u32 slots;
	__be32 addr4;
	u32 id;
	struct lbhash_backend_stats __percpu *stats;
	struct lbhash_backend *backend;
	struct in6_addr addr6;
};

struct lbhash_backend *lbhash_backend_alloc(const char *name);
void lbhash_backend_put(struct lbhash_backend *backend);
struct lbhash_member *lbhash_member_find(struct lbhash_member *members, u32 n,
					 const char *name);
struct lbhash_member *lbhash_member_seek(struct lbhash_member *members, u32 n,
					 u32 *at, const char *name);

/**
 * lbhash_member_is_usable - may a backend keep its connections?
 * @member: backend of a table
 *
 * Return: true unless it is down.
 */
static inline bool lbhash_member_is_usable(const struct lbhash_member *member)
{
	return member->state != LBHASH_STATE_DOWN;
}

/**
 * lbhash_member_is_open - does a backend take new connections?
 * @member: backend of a table
 *
 * Return: true if it is up and has a weight.
 */
static inline bool lbhash_member_is_open(const struct lbhash_member *member)
{
	return member->state == LBHASH_STATE_UP && member->weight;
}

#endif /* LBHASH_BACKEND_H */
