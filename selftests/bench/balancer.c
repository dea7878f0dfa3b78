// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/maglev.c"
#include "../../kmod/transition.c"

#include "balancer.h"

/* Timeouts of conntrack, in seconds. */
#define SYN_SENT	120
#define UNACKNOWLEDGED	300
#define CLOSE_WAIT	60
#define UDP		30

/* Between the first sequence numbers of two connections from one port, roughly
 * as Linux has it.
 */
#define ISN_STEP	15000000

#define EVICTION_RANGE	8

static void *make_room(void *memory, size_t n, size_t size)
{
	memory = realloc(memory, n * size);
	assert(memory || !n);
	return memory;
}

/* --- conntrack ------------------------------------------------------------ */

static void add(struct conntrack *ct, struct flow *flow)
{
	if (ct->n == ct->room) {
		ct->room = 2 * ct->room + 1024;
		ct->flows = make_room(ct->flows, ct->room, sizeof(*ct->flows));
	}
	flow->entry.conntrack = ct;
	flow->entry.index = ct->n;
	ct->flows[ct->n++] = flow;
}

static void forget(struct flow *flow)
{
	struct conntrack *ct = flow->entry.conntrack;

	if (!ct)
		return;
	ct->flows[flow->entry.index] = ct->flows[--ct->n];
	ct->flows[flow->entry.index]->entry.index = flow->entry.index;
	flow->entry.conntrack = NULL;
	ct->forgotten(flow);
}

static bool is_expired(const struct entry *entry, u32 now)
{
	return entry->expires <= now;
}

static bool is_assured(const struct entry *entry)
{
	return entry->state == ADOPTED || entry->state == CLOSED;
}

/* As conntrack's early drop: of a few entries, drop the first one that is not
 * assured.
 */
static bool evict(struct conntrack *ct, u32 now)
{
	static u64 places = 88172645463325252;
	struct flow *flow;
	int i;

	for (i = 0; i < EVICTION_RANGE && ct->n; i++) {
		flow = ct->flows[draw(&places, ct->n)];
		if (is_expired(&flow->entry, now) ||
		    !is_assured(&flow->entry)) {
			forget(flow);
			return true;
		}
	}
	return false;
}

static void expire_in(struct entry *entry, u32 seconds, u32 now)
{
	entry->expires = now + seconds * TICKS;
}

static bool create(struct conntrack *ct, struct flow *flow,
		   enum packet packet, u32 now)
{
	static const struct {
		enum entry_state state;
		u32 seconds;
	} first[] = {
		[PACKET_SYN] = { HALF_OPEN, SYN_SENT },
		[PACKET_DATA] = { PICKED_UP, UNACKNOWLEDGED },
		[PACKET_FIN] = { CLOSED, CLOSE_WAIT },
		[PACKET_UDP] = { DATAGRAMS, UDP },
	};

	if (ct->max && ct->n >= ct->max && !evict(ct, now))
		return false;
	add(ct, flow);
	flow->entry.mark = LBHASH_NONE;
	flow->entry.state = first[packet].state;
	expire_in(&flow->entry, first[packet].seconds, now);
	return true;
}

/* Connections are not adopted while conntrack is three quarters full. */
static bool has_room(const struct conntrack *ct)
{
	return !ct->max || ct->n <= ct->max - ct->max / 4;
}

/* Is the packet tracked? If not, the flow may still have an entry for which the
 * packet is INVALID, and the mark of that entry counts.
 */
static bool track(struct conntrack *ct, struct flow *flow,
		  enum packet packet, u32 now)
{
	struct entry *entry = &flow->entry;

