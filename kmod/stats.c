// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters. On 64-bit machines this_cpu_add() is one instruction, in
 * any context and without a section. A 32-bit reader may read a counter during
 * a carry, once in 2^32 packets.
 */
#include "lbhash.h"
#include "stats.h"

/**
 * lbhash_stats_service_alloc - allocate the counters of a service
 *
 * Context: may sleep.
 * Return: counters of zero, for free_percpu(), or NULL.
 */
struct lbhash_service_stats __percpu *lbhash_stats_service_alloc(void)
{
	return alloc_percpu_gfp(struct lbhash_service_stats, LBHASH_GFP_KEPT);
}

/**
 * lbhash_stats_backend_alloc - allocate the counters of a backend
 *
 * Context: may sleep.
 * Return: counters of zero, for free_percpu(), or NULL.
 */
struct lbhash_backend_stats __percpu *lbhash_stats_backend_alloc(void)
{
	return alloc_percpu_gfp(struct lbhash_backend_stats, LBHASH_GFP_KEPT);
}

/**
 * lbhash_stats_service_sum - sum the counters of a service over all CPUs
 * @sum: out, overwritten
 * @from: counters of the service, per CPU
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
 * lbhash_stats_backend_sum - sum the counters of a backend over all CPUs
 * @sum: out, overwritten
 * @from: counters of the backend, per CPU
 */
void lbhash_stats_backend_sum(struct lbhash_backend_stats *sum,
			      const struct lbhash_backend_stats __percpu *from)
{
	int cpu, i;

	*sum = (struct lbhash_backend_stats){};
	for_each_possible_cpu(cpu) {
		const struct lbhash_backend_stats *s = per_cpu_ptr(from, cpu);

		sum->packets += READ_ONCE(s->packets);
		sum->bytes += READ_ONCE(s->bytes);
		sum->connections += READ_ONCE(s->connections);
		for (i = 0; i < LBHASH_OPENERS; i++)
			sum->openers[i] += READ_ONCE(s->openers[i]);
	}
}
