// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: kmod/memory.c as it is, called as the packet path would, beside
 * a model that remembers everything. Honest clients open connections, send,
 * fall silent, end and use ports again; strangers flood; the owners of slots
 * change, backends are drained and return; time passes; slots close and settle.
 *
 * Promises: no connection that its server has accepted ever gets to another one
 * while that is usable; neither does a flow without handshake that was known by
 * two packets; the memory keeps to its limit, and its counters are right.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/siphash.h>

#include "../../kmod/memory.c"
#include "fuzz.h"

#define SLOTS		4
#define BACKENDS	4
#define CLIENTS		48
#define SETTLE		60
#define IDLE		100
#define UDP_IDLE	30
#define NONE		0xff

/**
 * struct slot - as tables have it
 * @owner: backend
 * @previous: previous owner, NONE if the slot has settled
 * @transition: number
 * @began: time at which that began
 * @changed: time of the last change of the owner
 * @closed: time at which it has closed, with @previous the owner
 */
struct slot {
	u8 owner, previous;
	u32 transition, began, changed, closed;
};

/**
 * struct client - an honest one, with one port
 * @server: backend that has accepted its connection, NONE without one
 * @wants: backend to which its SYN went last
 * @seq: what it sends next
 * @last: time of its last packet
 * @is_flow: it has no handshakes
 * @packets: number of packets of its flow
 */
struct client {
	u8 server, wants;
	u32 isn, seq, last;
	bool is_flow, has_ended;
	u32 packets;
};

static struct {
	struct lbhash_memory memory;
	struct slot slots[SLOTS];
	struct client clients[CLIENTS];
	bool is_drained[BACKENDS];
	u32 now, limit, transitions, strangers, random;
} world;

static struct {
	unsigned long kept, adopted, refused, evicted, closed, settled, grown,
		flows, repeated;
} tested;

static u32 slot_of_client(u32 client)
{
	return client % SLOTS;
}

static u32 draw(void)
{
	world.random = world.random * 1664525 + 1013904223;
	return world.random >> 3 ^ world.random << 13;
}

static u64 print_of(u32 client)
{
	static const siphash_key_t key = { { 5, 6 } };

	return siphash(&client, sizeof(client), &key);
}

static struct lbhash_memory_packet packet(u32 client, u8 kind, u32 seq,
					  u32 len)
{
	u32 slot = slot_of_client(client);

	return (struct lbhash_memory_packet){
		.print = print_of(client),
		.opener = print_of(client),
		.service = 1,
		.slot = slot,
		.transition = world.slots[slot].transition,
		.seq = seq,
		.end = seq + len,
		.now = world.now,
		.idle = UDP_IDLE,
		.kind = kind,
	};
}

/* --- the packet path, as pick.c is to have it ------------------------------*/

static bool is_learning(const struct slot *slot)
{
	return slot->previous != slot->owner &&
	       world.now - slot->changed >= SETTLE;
}

static u8 pick_opener(const struct lbhash_memory_packet *p,
		      const struct slot *slot)
{
	u8 flags = slot->owner == slot->previous ? LBHASH_MEMORY_BESIDE : 0;
	enum lbhash_memory_found found;
	u32 backend = slot->owner;

	found = lbhash_memory_open(&world.memory, p, &backend, flags);
	if (found == LBHASH_MEMORY_REPEATS && !world.is_drained[backend]) {
		tested.repeated++;
		return backend;
	}
	backend = slot->owner;
	if (found == LBHASH_MEMORY_REPEATS)
		found = lbhash_memory_open(&world.memory, p, &backend,
					   flags | LBHASH_MEMORY_RENEW);
	if (found == LBHASH_MEMORY_REFUSED) {
		tested.refused++;
		return slot->previous;
	}
	return slot->owner;
}

static u8 pick_loose(const struct lbhash_memory_packet *p,
		     const struct slot *slot)
{
	u32 backend;

	if (lbhash_memory_find(&world.memory, p, &backend))
		return backend;
	backend = lbhash_memory_is_new_flow(&world.memory, p, slot->began) ?
		  slot->owner : slot->previous;
	if (lbhash_memory_learn(&world.memory, p, backend,
				backend == slot->previous))
		return backend;
	return slot->previous;
}

static u8 pick_later(const struct lbhash_memory_packet *p,
		     const struct slot *slot)
{
	enum lbhash_memory_found found;
	u32 backend;

	found = lbhash_memory_find(&world.memory, p, &backend);
	tested.adopted += found == LBHASH_MEMORY_ADOPTED;
	if (found)
		return backend;
	if (is_learning(slot))
		lbhash_memory_learn(&world.memory, p, slot->previous, true);
	return slot->previous;
}

