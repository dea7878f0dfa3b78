/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_SETTLE_H
#define LBHASH_SETTLE_H

#include "transition.h"

struct lbhash_net;
struct lbhash_service;
struct lbhash_table;
struct net;

void lbhash_settle_init(struct lbhash_net *ln);
void lbhash_settle_exit(struct lbhash_net *ln);
void lbhash_settle_plan(struct lbhash_net *ln, struct lbhash_table *table);
void lbhash_settle_sample(struct lbhash_net *ln, struct lbhash_service *svc);
void lbhash_settle_count(struct lbhash_net *ln);
u32 lbhash_settle_count_away(struct lbhash_net *ln, struct lbhash_service *svc,
			     u32 ways, u32 track);
int lbhash_settle_remember(struct net *net, struct lbhash_service *svc);
struct lbhash_times lbhash_settle_times(const struct lbhash_net *ln,
					const struct lbhash_table *table);

#endif /* LBHASH_SETTLE_H */
