/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_DELIVER_NEXTHOP_H
#define LBHASH_DELIVER_NEXTHOP_H

struct lbhash_member;
struct nf_hook_state;
struct sk_buff;

int lbhash_deliver_nexthop(const struct lbhash_member *member,
			   struct sk_buff *skb,
			   const struct nf_hook_state *state);

#endif /* LBHASH_DELIVER_NEXTHOP_H */
