/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_H
#define LBHASH_NETLINK_H

#include <net/genetlink.h>

#include "net.h"
#include "service.h"

struct lbhash_change;
struct lbhash_refusal;

extern struct genl_family lbhash_nl_family;

int lbhash_netlink_init(void);
void lbhash_netlink_exit(void);

/**
 * lbhash_nl_net - namespace of a request
 * @info: the request
 *
 * Return: its part of the balancer.
 */
static inline struct lbhash_net *lbhash_nl_net(struct genl_info *info)
{
	return lbhash_net(genl_info_net(info));
}

/**
 * lbhash_nl_service - the service that a request names
 * @info: the request
 *
 * Return: what pre_doit found, good while the operation runs with
 * &lbhash_net.mutex held; NULL if the request is to create it.
 */
static inline struct lbhash_service *lbhash_nl_service(struct genl_info *info)
{
	return info->user_ptr[0];
}

/**
 * lbhash_nl_read_u32 - read a number that may be absent
 * @to: out, unchanged if it is
 * @attr: attribute or NULL
 */
static inline void lbhash_nl_read_u32(u32 *to, const struct nlattr *attr)
{
	if (attr)
		*to = nla_get_u32(attr);
}

/**
 * lbhash_nl_table - table of the service that a request names
 * @info: the request
 *
 * Return: likewise.
 */
static inline struct lbhash_table *lbhash_nl_table(struct genl_info *info)
{
	struct lbhash_service *svc = lbhash_nl_service(info);

	return svc ? lbhash_service_table(lbhash_nl_net(info), svc) : NULL;
}

int lbhash_nl_answer_change(struct genl_info *info, const char *name,
			    const struct lbhash_change *change);
void lbhash_nl_tell(struct lbhash_net *ln, const char *name,
		    struct lbhash_service *svc, enum lbhash_cause cause,
		    const struct lbhash_change *change);
int lbhash_nl_answer(struct sk_buff *skb, struct genl_info *info,
		     const struct lbhash_refusal *why, int err);
int lbhash_nl_parse_backend(const struct nlattr *attr, struct nlattr **tb,
			    struct genl_info *info,
			    struct lbhash_refusal *why);

#endif /* LBHASH_NETLINK_H */
