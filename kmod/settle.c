// SPDX-License-Identifier: GPL-2.0
/*
 * Settling, the end of transitions. What is tracked by conntrack settles when
 * its settle time is over. Where the flow memory is used, a sweep over it finds
 * the busy slots, in which a connection that is not at the owner may go on;
 * then slots enter their next phase, see transition.c, or settle. A second
 * sweep drops what was remembered of those that have settled.
 *
 * The work only runs while a slot of the namespace is in transition: when one
 * can settle, or has been in transition for longer than flows without handshake
 * pause, and every second while there is a flow memory.
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

/**
 * lbhash_settle_times - tell how long transitions of a table take
 * @ln: namespace of the table's service
 * @table: table
 *
 * Return: the times, from the present one on.
 */
struct lbhash_times lbhash_settle_times(const struct lbhash_net *ln,
					const struct lbhash_table *table)
{
	u32 now = ktime_get_seconds();

	return (struct lbhash_times){
		.now = now,
		.settle = table->conf.settle,
		.most = table->conf.settle_max,
		.idle = table->conf.idle,
		.udp_idle = table->conf.udp_idle,
		.full = lbhash_memory_lost_home(&ln->memory, now,
						table->conf.idle),
	};
}

/**
 * struct sweep - a walk over the flow memory
 * @ln: its namespace
 * @now: present time in seconds
 */
struct sweep {
	struct lbhash_net *ln;
	u32 now;
};

/* The word of an entry's slot; NULL if its transition is over. */
static u32 *move_of(const struct lbhash_table *table,
		    const struct lbhash_memory_info *info)
{
	struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	u32 *move;

	if (!moves || info->slot >= table->size)
		return NULL;
	move = &moves->move[info->slot];
	return lbhash_move_number(*move) == info->transition ? move : NULL;
}

static bool is_elsewhere(const struct lbhash_table *table,
			 const struct lbhash_memory_info *info)
{
	u16 owner = lbhash_slot_owner(lbhash_table_at(table, info->slot));
	const struct lbhash_member *member;

	member = lbhash_table_usable_by_id(table, info->backend);
	return member && member != lbhash_table_member(table, owner);
}

static u32 silence(const struct lbhash_memory_info *info, u32 now)
{
	s32 age = now - info->last;

	return age < 0 ? 0 : age;
}

static int judge(const struct lbhash_memory_info *info, void *data)
{
	const struct sweep *sweep = data;
	u32 age = silence(info, sweep->now);
	const struct lbhash_table *table;
	struct lbhash_service *svc;
	u32 *move;

	svc = xa_load(&sweep->ln->ids, info->service);
	if (!svc)
		return LBHASH_MEMORY_DROP;
	table = lbhash_service_table(sweep->ln, svc);
	move = move_of(table, info);
	if (!move)
		return LBHASH_MEMORY_DROP;

	if (!(info->flags & LBHASH_MEMORY_OPEN))
		return LBHASH_MEMORY_STAYS;
	if (lbhash_move_is_sample(*move) && age >= table->conf.idle)
		return LBHASH_MEMORY_DROP;
	if ((*move & LBHASH_MOVE_DUE && age >= table->conf.idle) ||
	    (info->flags & LBHASH_MEMORY_FLOW && age >= table->conf.udp_idle))
		return LBHASH_MEMORY_RELEASE;
	if (!is_elsewhere(table, info))
		return LBHASH_MEMORY_STAYS;
	if (lbhash_memory_is_busy(info, sweep->now, table->conf.idle)) {
		svc->elsewhere++;
		WRITE_ONCE(*move, *move | LBHASH_MOVE_BUSY);
	}
	return *move & LBHASH_MOVE_DUE ? LBHASH_MEMORY_KEEP :
					 LBHASH_MEMORY_STAYS;
}

static void forget_busy(const struct lbhash_table *table)
{
	struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	u32 i;

	if (!moves)
		return;
	lbhash_for_each_slot(i, table->transitions) {
		u32 *move = &moves->move[table->list[i].slot];

		WRITE_ONCE(*move, *move & ~LBHASH_MOVE_BUSY);
	}
}