static u8 pick(const struct lbhash_memory_packet *p)
{
	const struct slot *slot = &world.slots[p->slot];

	if (slot->previous == NONE)
		return slot->owner;
	switch (p->kind) {
	case LBHASH_MEMORY_OPENS:
		return pick_opener(p, slot);
	case LBHASH_MEMORY_LOOSE:
		return pick_loose(p, slot);
	default:
		return pick_later(p, slot);
	}
}

/* --- honest clients --------------------------------------------------------*/

static u8 send_data(u32 number, u32 len)
{
	struct client *client = &world.clients[number];
	struct lbhash_memory_packet p = packet(number,
					       LBHASH_MEMORY_CONTINUES,
					       client->seq, len);

	client->seq += len;
	client->last = world.now;
	return pick(&p);
}

/* The client silent for longer than what is promised may be forgotten. */
static bool is_promised(const struct client *client)
{
	return client->server != NONE && !client->has_ended &&
	       world.now - client->last < IDLE;
}

static void connect(u32 number, u32 isn)
{
	struct lbhash_memory_packet p = packet(number, LBHASH_MEMORY_OPENS,
					       isn + 1, 0);
	struct client *client = &world.clients[number];
	u8 server = pick(&p), to;

	/* A SYN that is repeated goes where the first one went. */
	if (draw() & 1) {
		to = pick(&p);
		assert(to == server);
	}
	client->seq = isn + 1;
	client->has_ended = false;
	to = send_data(number, 0);
	assert(to == server);
	client->server = server;
}

static void go_on(u32 number, u32 len)
{
	struct client *client = &world.clients[number];
	bool is_kept = is_promised(client);
	u8 to;

	if (client->server == NONE)
		return;
	to = send_data(number, len);
	tested.kept += is_kept;
	assert(!is_kept || to == client->server);
	client->server = client->has_ended ? NONE : to;
}

static void finish(u32 number, bool rst)
{
	struct client *client = &world.clients[number];
	struct lbhash_memory_packet p = packet(number,
					       LBHASH_MEMORY_CONTINUES,
					       client->seq, !rst);
	bool is_kept = is_promised(client);
	u8 to;

	if (client->server == NONE)
		return;
	p.fin = !rst;
	p.rst = rst;
	to = pick(&p);
	assert(!is_kept || to == client->server);
	client->has_ended = true;
	client->seq = p.end;
}

static void send_loose(u32 number)
{
	struct lbhash_memory_packet p = packet(number, LBHASH_MEMORY_LOOSE, 0,
					       0);
	struct client *client = &world.clients[number];
	bool goes_on = client->packets > 1 &&
		       world.now - client->last < UDP_IDLE;
	u8 to = pick(&p);

	assert(!goes_on || to == client->server);
	tested.flows += goes_on;
	client->packets = to == client->server &&
			  world.now - client->last < UDP_IDLE ?
			  client->packets + 1 : 1;
	client->server = to;
	client->last = world.now;
}

static void act(u32 number, struct orders *orders)
{
	struct client *client = &world.clients[number];
	u32 isn;

	if (client->is_flow) {
		send_loose(number);
		return;
	}
	switch (take_below(orders, 8)) {
	case 0:
		isn = draw();
		connect(number, isn);
		break;
	case 1:
		/* As Linux counts, a second later. */
		connect(number, client->seq + 15000000);
		break;
	case 2:
		finish(number, take(orders) & 1);
		break;
	default:
		go_on(number, take(orders) * 100);
	}
}

/* --- strangers -------------------------------------------------------------*/

static void flood(u32 n, u32 what, struct orders *orders)
{
	u32 victim = take_below(orders, CLIENTS);
	struct lbhash_memory_packet p;
	bool is_aimed = what & 8;
	u32 source, seq;

	while (n--) {
		source = is_aimed ? victim : CLIENTS + world.strangers++;
		seq = draw();
		/* Nearer to the victim's: that is luck, or insight. */
		if (is_aimed && distance(seq, world.clients[victim].seq) <
		    4 * LEAST_WINDOW)
			continue;
		switch (what & 7) {
		case 0:
		case 1:
			p = packet(source, LBHASH_MEMORY_OPENS, seq, 0);
			pick(&p);
			if (!(what & 1))
				break;
			p = packet(source, LBHASH_MEMORY_CONTINUES, seq, 0);
			pick(&p);
			break;
		case 2:
		case 3:
		case 4:
			p = packet(source, LBHASH_MEMORY_CONTINUES, seq, 100);
			p.fin = (what & 7) == 3;
			p.rst = (what & 7) == 4;
			pick(&p);
			break;
		default:
			if (is_aimed)
				break;
			p = packet(source, LBHASH_MEMORY_LOOSE, 0, 0);
			pick(&p);
			if ((what & 7) == 6)
				pick(&p);
		}
	}
}

/* --- configuration and time ------------------------------------------------*/

