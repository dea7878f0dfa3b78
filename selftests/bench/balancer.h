/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A balancer in user space. The slots are those of the module: maglev.c and
 * transition.c of kmod/ are compiled in. decide.c, settle.c and conntrack's
 * handling of one-way connections are modelled. There is no concurrency.
 */
#ifndef BENCH_BALANCER_H
#define BENCH_BALANCER_H

#include <linux/types.h>

#include "transition.h"

#define BACKENDS	468
#define SLOTS		65537
#define TICKS		100	/* per second */

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
 * @slot: the slot that it hashes to
 */
struct flow {
	struct entry entry;
	u32 slot;
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
 * @track: when connections are tracked
 * @conntrack: conntrack of the machine
 * @slots: the table, SLOTS values in the format of transition.h; owned
 * @usable: for each backend, whether its connections may stay with it
 * @list: the slots in transition; owned
 * @n: length of @list
 * @settle: settle time, in seconds
 * @sweep_at: tick of the next sweep; U32_MAX if none is needed
 */
struct balancer {
	enum tracking track;
	struct conntrack *conntrack;
	u32 *slots;
	bool usable[BACKENDS];
	struct lbhash_transition *list;
	u32 n;
	u32 settle;
	u32 sweep_at;
};

void balancer_begin(struct balancer *b, enum tracking track, u32 settle,
		    struct conntrack *conntrack,
		    const struct backend *backends);
void balancer_end(struct balancer *b);
void balancer_change(struct balancer *b, const struct backend *backends,
		     u32 now);
void balancer_sweep(struct balancer *b, u32 now);
u16 balancer_send(struct balancer *b, struct flow *flow, enum packet packet,
		  u32 now);

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