	if (entry->conntrack &&
	    (is_expired(entry, now) ||
	     (packet == PACKET_SYN && entry->state != HALF_OPEN)))
		forget(flow);
	if (!entry->conntrack)
		return create(ct, flow, packet, now);
	if (packet == PACKET_SYN)
		return true;
	if (entry->state == HALF_OPEN) {
		if (!has_room(ct))
			return false;
		entry->state = ADOPTED;
	}
	if (packet == PACKET_FIN)
		entry->state = CLOSED;
	expire_in(entry, packet == PACKET_UDP ? UDP :
		  packet == PACKET_FIN ? CLOSE_WAIT : UNACKNOWLEDGED, now);
	return true;
}

/* Drop expired entries; if the table is nearly full, also those of connections
 * that are closed or not assured.
 */
void conntrack_clean(struct conntrack *ct, u32 now)
{
	u32 i = 0;

	while (i < ct->n) {
		struct entry *entry = &ct->flows[i]->entry;

		if (is_expired(entry, now) ||
		    (ct->max && ct->n >= ct->max / 100 * 95 &&
		     (!is_assured(entry) || entry->state == CLOSED)))
			forget(ct->flows[i]);
		else
			i++;
	}
}

void conntrack_end(struct conntrack *ct)
{
	while (ct->n)
		forget(ct->flows[0]);
	free(ct->flows);
	ct->flows = NULL;
	ct->room = 0;
}

/* Another machine takes over, and has a copy of every entry. */
void conntrack_move(struct conntrack *to, struct conntrack *from)
{
	while (from->n)
		add(to, from->flows[--from->n]);
}

/* --- the table: table.c, settle.c ----------------------------------------- */

static bool is_usable(const struct backend *backend)
{
	return backend->state == UP || backend->state == DRAINED;
}

static void compute(u32 *slots, const struct backend *backends)
{
	static const siphash_key_t key = { { 1, 2 } };
	struct lbhash_maglev_entry entries[BACKENDS] = {};
	void *scratch;
	u32 i, n = 0;

	for (i = 0; i < BACKENDS; i++) {
		if (backends[i].state != UP)
			continue;
		entries[n].name = backends[i].name;
		entries[n].weight = backends[i].weight;
		entries[n++].id = i;
	}
	assert(n);
	scratch = make_room(NULL, lbhash_maglev_scratch(entries, n, SLOTS), 1);
	lbhash_maglev_permute(entries, n, SLOTS, &key);
	lbhash_maglev_fill(slots, SLOTS, entries, n, scratch);
	free(scratch);
}

/* The last result is kept: two balancers ask for the same table in turn. */
static u32 *fill(const struct backend *backends)
{
	static struct backend of[BACKENDS];
	u32 *slots = make_room(NULL, SLOTS, sizeof(*slots));
	static u32 last[SLOTS];

	if (memcmp(of, backends, sizeof(of))) {
		compute(last, backends);
		memcpy(of, backends, sizeof(of));
	}
	memcpy(slots, last, sizeof(last));
	return slots;
}

static struct lbhash_times times_at(const struct balancer *b, u32 now)
{
	now /= TICKS;
	return (struct lbhash_times){
		.now = now, .settle = b->settle, .idle = IDLE, .udp_idle = UDP,
		.full = b->memory &&
			lbhash_memory_lost_home(b->memory, now, IDLE),
	};
}

static void plan(struct balancer *b, u32 now)
{
	const struct lbhash_times times = times_at(b, now);
	u32 seconds = lbhash_transition_wait(b->slots, b->moves, b->list, b->n,
					     &times, false);

	if (b->aged)
		lbhash_transition_age(b->aged, b->list, b->n, &times);
	if (seconds == U32_MAX)
		b->sweep_at = U32_MAX;
	else
		b->sweep_at = now + (!b->moves && seconds ? seconds : 1) *
				    TICKS;
}