/* Find the busy slots of all services, and count the connections there. */
static void sweep_memory(struct lbhash_net *ln)
{
	struct sweep sweep = { .ln = ln, .now = ktime_get_seconds() };
	struct lbhash_service *svc;
	unsigned long id;

	xa_for_each(&ln->ids, id, svc) {
		svc->elsewhere = 0;
		forget_busy(lbhash_service_table(ln, svc));
	}
	lbhash_memory_sweep(&ln->memory, sweep.now, judge, &sweep);
}

/**
 * lbhash_settle_count - count the connections that slots wait for
 * @ln: namespace whose services get new counts
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_settle_count(struct lbhash_net *ln)
{
	lockdep_assert_held(&ln->mutex);

	sweep_memory(ln);
}

/**
 * struct away - a count of connections that a change of track forgets
 * @svc: service
 * @table: its published table
 * @track: how the service is going to track
 * @n: number of connections
 */
struct away {
	const struct lbhash_service *svc;
	const struct lbhash_table *table;
	u32 track;
	u32 n;
};

/* Where nothing is known of them they go to the owner, or home first. */
static bool is_away(const struct away *away, const struct lbhash_member *member,
		    u32 number)
{
	u32 slot = lbhash_table_at(away->table, number);

	return member !=
	       lbhash_table_member(away->table, lbhash_slot_owner(slot)) ||
	       (away->track != LBHASH_TRACK_NEVER &&
		member != lbhash_table_home(away->table, slot));
}

static void count_pin(u32 mark, const struct lbhash_flow *flow, void *data)
{
	const struct lbhash_member *member;
	struct away *away = data;

	member = lbhash_table_usable_by_mark(away->table,
					     mark & away->table->mask);
	away->n += member && is_away(away, member,
				     lbhash_table_slot(away->table, flow));
}

static bool count_entry(const struct lbhash_memory_info *info, void *data)
{
	const struct lbhash_member *member;
	struct away *away = data;

	if (info->service != away->svc->id ||
	    !(info->flags & LBHASH_MEMORY_OPEN) || !move_of(away->table, info))
		return true;
	member = lbhash_table_usable_by_id(away->table, info->backend);
	away->n += member && is_away(away, member, info->slot);
	return true;
}

/**
 * lbhash_settle_count_away - count connections that a change of track forgets
 * @ln: namespace of the service
 * @svc: service
 * @ways: bits of enum lbhash_track: where the connections are remembered
 * @track: one of enum lbhash_track, to be the service's
 *
 * These are away from the owners of their slots, or would be sent to a previous
 * owner for want of an entry.
 *
 * Entries of conntrack do not tell which service they belong to: those of
 * another one with the same marks count, too.
 *
 * Context: &lbhash_net.mutex held, may sleep; walks conntrack's entries if
 * @ways has LBHASH_TRACK_ALWAYS.
 * Return: number of connections.
 */
u32 lbhash_settle_count_away(struct lbhash_net *ln, struct lbhash_service *svc,
			     u32 ways, u32 track)
{
	struct away away = {
		.svc = svc,
		.table = lbhash_service_table(ln, svc),
		.track = track,
	};
	u64 position = 0;

	lockdep_assert_held(&ln->mutex);

	if (ways & BIT(LBHASH_TRACK_ALWAYS))
		lbhash_pin_walk(ln->net, count_pin, &away);
	if (ways & BIT(LBHASH_TRACK_CHANGED))
		lbhash_memory_dump(&ln->memory, &position, count_entry,
				   &away);
	return away.n;
}

