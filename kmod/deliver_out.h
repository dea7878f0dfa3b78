/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_DELIVER_OUT_H
#define LBHASH_DELIVER_OUT_H

struct dst_entry;
struct lbhash_member;
struct net;
struct sk_buff;

int lbhash_deliver_out_ipv4(const struct lbhash_member *member,
			    struct net *net, struct sk_buff *skb,
			    struct dst_entry *dst);
int lbhash_deliver_out_ipv6(const struct lbhash_member *member,
			    struct net *net, struct sk_buff *skb,
			    struct dst_entry *dst);

#endif /* LBHASH_DELIVER_OUT_H */
