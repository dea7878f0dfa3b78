/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_SERVICE_H
#define LBHASH_SERVICE_H

#include <linux/bitmap.h>
#include <linux/jhash.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>

#include "flow.h"
#include "hooks.h"
#include "table.h"

#define LBHASH_DESTINATIONS	1024

struct lbhash_diff;
struct lbhash_draft;
struct lbhash_net;
struct lbhash_refusal;
struct lbhash_service_stats;

/**
 * struct lbhash_service - a service
 * @table: published table; RCU, written under &lbhash_net.mutex
 * @stats: counters, per CPU
 * @ref: references, one of the namespace and one of each rule
 * @rules: number of rules that refer to it
 * @by_track: number of LBHASH rules among them that say --track, by what it
 *	means in their table, see lbhash_track_in()
 * @followers: number of LBHASH rules among them that do not: outside the raw
 *	table, and in it
 * @hooks: hooks for the latter
 * @id: number in &lbhash_net.ids
 * @generation: number of changes, beginning with 1
 * @used: a rule has referred to the service, so it may have connections
 * @pinned_elsewhere: number of entries, at the last count, that are pinned to
 *	another backend than the owner of their slot, in transition
 * @destinations: Bloom filter of the destinations of connections; tells the
 *	entries of this service from those of services with the same marks
 * @node: node in &lbhash_net.services
 * @name: unique in the namespace
 */
struct lbhash_service {
	struct lbhash_table __rcu *table;
	struct lbhash_service_stats __percpu *stats;
	refcount_t ref;
	atomic_t rules;
	atomic_t by_track[LBHASH_TRACK_CHANGED + 1];
	atomic_t followers[2];
	struct lbhash_hooks hooks;
	u32 id;
	u64 generation;
	bool used;
	u32 pinned_elsewhere;
	DECLARE_BITMAP(destinations, LBHASH_DESTINATIONS);
	struct rhash_head node;
	char name[LBHASH_NAMESIZE];
};

int lbhash_services_init(struct lbhash_net *ln);
void lbhash_services_exit(struct lbhash_net *ln);
struct lbhash_service *lbhash_service_find(struct lbhash_net *ln,
					   const char *name);
struct lbhash_service *lbhash_service_next(struct lbhash_net *ln,
					   unsigned long *id);
struct lbhash_service *__must_check lbhash_service_get(struct lbhash_net *ln,
						       const char *name);
void lbhash_service_release(struct lbhash_service *svc);
struct lbhash_table *lbhash_service_table(struct lbhash_net *ln,
					  struct lbhash_service *svc);

enum lbhash_track lbhash_service_track(const struct lbhash_service *svc,
				       const struct lbhash_table *table);
bool lbhash_service_forgets(const struct lbhash_service *svc,
			    const struct lbhash_table *table, u32 track);

int lbhash_service_create(struct lbhash_net *ln, const char *name,
			  struct lbhash_draft *draft, bool dry_run,
			  struct lbhash_diff *diff,
			  struct lbhash_refusal *why);
int lbhash_service_update(struct lbhash_net *ln, struct lbhash_service *svc,
			  struct lbhash_draft *draft, bool disruptive,
			  bool dry_run, struct lbhash_diff *diff,
			  struct lbhash_refusal *why);
int lbhash_service_delete(struct lbhash_net *ln, struct lbhash_service *svc,
			  bool dry_run, struct lbhash_refusal *why);

/**
 * lbhash_service_destination - hash the destination of a flow
 * @flow: flow
 *
 * Return: 32 bits, enough for three numbers of bits in
 * &lbhash_service.destinations.
 */
static inline u32 lbhash_service_destination(const struct lbhash_flow *flow)
{
	u32 last = (u32)flow->proto << 16 | be16_to_cpu(flow->dport);

	return jhash2(flow->dst.all, ARRAY_SIZE(flow->dst.all), last);
}

/**
 * lbhash_service_knows - look a destination up in the Bloom filter
 * @svc: service
 * @hash: from lbhash_service_destination()
 *
 * With six destinations in the filter, one in 200,000 others passes.
 *
 * Return: false if no connection of the service has this destination.
 */
static inline bool lbhash_service_knows(const struct lbhash_service *svc,
					u32 hash)
{
	return test_bit(hash % LBHASH_DESTINATIONS, svc->destinations) &&
	       test_bit((hash >> 10) % LBHASH_DESTINATIONS,
			svc->destinations) &&
	       test_bit((hash >> 20) % LBHASH_DESTINATIONS,
			svc->destinations);
}

/**
 * lbhash_service_add_destination - add a destination to the Bloom filter
 * @svc: service
 * @flow: flow of a connection of the service
 *
 * Context: packet path; only writes for a new destination.
 */
static inline void
lbhash_service_add_destination(struct lbhash_service *svc,
			       const struct lbhash_flow *flow)
{
	u32 hash = lbhash_service_destination(flow);

	if (lbhash_service_knows(svc, hash))
		return;
	set_bit(hash % LBHASH_DESTINATIONS, svc->destinations);
	set_bit((hash >> 10) % LBHASH_DESTINATIONS, svc->destinations);
	set_bit((hash >> 20) % LBHASH_DESTINATIONS, svc->destinations);
}

#endif /* LBHASH_SERVICE_H */
