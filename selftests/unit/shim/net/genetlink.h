/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_NET_GENETLINK_H
#define SHIM_NET_GENETLINK_H

#include <linux/genetlink.h>

#include <net/netlink.h>

struct netlink_callback;
struct sk_buff;

/**
 * struct genl_info - a request
 * @cmd: LBHASH_CMD_*, which the real structure has in @genlhdr
 * @nlhdr: the message
 * @attrs: the attributes of the message, by type
 */
struct genl_info {
	u8 cmd;
	const struct nlmsghdr *nlhdr;
	const struct nlattr **attrs;
};

struct genl_ops {
	u8 cmd;
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 flags;
};

struct genl_multicast_group {
	char name[GENL_NAMSIZ];
};

#endif /* SHIM_NET_GENETLINK_H */
