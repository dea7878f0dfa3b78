// SPDX-License-Identifier: GPL-2.0
/*
 * Init and exit of the module, and of its data in each network namespace.
 */
#include <linux/module.h>
#include <linux/random.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <uapi/linux/lbhash.h>

#include "compat.h"
#include "hash.h"
#include "net.h"
#include "netlink.h"
#include "nexthop.h"
#include "offload.h"
#include "service.h"
#include "settle.h"
#include "source.h"
#include "xt.h"

static int __net_init net_init(struct net *net)
{
	struct lbhash_net *ln = lbhash_net(net);

	ln->net = net;
	mutex_init(&ln->mutex);
	spin_lock_init(&ln->nexthops_lock);
	INIT_LIST_HEAD(&ln->nexthops);
	get_random_bytes(&ln->memory_key, sizeof(ln->memory_key));
	lbhash_hash_expand(&ln->memory.key, &ln->memory_key);
	lbhash_memory_init(&ln->memory, LBHASH_MEMORY_DEFAULT,
			   ktime_get_seconds());
	lbhash_settle_init(ln);
	lbhash_offload_init(ln);
	return lbhash_services_init(ln);
}

/* No rule sends packets any more, but NFQUEUE may hold packets of --forward,
 * which would continue in this module's code: drop them. A grace period passes
 * before net_exit(), and packets that have just left the queue are gone by
 * then.
 */
static void __net_exit net_pre_exit(struct net *net)
{
	nf_queue_nf_hook_drop(net);
}

static void __net_exit net_exit(struct net *net)
{
	struct lbhash_net *ln = lbhash_net(net);

	lbhash_settle_exit(ln);
	lbhash_offload_exit(ln);
	lbhash_memory_exit(&ln->memory);
	lbhash_services_exit(ln);
	lbhash_source_exit(ln);
}

static struct pernet_operations net_ops = {
	.init		= net_init,
	.pre_exit	= net_pre_exit,
	.exit		= net_exit,
	.id		= &lbhash_net_id,
	.size		= sizeof(struct lbhash_net),
};

static int __init lbhash_init(void)
{
	int err;

	err = register_pernet_subsys(&net_ops);
	if (err)
		return err;
	err = lbhash_nexthop_init();
	if (err)
		goto err_nexthop;
	err = lbhash_netlink_init();
	if (err)
		goto err_netlink;
	err = lbhash_xt_init();
	if (err)
		goto err_xt;
	return 0;

err_xt:
	lbhash_netlink_exit();
err_netlink:
	lbhash_nexthop_exit();
err_nexthop:
	unregister_pernet_subsys(&net_ops);
	rcu_barrier();
	/* modprobe takes -EEXIST for a module that is loaded: a success. */
	return err == -EEXIST ? -EBUSY : err;
}

static void __exit lbhash_exit(void)
{
	lbhash_xt_exit();
	lbhash_netlink_exit();
	lbhash_nexthop_exit();
	unregister_pernet_subsys(&net_ops);

	/* RCU callbacks of this module free tables and routes. */
	rcu_barrier();
}

module_init(lbhash_init);
module_exit(lbhash_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Layer-4 load balancer inside Netfilter, with consistent hashing");
MODULE_VERSION(LBHASH_VERSION);
MODULE_ALIAS_GENL_FAMILY(LBHASH_GENL_NAME);