static void change(u32 number, u8 owner)
{
	struct slot *slot = &world.slots[number];

	if (owner == slot->owner)
		return;
	if (slot->previous == NONE) {
		slot->previous = slot->owner;
		slot->transition = ++world.transitions;
		slot->began = world.now;
	}
	slot->owner = owner;
	slot->changed = world.now;
	lbhash_memory_start(&world.memory, world.now);
}

struct judgement {
	bool is_busy[SLOTS];
};

static int judge(const struct lbhash_memory_info *info, void *data)
{
	const struct slot *slot = &world.slots[info->slot];
	struct judgement *judgement = data;

	if (slot->previous == NONE || slot->transition != info->transition)
		return LBHASH_MEMORY_DROP;
	if (!(info->flags & LBHASH_MEMORY_OPEN))
		return LBHASH_MEMORY_STAYS;
	if (world.now - slot->changed >= SETTLE + IDLE &&
	    world.now - info->last >= IDLE)
		return LBHASH_MEMORY_RELEASE;
	if (info->flags & LBHASH_MEMORY_FLOW &&
	    world.now - info->last >= UDP_IDLE)
		return LBHASH_MEMORY_RELEASE;
	if (info->backend == slot->owner)
		return LBHASH_MEMORY_STAYS;
	if (lbhash_memory_is_busy(info, world.now, IDLE))
		judgement->is_busy[info->slot] = true;
	return world.now - slot->changed >= SETTLE + IDLE ?
	       LBHASH_MEMORY_KEEP : LBHASH_MEMORY_STAYS;
}

/* As settle.c is to do it. */
static void settle(void)
{
	struct judgement judgement = {};
	u32 i;

	lbhash_memory_sweep(&world.memory, world.now, judge, &judgement);
	for (i = 0; i < SLOTS; i++) {
		struct slot *slot = &world.slots[i];

		if (slot->previous == NONE ||
		    world.now - slot->changed < SETTLE + IDLE)
			continue;
		if (slot->previous != slot->owner) {
			if (lbhash_memory_lost_home(&world.memory, world.now,
						    IDLE))
				continue;
			slot->previous = slot->owner;
			slot->closed = world.now;
			tested.closed++;
		} else if (!judgement.is_busy[i] &&
			   world.now - slot->closed >= IDLE) {
			slot->previous = NONE;
			tested.settled++;
		}
	}
	lbhash_memory_sweep(&world.memory, world.now, judge, &judgement);
}

static void check_counts(void)
{
	struct lbhash_memory_counts counts;

	lbhash_memory_count(&world.memory, &counts);
	assert(counts.places <= world.limit);
	assert(counts.entries <= counts.places);
	assert(counts.half_open <= counts.entries);
}

static void pass(u32 seconds)
{
	world.now += seconds;
	if (run_work(&world.memory.growth))
		tested.grown++;
	settle();
	check_counts();
}

static void begin(u8 size)
{
	u32 i;

	lbhash_memory_exit(&world.memory);
	memset(&world, 0, sizeof(world));
	world.now = 1000;
	world.limit = LBHASH_MEMORY_MIN << size % 4;
	lbhash_memory_init(&world.memory, world.limit, world.now);
	for (i = 0; i < SLOTS; i++)
		world.slots[i] = (struct slot){ .previous = NONE };
	for (i = 0; i < CLIENTS; i++)
		world.clients[i] = (struct client){
			.server = NONE,
			.is_flow = i % 6 == 5,
		};
}

static void note_evictions(void)
{
	struct lbhash_memory_counts counts;

	lbhash_memory_count(&world.memory, &counts);
	tested.evicted += counts.evicted;
}

static void report(void)
{
	printf("tested: kept %lu adopted %lu refused %lu evicted %lu",
	       tested.kept, tested.adopted, tested.refused, tested.evicted);
	printf(" closed %lu settled %lu grown %lu flows %lu repeated %lu\n",
	       tested.closed, tested.settled, tested.grown, tested.flows,
	       tested.repeated);
}

int fuzz_init(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(report);
}

int fuzz_one(const u8 *data, size_t size)
{
	struct orders orders = { .data = data, .size = size };
	u32 what;

	begin(take(&orders));
	world.random = take(&orders);
	while (orders.size) {
		what = take(&orders);
		switch (what & 7) {
		case 0:
			change(take_below(&orders, SLOTS),
			       take_below(&orders, BACKENDS));
			break;
		case 1:
			flood(1 + (what >> 3) * 16, take(&orders), &orders);
			break;
		case 2:
			pass(1 + (what >> 3));
			break;
		case 3:
			what = take_below(&orders, BACKENDS);
			world.is_drained[what] = !world.is_drained[what];
			break;
		default:
			act(take_below(&orders, CLIENTS), &orders);
		}
	}
	note_evictions();
	return 0;
}
