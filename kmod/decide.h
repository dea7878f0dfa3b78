/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_DECIDE_H
#define LBHASH_DECIDE_H

#include <linux/types.h>
#include <uapi/linux/lbhash.h>

struct lbhash_member;
struct lbhash_table;

/**
 * struct lbhash_facts - what a decision depends on, besides table and slot
 * @mark: mark of the connection under the service's mask, 0 for none
 * @id: number of the connection's backend in the flow memory, 0 for none
 * @tracked: the connection has an entry in conntrack or in the flow memory, or
 *	will have one
 * @opens: the packet opens a connection, or belongs to a new flow without
 *	handshake; only read for slots in transition
 * @adopted: the packet made a one-way connection valid
 * @reopened: the connection replaces another one with the same ports
 * @related: the packet is related to the connection, as an ICMP error
 * @quoted: the packet is an ICMP error, and the slot is that of the packet that
 *	it quotes
 * @hash_only: the rule says "--track never"
 */
struct lbhash_facts {
	u32 mark;
	u32 id;
	bool tracked;
	bool opens;
	bool adopted;
	bool reopened;
	bool related;
	bool quoted;
	bool hash_only;
};

/**
 * struct lbhash_decision - the backend of a packet
 * @member: backend, NULL for none
 * @reason: why, for counters and traces
 */
struct lbhash_decision {
	const struct lbhash_member *member;
	enum lbhash_reason reason;
};

struct lbhash_decision lbhash_decide_pinned(const struct lbhash_table *table,
					    const struct lbhash_facts *facts);
struct lbhash_decision lbhash_decide_slot(const struct lbhash_table *table,
					  u32 slot,
					  const struct lbhash_facts *facts);
struct lbhash_decision lbhash_decide(const struct lbhash_table *table,
				     u32 slot,
				     const struct lbhash_facts *facts);

#endif /* LBHASH_DECIDE_H */
