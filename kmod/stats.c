// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters. this_cpu_add() is one instruction on 64-bit machines and
 * needs no section around it, in any context; a 32-bit reader may meet a
 * counter in the middle of a carry, once in 2^32 packets.
 */
#include "lbhash.h"
#include "stats.h"

/**
 * lbhash_stats_service_alloc - counters of a service, all zero
 *
 * Context: may sleep.
 * Return: them, for free_percpu(), or NULL.
 */
struct lbhash_service_stats __percpu *lbhash_stats_service_alloc(void)
{
	return alloc_percpu_gfp(struct lbhash_service_stats, LBHASH_GFP_KEPT);
}

/**
 * lbhash_stats_backend_alloc - counters of a backend, all zero
 *
 * Context: may sleep.
 * Return: them, for free_percpu(), or NULL.
 */
struct lbhash_backend_stats __percpu *lbhash_stats_backend_alloc(void)
{
	return alloc_percpu_gfp(struct lbhash_backend_stats, LBHASH_GFP_KEPT);
}

/**
 * lbhash_stats_service_sum - add up all CPUs
 * @sum: out
 * @from: counters of a service
 */
void lbhash_stats_service_sum(struct lbhash_service_stats *sum,
			      const struct lbhash_service_stats __percpu *from)
{
	int cpu, i;

	*sum = (struct lbhash_service_stats){};
	for_each_possible_cpu(cpu) {
		const struct lbhash_service_stats *s = per_cpu_ptr(from, cpu);

		for (i = 0; i < LBHASH_REASONS; i++)
			sum->reason[i] += READ_ONCE(s->reason[i]);
		sum->bytes += READ_ONCE(s->bytes);
	}
}

/**
 * lbhash_stats_backend_sum - add up all CPUs
 * @sum: out
 * @from: counters of a backend
 */
void lbhash_stats_backend_sum(struct lbhash_backend_stats *sum,
			      const struct lbhash_backend_stats __percpu *from)
{
	int cpu;

	*sum = (struct lbhash_backend_stats){};
	for_each_possible_cpu(cpu) {
		const struct lbhash_backend_stats *s = per_cpu_ptr(from, cpu);

		sum->packets += READ_ONCE(s->packets);
		sum->bytes += READ_ONCE(s->bytes);
		sum->connections += READ_ONCE(s->connections);
	}
}
