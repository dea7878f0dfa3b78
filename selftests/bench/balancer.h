/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A balancer in user space: slots by kmod/maglev.c and kmod/transition.c, the
 * flow memory by kmod/memory.c, as they are; decide.c, recall.c, settle.c and
 * what conntrack does for one-way connections as a model of each. Nothing
 * happens at the same time as something else.
 */
#ifndef BENCH_BALANCER_H
#define BENCH_BALANCER_H

#include <linux/types.h>

#include "memory.h"
#include "transition.h"

#define BACKENDS	468
#define SLOTS		65537
#define TICKS		100	/* a second */
#define IDLE		300	/* seconds */

enum tracking { TRACK_CHANGED, TRACK_ALWAYS, TRACK_NEVER };
enum state { UP, DRAINED, DOWN, REMOVED };
enum packet { PACKET_SYN, PACKET_DATA, PACKET_FIN, PACKET_UDP };

/* States of entries of one-way connections. HALF_OPEN: only a SYN was seen;
 * ADOPTED, PICKED_UP: ESTABLISHED for conntrack, by adoption or because
 * tracking began in mid-stream; CLOSED: the client has sent a FIN; DATAGRAMS:
 * UDP.
 */
enum entry_state { HALF_OPEN, ADOPTED, PICKED_UP, CLOSED, DATAGRAMS };

/**
 * struct backend - configuration of a backend
 * @name: its name, which determines its slots
 * @weight: relative share of the slots
 * @state: its state; REMOVED: not configured
 * @losses: how often it became unusable, which ends its connections
 */
struct backend {
	char name[8];
	u16 weight;
	enum state state;
	u32 losses;
};

/**
 * struct entry - conntrack entry of a flow
 * @conntrack: the conntrack that it is in; NULL if the flow has no entry
 * @index: its place in @flows there
 * @expires: tick at which it times out
 * @mark: index of the backend that the flow is pinned to, or LBHASH_NONE
 * @state: an enum entry_state
 */
struct entry {
	struct conntrack *conntrack;
	u32 index;
	u32 expires;
	u16 mark;
	u8 state;
};

/**
 * struct flow - the packets of a client's port
 * @entry: what conntrack knows of them
 * @print: what the flow memory knows them by
 * @slot: what they hash to
 * @seq: sequence number of the next one
 */
struct flow {
	struct entry entry;
	u64 print;
	u32 slot;
	u32 seq;
};

/**
 * struct conntrack - conntrack of one machine
 * @flows: the flows that have an entry, in no order
 * @n: number of entries
 * @room: allocated length of @flows
 * @max: limit of entries; 0: none
 * @forgotten: called when a flow has lost its entry
 */
struct conntrack {
	struct flow **flows;
	u32 n;
	u32 room;
	u32 max;
	void (*forgotten)(struct flow *flow);
};

/**
 * struct balancer - a service of one machine
 * @conntrack: of TRACK_ALWAYS
 * @memory: of TRACK_CHANGED
 * @moves: words of slots in transition, for @memory
 * @aged: slots that have been in transition for some time, likewise
 * @changes: number of changes
 * @elsewhere: number of connections that slots wait for
 * @usable: backends that connections can stay with
 * @list: slots in transition
 * @n: number of them
 * @settle: seconds
 * @sweep_at: tick, if @n
 */
struct balancer {
	enum tracking track;
	struct conntrack *conntrack;
	struct lbhash_memory *memory;
	u32 *slots, *moves;
	unsigned long *aged;
	u32 changes;
	u32 elsewhere;
	bool usable[BACKENDS];
	struct lbhash_transition *list;
	u32 n;
	u32 settle;
	u32 sweep_at;
};

void balancer_begin(struct balancer *b, enum tracking track, u32 settle,
		    struct conntrack *conntrack, struct lbhash_memory *memory,
		    const struct backend *backends);
void balancer_end(struct balancer *b);
void balancer_change(struct balancer *b, const struct backend *backends,
		     u32 now);
void balancer_sweep(struct balancer *b, u32 now);
u16 balancer_send(struct balancer *b, struct flow *flow, enum packet packet,
		  u32 now);

bool balancer_remembers(struct balancer *b, const struct flow *flow, u32 now);

void memory_move(struct lbhash_memory *to, struct lbhash_memory *from, u32 now);
u32 memory_entries(struct lbhash_memory *memory);

void conntrack_clean(struct conntrack *ct, u32 now);
void conntrack_end(struct conntrack *ct);
void conntrack_move(struct conntrack *to, struct conntrack *from);

/* Marsaglia's xorshift: every run draws the same numbers. */
static inline u32 draw(u64 *state, u32 limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) * limit >> 32;
}

#endif /* BENCH_BALANCER_H */
