// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family, and what changes something: attributes -> draft ->
 * service. spec/lbhash.yaml says what may come.
 */
#include <linux/module.h>

#include "change.h"
#include "compat.h"
#include "draft.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "refuse.h"
#include "service.h"

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
				     "service name: 1..31 of A-Za-z0-9_.-, no leading dash");
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

/* Every operation runs with the namespace's mutex held. */
static int pre_doit(const struct lbhash_compat_genl_ops *ops,
		    struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	int err;

	mutex_lock(&ln->mutex);
	err = find_service(ln, info, ops->cmd, &why);
	if (err) {
		mutex_unlock(&ln->mutex);
		return lbhash_compat_refuse(skb, info, why.attr, why.text,
					    err);
	}
	return 0;
}

static void post_doit(const struct lbhash_compat_genl_ops *ops,
		      struct sk_buff *skb, struct genl_info *info)
{
	mutex_unlock(&lbhash_nl_net(info)->mutex);
}

/**
 * lbhash_nl_answer - end an operation
 * @skb: the request's message
 * @info: the request
 * @why: the reason if it failed
 * @err: 0 or a negative errno
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

static void read_u8(u8 *to, const struct nlattr *attr)
{
	if (attr)
		*to = nla_get_u8(attr);
}

static void read_conf(struct lbhash_conf *conf, struct nlattr **attrs)
{
	lbhash_nl_read_u32(&conf->size, attrs[LBHASH_A_SIZE]);
	lbhash_nl_read_u32(&conf->fields, attrs[LBHASH_A_FIELDS]);
	read_u8(&conf->src4, attrs[LBHASH_A_SRC4_PREFIX]);
	read_u8(&conf->dst4, attrs[LBHASH_A_DST4_PREFIX]);
	read_u8(&conf->src6, attrs[LBHASH_A_SRC6_PREFIX]);
	read_u8(&conf->dst6, attrs[LBHASH_A_DST6_PREFIX]);
	if (attrs[LBHASH_A_SEED])
		nla_memcpy(conf->seed, attrs[LBHASH_A_SEED],
			   sizeof(conf->seed));
	lbhash_nl_read_u32(&conf->mask, attrs[LBHASH_A_MASK]);
	lbhash_nl_read_u32(&conf->on_empty, attrs[LBHASH_A_ON_EMPTY]);
	lbhash_nl_read_u32(&conf->settle, attrs[LBHASH_A_SETTLE]);
}

static int read_member(struct lbhash_member *m, struct nlattr **tb,
		       struct lbhash_refusal *why)
{
	u32 weight = m->weight;

	lbhash_nl_read_u32(&weight, tb[LBHASH_BACKEND_A_WEIGHT]);
	if (weight > LBHASH_WEIGHT_MAX)
		return lbhash_refuse(why, -ERANGE, tb[LBHASH_BACKEND_A_WEIGHT],
				     "weight %u is not in 0..%u", weight,
				     LBHASH_WEIGHT_MAX);
	m->weight = weight;
	lbhash_nl_read_u32(&m->mark, tb[LBHASH_BACKEND_A_MARK]);
	if (tb[LBHASH_BACKEND_A_STATE])
		m->state = nla_get_u32(tb[LBHASH_BACKEND_A_STATE]);
	if (tb[LBHASH_BACKEND_A_ADDR4])
		m->addr4 = nla_get_in_addr(tb[LBHASH_BACKEND_A_ADDR4]);
	if (tb[LBHASH_BACKEND_A_ADDR6])
		m->addr6 = nla_get_in6_addr(tb[LBHASH_BACKEND_A_ADDR6]);
	return 0;
}

/**
 * lbhash_nl_parse_backend - take a backend attribute apart
 * @attr: the attribute
 * @tb: out, LBHASH_BACKEND_A_MAX + 1 pointers; the name is there and
 *	valid if this succeeds
 * @info: the request
 * @why: out, where something else than 0 is returned
 *
 * Return: 0, or -EINVAL or another errno for an attribute that is none.
 */
int lbhash_nl_parse_backend(const struct nlattr *attr, struct nlattr **tb,
			    struct genl_info *info,
			    struct lbhash_refusal *why)
{
	const struct nlattr *name;
	int err;

	err = nla_parse_nested(tb, LBHASH_BACKEND_A_MAX, attr,
			       lbhash_backend_nl_policy, info->extack);
	if (err)
		return err;
	name = tb[LBHASH_BACKEND_A_NAME];
	if (!name)
		return lbhash_refuse(why, -EINVAL, attr,
				     "the backend's name is missing");
	if (!lbhash_name_is_valid(nla_data(name)))
		return lbhash_refuse(why, -EINVAL, name,
				     "backend name: 1..31 of A-Za-z0-9_.-, no leading dash");
	return 0;
}

