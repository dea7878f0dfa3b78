/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_CHURN_H
#define BENCH_CHURN_H

#include "balancer.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* For connections whose balancer failed: whether their slot was settled in both
 * balancers' tables or in transition in one of them.
 */
enum fate { NO_FATE, WAS_SETTLED, WAS_IN_TRANSITION, FATES };

/**
 * struct scale - size and duration of a run
 * @open: number of open connections, kept constant
 * @seconds: how long backends change
 * @quiet: how many seconds after that all slots must have settled
 * @interval: ticks between two changes
 */
struct scale {
	u32 open, seconds, quiet, interval;
};

/**
 * struct mode - a configuration to simulate
 * @name: its row in the tables
 * @track: when connections are tracked
 * @settle: settle time, in seconds
 * @percent: limit of conntrack, as a percentage of @open of the scale; 0 for no
 *	limit
 * @copy: ALONE: one balancer. Otherwise one of two fails, and the other has
 *	none of its entries, gets a copy when it fails, or has all at all times
 */
struct mode {
	const char *name;
	enum tracking track;
	u32 settle;
	u32 percent;
	enum { ALONE, COPY_NONE, COPY_LAST, COPY_ALL } copy;
};

/**
 * struct result - what came of it
 * @broken: connections whose backend was usable all the time
 * @silent: likewise, but nothing had been heard of them for longer than silent
 *	connections are remembered
 * @lost: connections whose backend was not
 * @astray: connections that began at a drained backend
 * @known: entries of open connections
 * @needed: share of slots in transition, times open connections
 * @settled: seconds from the last change until all was settled
 * @left: entries then
 * @empty: seconds until they were gone, 0 if some never were
 * @taken: connections of the balancer that failed
 * @copied: entries of them that the other got
 *
 * Numbers of what is there now and then are sums over @samples.
 */
struct result {
	u32 begun, changes, broken, silent, lost, astray;
	u32 samples, most_entries;
	double open, entries, known, needed, share, most_share;
	u32 settled, left, empty;
	u32 taken[FATES], taken_broken[FATES], copied;
};

/**
 * struct world - one run
 * @n: balancers; each has a conntrack and a flow memory, or both have the first
 *	ones
 * @now: tick
 * @until: last tick
 * @open: number of open connections
 */
struct world {
	const struct scale *scale;
	const struct mode *mode;
	struct result result;
	struct balancer balancers[2];
	struct conntrack conntracks[2];
	struct lbhash_memory memories[2];
	u32 n;
	struct backend backends[BACKENDS];
	u32 now, until;
	u32 open;
};

extern struct world w;

/* operator.c: configuration changes */
void operator_begin(void);
void operator_change(void);
void operator_obey(void);

/* traffic.c: connections */
void traffic_begin(void);
void traffic_end(void);
void traffic_tick(bool calm);
void traffic_calm_down(void);
void traffic_take_over(void);
void traffic_forgotten(struct flow *flow);
u32 traffic_known(void);

#endif /* BENCH_CHURN_H */
