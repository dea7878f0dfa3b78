/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_GET_H
#define LBHASH_NETLINK_GET_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

/* Also declared in netlink_gen.h, as those of netlink_set.h are. */
int lbhash_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int lbhash_nl_backend_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int lbhash_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_stats_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int lbhash_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_lookup_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* LBHASH_NETLINK_GET_H */
