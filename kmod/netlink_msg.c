// SPDX-License-Identifier: GPL-2.0
/*
 * What operations that change something and operations that only answer share.
 */
#include "compat.h"
#include "event.h"
#include "netlink_msg.h"
#include "refuse.h"

/**
 * lbhash_nl_answer - end an operation
 * @skb: message of the request
 * @info: the same request, parsed; its extack gets the sentence of @why
 * @why: reason of a failure; an empty sentence leaves the extack as it is
 * @err: result of the operation, 0 or a negative errno
 *
 * Return: what the operation has to return.
 */
int lbhash_nl_answer(struct sk_buff *skb, struct genl_info *info,
		     const struct lbhash_refusal *why, int err)
{
	if (err && *why->text)
		return lbhash_compat_refuse(skb, info, why->attr, why->text,
					    err);
	return err;
}

/**
 * lbhash_nl_check_backend_name - check the name of a backend
 * @name: attribute with the name
 * @why: out, set unless 0 is returned
 *
 * Return: 0 or -EINVAL.
 */
int lbhash_nl_check_backend_name(const struct nlattr *name,
				 struct lbhash_refusal *why)
{
	if (lbhash_name_is_valid(nla_data(name)))
		return 0;
	return lbhash_refuse(why, -EINVAL, name,
			     "invalid backend name: 1..31 of A-Za-z0-9_.-, no leading dash");
}

/**
 * lbhash_nl_parse_backend - parse a backend attribute
 * @attr: an LBHASH_A_BACKEND of the request, not validated in its inside
 * @tb: out, LBHASH_BACKEND_A_MAX + 1 pointers; on success the name is present
 *	and valid
 * @info: request that has @attr; its extack is set if netlink's checks fail
 * @why: out, set if our own checks fail
 *
 * Return: 0 or a negative errno.
 */
int lbhash_nl_parse_backend(const struct nlattr *attr, struct nlattr **tb,
			    struct genl_info *info,
			    struct lbhash_refusal *why)
{
	const struct nlattr *name;
	int err;

	err = nla_parse_nested(tb, LBHASH_BACKEND_A_MAX, attr,
			       lbhash_nl_nested(info, LBHASH_A_BACKEND),
			       info->extack);
	if (err)
		return err;
	name = tb[LBHASH_BACKEND_A_NAME];
	if (!name)
		return lbhash_refuse(why, -EINVAL, attr,
				     "the backend's name is missing");
	return lbhash_nl_check_backend_name(name, why);
}

/**
 * lbhash_nl_start - begin an answer
 * @info: request
 * @size: room for attributes
 * @hdr: out, for lbhash_nl_send()
 *
 * Return: the message, or NULL without memory.
 */
struct sk_buff *lbhash_nl_start(struct genl_info *info, size_t size,
				void **hdr)
{
	struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);

	if (!msg)
		return NULL;
	*hdr = genlmsg_put_reply(msg, info, &lbhash_nl_family, 0,
				 info->genlhdr->cmd);
	if (!*hdr) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/**
 * lbhash_nl_send - end and send an answer
 * @msg: message of lbhash_nl_start(), consumed
 * @hdr: its header
 * @info: request
 * @err: 0, or a negative errno: then nothing is sent
 *
 * Return: what the operation has to return.
 */
int lbhash_nl_send(struct sk_buff *msg, void *hdr, struct genl_info *info,
		   int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}
