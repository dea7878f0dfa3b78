// SPDX-License-Identifier: GPL-2.0
/*
 * The xtables face: the LBHASH target and the lbhash match.
 */
#include <linux/module.h>
#include <linux/netfilter/x_tables.h>
#include <uapi/linux/netfilter/xt_lbhash.h>

#include "flow.h"
#include "hooks.h"
#include "net.h"
#include "oneway.h"
#include "packet.h"
#include "pick.h"
#include "pin.h"
#include "recall.h"
#include "service.h"
#include "settle.h"
#include "xt.h"

static_assert((int)XT_LBHASH_TRACK_ALWAYS == (int)LBHASH_TRACK_ALWAYS);
static_assert((int)XT_LBHASH_TRACK_NEVER == (int)LBHASH_TRACK_NEVER);
static_assert((int)XT_LBHASH_TRACK_CHANGED == (int)LBHASH_TRACK_CHANGED);

static bool is_name(const char *name, size_t size)
{
	return strnlen(name, size) < size;
}

/* Check what user space writes into a rule. */
static int check_target_info(const struct xt_tgchk_param *par,
			     const struct xt_lbhash_target_info *info)
{
	bool forward = info->flags & XT_LBHASH_FORWARD;
	bool adopt = info->flags & XT_LBHASH_ADOPT;

	if (strcmp(par->table, "raw") && strcmp(par->table, "mangle")) {
		pr_info_ratelimited("LBHASH works in tables raw and mangle, not in %s\n",
				    par->table);
		return -EINVAL;
	}
	if (info->flags & ~(XT_LBHASH_ADOPT | XT_LBHASH_FORWARD) ||
	    info->track > (par->target->revision ? XT_LBHASH_TRACK_SERVICE :
						   XT_LBHASH_TRACK_CHANGED) ||
	    memchr_inv(info->pad, 0, sizeof(info->pad)) ||
	    !is_name(info->service, sizeof(info->service)) ||
	    adopt == !!*info->service || (adopt && forward)) {
		pr_info_ratelimited("LBHASH: options not supported, is the iptables extension newer than the module?\n");
		return -EINVAL;
	}
	if ((adopt || forward) &&
	    par->hook_mask & ~(1 << NF_INET_PRE_ROUTING)) {
		pr_info_ratelimited("LBHASH --%s works in PREROUTING only\n",
				    adopt ? "adopt" : "forward");
		return -EINVAL;
	}
	return 0;
}

static struct lbhash_service *get_service(struct net *net, const char *name)
{
	struct lbhash_service *svc;

	svc = lbhash_service_get(lbhash_net(net), name);
	if (!svc)
		pr_info_ratelimited("service %s does not exist\n", name);
	return svc;
}

static bool is_raw(const struct xt_lbhash_target_info *info)
{
	return info->way & LBHASH_WAY_RAW;
}

/* Does a rule follow what its service says of tracking? */
static bool is_follower(const struct xt_lbhash_target_info *info)
{
	return info->svc && info->track == XT_LBHASH_TRACK_SERVICE;
}

/* Packets of a rule that only adopts are tracked, and those of the flow memory
 * are not.
 */
static bool needs_conntrack(const struct xt_lbhash_target_info *info)
{
	return !info->svc || lbhash_track_in(info->track, is_raw(info)) ==
			     LBHASH_TRACK_ALWAYS;
}

static int get_hooks(struct net *net, u8 family,
		     const struct xt_lbhash_target_info *info)
{
	return is_follower(info) ?
	       lbhash_hooks_join(&info->svc->hooks[is_raw(info)], net, family) :
	       lbhash_hooks_get(net, family, needs_conntrack(info));
}

static void put_hooks(struct net *net, u8 family,
		      const struct xt_lbhash_target_info *info)
{
	if (is_follower(info))
		lbhash_hooks_leave(&info->svc->hooks[is_raw(info)], net,
				   family);
	else
		lbhash_hooks_put(net, family, needs_conntrack(info));
}

/* The service's counter of rules that track like this one. */
static atomic_t *counter_of(const struct xt_lbhash_target_info *info)
{
	bool raw = is_raw(info);

	return is_follower(info) ?
	       &info->svc->followers[raw] :
	       &info->svc->by_track[lbhash_track_in(info->track, raw)];
}

/* Prepare what packets read: the way that the rule gives, and the flags for
 * which the service counts. In revision 0 a rule says everything.
 */
static void set_way(const struct xt_tgchk_param *par,
		    struct xt_lbhash_target_info *info)
{
	bool raw = !strcmp(par->table, "raw");

