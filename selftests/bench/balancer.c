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

static void plan(struct balancer *b, u32 pause, u32 now)
{
	u32 seconds = lbhash_transition_wait(b->slots, b->list, b->n,
					     b->settle, now / TICKS, false);

	if (seconds == U32_MAX)
		b->sweep_at = U32_MAX;
	else
		b->sweep_at = now + (seconds > pause ? seconds : pause) * TICKS;
}

/* Set up a service without connections. */
void balancer_begin(struct balancer *b, enum tracking track, u32 settle,
		    struct conntrack *conntrack,
		    const struct backend *backends)
{
	u32 i;

	memset(b, 0, sizeof(*b));
	b->track = track;
	b->settle = settle;
	b->conntrack = conntrack;
	b->slots = fill(backends);
	for (i = 0; i < BACKENDS; i++)
		b->usable[i] = is_usable(&backends[i]);
}

void balancer_end(struct balancer *b)
{
	free(b->slots);
	free(b->list);
}

void balancer_change(struct balancer *b, const struct backend *backends,
		     u32 now)
{
	struct lbhash_transition *list;
	u32 *slots = fill(backends);
	u16 heirs[BACKENDS];
	u32 i, n;

	for (i = 0; i < BACKENDS; i++) {
		heirs[i] = b->usable[i] && is_usable(&backends[i]) ?
			   i : LBHASH_NONE;
		b->usable[i] = is_usable(&backends[i]);
	}
	n = lbhash_transition_carry(slots, SLOTS, b->slots, b->list, heirs);
	list = make_room(NULL, n, sizeof(*list));
	lbhash_transition_list(list, slots, SLOTS, b->slots, b->list, heirs,
			       now / TICKS);
	balancer_end(b);
	b->slots = slots;
	b->list = list;
	b->n = n;
	plan(b, 1, now);
}

static bool is_elsewhere(const struct balancer *b, const struct flow *flow,
			 u32 now)
{
	u32 slot = b->slots[flow->slot];

	return !is_expired(&flow->entry, now) &&
	       flow->entry.mark != LBHASH_NONE &&
	       b->usable[flow->entry.mark] &&
	       lbhash_slot_in_transition(slot) &&
	       flow->entry.mark != lbhash_slot_owner(slot);
}

/* Close and settle the slots that are due, if a sweep is. */
void balancer_sweep(struct balancer *b, u32 now)
{
	static unsigned long held[SLOTS / BITS_PER_LONG + 1];
	const struct conntrack *ct = b->conntrack;
	u32 i, slot;

	if (!b->n || now < b->sweep_at)
		return;
	if (lbhash_transition_close(b->slots, b->list, b->n, b->settle,
				    now / TICKS)) {
		memset(held, 0, sizeof(held));
		for (i = 0; i < ct->n; i++) {
			slot = ct->flows[i]->slot;
			if (is_elsewhere(b, ct->flows[i], now))
				held[slot / BITS_PER_LONG] |=
					1ul << slot % BITS_PER_LONG;
		}
		b->n = lbhash_transition_settle(b->slots, b->list, b->n, held);
	}
	plan(b, 1, now);
}

/* --- the decision: decide.c ----------------------------------------------- */

static bool is_known(const struct balancer *b, const struct entry *entry)
{
	return entry->conntrack && entry->mark != LBHASH_NONE &&
	       b->usable[entry->mark];
}

static u16 choose_slot(u32 slot, bool tracked, struct entry *entry,
		       enum packet packet)
{
	u16 to = lbhash_slot_fallback(slot);

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

/* Return: the backend that gets the packet, or LBHASH_NONE. */
u16 balancer_send(struct balancer *b, struct flow *flow, enum packet packet,
		  u32 now)
{
	u32 slot = b->slots[flow->slot];
	bool tracked;
	u16 to;

	if (b->track == TRACK_NEVER)
		return lbhash_slot_owner(slot);
	if (b->track == TRACK_CHANGED && lbhash_slot_is_settled(slot)) {
		if (packet == PACKET_SYN)
			forget(flow);
		return lbhash_slot_owner(slot);
	}
	tracked = track(b->conntrack, flow, packet, now);
	to = is_known(b, &flow->entry) ? flow->entry.mark :
	     choose_slot(slot, tracked, &flow->entry, packet);
	if (tracked)
		hold(b, &flow->entry, now);
	return to;
}
