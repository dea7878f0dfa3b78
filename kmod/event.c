// SPDX-License-Identifier: GPL-2.0
/*
 * Events: listeners to the netlink family's multicast group are notified of
 * every change of a service. Configuration changes and settling send events, so
 * this unit lies below the netlink faces and has the family; netlink.c adds the
 * operations and registers it.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "diff.h"
#include "event.h"
#include "net.h"
#include "service.h"

enum {
	GROUP_CONFIG,
};

static const struct genl_multicast_group groups[] = {
	[GROUP_CONFIG] = { .name = LBHASH_MCGRP_CONFIG },
};

struct genl_family lbhash_nl_family __ro_after_init = {
	.name		= LBHASH_GENL_NAME,
	.version	= LBHASH_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
	.module		= THIS_MODULE,
};

/**
 * lbhash_event_put_diff - add a change's sums to a message
 * @msg: message being filled
 * @diff: effect of the change
 *
 * Return: 0 or -EMSGSIZE.
 */
int lbhash_event_put_diff(struct sk_buff *msg,
			  const struct lbhash_diff *diff)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_CHANGE);

	if (!nest ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_MOVED, diff->moved) ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_NEEDED, diff->needed) ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_ENTERED, diff->entered) ||
	    nla_put_u32(msg, LBHASH_CHANGE_A_FORGOTTEN, diff->forgotten))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_event(struct sk_buff *msg, struct lbhash_net *ln,
		     const char *name, struct lbhash_service *svc,
		     enum lbhash_cause cause,
		     const struct lbhash_diff *diff)
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
	return diff ? lbhash_event_put_diff(msg, diff) : 0;
}

/**
 * lbhash_event_send - notify listeners of a change of a service
 * @ln: namespace whose listeners are notified
 * @name: name of the service, which may not exist any more
 * @svc: the service, NULL if it has been deleted
 * @cause: operation that changed it
 * @diff: effect on the slots, or NULL
 *
 * Like other netlink events, an event is lost if there is no memory for it.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_event_send(struct lbhash_net *ln, const char *name,
		       struct lbhash_service *svc, enum lbhash_cause cause,
		       const struct lbhash_diff *diff)
{
	struct sk_buff *msg;
	void *hdr;

	if (!genl_has_listeners(&lbhash_nl_family, ln->net,
				GROUP_CONFIG))
		return;
	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &lbhash_nl_family, 0, LBHASH_CMD_CHANGE);
	if (!hdr || put_event(msg, ln, name, svc, cause, diff)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&lbhash_nl_family, ln->net, msg, 0,
				GROUP_CONFIG, GFP_KERNEL);
}
