/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows that kernels differ. It asks for the thing that
 * it needs, not for a version: stable kernels backport.
 */
#ifndef LBHASH_COMPAT_H
#define LBHASH_COMPAT_H

#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/inet_dscp.h>
#include <net/route.h>

/* Formatted extended acks and split operations came with the same kernels
 * (6.2): the extended ack brings a buffer for its sentence, and pre_doit and
 * the attributes of a dump changed their types.
 */
#ifdef NL_SET_ERR_MSG_FMT

#define lbhash_compat_genl_ops	genl_split_ops

static inline struct nlattr **
lbhash_compat_dump_attrs(struct netlink_callback *cb)
{
	return genl_dumpit_info(cb)->info.attrs;
}

/**
 * lbhash_compat_refuse - say why a request failed
 * @skb: the request's message
 * @info: the request
 * @attr: the attribute to blame, or NULL
 * @text: one sentence, in memory that may go when this returns
 * @err: the negative errno
 *
 * Return: what the operation has to return.
 */
static inline int lbhash_compat_refuse(struct sk_buff *skb,
				       struct genl_info *info,
				       const struct nlattr *attr,
				       const char *text, int err)
{
	NL_SET_ERR_MSG_FMT(info->extack, "%s", text);
	NL_SET_BAD_ATTR(info->extack, attr);
	return err;
}

#else

#define lbhash_compat_genl_ops	genl_ops

static inline struct nlattr **
lbhash_compat_dump_attrs(struct netlink_callback *cb)
{
	return (struct nlattr **)genl_dumpit_info(cb)->attrs;
}

/* The sentence has to live until the ack is made, which is after the operation
 * returned. So the ack is made here, and netlink told (-EINTR) to make none.
 */
static inline int lbhash_compat_refuse(struct sk_buff *skb,
				       struct genl_info *info,
				       const struct nlattr *attr,
				       const char *text, int err)
{
	struct netlink_ext_ack *extack = info->extack;

	if (extack) {
		extack->_msg = text;
		NL_SET_BAD_ATTR(extack, attr);
	}
	netlink_ack(skb, info->nlhdr, err, extack);
	return -EINTR;
}

#endif /* NL_SET_ERR_MSG_FMT */

/* What of the type of service counts when the kernel routes a packet. */
#ifdef IPTOS_RT_MASK
#define LBHASH_COMPAT_TOS_MASK	IPTOS_RT_MASK
#else
#define LBHASH_COMPAT_TOS_MASK	INET_DSCP_MASK
#endif

#endif /* LBHASH_COMPAT_H */
