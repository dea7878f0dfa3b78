/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A balancer in user space: slots by kmod/maglev.c and kmod/transition.c as
 * they are; decide.c, settle.c and what conntrack does for one-way connections
 * as a model of each. Nothing happens at the same time as something else.
 */
#ifndef BENCH_BALANCER_H
#define BENCH_BALANCER_H

#include <linux/types.h>

#include "transition.h"

#define BACKENDS	468
#define SLOTS		65537
#define TICKS		100	/* a second */

enum tracking { TRACK_CHANGED, TRACK_ALWAYS, TRACK_NEVER };
enum state { UP, DRAINED, DOWN, REMOVED };
enum packet { PACKET_SYN, PACKET_DATA, PACKET_FIN, PACKET_UDP };

/* What conntrack makes of one-way connections: half open; in its state table's
 * ESTABLISHED, adopted or picked up in the middle; closed by the client.
 */
enum entry_state { HALF_OPEN, ADOPTED, PICKED_UP, CLOSED, DATAGRAMS };

/**
 * struct backend - one backend's configuration
 * @losses: how often its connections have been lost with it
 */
struct backend {
	char name[8];
	u16 weight;
	enum state state;
	u32 losses;
};

/**
 * struct entry - what conntrack knows of a flow
 * @conntrack: whose entry it is, NULL if there is none
 * @index: its place there
 * @expires: tick
 * @mark: a backend, or LBHASH_NONE
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
 * @slot: what they hash to
 */
struct flow {
	struct entry entry;
	u32 slot;
};

/**
 * struct conntrack - the connections that a machine knows
 * @flows: with an entry
 * @n: number of them
 * @room: for how many there is memory
 * @max: most entries, 0 if there is no limit
 * @forgotten: called for a flow that has lost its entry
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
 * @usable: backends that connections can stay with
 * @list: slots in transition
 * @n: number of them
 * @settle: seconds
 * @sweep_at: tick, if @n
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

/* Marsaglia's xorshift: the same numbers every time. */
static inline u32 draw(u64 *state, u32 limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) * limit >> 32;
}

#endif /* BENCH_BALANCER_H */
