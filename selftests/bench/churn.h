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
 * struct result - the counters of a run
 * @begun: connections that began
 * @changes: changes of backends
 * @broken: connections broken though their backend stayed usable
 * @silent: likewise, of connections that had sent nothing for longer than
 *	silent ones are remembered
 * @lost: connections broken because their backend was not usable
 * @astray: connections that began at a backend that was not up
 * @samples: how often the sums below were added to
 * @most_entries: largest number of entries
 * @open: open connections, a sum
 * @entries: entries of conntrack or of the flow memory, a sum
 * @known: entries of open connections, a sum
 * @needed: open connections times share of slots in transition, a sum
 * @share: share of slots in transition, a sum
 * @most_share: largest share of slots in transition
 * @settled: seconds from the last change until all slots were settled
 * @left: number of entries then
 * @empty: seconds from the last change until no entry was left; 0 for never
 * @taken: connections taken over from the balancer that failed, by fate
 * @taken_broken: broken connections by fate; NO_FATE: not taken over
 * @copied: taken connections of which the other balancer has an entry
 */
struct result {
	u32 begun, changes, broken, silent, lost, astray;
	u32 samples, most_entries;
	double open, entries, known, needed, share, most_share;
	u32 settled, left, empty;
	u32 taken[FATES], taken_broken[FATES], copied;
};

/**
 * struct world - the state of a run
 * @scale: its size and duration
 * @mode: what is simulated
 * @result: counters
 * @balancers: the first @n are in use
 * @conntracks: one for each balancer, or the first one for both
 * @memories: likewise
 * @n: number of balancers
 * @backends: configuration of all balancers
 * @now: current tick
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
