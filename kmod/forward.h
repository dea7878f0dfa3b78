/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_FORWARD_H
#define LBHASH_FORWARD_H

struct lbhash_member;
struct nf_hook_state;
struct sk_buff;

int lbhash_forward(const struct lbhash_member *member, struct sk_buff *skb,
		   const struct nf_hook_state *state);

#endif /* LBHASH_FORWARD_H */
