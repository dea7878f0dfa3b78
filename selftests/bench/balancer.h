/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A balancer in user space. Slots and flow memory are those of the module:
 * maglev.c, transition.c and memory.c of kmod/ are compiled in. decide.c,
 * recall.c, settle.c and conntrack's handling of one-way connections are
 * modelled. There is no concurrency.
 */
#ifndef BENCH_BALANCER_H
#define BENCH_BALANCER_H

#include <linux/types.h>

#include "memory.h"
#include "transition.h"

#define BACKENDS	468
#define SLOTS		65537
#define TICKS		100	/* per second */
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
 * struct flow - the packets from one port of a client
 * @entry: its conntrack entry
 * @print: its fingerprint in the flow memory
 * @slot: the slot that it hashes to
 * @seq: sequence number of its next packet
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
 * struct balancer - a service on one machine
 * @track: how connections are remembered
 * @conntrack: conntrack of the machine, used with TRACK_ALWAYS
 * @memory: flow memory of the machine; NULL unless TRACK_CHANGED
 * @slots: the table, SLOTS values in the format of transition.h; owned
 * @moves: words of slots in transition; NULL unless TRACK_CHANGED; owned
 * @aged: slots that have been in transition for longer than flows pause
 * @changes: number of changes so far, which numbers transitions
 * @elsewhere: connections that slots wait for, as of the last sweep
 * @usable: for each backend, whether its connections may stay with it
 * @list: the slots in transition; owned
 * @n: length of @list
 * @settle: settle time, in seconds
 * @sweep_at: tick of the next sweep; U32_MAX if none is needed
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