	info->way = raw ? LBHASH_WAY_RAW : 0;
	info->follow = 0;
	if (info->track != XT_LBHASH_TRACK_SERVICE)
		info->way |= lbhash_way_of(lbhash_track_in(info->track, raw));
	else
		info->follow |= LBHASH_WAY_NEVER |
				(raw ? LBHASH_WAY_CHANGED : 0);
	if (info->flags & XT_LBHASH_FORWARD)
		info->way |= LBHASH_WAY_NEXTHOP;
	else if (par->target->revision)
		info->follow |= LBHASH_WAY_NEXTHOP;
}

static int target_check(const struct xt_tgchk_param *par)
{
	struct xt_lbhash_target_info *info = par->targinfo;
	int err;

	err = check_target_info(par, info);
	if (err)
		return err;

	set_way(par, info);
	info->svc = NULL;
	if (!(info->flags & XT_LBHASH_ADOPT)) {
		info->svc = get_service(par->net, info->service);
		if (!info->svc)
			return -ENOENT;
	}

	err = get_hooks(par->net, par->family, info);
	if (!info->svc)
		return err;
	if (err)
		goto err_release;
	atomic_inc(counter_of(info));
	err = lbhash_settle_remember(par->net, info->svc);
	if (err)
		goto err_hooks;
	return 0;

err_hooks:
	atomic_dec(counter_of(info));
	put_hooks(par->net, par->family, info);
err_release:
	lbhash_service_release(info->svc);
	return err;
}

static void target_destroy(const struct xt_tgdtor_param *par)
{
	const struct xt_lbhash_target_info *info = par->targinfo;

	put_hooks(par->net, par->family, info);
	if (!info->svc)
		return;
	atomic_dec(counter_of(info));
	lbhash_service_release(info->svc);
}

/* A packet for which conntrack has no room is dropped, as by conntrack's own
 * hook. noinline: balancing needs no stack for a connection here.
 */
static noinline unsigned int only_adopt(struct sk_buff *skb,
					const struct xt_action_param *par)
{
	const struct xt_lbhash_target_info *info = par->targinfo;
	const struct lbhash_packet packet = {
		.skb = skb,
		.state = par->state,
		.family = par->state->pf,
		.way = info->way,
	};
	struct lbhash_conn conn = {};
	int verdict;

	verdict = lbhash_pin_track(&packet, 0, &conn);
	lbhash_pin_leave(&packet, &conn, verdict);
	return verdict == NF_ACCEPT ? XT_CONTINUE : verdict;
}

static unsigned int target(struct sk_buff *skb,
			   const struct xt_action_param *par)
{
	const struct xt_lbhash_target_info *info = par->targinfo;
	const struct nf_hook_state *state = par->state;
	struct lbhash_service *svc = info->svc;
	const struct lbhash_table *table;
	int verdict;
	u8 way;

	if (!svc)
		return only_adopt(skb, par);

	table = rcu_dereference(svc->table);
	way = info->way | (info->follow & table->way[state->hook]);
	if (way & LBHASH_WAY_CHANGED)
		verdict = lbhash_pick_changed(svc, table, skb, state, way);
	else if (way & LBHASH_WAY_NEVER)
		verdict = lbhash_pick_untracked(svc, table, skb, state, way);
	else
		verdict = lbhash_pick_tracked(svc, table, skb, state, way);
	return verdict == NF_ACCEPT ? XT_CONTINUE : verdict;
}

static int match_check(const struct xt_mtchk_param *par)
{
	struct xt_lbhash_match_info *info = par->matchinfo;
	bool pinned_to = info->flags & XT_LBHASH_PINNED_TO;
	int err;

	if (info->flags & ~(XT_LBHASH_SYN_SEEN | XT_LBHASH_SYN_SEEN_INV |
			    XT_LBHASH_PINNED_TO | XT_LBHASH_PINNED_TO_INV) ||
	    memchr_inv(info->pad, 0, sizeof(info->pad)) ||
	    !is_name(info->service, sizeof(info->service)) ||
	    !is_name(info->backend, sizeof(info->backend)) ||
	    pinned_to != !!*info->service || pinned_to != !!*info->backend) {
		pr_info_ratelimited("lbhash: options not supported, is the iptables extension newer than the module?\n");
		return -EINVAL;
	}

	info->svc = NULL;
	if (pinned_to) {
		info->svc = get_service(par->net, info->service);
		if (!info->svc)
			return -ENOENT;
	}
	err = nf_ct_netns_get(par->net, par->family);
	if (err && info->svc)
		lbhash_service_release(info->svc);
	return err;
}

static void match_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_lbhash_match_info *info = par->matchinfo;

	nf_ct_netns_put(par->net, par->family);
	if (info->svc)
		lbhash_service_release(info->svc);
}

