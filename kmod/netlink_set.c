// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink operations that change something: attributes -> draft -> service.
 */
#include <net/genetlink.h>

#include "diff.h"
#include "draft.h"
#include "event.h"
#include "netlink_diff.h"
#include "netlink_msg.h"
#include "netlink_set.h"
#include "refuse.h"
#include "service.h"
#include "settle.h"

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
	lbhash_nl_read_u32(&conf->track, attrs[LBHASH_A_TRACK]);
	lbhash_nl_read_u32(&conf->deliver, attrs[LBHASH_A_DELIVER]);
	lbhash_nl_read_u32(&conf->idle, attrs[LBHASH_A_IDLE]);
	lbhash_nl_read_u32(&conf->udp_idle, attrs[LBHASH_A_UDP_IDLE]);
	lbhash_nl_read_u32(&conf->settle_max, attrs[LBHASH_A_SETTLE_MAX]);
	lbhash_nl_read_u32(&conf->sample, attrs[LBHASH_A_SAMPLE]);
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

/* Apply a verb to each backend attribute of a request. */
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

/* Few slots per backend are allowed, with a warning. */
static void warn_of_few_slots(struct genl_info *info, u32 size, u32 backends)
{
	if (size / 100 < backends)
		GENL_SET_ERR_MSG(info,
				 "warning: fewer than 100 slots per backend, shares are uneven");
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

/* Plan and report what follows from a change. */
static void publish(struct lbhash_net *ln, const char *name,
		    enum lbhash_cause cause, const struct lbhash_diff *diff)
{
	struct lbhash_service *svc = lbhash_service_find(ln, name);
	struct lbhash_table *table;

	table = lbhash_service_table(ln, svc);
	lbhash_settle_sample(ln, svc);
	lbhash_settle_plan(ln, table);
	lbhash_event_send(ln, name, svc, cause, diff);
	if (rcu_access_pointer(table->moves) &&
	    !rcu_access_pointer(ln->memory.store))
		lbhash_event_send(ln, name, svc, LBHASH_CAUSE_MEMORY, NULL);
}

/* Answer a dry run whose effect is the difference between two tables. */
static int answer_tables(struct genl_info *info, const char *name,
			 const struct lbhash_table *before,
			 const struct lbhash_table *after,
			 struct lbhash_refusal *why)
{
	struct lbhash_diff diff;
	int err;

	if (lbhash_diff_compute(&diff, before, after))
		return lbhash_refuse_memory(why);
	err = lbhash_nl_answer_diff(info, name, &diff);
	lbhash_diff_free(&diff);
	return err;
}

/* Make a change that has been checked. */
static int change(struct genl_info *info, struct lbhash_draft *draft,
		  struct lbhash_refusal *why)
{
	bool disruptive = info->attrs[LBHASH_A_DISRUPTIVE];
	bool dry_run = info->attrs[LBHASH_A_DRY_RUN];
	const char *name = nla_data(info->attrs[LBHASH_A_NAME]);
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_diff diff;
	u32 ways = 0;
	int err;

	if (svc)
		ways = lbhash_service_forgets(svc, lbhash_nl_table(info),
					      draft->conf.track);
	if (ways)
		draft->forgotten = lbhash_settle_count_away(ln, svc, ways,
							    draft->conf.track);
	if (svc)
		err = lbhash_service_update(ln, svc, draft, disruptive,
					    dry_run, &diff, why);
	else
		err = lbhash_service_create(ln, name, draft, dry_run, &diff,
					    why);
	if (svc && (err || dry_run))
		lbhash_settle_sample(ln, svc);
	if (err)
		return err;

	if (dry_run)
		err = lbhash_nl_answer_diff(info, name, &diff);
	else
		publish(ln, name, cause_of(info), &diff);
	lbhash_diff_free(&diff);
	return err;
}

/* What leaves a service as it is, is no change: nothing is built, no generation
 * begins, and no listener hears of it.
 */
static int commit(struct genl_info *info, struct lbhash_draft *draft,
		  struct lbhash_refusal *why)
{
	const struct lbhash_table *table = lbhash_nl_table(info);
	int err;

	err = lbhash_draft_check(draft, why);
	if (!err && !lbhash_draft_is_base(draft))
		err = change(info, draft, why);
	else if (!err && info->attrs[LBHASH_A_DRY_RUN])
		err = answer_tables(info, lbhash_nl_service(info)->name, table,
				    table, why);
	if (!err)
		warn_of_few_slots(info, draft->conf.size, draft->n);
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

int lbhash_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	bool dry_run = info->attrs[LBHASH_A_DRY_RUN];
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	int err;

	err = lbhash_service_delete(ln, lbhash_nl_service(info), dry_run,
				    &why);
	if (!err && dry_run)
		err = answer_tables(info, lbhash_nl_service(info)->name,
				    lbhash_nl_table(info), NULL, &why);
	else if (!err)
		lbhash_event_send(ln, nla_data(info->attrs[LBHASH_A_NAME]),
				  NULL, LBHASH_CAUSE_SERVICE_DEL, NULL);
	return lbhash_nl_answer(skb, info, &why, err);
}

/* Change the backends that a request names, all of them or none. With @all, a
 * request that names none means all backends of the service.
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