typedef int (*backend_verb)(struct lbhash_draft *draft, struct nlattr **tb,
			    struct lbhash_refusal *why);

static int add_backend(struct lbhash_draft *draft, struct nlattr **tb,
		       struct lbhash_refusal *why)
{
	const char *name = nla_data(tb[LBHASH_BACKEND_A_NAME]);
	struct lbhash_member *m;

	if (!tb[LBHASH_BACKEND_A_MARK])
		return lbhash_refuse(why, -EINVAL, NULL,
				     "backend %s has no mark", name);
	m = lbhash_draft_add(draft, name);
	if (!m)
		return lbhash_refuse_memory(why);
	return read_member(m, tb, why);
}

static int find_backend(struct lbhash_draft *draft, struct nlattr **tb,
			struct lbhash_member **m, struct lbhash_refusal *why)
{
	const char *name = nla_data(tb[LBHASH_BACKEND_A_NAME]);

	*m = lbhash_draft_find(draft, name);
	if (!*m)
		return lbhash_refuse(why, -ENOENT, tb[LBHASH_BACKEND_A_NAME],
				     "backend %s does not exist", name);
	return 0;
}

static int set_backend(struct lbhash_draft *draft, struct nlattr **tb,
		       struct lbhash_refusal *why)
{
	struct lbhash_member *m;
	int err;

	err = find_backend(draft, tb, &m, why);
	if (!err)
		err = read_member(m, tb, why);
	return err;
}

static int del_backend(struct lbhash_draft *draft, struct nlattr **tb,
		       struct lbhash_refusal *why)
{
	struct lbhash_member *m;
	int err;

	err = find_backend(draft, tb, &m, why);
	if (!err)
		lbhash_draft_remove(draft, m);
	return err;
}

/* Do the same to every backend attribute of a request. */
static int each_backend(struct genl_info *info, struct lbhash_draft *draft,
			backend_verb verb, u32 *count,
			struct lbhash_refusal *why)
{
	struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];
	const struct nlattr *attr;
	int err, rest;

	*count = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != LBHASH_A_BACKEND)
			continue;
		err = lbhash_nl_parse_backend(attr, tb, info, why);
		if (!err)
			err = verb(draft, tb, why);
		if (err)
			return err;
		++*count;
	}
	return 0;
}

/* Few slots a backend are allowed, but worth a word. */
static void warn_of_few_slots(struct genl_info *info, u32 size, u32 backends)
{
	if (size / 100 < backends)
		GENL_SET_ERR_MSG(info,
				 "warning: less than 100 slots per backend, shares get uneven");
}

static enum lbhash_cause cause_of(const struct genl_info *info)
{
	switch (info->genlhdr->cmd) {
	case LBHASH_CMD_SERVICE_NEW:
		return LBHASH_CAUSE_SERVICE_NEW;
	case LBHASH_CMD_SERVICE_SET:
		return LBHASH_CAUSE_SERVICE_SET;
	case LBHASH_CMD_SERVICE_APPLY:
		return LBHASH_CAUSE_SERVICE_APPLY;
	case LBHASH_CMD_BACKEND_NEW:
		return LBHASH_CAUSE_BACKEND_NEW;
	case LBHASH_CMD_BACKEND_SET:
		return LBHASH_CAUSE_BACKEND_SET;
	default:
		return LBHASH_CAUSE_BACKEND_DEL;
	}
}

static int commit(struct genl_info *info, struct lbhash_draft *draft,
		  struct lbhash_refusal *why)
{
	bool disruptive = info->attrs[LBHASH_A_DISRUPTIVE];
	bool dry_run = info->attrs[LBHASH_A_DRY_RUN];
	const char *name = nla_data(info->attrs[LBHASH_A_NAME]);
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_change change;
	int err;

	if (svc)
		err = lbhash_service_change(ln, svc, draft, disruptive,
					    dry_run, &change, why);
	else
		err = lbhash_service_create(ln, name, draft, dry_run, &change,
					    why);
	if (err)
		return err;

	warn_of_few_slots(info, draft->conf.size, draft->n);
	if (dry_run)
		err = lbhash_nl_answer_change(info, name, &change);
	else
		lbhash_nl_tell(ln, name, lbhash_service_find(ln, name),
			       cause_of(info), &change);
	lbhash_change_free(&change);
	return err;
}

