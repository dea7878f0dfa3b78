/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_MSG_H
#define LBHASH_NETLINK_MSG_H

#include <net/genetlink.h>

#include "net.h"
#include "service.h"

struct lbhash_refusal;

/* The namespace of a request. */
static inline struct lbhash_net *lbhash_nl_net(struct genl_info *info)
{
	return lbhash_net(genl_info_net(info));
}

/**
 * lbhash_nl_service - get the service that a request names
 * @info: request, after pre_doit
 *
 * Return: the service, valid until the operation returns, as
 * &lbhash_net.mutex is held; NULL if the request creates it.
 */
static inline struct lbhash_service *lbhash_nl_service(struct genl_info *info)
{
	return info->user_ptr[0];
}

/**
 * lbhash_nl_nested - get the policies of the attributes in a nest
 * @info: request, after pre_doit
 * @attr: LBHASH_A_* of the nest
 *
 * Return: the policies that the nest was validated with.
 */
static inline const struct nla_policy *lbhash_nl_nested(struct genl_info *info,
							int attr)
{
	const struct nla_policy *policy = info->user_ptr[1];

	return policy[attr].nested_policy;
}

/* Read a number; without an attribute @to stays as it is. */
static inline void lbhash_nl_read_u32(u32 *to, const struct nlattr *attr)
{
	if (attr)
		*to = nla_get_u32(attr);
}

/* The published table of that service; likewise NULL. */
static inline struct lbhash_table *lbhash_nl_table(struct genl_info *info)
{
	struct lbhash_service *svc = lbhash_nl_service(info);

	return svc ? lbhash_service_table(lbhash_nl_net(info), svc) : NULL;
}

int lbhash_nl_answer(struct sk_buff *skb, struct genl_info *info,
		     const struct lbhash_refusal *why, int err);
int lbhash_nl_check_backend_name(const struct nlattr *name,
				 struct lbhash_refusal *why);
int lbhash_nl_parse_backend(const struct nlattr *attr, struct nlattr **tb,
			    struct genl_info *info,
			    struct lbhash_refusal *why);
struct sk_buff *lbhash_nl_start(struct genl_info *info, size_t size,
				void **hdr);
int lbhash_nl_send(struct sk_buff *msg, void *hdr, struct genl_info *info,
		   int err);

#endif /* LBHASH_NETLINK_MSG_H */
