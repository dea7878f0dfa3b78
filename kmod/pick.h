/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_PICK_H
#define LBHASH_PICK_H

#include <linux/types.h>

struct lbhash_service;
struct lbhash_table;
struct nf_hook_state;
struct sk_buff;

int lbhash_pick_tracked(struct lbhash_service *svc,
			const struct lbhash_table *table, struct sk_buff *skb,
			const struct nf_hook_state *state, u32 way);
int lbhash_pick_changed(struct lbhash_service *svc,
			const struct lbhash_table *table, struct sk_buff *skb,
			const struct nf_hook_state *state, u8 way);
int lbhash_pick_untracked(struct lbhash_service *svc,
			  const struct lbhash_table *table,
			  struct sk_buff *skb,
			  const struct nf_hook_state *state, u8 way);

#endif /* LBHASH_PICK_H */
