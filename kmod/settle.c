// SPDX-License-Identifier: GPL-2.0
/*
 * Settling, the end of transitions. Slots whose settle time is over are closed:
 * from then on no connection is pinned to a previous owner. After a grace
 * period, when no packet uses the former state, a walk over conntrack's entries
 * finds the busy slots, which have an entry pinned to another backend than the
 * owner. The other closed slots settle.
 *
 * This is what --track changed needs, the strictest way of tracking. Slots of a
 * service that only hashes are never busy.
 *
 * The work only runs while a slot of the namespace is in transition. Busy slots
 * are checked again after a second, or later if walks would take more than a
 * twentieth of a CPU.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "event.h"
#include "net.h"
#include "pin.h"
#include "service.h"
#include "settle.h"

#define PAUSE		HZ
#define PAUSE_FACTOR	20

/**
 * struct lbhash_search - a service whose entries a walk looks for
 * @svc: service
 * @table: published table of @svc
 * @pins: pins count, because a rule tracks
 * @settled: entries of settled slots count, too
 * @found: out, number of entries that are pinned to another backend than the
 *	owner of their slot
 * @busy: out, bit per slot, see lbhash_transition_settle(); NULL to count only
 */
struct lbhash_search {
	struct lbhash_service *svc;
	struct lbhash_table *table;
	bool pins;
	bool settled;
	u32 found;
	unsigned long *busy;
};

struct lbhash_searches {
	struct lbhash_search *list;
	u32 n;
};

static void search_one(struct lbhash_search *search, u32 mark,
		       const struct lbhash_flow *flow)
{
	const struct lbhash_table *table = search->table;
	const struct lbhash_member *member;
	u32 number, slot;

	member = lbhash_table_by_mark(table, mark & table->mask);
	if (!member || !lbhash_member_is_usable(member))
		return;
	number = lbhash_table_slot(table, flow);
	slot = lbhash_table_at(table, number);
	if ((!search->settled && !lbhash_slot_in_transition(slot)) ||
	    member - table->members == lbhash_slot_owner(slot))
		return;
	search->found++;
	if (search->busy)
		__set_bit(number, search->busy);
}

static void search_all(u32 mark, const struct lbhash_flow *flow, void *data)
{
	u32 destination = lbhash_service_destination(flow);
	struct lbhash_searches *searches = data;
	u32 i;

	for (i = 0; i < searches->n; i++)
		if (searches->list[i].pins &&
		    lbhash_service_knows(searches->list[i].svc, destination))
			search_one(&searches->list[i], mark, flow);
}

static void free_searches(struct lbhash_searches *searches)
{
	u32 i;

	for (i = 0; i < searches->n; i++)
		kvfree(searches->list[i].busy);
	kvfree(searches->list);
}

static void walk(struct lbhash_net *ln, struct lbhash_searches *searches)
{
	u32 i;

	lbhash_pin_walk(ln->net, search_all, searches);
	for (i = 0; i < searches->n; i++) {
		struct lbhash_search *search = &searches->list[i];

		search->svc->pinned_elsewhere = search->found;
	}
}

/* List the services that have slots in transition. */
static int list_searches(struct lbhash_net *ln,
			 struct lbhash_searches *searches)
{
	struct lbhash_service *svc;
	unsigned long id;
	u32 n = 0;

	xa_for_each(&ln->ids, id, svc)
		n += !!lbhash_service_table(ln, svc)->transitions;
	*searches = (struct lbhash_searches){};
	if (!n)
		return 0;
	searches->list = kvcalloc(n, sizeof(*searches->list), LBHASH_GFP);
	if (!searches->list)
		return -ENOMEM;
	xa_for_each(&ln->ids, id, svc) {
		struct lbhash_table *table = lbhash_service_table(ln, svc);

		svc->pinned_elsewhere = 0;
		if (!table->transitions)
			continue;
		searches->list[searches->n++] = (struct lbhash_search){
			.svc = svc,
			.table = table,
			.pins = lbhash_service_track(svc, table) !=
				LBHASH_TRACK_NEVER,
		};
	}
	return 0;
}

/**
 * lbhash_settle_count - count pinned_elsewhere of all services
 * @ln: namespace whose services get new counts
 *
 * Context: &lbhash_net.mutex held, may sleep; walks conntrack's entries if a
 * slot is in transition. Without memory the counts are 0.
 */
void lbhash_settle_count(struct lbhash_net *ln)
{
	struct lbhash_searches searches;

	lockdep_assert_held(&ln->mutex);

	if (list_searches(ln, &searches))
		return;
	if (searches.n)
		walk(ln, &searches);
	free_searches(&searches);
}

