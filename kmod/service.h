/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_SERVICE_H
#define LBHASH_SERVICE_H

#include <linux/refcount.h>
#include <linux/rhashtable-types.h>

#include "hooks.h"
#include "table.h"

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
 * @hooks: hooks for the latter, likewise
 * @memory: flow memory of the namespace
 * @id: number in &lbhash_net.ids
 * @label: 24 bits of a hash of @name, for fingerprints in the flow memory: the
 *	same on all hosts
 * @generation: number of changes, beginning with 1
 * @used: a rule has referred to the service, so it may have connections
 * @elsewhere: number of connections in the flow memory, at the last count, that
 *	need their slot to stay in transition
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
	struct lbhash_hooks hooks[2];
	struct lbhash_memory *memory;
	u32 id;
	u32 label;
	u64 generation;
	bool used;
	u32 elsewhere;
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
				       u32 track);
bool lbhash_service_pins(const struct lbhash_service *svc,
			 const struct lbhash_table *table);
u32 lbhash_service_forgets(const struct lbhash_service *svc,
			   const struct lbhash_table *table, u32 track);

int lbhash_service_create(struct lbhash_net *ln, const char *name,
			  struct lbhash_draft *draft, bool dry_run,
			  struct lbhash_diff *diff,
			  struct lbhash_refusal *why);
int lbhash_service_remember(struct lbhash_net *ln, struct lbhash_service *svc);
int lbhash_service_update(struct lbhash_net *ln, struct lbhash_service *svc,
			  struct lbhash_draft *draft, bool disruptive,
			  bool dry_run, struct lbhash_diff *diff,
			  struct lbhash_refusal *why);
int lbhash_service_delete(struct lbhash_net *ln, struct lbhash_service *svc,
			  bool dry_run, struct lbhash_refusal *why);

/**
 * lbhash_service_remembers - are connections kept in the flow memory?
 * @svc: service
 * @table: table of the service, published or to be published
 *
 * Return: true if packets of the service take the way of LBHASH_TRACK_CHANGED.
 */
static inline bool lbhash_service_remembers(const struct lbhash_service *svc,
					    const struct lbhash_table *table)
{
	return lbhash_service_track(svc, table->conf.track) ==
	       LBHASH_TRACK_CHANGED;
}

#endif /* LBHASH_SERVICE_H */
