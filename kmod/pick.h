/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_PICK_H
#define LBHASH_PICK_H

#include <linux/types.h>
#include <uapi/linux/lbhash.h>

struct lbhash_conn;
struct lbhash_flow;
struct lbhash_member;
struct lbhash_service;
struct lbhash_table;
struct nf_hook_state;
struct sk_buff;

/**
 * struct lbhash_decision - what becomes of a packet
 * @member: the backend, NULL for none
 * @reason: why
 */
struct lbhash_decision {
	const struct lbhash_member *member;
	enum lbhash_reason reason;
};

struct lbhash_decision lbhash_pick_flow(const struct lbhash_table *table,
					const struct lbhash_flow *flow,
					const u32 *pinned);
int lbhash_pick_tracked(struct lbhash_service *svc, struct sk_buff *skb,
			const struct nf_hook_state *state, bool raw,
			bool forward);
int lbhash_pick_changed(struct lbhash_service *svc, struct sk_buff *skb,
			const struct nf_hook_state *state, bool forward);
int lbhash_pick_untracked(struct lbhash_service *svc, struct sk_buff *skb,
			  const struct nf_hook_state *state, bool raw,
			  bool forward);

#endif /* LBHASH_PICK_H */
