// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that a flowtable of nftables has taken over. Their packets meet
 * no rule, so nothing asks where they belong: when their backend goes down or
 * is removed, they would be sent there for as long as their clients try.
 * Deleting their entries ends that, and their next packet is balanced.
 *
 * Changes often come in batches. The work runs a little later, once for all of
 * them, and only where a flowtable may be.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "net.h"
#include "offload.h"
#include "pin.h"
#include "table.h"

#define BATCH	(HZ / 4)

/* Flowtables have hooks where devices receive packets, as few others do. */
static bool may_offload(struct net *net)
{
#ifdef CONFIG_NETFILTER_INGRESS
	struct net_device *dev;
	bool found = false;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		found = rcu_access_pointer(dev->nf_hooks_ingress);
		if (found)
			break;
	}
	rcu_read_unlock();
	return found;
#else
	return false;
#endif
}

static bool is_lost(u32 mark, void *data)
{
	const struct lbhash_net *ln = data;
	u32 i;

	for (i = 0; i < ln->n_lost; i++)
		if ((mark & ln->lost[i].mask) == ln->lost[i].mark)
			return true;
	return false;
}

static void forget(struct lbhash_net *ln)
{
	kvfree(ln->lost);
	ln->lost = NULL;
	ln->n_lost = 0;
}

static void offload_work(struct work_struct *work)
{
	struct lbhash_net *ln = container_of(to_delayed_work(work),
					     struct lbhash_net, offload);

	mutex_lock(&ln->mutex);
	if (ln->n_lost)
		lbhash_pin_end_offload(ln->net, is_lost, ln);
	forget(ln);
	mutex_unlock(&ln->mutex);
}

static bool loses(const struct lbhash_member *member,
		  const struct lbhash_table *new)
{
	return lbhash_member_is_usable(member) &&
	       !lbhash_table_usable_by_mark(new, member->mark);
}

/**
 * lbhash_offload_change - end the offload of connections of lost backends
 * @ln: namespace of the service
 * @old: table before the change
 * @new: table after it
 *
 * Best effort: without memory for a list of marks nothing is done.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_offload_change(struct lbhash_net *ln,
			   const struct lbhash_table *old,
			   const struct lbhash_table *new)
{
	struct lbhash_lost *lost;
	u32 i, n = 0;

	lockdep_assert_held(&ln->mutex);

	for (i = 0; i < old->n; i++)
		n += loses(&old->members[i], new);
	if (!n || !may_offload(ln->net))
		return;
	lost = kvmalloc_array(ln->n_lost + n, sizeof(*lost), LBHASH_GFP);
	if (!lost)
		return;

	n = ln->n_lost;
	if (n)
		memcpy(lost, ln->lost, n * sizeof(*lost));
	for (i = 0; i < old->n; i++)
		if (loses(&old->members[i], new))
			lost[n++] = (struct lbhash_lost){
				.mask = old->mask,
				.mark = old->members[i].mark,
			};
	kvfree(ln->lost);
	ln->lost = lost;
	ln->n_lost = n;
	queue_delayed_work(system_long_wq, &ln->offload, BATCH);
}

/* Initialise the work of a namespace. */
void lbhash_offload_init(struct lbhash_net *ln)
{
	INIT_DELAYED_WORK(&ln->offload, offload_work);
}

/**
 * lbhash_offload_exit - cancel the work of a namespace
 * @ln: namespace, whose configuration can no longer change
 */
void lbhash_offload_exit(struct lbhash_net *ln)
{
	cancel_delayed_work_sync(&ln->offload);
	forget(ln);
}