int lbhash_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_refusal why = {};
	struct lbhash_draft draft;
	int err;

	lbhash_draft_default(&draft, nla_data(info->attrs[LBHASH_A_NAME]),
			     NULL);
	read_conf(&draft.conf, info->attrs);
	err = commit(info, &draft, &why);
	lbhash_draft_free(&draft);
	return lbhash_nl_answer(skb, info, &why, err);
}

int lbhash_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_refusal why = {};
	struct lbhash_draft draft;
	int err;

	err = lbhash_draft_copy(&draft, lbhash_nl_table(info), 0);
	if (!err) {
		read_conf(&draft.conf, info->attrs);
		err = commit(info, &draft, &why);
	}
	lbhash_draft_free(&draft);
	return lbhash_nl_answer(skb, info, &why, err);
}

int lbhash_nl_service_apply_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_refusal why = {};
	struct lbhash_draft draft;
	u32 count;
	int err;

	lbhash_draft_default(&draft, nla_data(info->attrs[LBHASH_A_NAME]),
			     lbhash_nl_table(info));
	read_conf(&draft.conf, info->attrs);
	err = each_backend(info, &draft, add_backend, &count, &why);
	if (!err)
		err = commit(info, &draft, &why);
	lbhash_draft_free(&draft);
	return lbhash_nl_answer(skb, info, &why, err);
}

/* What deleting it would do. */
static int answer_deletion(struct genl_info *info, struct lbhash_refusal *why)
{
	struct lbhash_change change;
	int err;

	if (lbhash_change_measure(&change, lbhash_nl_table(info), NULL))
		return lbhash_refuse_memory(why);
	err = lbhash_nl_answer_change(info, lbhash_nl_service(info)->name,
				      &change);
	lbhash_change_free(&change);
	return err;
}

int lbhash_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	bool dry_run = info->attrs[LBHASH_A_DRY_RUN];
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	int err;

	err = lbhash_service_delete(ln, lbhash_nl_service(info), dry_run,
				    &why);
	if (!err && dry_run)
		err = answer_deletion(info, &why);
	else if (!err)
		lbhash_nl_tell(ln, nla_data(info->attrs[LBHASH_A_NAME]), NULL,
			       LBHASH_CAUSE_SERVICE_DEL, NULL);
	return lbhash_nl_answer(skb, info, &why, err);
}

/* Change the backends of a service, all named ones or none. @all says that a
 * request without any means every backend.
 */
static int change_backends(struct sk_buff *skb, struct genl_info *info,
			   backend_verb verb, bool all)
{
	struct lbhash_refusal why = {};
	struct lbhash_draft draft;
	u32 count = 0;
	int err;

	err = lbhash_draft_copy(&draft, lbhash_nl_table(info), 1);
	if (!err)
		err = each_backend(info, &draft, verb, &count, &why);
	if (!err && !count && !all)
		err = lbhash_refuse(&why, -EINVAL, NULL,
				    "the backend is missing");
	if (!err && !count)
		lbhash_draft_clear(&draft);
	if (!err)
		err = commit(info, &draft, &why);
	lbhash_draft_free(&draft);
	return lbhash_nl_answer(skb, info, &why, err);
}

int lbhash_nl_backend_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_backends(skb, info, add_backend, false);
}

int lbhash_nl_backend_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_backends(skb, info, set_backend, false);
}

int lbhash_nl_backend_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_backends(skb, info, del_backend, true);
}

static const struct genl_multicast_group groups[] = {
	[LBHASH_NLGRP_CONFIG] = { .name = LBHASH_MCGRP_CONFIG },
};

/* What the family's messages start with; the other netlink_*.c need it too. */
struct genl_family lbhash_nl_family __ro_after_init = {
	.name		= LBHASH_GENL_NAME,
	.version	= LBHASH_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= lbhash_nl_ops,
	.n_ops		= ARRAY_SIZE(lbhash_nl_ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
	.pre_doit	= pre_doit,
	.post_doit	= post_doit,
	.module		= THIS_MODULE,
};

/**
 * lbhash_netlink_init - open the netlink family
 *
 * Return: 0 or a negative errno.
 */
int lbhash_netlink_init(void)
{
	return genl_register_family(&lbhash_nl_family);
}

/**
 * lbhash_netlink_exit - close the netlink family
 */
void lbhash_netlink_exit(void)
{
	genl_unregister_family(&lbhash_nl_family);
}
