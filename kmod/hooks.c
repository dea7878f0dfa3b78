// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks of conntrack and of defragmentation. They are registered in a namespace
 * while something in it needs them: rules that track need conntrack and its
 * defragmentation, other rules need defragmentation alone. A rule that follows
 * its service needs other hooks when the service begins or ceases to track.
 */
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "hooks.h"

/* Protects the hooks of all services: rules come and go rarely, and a mutex in
 * each service would double the memory that it takes.
 */
static DEFINE_MUTEX(hooks_mutex);

static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

/**
 * lbhash_hooks_get - register the hooks that a rule needs
 * @net: namespace
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @track: the rule tracks
 *
 * Context: process, may sleep.
 * Return: 0, to be undone by lbhash_hooks_put(), or a negative errno.
 */
/* conntrack_facts: raw_is_between, raw_sees_whole */
int lbhash_hooks_get(struct net *net, u8 family, bool track)
{
	if (track)
		return nf_ct_netns_get(net, family);
	if (family == NFPROTO_IPV4)
		return nf_defrag_ipv4_enable(net);
	return nf_defrag_ipv6_enable(net);
}

/* Undo lbhash_hooks_get(). */
void lbhash_hooks_put(struct net *net, u8 family, bool track)
{
	if (track)
		nf_ct_netns_put(net, family);
	else if (family == NFPROTO_IPV4)
		nf_defrag_ipv4_disable(net);
	else
		nf_defrag_ipv6_disable(net);
}

/**
 * lbhash_hooks_init - initialise the hooks of a service without rules
 * @hooks: hooks of the service
 * @track: the service tracks
 */
void lbhash_hooks_init(struct lbhash_hooks *hooks, bool track)
{
	hooks->track = track;
}

/**
 * lbhash_hooks_join - add a rule that follows a service
 * @hooks: hooks of the service
 * @net: namespace
 * @family: family of the rule
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int lbhash_hooks_join(struct lbhash_hooks *hooks, struct net *net, u8 family)
{
	u32 *rules = &hooks->rules[family == NFPROTO_IPV6];
	int err = 0;

	mutex_lock(&hooks_mutex);
	if (!*rules)
		err = lbhash_hooks_get(net, family, hooks->track);
	if (!err)
		++*rules;
	mutex_unlock(&hooks_mutex);
	return err;
}

/**
 * lbhash_hooks_leave - remove a rule that follows a service
 * @hooks: hooks of the service
 * @net: namespace
 * @family: family of the rule
 *
 * Context: process, may sleep.
 */
void lbhash_hooks_leave(struct lbhash_hooks *hooks, struct net *net, u8 family)
{
	mutex_lock(&hooks_mutex);
	if (!--hooks->rules[family == NFPROTO_IPV6])
		lbhash_hooks_put(net, family, hooks->track);
	mutex_unlock(&hooks_mutex);
}

/* Exchange hooks; nothing changes if some cannot be registered. */
static int exchange(struct lbhash_hooks *hooks, struct net *net, bool track)
{
	u32 i;
	int err;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		if (!hooks->rules[i])
			continue;
		err = lbhash_hooks_get(net, families[i], track);
		if (err)
			goto err_put;
	}
	for (i = 0; i < ARRAY_SIZE(families); i++)
		if (hooks->rules[i])
			lbhash_hooks_put(net, families[i], hooks->track);
	hooks->track = track;
	return 0;

err_put:
	while (i--)
		if (hooks->rules[i])
			lbhash_hooks_put(net, families[i], track);
	return err;
}

/**
 * lbhash_hooks_set - register what the rules need from now on
 * @hooks: hooks of the service
 * @net: namespace
 * @track: the service tracks
 *
 * To be called before packets are tracked, or after they were.
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno, and then nothing has changed. It cannot fail
 * if @track is false: conntrack's hooks have enabled defragmentation before.
 */
int lbhash_hooks_set(struct lbhash_hooks *hooks, struct net *net, bool track)
{
	int err = 0;

	mutex_lock(&hooks_mutex);
	if (track != hooks->track)
		err = exchange(hooks, net, track);
	mutex_unlock(&hooks_mutex);
	return err;
}
