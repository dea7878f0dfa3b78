/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_RECALL_H
#define LBHASH_RECALL_H

#include <linux/types.h>

#include "decide.h"

struct lbhash_facts;
struct lbhash_flow;
struct lbhash_packet;
struct lbhash_service;
struct lbhash_table;
struct sk_buff;

void lbhash_recall(const struct lbhash_packet *packet,
		   const struct lbhash_flow *flow, u32 number, u32 slot,
		   struct lbhash_facts *facts);
struct lbhash_decision
lbhash_recall_plain(struct lbhash_service *svc,
		    const struct lbhash_table *table, struct sk_buff *skb,
		    u8 family, u32 number, u32 slot);
u32 lbhash_recall_flow(const struct lbhash_service *svc,
		       const struct lbhash_table *table,
		       const struct lbhash_flow *flow);
bool lbhash_recall_is_new(const struct lbhash_service *svc,
			  const struct lbhash_table *table,
			  const struct lbhash_flow *flow);

#endif /* LBHASH_RECALL_H */
