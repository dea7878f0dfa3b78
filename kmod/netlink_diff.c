// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to dry runs: what a change would move.
 */
#include <net/genetlink.h>

#include "diff.h"
#include "event.h"
#include "netlink_diff.h"

/* Room for 400 backends. */
#define ANSWER_SIZE \
	(SKB_WITH_OVERHEAD(SZ_32K) - NLMSG_HDRLEN - GENL_HDRLEN)

static int put_share(struct sk_buff *msg, const struct lbhash_share *share,
		     bool by_slot)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_BACKEND);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(msg, LBHASH_BACKEND_A_NAME, share->name) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_SLOTS, share->after) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_BEFORE, share->before) ||
	    (by_slot &&
	     (nla_put_u32(msg, LBHASH_BACKEND_A_GAINED, share->gained) ||
	      nla_put_u32(msg, LBHASH_BACKEND_A_LOST, share->lost) ||
	      nla_put_u32(msg, LBHASH_BACKEND_A_ENTERED, share->entered)))) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int put_sums(struct sk_buff *msg, const struct lbhash_diff *diff)
{
	if (nla_put_u32(msg, LBHASH_A_SIZE, diff->size) ||
	    nla_put_u32(msg, LBHASH_A_TRANSITION_SLOTS, diff->transitions))
		return -EMSGSIZE;
	return lbhash_event_put_diff(msg, diff);
}

/* The sums, in the first message, and as many backends from @next on as fit. A
 * single message would need contiguous memory for all backends.
 */
static int answer_part(struct genl_info *info, const char *name,
		       const struct lbhash_diff *diff, u32 *next)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(ANSWER_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &lbhash_nl_family, 0,
				info->genlhdr->cmd);
	if (!hdr || nla_put_string(msg, LBHASH_A_NAME, name) ||
	    (!*next && put_sums(msg, diff))) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	while (*next < diff->n &&
	       !put_share(msg, &diff->shares[*next], diff->by_slot))
		++*next;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * lbhash_nl_answer_diff - answer a dry run
 * @info: request of the dry run, which gets the answer
 * @name: name of the service, which need not exist yet
 * @diff: effect that the change would have
 *
 * Return: 0, -ENOMEM, or the errno of a socket that cannot receive.
 */
int lbhash_nl_answer_diff(struct genl_info *info, const char *name,
			  const struct lbhash_diff *diff)
{
	u32 next = 0;
	int err;

	do
		err = answer_part(info, name, diff, &next);
	while (!err && next < diff->n);
	return err;
}