/* Settle what can settle. Returns true if something has. */
static bool settle_slots(struct lbhash_net *ln, struct lbhash_service *svc)
{
	struct lbhash_table *table = lbhash_service_table(ln, svc);
	struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	struct lbhash_times times = lbhash_settle_times(ln, table);
	u32 left;

	if (!table->transitions)
		return false;
	left = lbhash_transition_settle(table->slots,
					moves ? moves->move : NULL,
					table->list, table->transitions,
					&times);
	if (left == table->transitions)
		return false;
	WRITE_ONCE(table->transitions, left);
	lbhash_table_trim(table);
	lbhash_event_send(ln, svc->name, svc, LBHASH_CAUSE_SETTLED, NULL);
	return true;
}

static bool has_memory(const struct lbhash_net *ln)
{
	return rcu_access_pointer(ln->memory.store);
}

/* Run again when a slot can settle, or ages. */
static void plan(struct lbhash_net *ln, struct lbhash_table *table)
{
	struct lbhash_times times = lbhash_settle_times(ln, table);
	u32 seconds = lbhash_table_age(table, times.now), wait;
	unsigned long at;

	wait = lbhash_transition_wait(table->slots,
				      rcu_access_pointer(table->moves),
				      table->list, table->transitions, &times,
				      false);
	seconds = min(seconds, wait);
	if (rcu_access_pointer(table->moves) || has_memory(ln))
		seconds = 0;
	if (seconds == U32_MAX)
		return;
	at = jiffies + max_t(unsigned long, PAUSE, (unsigned long)seconds * HZ);
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
void lbhash_settle_plan(struct lbhash_net *ln, struct lbhash_table *table)
{
	lockdep_assert_held(&ln->mutex);

	plan(ln, table);
}

/**
 * lbhash_settle_sample - sample settled slots of a service, as it is set up
 * @ln: namespace of the service
 * @svc: service
 *
 * To be called when its table, its rules or its transitions have changed.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_settle_sample(struct lbhash_net *ln, struct lbhash_service *svc)
{
	struct lbhash_table *table = lbhash_service_table(ln, svc);

	lockdep_assert_held(&ln->mutex);

	if (!table->conf.sample || !lbhash_service_remembers(svc, table))
		return;
	/* What was sampled of another table may have had other owners. */
	lbhash_table_sample(table, svc->generation);
	if (table->sampled)
		lbhash_memory_start(&ln->memory, ktime_get_seconds());
	plan(ln, table);
}

/**
 * lbhash_settle_remember - have a rule of --track changed find its transitions
 * @net: namespace of the rule
 * @svc: service of the rule, which the service has counted
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int lbhash_settle_remember(struct net *net, struct lbhash_service *svc)
{
	struct lbhash_net *ln = lbhash_net(net);
	struct lbhash_table *table;
	int err = 0;

	mutex_lock(&ln->mutex);
	table = lbhash_service_table(ln, svc);
	if (table->transitions && !rcu_access_pointer(table->moves)) {
		err = lbhash_service_remember(ln, svc);
		plan(ln, table);
	}
	if (!err)
		lbhash_settle_sample(ln, svc);
	mutex_unlock(&ln->mutex);
	return err;
}

static bool needs_memory(struct lbhash_net *ln)
{
	struct lbhash_service *svc;
	unsigned long id;

	xa_for_each(&ln->ids, id, svc)
		if (rcu_access_pointer(lbhash_service_table(ln, svc)->moves))
			return true;
	return false;
}

static void settle_work(struct work_struct *work)
{
	struct lbhash_net *ln = container_of(to_delayed_work(work),
					     struct lbhash_net, settle);
	struct lbhash_service *svc;
	bool settled = false;
	unsigned long id;

	mutex_lock(&ln->mutex);
	if (has_memory(ln))
		sweep_memory(ln);
	xa_for_each(&ln->ids, id, svc) {
		cond_resched();
		if (settle_slots(ln, svc)) {
			settled = true;
			lbhash_settle_sample(ln, svc);
		}
	}
	if (has_memory(ln) && !needs_memory(ln))
		lbhash_memory_stop(&ln->memory);
	else if (has_memory(ln) && settled)
		sweep_memory(ln);
	xa_for_each(&ln->ids, id, svc) {
		cond_resched();
		plan(ln, lbhash_service_table(ln, svc));
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