/**
 * lbhash_settle_count_away - count connections away from their slots' owners
 * @ln: namespace
 * @svc: service
 *
 * Rules that take the way of LBHASH_TRACK_CHANGED look at no entry of a settled
 * slot.
 *
 * Context: &lbhash_net.mutex held, may sleep; walks conntrack's entries.
 * Return: number of entries that are pinned to another backend.
 */
u32 lbhash_settle_count_away(struct lbhash_net *ln, struct lbhash_service *svc)
{
	struct lbhash_table *table = lbhash_service_table(ln, svc);
	struct lbhash_search search = {
		.svc = svc,
		.table = table,
		.pins = true,
		.settled = table->conf.track == LBHASH_TRACK_ALWAYS ||
			   atomic_read(&svc->followers[false]),
	};
	struct lbhash_searches searches = { .list = &search, .n = 1 };

	lockdep_assert_held(&ln->mutex);

	lbhash_pin_walk(ln->net, search_all, &searches);
	return search.found;
}

/* Close slots, and allocate bitmaps of busy slots where some are closing. */
static int close_slots(struct lbhash_searches *searches, bool *any)
{
	u32 now = ktime_get_seconds();
	u32 i;

	for (i = 0; i < searches->n; i++) {
		struct lbhash_search *search = &searches->list[i];
		struct lbhash_table *table = search->table;

		cond_resched();
		if (!lbhash_transition_close(table->slots, table->list,
					     table->transitions,
					     table->conf.settle, now))
			continue;
		search->busy = kvcalloc(BITS_TO_LONGS(table->size),
					sizeof(*search->busy), LBHASH_GFP);
		if (!search->busy)
			return -ENOMEM;
		*any = true;
	}
	return 0;
}

static void settle_slots(struct lbhash_net *ln,
			 struct lbhash_searches *searches)
{
	u32 i, left;

	for (i = 0; i < searches->n; i++) {
		struct lbhash_table *table = searches->list[i].table;
		struct lbhash_service *svc = searches->list[i].svc;

		cond_resched();
		if (!searches->list[i].busy)
			continue;
		left = lbhash_transition_settle(table->slots, table->list,
						table->transitions,
						searches->list[i].busy);
		if (left == table->transitions)
			continue;
		WRITE_ONCE(table->transitions, left);
		lbhash_event_send(ln, svc->name, svc, LBHASH_CAUSE_SETTLED,
				  NULL);
	}
}

static void plan(struct lbhash_net *ln, const struct lbhash_table *table,
		 unsigned long pause)
{
	u32 seconds;
	unsigned long at;

	seconds = lbhash_transition_wait(table->slots, table->list,
					 table->transitions,
					 table->conf.settle,
					 ktime_get_seconds(), false);
	if (seconds == U32_MAX)
		return;
	at = jiffies + max(pause, (unsigned long)seconds * HZ);
	if (delayed_work_pending(&ln->settle) && time_before(ln->settle_at, at))
		return;
	ln->settle_at = at;
	mod_delayed_work(system_long_wq, &ln->settle, at - jiffies);
}

/**
 * lbhash_settle_plan - schedule the settling of a table's slots
 * @ln: namespace of the table's service
 * @table: newly published table
 *
 * Context: &lbhash_net.mutex held.
 */
void lbhash_settle_plan(struct lbhash_net *ln,
			const struct lbhash_table *table)
{
	lockdep_assert_held(&ln->mutex);

	plan(ln, table, PAUSE);
}

static void settle_work(struct work_struct *work)
{
	struct lbhash_net *ln = container_of(to_delayed_work(work),
					     struct lbhash_net, settle);
	unsigned long start, pause = PAUSE;
	struct lbhash_searches searches;
	struct lbhash_service *svc;
	bool closing = false;
	unsigned long id;

	mutex_lock(&ln->mutex);
	if (!list_searches(ln, &searches)) {
		if (!close_slots(&searches, &closing) && closing) {
			/* conntrack_facts: walk_visits_all */
			synchronize_rcu();
			start = jiffies;
			walk(ln, &searches);
			settle_slots(ln, &searches);
			pause = max(pause, PAUSE_FACTOR * (jiffies - start));
		}
		free_searches(&searches);
	}
	xa_for_each(&ln->ids, id, svc) {
		cond_resched();
		lbhash_table_trim(lbhash_service_table(ln, svc));
		plan(ln, lbhash_service_table(ln, svc), pause);
	}
	mutex_unlock(&ln->mutex);
}

/* Initialise the work of a namespace. */
void lbhash_settle_init(struct lbhash_net *ln)
{
	INIT_DELAYED_WORK(&ln->settle, settle_work);
}

/**
 * lbhash_settle_exit - cancel the work of a namespace
 * @ln: namespace, whose configuration can no longer change
 */
void lbhash_settle_exit(struct lbhash_net *ln)
{
	cancel_delayed_work_sync(&ln->settle);
}