/* Set up a service without connections. */
void balancer_begin(struct balancer *b, enum tracking track, u32 settle,
		    struct conntrack *conntrack, struct lbhash_memory *memory,
		    const struct backend *backends)
{
	u32 i;

	memset(b, 0, sizeof(*b));
	b->track = track;
	b->settle = settle;
	b->conntrack = conntrack;
	if (track == TRACK_CHANGED) {
		b->memory = memory;
		b->moves = calloc(SLOTS, sizeof(*b->moves));
		assert(b->moves);
	}
	b->slots = fill(backends);
	for (i = 0; i < BACKENDS; i++)
		b->usable[i] = is_usable(&backends[i]);
}

void balancer_end(struct balancer *b)
{
	free(b->slots);
	free(b->moves);
	free(b->aged);
	free(b->list);
}

static void number_transitions(struct balancer *b, const u32 *old_moves,
			       u32 now)
{
	b->moves = calloc(SLOTS, sizeof(*b->moves));
	b->aged = calloc(BITS_TO_LONGS(SLOTS), sizeof(*b->aged));
	assert(b->moves && b->aged);
	lbhash_transition_moves(b->moves, old_moves, b->list, b->n,
				b->changes);
	lbhash_memory_start(b->memory, now / TICKS);
}

void balancer_change(struct balancer *b, const struct backend *backends,
		     u32 now)
{
	struct balancer old = *b;
	u16 at[BACKENDS], usable[BACKENDS];
	const struct lbhash_heirs heirs = { at, usable, LBHASH_NONE };
	u32 i;

	for (i = 0; i < BACKENDS; i++) {
		at[i] = backends[i].state == REMOVED ? LBHASH_NONE : i;
		usable[i] = b->usable[i] && is_usable(&backends[i]) ?
			    i : LBHASH_NONE;
		b->usable[i] = is_usable(&backends[i]);
	}
	b->slots = fill(backends);
	b->n = lbhash_transition_carry(b->slots, SLOTS, old.slots, old.list,
				       &heirs);
	b->list = make_room(NULL, b->n, sizeof(*b->list));
	lbhash_transition_list(b->list, b->slots, SLOTS, old.slots, old.list,
			       &heirs, now / TICKS);
	b->changes++;
	if (b->memory)
		number_transitions(b, old.moves, now);
	balancer_end(&old);
	plan(b, now);
}

static bool is_elsewhere(const struct balancer *b,
			 const struct lbhash_memory_info *info)
{
	return b->usable[info->backend] &&
	       info->backend != lbhash_slot_owner(b->slots[info->slot]);
}

/**
 * struct sweep - a walk over the flow memory, as in settle.c
 * @b: balancer
 * @now: present time in seconds
 */
struct sweep {
	struct balancer *b;
	u32 now;
};

static int judge(const struct lbhash_memory_info *info, void *data)
{
	const struct sweep *sweep = data;
	struct balancer *b = sweep->b;
	u32 age = sweep->now - info->last, *move = &b->moves[info->slot];

	if (lbhash_move_number(*move) != info->transition)
		return LBHASH_MEMORY_DROP;
	if (!(info->flags & LBHASH_MEMORY_OPEN))
		return LBHASH_MEMORY_STAYS;
	if ((*move & LBHASH_MOVE_DUE && age >= IDLE) ||
	    (info->flags & LBHASH_MEMORY_FLOW && age >= UDP))
		return LBHASH_MEMORY_RELEASE;
	if (!is_elsewhere(b, info))
		return LBHASH_MEMORY_STAYS;
	if (lbhash_memory_is_busy(info, sweep->now, IDLE)) {
		b->elsewhere++;
		*move |= LBHASH_MOVE_BUSY;
	}
	return *move & LBHASH_MOVE_DUE ? LBHASH_MEMORY_KEEP :
					 LBHASH_MEMORY_STAYS;
}

static void sweep_memory(struct balancer *b, u32 now)
{
	struct sweep sweep = { b, now / TICKS };
	u32 i;

	b->elsewhere = 0;
	for (i = 0; i < b->n; i++)
		b->moves[b->list[i].slot] &= ~LBHASH_MOVE_BUSY;
	run_work(&b->memory->growth);
	lbhash_memory_sweep(b->memory, sweep.now, judge, &sweep);
}

