/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_CHURN_H
#define BENCH_CHURN_H

#include "balancer.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Of connections whose balancer failed: what their slot was, at either. */
enum fate { NO_FATE, WAS_SETTLED, WAS_IN_TRANSITION, FATES };

/**
 * struct scale - how large, how long
 * @open: connections at any time
 * @seconds: for how long backends change
 * @quiet: most seconds after that, until all has settled
 * @interval: ticks between two changes
 */
struct scale {
	u32 open, seconds, quiet, interval;
};

/**
 * struct mode - one way to do it
 * @percent: of the open connections that conntrack has room for, 0 for all
 * @copy: of two balancers one fails: what the other has of its entries
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
 * @silent: likewise, but nothing had been heard of them for the settle time
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
 * @n: balancers; each has a conntrack, or both have the first one
 * @now: tick
 * @until: last tick
 * @open: connections
 */
struct world {
	const struct scale *scale;
	const struct mode *mode;
	struct result result;
	struct balancer balancers[2];
	struct conntrack conntracks[2];
	u32 n;
	struct backend backends[BACKENDS];
	u32 now, until;
	u32 open;
};

extern struct world w;

/* operator.c: changes of backends */
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
u32 traffic_known(const struct conntrack *ct);

#endif /* BENCH_CHURN_H */
