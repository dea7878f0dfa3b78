/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_STATS_H
#define LBHASH_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <uapi/linux/lbhash.h>

#define LBHASH_REASONS	(LBHASH_REASON_MAX + 1)

/**
 * struct lbhash_service_stats - one CPU's counters of a service
 * @reason: packets, by reason of the decision
 * @bytes: bytes of all packets, from the network header on
 */
struct lbhash_service_stats {
	u64 reason[LBHASH_REASONS];
	u64 bytes;
};

/**
 * enum lbhash_opener - what became of openers that the flow memory has seen
 * @LBHASH_OPENER_GIVEN: a SYN or an INIT got the backend
 * @LBHASH_OPENER_WENT_ON: its connection has gone on
 * @LBHASH_OPENER_REPEATED: it was repeated before that
 * @LBHASH_OPENERS: number of these
 */
enum lbhash_opener {
	LBHASH_OPENER_GIVEN,
	LBHASH_OPENER_WENT_ON,
	LBHASH_OPENER_REPEATED,
	LBHASH_OPENERS,
};

/**
 * struct lbhash_backend_stats - one CPU's counters of a backend
 * @packets: packets that went to the backend
 * @bytes: bytes of these packets, from the network header on
 * @connections: connections that got the backend
 * @openers: openers of connections in transition, by enum lbhash_opener
 */
struct lbhash_backend_stats {
	u64 packets;
	u64 bytes;
	u64 connections;
	u64 openers[LBHASH_OPENERS];
};

struct lbhash_service_stats __percpu *lbhash_stats_service_alloc(void);
struct lbhash_backend_stats __percpu *lbhash_stats_backend_alloc(void);
void lbhash_stats_service_sum(struct lbhash_service_stats *sum,
			      const struct lbhash_service_stats __percpu *from);
void lbhash_stats_backend_sum(struct lbhash_backend_stats *sum,
			      const struct lbhash_backend_stats __percpu *from);

/**
 * lbhash_stats_is_choice - did a connection get a backend?
 * @reason: reason of the decision on a packet of the connection
 *
 * Return: true if the decision gave a connection a backend, false if it
 * followed an earlier decision or the hash alone.
 */
static inline bool lbhash_stats_is_choice(enum lbhash_reason reason)
{
	return reason == LBHASH_REASON_PICKED ||
	       reason == LBHASH_REASON_PREVIOUS ||
	       reason == LBHASH_REASON_REPICKED ||
	       reason == LBHASH_REASON_REOPENED;
}

/**
 * lbhash_stats_packet - count a packet
 * @service: counters of the service
 * @backend: counters of the backend, NULL for no backend
 * @reason: reason of the decision
 * @len: length from the network header on
 *
 * Context: any.
 */
static inline void
lbhash_stats_packet(struct lbhash_service_stats __percpu *service,
		    struct lbhash_backend_stats __percpu *backend,
		    enum lbhash_reason reason, unsigned int len)
{
	this_cpu_inc(service->reason[reason]);
	this_cpu_add(service->bytes, len);
	if (!backend)
		return;
	this_cpu_inc(backend->packets);
	this_cpu_add(backend->bytes, len);
	if (lbhash_stats_is_choice(reason))
		this_cpu_inc(backend->connections);
}

/**
 * lbhash_stats_opener - count what became of an opener
 * @backend: counters of its backend
 * @what: one of enum lbhash_opener
 *
 * Context: any.
 */
static inline void
lbhash_stats_opener(struct lbhash_backend_stats __percpu *backend,
		    enum lbhash_opener what)
{
	this_cpu_inc(backend->openers[what]);
}

#endif /* LBHASH_STATS_H */