static bool is_called(const struct lbhash_member *member, const char *backend)
{
	return member && !strcmp(member->backend->name, backend);
}

static bool is_pinned_to(const struct nf_conn *ct, struct lbhash_service *svc,
			 const char *backend)
{
	const struct lbhash_table *table = rcu_dereference(svc->table);
	u32 mark = lbhash_pin_read(ct, table->mask);

	return mark && is_called(lbhash_table_by_mark(table, mark), backend);
}

/* noinline: most rules need no stack for a flow. */
static noinline bool is_remembered_at(const struct sk_buff *skb,
				      const struct xt_action_param *par)
{
	const struct xt_lbhash_match_info *info = par->matchinfo;
	const struct lbhash_service *svc = info->svc;
	const struct lbhash_table *table = rcu_dereference(svc->table);
	struct lbhash_flow flow;
	u32 id;

	if (!lbhash_service_remembers(svc, table) ||
	    lbhash_flow_parse(skb, xt_family(par), &flow))
		return false;
	id = lbhash_recall_flow(svc, table, &flow);
	return id && is_called(lbhash_table_by_id(table, id), info->backend);
}

static bool match(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_lbhash_match_info *info = par->matchinfo;
	bool syn_seen = false, pinned_to = false;
	u8 flags = info->flags;
	struct nf_conn *ct;

	ct = lbhash_pin_get(xt_net(par), skb, xt_family(par));
	if (ct) {
		syn_seen = lbhash_oneway_is_syn_seen(ct);
		pinned_to = info->svc &&
			    is_pinned_to(ct, info->svc, info->backend);
		nf_ct_put(ct);
	}
	if (info->svc && !pinned_to)
		pinned_to = is_remembered_at(skb, par);

	if (flags & XT_LBHASH_SYN_SEEN &&
	    syn_seen == !!(flags & XT_LBHASH_SYN_SEEN_INV))
		return false;
	if (flags & XT_LBHASH_PINNED_TO &&
	    pinned_to == !!(flags & XT_LBHASH_PINNED_TO_INV))
		return false;
	return true;
}

#define LBHASH_TARGET(nfproto, rev) {					\
	.name		= "LBHASH",					\
	.revision	= (rev),					\
	.family		= (nfproto),					\
	.hooks		= 1 << NF_INET_PRE_ROUTING |			\
			  1 << NF_INET_LOCAL_OUT,			\
	.checkentry	= target_check,					\
	.target		= target,					\
	.destroy	= target_destroy,				\
	.targetsize	= sizeof(struct xt_lbhash_target_info),		\
	.usersize	= offsetof(struct xt_lbhash_target_info, svc),	\
	.me		= THIS_MODULE,					\
}

#define LBHASH_MATCH(nfproto) {						\
	.name		= "lbhash",					\
	.family		= (nfproto),					\
	.checkentry	= match_check,					\
	.match		= match,					\
	.destroy	= match_destroy,				\
	.matchsize	= sizeof(struct xt_lbhash_match_info),		\
	.usersize	= offsetof(struct xt_lbhash_match_info, svc),	\
	.me		= THIS_MODULE,					\
}

static struct xt_target targets[] __read_mostly = {
	LBHASH_TARGET(NFPROTO_IPV4, 0),
	LBHASH_TARGET(NFPROTO_IPV6, 0),
	LBHASH_TARGET(NFPROTO_IPV4, 1),
	LBHASH_TARGET(NFPROTO_IPV6, 1),
};

static struct xt_match matches[] __read_mostly = {
	LBHASH_MATCH(NFPROTO_IPV4),
	LBHASH_MATCH(NFPROTO_IPV6),
};

/**
 * lbhash_xt_init - register the target and the match
 *
 * Return: 0 or a negative errno.
 */
int lbhash_xt_init(void)
{
	int err;

	err = xt_register_targets(targets, ARRAY_SIZE(targets));
	if (err)
		return err;
	err = xt_register_matches(matches, ARRAY_SIZE(matches));
	if (err)
		xt_unregister_targets(targets, ARRAY_SIZE(targets));
	return err;
}

/**
 * lbhash_xt_exit - unregister them; no rule uses them any more
 */
void lbhash_xt_exit(void)
{
	xt_unregister_matches(matches, ARRAY_SIZE(matches));
	xt_unregister_targets(targets, ARRAY_SIZE(targets));
}

MODULE_ALIAS("ipt_LBHASH");
MODULE_ALIAS("ip6t_LBHASH");
MODULE_ALIAS("xt_LBHASH");
MODULE_ALIAS("ipt_lbhash");
MODULE_ALIAS("ip6t_lbhash");
