// SPDX-License-Identifier: GPL-2.0
/*
 * Services: names, lifetime, references, and the publication of their tables.
 */
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "diff.h"
#include "draft.h"
#include "net.h"
#include "offload.h"
#include "refuse.h"
#include "service.h"
#include "stats.h"

/* All zero, as that of backends' names: equal on all machines. */
static const siphash_key_t name_key;

#define LABEL_SHIFT	(64 - 24)

/* Entries of the flow memory have 24 bits for the number of a service. */
static const struct xa_limit service_ids = XA_LIMIT(0, (1 << 24) - 1);

static u32 hash_name(const void *data, u32 len, u32 seed)
{
	return jhash(data, strlen(data), seed);
}

static u32 hash_service(const void *data, u32 len, u32 seed)
{
	const struct lbhash_service *svc = data;

	return hash_name(svc->name, 0, seed);
}

static int compare_service(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct lbhash_service *svc = obj;

	return strcmp(arg->key, svc->name);
}

static const struct rhashtable_params services_params = {
	.head_offset		= offsetof(struct lbhash_service, node),
	.hashfn			= hash_name,
	.obj_hashfn		= hash_service,
	.obj_cmpfn		= compare_service,
	.automatic_shrinking	= true,
};

/* Initialise the services of a namespace. Returns 0 or -ENOMEM. */
int lbhash_services_init(struct lbhash_net *ln)
{
	xa_init_flags(&ln->ids, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	return rhashtable_init(&ln->services, &services_params);
}

static void free_service(struct lbhash_service *svc)
{
	struct lbhash_table *table = rcu_dereference_protected(svc->table, 1);

	if (table)
		lbhash_table_free_rcu(table);
	free_percpu(svc->stats);
	kfree(svc);
}

/* A rule drops its reference when no packet can run it any more, so the service
 * itself needs no grace period. Its table does: it may just have been replaced.
 */
static void put_service(struct lbhash_service *svc)
{
	if (refcount_dec_and_test(&svc->ref))
		free_service(svc);
}

/* References of rules may remain and keep the memory. */
static void unlink_service(struct lbhash_net *ln, struct lbhash_service *svc)
{
	lockdep_assert_held(&ln->mutex);

	xa_erase(&ln->ids, svc->id);
	rhashtable_remove_fast(&ln->services, &svc->node, services_params);
	ln->generation++;
	put_service(svc);
}

/* Drop the services of a namespace. */
void lbhash_services_exit(struct lbhash_net *ln)
{
	struct lbhash_service *svc;
	unsigned long id;

	mutex_lock(&ln->mutex);
	xa_for_each(&ln->ids, id, svc)
		unlink_service(ln, svc);
	mutex_unlock(&ln->mutex);
	xa_destroy(&ln->ids);
	rhashtable_destroy(&ln->services);
}

/**
 * lbhash_service_release - drop the reference of a rule
 * @svc: service, from lbhash_service_get()
 */
void lbhash_service_release(struct lbhash_service *svc)
{
	atomic_dec(&svc->rules);
	put_service(svc);
}

/**
 * lbhash_service_find - find a service by its name
 * @ln: namespace that owns the service
 * @name: name of the service
 *
 * Context: &lbhash_net.mutex held.
 * Return: the service, valid while the mutex is held, or NULL.
 */
struct lbhash_service *lbhash_service_find(struct lbhash_net *ln,
					   const char *name)
{
	lockdep_assert_held(&ln->mutex);

	return rhashtable_lookup_fast(&ln->services, name, services_params);
}

/**
 * lbhash_service_next - iterate over the services
 * @ln: namespace whose services are listed
 * @id: number to start from; out: number of the service found
 *
 * Context: &lbhash_net.mutex held; it may be dropped between two calls.
 * Return: the service, valid while the mutex is held, or NULL at the end.
 */
struct lbhash_service *lbhash_service_next(struct lbhash_net *ln,
					   unsigned long *id)
{
	lockdep_assert_held(&ln->mutex);

	return xa_find(&ln->ids, id, ULONG_MAX, XA_PRESENT);
}

/**
 * lbhash_service_get - get a service for a rule
 * @ln: namespace of the rule
 * @name: name of the service
 *
 * Before its first rule a service had no connections, so the first rule settles
 * all slots.
 *
 * Context: process, may sleep.
 * Return: the service with a strong reference, for lbhash_service_release(), or
 * NULL.
 */
struct lbhash_service *lbhash_service_get(struct lbhash_net *ln,
					  const char *name)
{
	struct lbhash_service *svc;

	mutex_lock(&ln->mutex);
	svc = lbhash_service_find(ln, name);
	if (svc) {
		refcount_inc(&svc->ref);
		atomic_inc(&svc->rules);
		if (!svc->used)
			lbhash_table_settle(lbhash_service_table(ln, svc));
		svc->used = true;
	}
	mutex_unlock(&ln->mutex);
	return svc;
}

/**
 * lbhash_service_table - get the published table of a service
 * @ln: namespace that owns the service
 * @svc: service, not deleted
 *
 * Context: &lbhash_net.mutex held.
 * Return: the table, valid while the mutex is held.
 */
struct lbhash_table *lbhash_service_table(struct lbhash_net *ln,
					  struct lbhash_service *svc)
{
	return rcu_dereference_protected(svc->table,
					 lockdep_is_held(&ln->mutex));
}

/* The ways of tracking in use: bits of enum lbhash_track. */
static u32 ways_in_use(const struct lbhash_service *svc, u32 track)
{
	u32 i, used = 0;

	for (i = 0; i < ARRAY_SIZE(svc->by_track); i++)
		if (atomic_read(&svc->by_track[i]))
			used |= BIT(i);
	for (i = 0; i < ARRAY_SIZE(svc->followers); i++)
		if (atomic_read(&svc->followers[i]))
			used |= BIT(lbhash_track_in(track, i));
	return used ?: BIT(track);
}

/**
 * lbhash_service_track - tell the strictest way of tracking in use
 * @svc: service
 * @track: one of enum lbhash_track, the service's own, at present or to be
 *
 * A slot settles by it. LBHASH_TRACK_CHANGED is stricter than
 * LBHASH_TRACK_ALWAYS, because its packets are remembered only while their slot
 * is in transition.
 *
 * Return: the strictest one of all rules, @track without any.
 */
enum lbhash_track lbhash_service_track(const struct lbhash_service *svc,
				       u32 track)
{
	u32 used = ways_in_use(svc, track);

	if (used & BIT(LBHASH_TRACK_CHANGED))
		return LBHASH_TRACK_CHANGED;
	if (used & BIT(LBHASH_TRACK_ALWAYS))
		return LBHASH_TRACK_ALWAYS;
	return LBHASH_TRACK_NEVER;
}

/**
 * lbhash_service_pins - are connections kept in conntrack?
 * @svc: service
 * @table: its published table
 *
 * Return: true if packets of the service take the way of LBHASH_TRACK_ALWAYS.
 */
bool lbhash_service_pins(const struct lbhash_service *svc,
			 const struct lbhash_table *table)
{
	return ways_in_use(svc, table->conf.track) & BIT(LBHASH_TRACK_ALWAYS);
}

/**
 * lbhash_service_forgets - could a change of track forget connections?
 * @svc: service
 * @table: its published table
 * @track: one of enum lbhash_track, to be the service's
 *
 * Return: the ways that packets of rules that follow the service no longer take
 * then, and by which they are remembered now: bits of enum lbhash_track.
 */
u32 lbhash_service_forgets(const struct lbhash_service *svc,
			   const struct lbhash_table *table, u32 track)
{
	u32 i, now, ways = 0;

	for (i = 0; i < ARRAY_SIZE(svc->followers); i++) {
		now = lbhash_track_in(table->conf.track, i);
		if (atomic_read(&svc->followers[i]) &&
		    now != lbhash_track_in(track, i))
			ways |= BIT(now);
	}
	return ways & ~BIT(LBHASH_TRACK_NEVER);
}

static bool needs_conntrack(u32 track, bool raw)
{
	return lbhash_track_in(track, raw) == LBHASH_TRACK_ALWAYS;
}

/* Unregister hooks after the last packet has needed them. */
static void unregister_hooks(struct lbhash_net *ln, struct lbhash_service *svc,
			     u32 track)
{
	u32 raw;

	for (raw = 0; raw < ARRAY_SIZE(svc->hooks); raw++)
		if (!needs_conntrack(track, raw))
			lbhash_hooks_set(&svc->hooks[raw], ln->net, false);
}

/* A change that moves most connections has to be confirmed by "disruptive", and
 * so has one that moves those that are remembered.
 */
static int check_disruption(const struct lbhash_table *now,
			    const struct lbhash_table *then,
			    const struct lbhash_diff *diff, u32 rules,
			    struct lbhash_refusal *why)
{
	u32 permille = div_u64((u64)diff->moved * 1000, then->size);
	const char *what = "hash";

	if (lbhash_table_is_comparable(now, then) && diff->forgotten)
		return lbhash_refuse(why, -EBUSY, NULL,
				     "new track forgets %u %s (in use by %u %s): needs disruptive",
				     diff->forgotten,
				     diff->forgotten == 1 ? "connection" :
							    "connections",
				     rules, rules == 1 ? "rule" : "rules");
	if (lbhash_table_is_comparable(now, then))
		return 0;
	if (memcmp(now->conf.seed, then->conf.seed, sizeof(now->conf.seed)))
		what = "seed";
	else if (now->size != then->size)
		what = "size";
	return lbhash_refuse(why, -EBUSY, NULL,
			     "new %s moves %u.%u %% of flows (in use by %u %s): needs disruptive",
			     what, permille / 10, permille % 10, rules,
			     rules == 1 ? "rule" : "rules");
}

static int insert_service(struct lbhash_net *ln, struct lbhash_service *svc)
{
	int err;

	lockdep_assert_held(&ln->mutex);

	err = xa_alloc(&ln->ids, &svc->id, svc, service_ids, LBHASH_GFP_KEPT);
	if (err)
		return err;
	err = rhashtable_insert_fast(&ln->services, &svc->node,
				     services_params);
	if (err)
		xa_erase(&ln->ids, svc->id);
	return err;
}

static struct lbhash_service *alloc_service(struct lbhash_net *ln,
					    const char *name, u32 track)
{
	struct lbhash_service *svc;
	u32 raw;

	svc = kzalloc(sizeof(*svc), LBHASH_GFP_KEPT);
	if (!svc)
		return NULL;
	svc->stats = lbhash_stats_service_alloc();
	if (!svc->stats) {
		kfree(svc);
		return NULL;
	}
	strscpy(svc->name, name, sizeof(svc->name));
	svc->memory = &ln->memory;
	svc->label = siphash(name, strlen(name), &name_key) >> LABEL_SHIFT;
	for (raw = 0; raw < ARRAY_SIZE(svc->hooks); raw++)
		lbhash_hooks_init(&svc->hooks[raw],
				  needs_conntrack(track, raw));
	refcount_set(&svc->ref, 1);
	svc->generation = 1;
	return svc;
}

/* Build the table that replaces @old. Packets that went by the hash alone left
 * no connection at a previous owner; if the next ones are tracked, none is
 * looked for there.
 */
static struct lbhash_table *build(const struct lbhash_draft *draft,
				  const struct lbhash_table *old,
				  bool hash_only, u32 number)
{
	struct lbhash_table settled, *table;

	if (!hash_only || !old->transitions ||
	    draft->conf.track == old->conf.track)
		return lbhash_table_build(&draft->conf, draft->members,
					  draft->n, old, number);
	if (lbhash_table_copy_settled(&settled, old))
		return NULL;
	table = lbhash_table_build(&draft->conf, draft->members, draft->n,
				   &settled, number);
	kvfree(settled.slots);
	return table;
}

/* Build the next table and compute what it moves; NULL with a refusal. */
static struct lbhash_table *prepare(struct lbhash_draft *draft,
				    struct lbhash_table *old, bool hash_only,
				    u32 number,
				    struct lbhash_diff *diff,
				    struct lbhash_refusal *why)
{
	struct lbhash_table *table;

	table = build(draft, old, hash_only, number);
	if (table && lbhash_diff_compute(diff, old, table)) {
		lbhash_table_free(table);
		table = NULL;
	}
	if (!table)
		lbhash_refuse_memory(why);
	else
		diff->forgotten = draft->forgotten;
	return table;
}

/**
 * lbhash_service_create - create a service from a draft
 * @ln: namespace that will own the service
 * @name: valid name that no service has
 * @draft: configuration, after lbhash_draft_check(); remains the caller's
 * @dry_run: compute @diff, publish nothing
 * @diff: out, what the change moves, for lbhash_diff_free() on success
 * @why: out, set unless 0 is returned
 *
 * Context: &lbhash_net.mutex held, may sleep.
 * Return: 0 or -ENOMEM.
 */
int lbhash_service_create(struct lbhash_net *ln, const char *name,
			  struct lbhash_draft *draft, bool dry_run,
			  struct lbhash_diff *diff,
			  struct lbhash_refusal *why)
{
	struct lbhash_service *svc = NULL;
	struct lbhash_table *table;

	lockdep_assert_held(&ln->mutex);

	table = prepare(draft, NULL, false, 0, diff, why);
	if (!table)
		return -ENOMEM;
	if (!dry_run)
		svc = alloc_service(ln, name, draft->conf.track);
	if (!svc) {
		lbhash_table_free(table);
		if (dry_run)
			return 0;
		goto err_diff;
	}
	RCU_INIT_POINTER(svc->table, table);
	if (insert_service(ln, svc)) {
		free_service(svc);
		goto err_diff;
	}
	ln->generation++;
	return 0;

err_diff:
	lbhash_diff_free(diff);
	return lbhash_refuse_memory(why);
}

/* Register hooks before the first packet needs them. */
static int register_hooks(struct lbhash_net *ln, struct lbhash_service *svc,
			  u32 old, u32 track, struct lbhash_refusal *why)
{
	u32 raw;

	for (raw = 0; raw < ARRAY_SIZE(svc->hooks); raw++)
		if (needs_conntrack(track, raw) &&
		    lbhash_hooks_set(&svc->hooks[raw], ln->net, true))
			goto err_undo;
	return 0;

err_undo:
	unregister_hooks(ln, svc, old);
	return lbhash_refuse_memory(why);
}

/* Number the transitions that begin with the next change; 0 if nothing of them
 * is to be remembered.
 */
static u32 next_number(const struct lbhash_net *ln,
		       const struct lbhash_service *svc,
		       const struct lbhash_table *old, u32 track)
{
	/* Rules that remember may be about to be replaced. */
	if (lbhash_service_track(svc, track) != LBHASH_TRACK_CHANGED &&
	    !rcu_access_pointer(old->moves))
		return 0;
	return ((ln->changes + 1) % LBHASH_MOVE_SAMPLE) ?: 1;
}

/* Without memory nothing is remembered: connections that begin in transition go
 * home, and are whole.
 */
static void start_memory(struct lbhash_net *ln, u32 number)
{
	ln->changes = number;
	lbhash_memory_start(&ln->memory, ktime_get_seconds());
}

/**
 * lbhash_service_remember - use the flow memory for transitions that go on
 * @ln: namespace that owns the service
 * @svc: service with slots in transition, which do not use it
 *
 * They did not have to when they entered transition, but now a rule may say so.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 * Return: 0 or -ENOMEM.
 */
int lbhash_service_remember(struct lbhash_net *ln, struct lbhash_service *svc)
{
	struct lbhash_table *table = lbhash_service_table(ln, svc);
	u32 track = table->conf.track, number;

	lockdep_assert_held(&ln->mutex);

	number = next_number(ln, svc, table, track);
	if (!number)
		return 0;
	start_memory(ln, number);
	return lbhash_table_number(table, number);
}

/**
 * lbhash_service_update - give a service the configuration of a draft
 * @ln: namespace that owns the service
 * @svc: service to reconfigure
 * @draft: configuration, after lbhash_draft_check(); remains the caller's
 * @disruptive: seed, size and hash may change even if rules use the service,
 *	and track even if connections are forgotten
 * @dry_run: compute @diff, publish nothing
 * @diff: out, what the change moves, for lbhash_diff_free() on success
 * @why: out, set unless 0 is returned
 *
 * Packets see the old table or the new one, never a mixture. The caller plans
 * the settling of the new one's slots, and has them sampled, after failure as
 * well.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 * Return: 0, -EBUSY for a change that needs @disruptive, or -ENOMEM.
 */
int lbhash_service_update(struct lbhash_net *ln, struct lbhash_service *svc,
			  struct lbhash_draft *draft, bool disruptive,
			  bool dry_run, struct lbhash_diff *diff,
			  struct lbhash_refusal *why)
{
	struct lbhash_table *old = lbhash_service_table(ln, svc);
	u32 rules = atomic_read(&svc->rules);
	struct lbhash_table *table;
	u32 number;
	int err = 0;

	lockdep_assert_held(&ln->mutex);

	lbhash_table_end_sample(old);
	number = next_number(ln, svc, old, draft->conf.track);
	table = prepare(draft, old,
			lbhash_service_track(svc, old->conf.track) ==
			LBHASH_TRACK_NEVER, number, diff, why);
	if (!table)
		return -ENOMEM;
	if (rules && !disruptive)
		err = check_disruption(old, table, diff, rules, why);
	if (!err && !dry_run)
		err = register_hooks(ln, svc, old->conf.track,
				     draft->conf.track, why);
	if (err)
		lbhash_diff_free(diff);
	if (err || dry_run) {
		lbhash_table_free(table);
		return err;
	}

	if (rcu_access_pointer(table->moves))
		start_memory(ln, number);
	rcu_assign_pointer(svc->table, table);
	unregister_hooks(ln, svc, draft->conf.track);
	lbhash_offload_change(ln, old, table);
	lbhash_table_free_rcu(old);
	svc->generation++;
	ln->generation++;
	return 0;
}

/**
 * lbhash_service_delete - delete a service
 * @ln: namespace that owns the service
 * @svc: service, invalid after success unless @dry_run
 * @dry_run: only check whether it could be deleted
 * @why: out, set unless 0 is returned
 *
 * Context: &lbhash_net.mutex held.
 * Return: 0, or -EBUSY while rules refer to the service.
 */
int lbhash_service_delete(struct lbhash_net *ln, struct lbhash_service *svc,
			  bool dry_run, struct lbhash_refusal *why)
{
	int rules = atomic_read(&svc->rules);

	lockdep_assert_held(&ln->mutex);

	if (rules)
		return lbhash_refuse(why, -EBUSY, NULL,
				     "service %s is used by %d %s", svc->name,
				     rules, rules == 1 ? "rule" : "rules");
	if (!dry_run)
		unlink_service(ln, svc);
	return 0;
}
