// SPDX-License-Identifier: GPL-2.0
/*
 * What netlink says of changes: the answer to a dry run, and events.
 */
#include "change.h"
#include "netlink.h"
#include "netlink_gen.h"

/* Room for 400 backends. */
#define ANSWER_SIZE \
	(SKB_WITH_OVERHEAD(SZ_32K) - NLMSG_HDRLEN - GENL_HDRLEN)

static int put_change(struct sk_buff *msg, const struct lbhash_change *change)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_CHANGE);

	if (!nest ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_MOVED, change->moved) ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_NEEDED, change->needed) ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_ENTERED, change->entered))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

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

static int put_sums(struct sk_buff *msg, const struct lbhash_change *change)
{
	if (nla_put_u32(msg, LBHASH_A_SIZE, change->size) ||
	    nla_put_u32(msg, LBHASH_A_TRANSITION_SLOTS, change->transitions))
		return -EMSGSIZE;
	return put_change(msg, change);
}

/* The sums, if it is the first message, and backends from @next on, as many as
 * fit. One message for all would be memory in one piece, which may not exist.
 */
static int answer_part(struct genl_info *info, const char *name,
		       const struct lbhash_change *change, u32 *next)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(ANSWER_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &lbhash_nl_family, 0,
				info->genlhdr->cmd);
	if (!hdr || nla_put_string(msg, LBHASH_A_NAME, name) ||
	    (!*next && put_sums(msg, change))) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	while (*next < change->n &&
	       !put_share(msg, &change->shares[*next], change->by_slot))
		++*next;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * lbhash_nl_answer_change - answer a dry run
 * @info: the request
 * @name: name of the service
 * @change: what would happen
 *
 * Return: 0, -ENOMEM, or the errno of a socket that takes no answer.
 */
int lbhash_nl_answer_change(struct genl_info *info, const char *name,
			    const struct lbhash_change *change)
{
	u32 next = 0;
	int err;

	do
		err = answer_part(info, name, change, &next);
	while (!err && next < change->n);
	return err;
}

static int put_event(struct sk_buff *msg, struct lbhash_net *ln,
		     const char *name, struct lbhash_service *svc,
		     enum lbhash_cause cause,
		     const struct lbhash_change *change)
{
	const struct lbhash_table *table;

	if (nla_put_string(msg, LBHASH_A_NAME, name) ||
	    nla_put_u32(msg, LBHASH_A_CAUSE, cause))
		return -EMSGSIZE;
	if (svc) {
		table = lbhash_service_table(ln, svc);
		if (nla_put_u64_64bit(msg, LBHASH_A_GENERATION,
				      svc->generation, LBHASH_A_PAD) ||
		    nla_put_u32(msg, LBHASH_A_BACKENDS, table->n) ||
		    nla_put_u32(msg, LBHASH_A_TRANSITION_SLOTS,
				table->transitions))
			return -EMSGSIZE;
	}
	return change ? put_change(msg, change) : 0;
}

/**
 * lbhash_nl_tell - tell those who listen that a service changed
 * @ln: namespace
 * @name: name of the service
 * @svc: the service, NULL if it is gone
 * @cause: what happened
 * @change: what it did to the slots, or NULL
 *
 * An event that there is no memory for is lost, as netlink's are.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_nl_tell(struct lbhash_net *ln, const char *name,
		    struct lbhash_service *svc, enum lbhash_cause cause,
		    const struct lbhash_change *change)
{
	struct sk_buff *msg;
	void *hdr;

	if (!genl_has_listeners(&lbhash_nl_family, ln->net,
				LBHASH_NLGRP_CONFIG))
		return;
	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &lbhash_nl_family, 0, LBHASH_CMD_CHANGE);
	if (!hdr || put_event(msg, ln, name, svc, cause, change)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&lbhash_nl_family, ln->net, msg, 0,
				LBHASH_NLGRP_CONFIG, GFP_KERNEL);
}
