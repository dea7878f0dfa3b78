// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters. this_cpu_add() is one instruction on 64-bit machines and
 * needs no section around it, in any context; a 32-bit reader may meet a
 * counter in the middle of a carry, once in 2^32 packets.
 */
#include <linux/gfp.h>

#include "stats.h"

/**
 * lbhash_stats_service_alloc - counters of a service, all zero
 *
 * Context: may sleep.
 * Return: them, for free_percpu(), or NULL.
 */
struct lbhash_service_stats __percpu *lbhash_stats_service_alloc(void)
{
	return alloc_percpu_gfp(struct lbhash_service_stats,
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

/**
 * lbhash_stats_backend_alloc - counters of a backend, all zero
 *
 * Context: may sleep.
 * Return: them, for free_percpu(), or NULL.
 */
struct lbhash_backend_stats __percpu *lbhash_stats_backend_alloc(void)
{
	return alloc_percpu_gfp(struct lbhash_backend_stats,
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

static bool chose_for_connection(enum lbhash_reason reason)
{
	return reason == LBHASH_REASON_PICKED ||
	       reason == LBHASH_REASON_PREVIOUS ||
	       reason == LBHASH_REASON_REPICKED ||
	       reason == LBHASH_REASON_REOPENED;
}

/**
 * lbhash_stats_packet - count one packet
 * @service: counters of the service
 * @backend: counters of the chosen backend, NULL without one
 * @reason: why
 * @len: bytes from the network header on
 *
 * Context: any.
 */
void lbhash_stats_packet(struct lbhash_service_stats __percpu *service,
			 struct lbhash_backend_stats __percpu *backend,
			 enum lbhash_reason reason, unsigned int len)
{
	this_cpu_inc(service->reason[reason]);
	this_cpu_add(service->bytes, len);
	if (!backend)
		return;
	this_cpu_inc(backend->packets);
	this_cpu_add(backend->bytes, len);
	if (chose_for_connection(reason))
		this_cpu_inc(backend->connections);
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
		sum->unforwarded += READ_ONCE(s->unforwarded);
		sum->unresolved += READ_ONCE(s->unresolved);
	}
}
