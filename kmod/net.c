// SPDX-License-Identifier: GPL-2.0
/*
 * The module's data of a network namespace.
 */
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "net.h"

/* Assigned when main.c registers the operations of namespaces. */
unsigned int lbhash_net_id __read_mostly;

/**
 * lbhash_net - look up the module's data of a namespace
 * @net: namespace in which the module's init operation has run
 *
 * Return: the data, valid until the namespace's exit operation is over.
 */
struct lbhash_net *lbhash_net(const struct net *net)
{
	return net_generic(net, lbhash_net_id);
}
