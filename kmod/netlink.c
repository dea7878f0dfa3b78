// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family's operations as a whole: what precedes and follows each of
 * them, and the registration. spec/lbhash.yaml is the protocol; netlink_gen.c,
 * generated from it, has the policies and the table of operations.
 */
#include "compat.h"
#include "event.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_get.h"
#include "netlink_memory.h"
#include "netlink_msg.h"
#include "netlink_set.h"
#include "refuse.h"
#include "service.h"

/* Others are about the whole namespace, and check what they are given. */
static bool needs_service(u8 cmd)
{
	return cmd != LBHASH_CMD_MEMORY_GET && cmd != LBHASH_CMD_MEMORY_SET;
}

static bool names_its_service(u8 cmd)
{
	return cmd != LBHASH_CMD_SERVICE_NEW && cmd != LBHASH_CMD_SERVICE_APPLY;
}

static int find_service(struct lbhash_net *ln, struct genl_info *info, u8 cmd,
			struct lbhash_refusal *why)
{
	const struct nlattr *attr = info->attrs[LBHASH_A_NAME];
	struct lbhash_service *svc;

	if (!attr)
		return lbhash_refuse(why, -EINVAL, NULL,
				     "the service's name is missing");
	if (!lbhash_name_is_valid(nla_data(attr)))
		return lbhash_refuse(why, -EINVAL, attr,
				     "invalid service name: 1..31 of A-Za-z0-9_.-, no leading dash");
	svc = lbhash_service_find(ln, nla_data(attr));
	if (!svc && names_its_service(cmd))
		return lbhash_refuse(why, -ENOENT, attr,
				     "service %s does not exist",
				     (char *)nla_data(attr));
	if (svc && cmd == LBHASH_CMD_SERVICE_NEW)
		return lbhash_refuse(why, -EEXIST, attr,
				     "service %s exists already", svc->name);
	info->user_ptr[0] = svc;
	return 0;
}

/* Operations run with the namespace's mutex held, on the service that the
 * request names and with the policies of its attributes.
 */
static int pre_doit(const struct lbhash_compat_genl_ops *ops,
		    struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	int err = 0;

	mutex_lock(&ln->mutex);
	if (needs_service(ops->cmd))
		err = find_service(ln, info, ops->cmd, &why);
	info->user_ptr[1] = (void *)ops->policy;
	if (err) {
		mutex_unlock(&ln->mutex);
		return lbhash_nl_answer(skb, info, &why, err);
	}
	return 0;
}

static void post_doit(const struct lbhash_compat_genl_ops *ops,
		      struct sk_buff *skb, struct genl_info *info)
{
	mutex_unlock(&lbhash_nl_net(info)->mutex);
}

/**
 * lbhash_netlink_init - register the netlink family
 *
 * Return: 0 or a negative errno.
 */
int __init lbhash_netlink_init(void)
{
	lbhash_nl_family.ops = lbhash_nl_ops;
	lbhash_nl_family.n_ops = ARRAY_SIZE(lbhash_nl_ops);
	lbhash_nl_family.pre_doit = pre_doit;
	lbhash_nl_family.post_doit = post_doit;
	return genl_register_family(&lbhash_nl_family);
}

/**
 * lbhash_netlink_exit - unregister the netlink family
 */
void lbhash_netlink_exit(void)
{
	genl_unregister_family(&lbhash_nl_family);
}