/* Settle the slots that are due, if a sweep is. */
void balancer_sweep(struct balancer *b, u32 now)
{
	const struct lbhash_times times = times_at(b, now);

	if (!b->n || now < b->sweep_at)
		return;
	if (b->memory)
		sweep_memory(b, now);
	b->n = lbhash_transition_settle(b->slots, b->moves, b->list, b->n,
					&times);
	if (b->memory && b->n)
		sweep_memory(b, now);
	else if (b->memory)
		lbhash_memory_stop(b->memory);
	plan(b, now);
}

/* --- the decision: decide.c, recall.c ------------------------------------- */

static bool is_known(const struct balancer *b, const struct entry *entry)
{
	return entry->conntrack && entry->mark != LBHASH_NONE &&
	       b->usable[entry->mark];
}

static u16 home_of(const struct balancer *b, u32 slot)
{
	u16 home = lbhash_slot_fallback(slot);

	return home != LBHASH_NONE && b->usable[home] ? home :
						       lbhash_slot_owner(slot);
}

static u16 choose_slot(const struct balancer *b, u32 slot, bool tracked,
		       struct entry *entry, enum packet packet)
{
	u16 to = home_of(b, slot);

	if (tracked &&
	    (packet == PACKET_SYN || entry->mark != LBHASH_NONE))
		to = lbhash_slot_owner(slot);
	if (tracked && to != LBHASH_NONE)
		entry->mark = to;
	return to;
}

/* Keep the entry for the settle time: without it, the connection would pass for
 * one that is older than the change.
 */
static void hold(const struct balancer *b, struct entry *entry, u32 now)
{
	if (b->n && (entry->state == ADOPTED || entry->state == PICKED_UP) &&
	    entry->expires < now + b->settle * TICKS)
		expire_in(entry, b->settle, now);
}

static u16 send_tracked(struct balancer *b, struct flow *flow,
			enum packet packet, u32 now)
{
	bool tracked = track(b->conntrack, flow, packet, now);
	u32 slot = b->slots[flow->slot];
	u16 to;

	to = is_known(b, &flow->entry) ? flow->entry.mark :
	     choose_slot(b, slot, tracked, &flow->entry, packet);
	if (tracked)
		hold(b, &flow->entry, now);
	return to;
}

static struct lbhash_memory_packet about(const struct balancer *b,
					 const struct flow *flow, u8 kind,
					 u32 now)
{
	return (struct lbhash_memory_packet){
		.print = flow->print, .opener = flow->print, .service = 1,
		.slot = flow->slot,
		.transition = lbhash_move_number(b->moves[flow->slot]),
		.seq = flow->seq, .end = flow->seq, .now = now / TICKS,
		.idle = UDP, .kind = kind,
	};
}

static u16 send_opener(struct balancer *b,
		       const struct lbhash_memory_packet *p, u32 slot)
{
	u16 owner = lbhash_slot_owner(slot), home = home_of(b, slot);
	u32 to = owner;

	if (lbhash_memory_open(b->memory, p, &to, LBHASH_MEMORY_RENEW |
			       (lbhash_slot_is_closing(slot) ?
				LBHASH_MEMORY_BESIDE : 0)) ==
	    LBHASH_MEMORY_REFUSED)
		return home;
	return owner;
}

static u16 send_known(struct balancer *b, const struct lbhash_memory_packet *p,
		      u16 owner, u32 to)
{
	if (b->usable[to])
		return to;
	lbhash_memory_move(b->memory, p, to, owner);
	return owner;
}

