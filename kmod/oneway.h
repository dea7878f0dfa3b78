/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_ONEWAY_H
#define LBHASH_ONEWAY_H

#include <linux/types.h>

struct nf_conn;
struct sk_buff;

bool lbhash_oneway_adopt(struct nf_conn *ct, const struct sk_buff *skb,
			 u8 family);
bool lbhash_oneway_is_reuse(const struct nf_conn *ct,
			    const struct sk_buff *skb, u8 family);
bool lbhash_oneway_is_syn_seen(const struct nf_conn *ct);

#endif /* LBHASH_ONEWAY_H */
