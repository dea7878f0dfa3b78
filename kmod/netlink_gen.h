/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/lbhash.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_LBHASH_GEN_H
#define _LINUX_LBHASH_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/lbhash.h>

/* Common nested types */
extern const struct nla_policy lbhash_backend_nl_policy[LBHASH_BACKEND_A_OPENERS_REPEATED + 1];
extern const struct nla_policy lbhash_entry_nl_policy[LBHASH_ENTRY_A_FLAGS + 1];
extern const struct nla_policy lbhash_flow_nl_policy[LBHASH_FLOW_A_DPORT + 1];

extern const struct nla_policy lbhash_service_new_nl_policy[LBHASH_A_SAMPLE + 1];

extern const struct nla_policy lbhash_service_set_nl_policy[LBHASH_A_SAMPLE + 1];

extern const struct nla_policy lbhash_service_apply_nl_policy[LBHASH_A_SAMPLE + 1];

extern const struct nla_policy lbhash_service_del_nl_policy[LBHASH_A_DRY_RUN + 1];

extern const struct nla_policy lbhash_service_get_nl_policy[LBHASH_A_NAME + 1];

extern const struct nla_policy lbhash_backend_new_nl_policy[LBHASH_A_BACKEND + 1];

extern const struct nla_policy lbhash_backend_set_nl_policy[LBHASH_A_BACKEND + 1];

extern const struct nla_policy lbhash_backend_del_nl_policy[LBHASH_A_BACKEND + 1];

extern const struct nla_policy lbhash_backend_get_nl_policy[LBHASH_A_BACKEND + 1];

extern const struct nla_policy lbhash_stats_get_nl_policy[LBHASH_A_NAME + 1];

extern const struct nla_policy lbhash_table_get_nl_policy[LBHASH_A_FIRST_SLOT + 1];

extern const struct nla_policy lbhash_lookup_nl_policy[LBHASH_A_FLOW + 1];

extern const struct nla_policy lbhash_memory_get_nl_policy[LBHASH_A_NAME + 1];

extern const struct nla_policy lbhash_memory_set_nl_policy[LBHASH_A_MEMORY_KEY + 1];

extern const struct nla_policy lbhash_entry_get_nl_policy[LBHASH_A_POSITION + 1];

extern const struct nla_policy lbhash_entry_new_nl_policy[LBHASH_A_ENTRY + 1];

/* Ops table for lbhash */
extern const struct genl_ops lbhash_nl_ops[16];

int lbhash_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_apply_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_service_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int lbhash_nl_backend_new_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_set_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_del_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_backend_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int lbhash_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_stats_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int lbhash_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_lookup_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_memory_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_memory_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int lbhash_nl_memory_set_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_entry_get_doit(struct sk_buff *skb, struct genl_info *info);
int lbhash_nl_entry_new_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	LBHASH_NLGRP_CONFIG,
};

#endif /* _LINUX_LBHASH_GEN_H */