static u16 send_later(struct balancer *b, const struct lbhash_memory_packet *p,
		      u32 slot)
{
	u16 owner = lbhash_slot_owner(slot), home = home_of(b, slot);
	bool at_owner = home == owner && !lbhash_slot_is_closing(slot);
	u32 to;

	if (lbhash_memory_find(b->memory, p, &to))
		return send_known(b, p, owner, to);
	if (at_owner || b->moves[p->slot] & LBHASH_MOVE_LEARNS)
		lbhash_memory_learn(b->memory, p, home, !at_owner);
	return home;
}

static u16 send_loose(struct balancer *b, const struct lbhash_memory_packet *p,
		      u32 slot)
{
	u16 owner = lbhash_slot_owner(slot), home = home_of(b, slot);
	bool aged = test_bit(p->slot, b->aged);
	u32 to;

	if (lbhash_memory_find(b->memory, p, &to))
		return send_known(b, p, owner, to);
	to = lbhash_memory_is_new_flow(b->memory, p,
				       aged ? p->now - UDP : p->now) ?
	     owner : home;
	if (lbhash_memory_learn(b->memory, p, to,
				to == home && home != owner))
		return to;
	return home;
}

static u16 send_remembered(struct balancer *b, struct flow *flow,
			   enum packet packet, u32 now)
{
	u32 slot = b->slots[flow->slot];
	struct lbhash_memory_packet p;

	if (packet == PACKET_SYN)
		flow->seq += ISN_STEP;
	if (lbhash_slot_is_settled(slot))
		return lbhash_slot_owner(slot);
	p = about(b, flow, packet == PACKET_SYN ? LBHASH_MEMORY_OPENS :
		  packet == PACKET_UDP ? LBHASH_MEMORY_LOOSE :
		  LBHASH_MEMORY_CONTINUES, now);
	if (packet == PACKET_SYN)
		return send_opener(b, &p, slot);
	if (packet == PACKET_UDP)
		return send_loose(b, &p, slot);
	p.fin = packet == PACKET_FIN;
	p.end += p.fin;
	return send_later(b, &p, slot);
}

/* Return: the backend that gets the packet, or LBHASH_NONE. */
u16 balancer_send(struct balancer *b, struct flow *flow, enum packet packet,
		  u32 now)
{
	switch (b->track) {
	case TRACK_NEVER:
		return lbhash_slot_owner(b->slots[flow->slot]);
	case TRACK_CHANGED:
		return send_remembered(b, flow, packet, now);
	default:
		return send_tracked(b, flow, packet, now);
	}
}

/* Return: true if the flow memory knows a connection of the flow. */
bool balancer_remembers(struct balancer *b, const struct flow *flow, u32 now)
{
	struct lbhash_memory_packet p;
	u32 to;

	if (!b->moves || !lbhash_move_number(b->moves[flow->slot]))
		return false;
	p = about(b, flow, LBHASH_MEMORY_ASKS, now);
	return lbhash_memory_find(b->memory, &p, &to) != LBHASH_MEMORY_UNKNOWN;
}

/* --- copies of the flow memory -------------------------------------------- */

/**
 * struct copy - entries on their way to another balancer
 * @to: its memory
 * @now: present time in seconds
 */
struct copy {
	struct lbhash_memory *to;
	u32 now;
};

static bool copy_entry(const struct lbhash_memory_info *info, void *data)
{
	const struct copy *copy = data;

	lbhash_memory_insert(copy->to, info, copy->now);
	run_work(&copy->to->growth);
	return true;
}

/* Copy all entries. Both balancers have seen the same changes, so slots,
 * transitions and backends have the same numbers.
 */
void memory_move(struct lbhash_memory *to, struct lbhash_memory *from, u32 now)
{
	struct copy copy = { to, now / TICKS };
	u64 position = 0;

	lbhash_memory_dump(from, &position, copy_entry, &copy);
}

/* Return: the number of entries, including expired ones. */
u32 memory_entries(struct lbhash_memory *memory)
{
	struct lbhash_memory_counts counts;

	lbhash_memory_count(memory, &counts);
	return counts.entries;
}
