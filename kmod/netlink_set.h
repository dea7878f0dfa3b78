/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_SET_H
#define LBHASH_NETLINK_SET_H

struct genl_info;
struct sk_buff;

/* Also declared in netlink_gen.h, from the specification; netlink.c includes
 * both and would not compile if they differed.
 */
int lbhash_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_apply_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_new_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_set_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_del_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* LBHASH_NETLINK_SET_H */
