/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_MEMORY_H
#define LBHASH_NETLINK_MEMORY_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

/* Also declared in netlink_gen.h, as those of netlink_set.h are. */
int lbhash_nl_memory_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_memory_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int lbhash_nl_memory_set_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_entry_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_entry_new_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* LBHASH_NETLINK_MEMORY_H */
