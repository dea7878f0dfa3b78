// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink operations on the flow memory of a namespace.
 */
#include <linux/ktime.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "memory.h"
#include "net.h"
#include "netlink_dump.h"
#include "netlink_memory.h"
#include "netlink_msg.h"
#include "refuse.h"
#include "service.h"

static int put_counts(struct sk_buff *msg, struct lbhash_net *ln)
{
	struct lbhash_memory_counts counts;

	lbhash_memory_count(&ln->memory, &counts);
	if (nla_put_u32(msg, LBHASH_A_LIMIT, READ_ONCE(ln->memory.limit)) ||
	    nla_put_u32(msg, LBHASH_A_ENTRIES, counts.entries) ||
	    nla_put_u32(msg, LBHASH_A_HALF_OPEN, counts.half_open) ||
	    nla_put_u64_64bit(msg, LBHASH_A_REFUSED, counts.refused,
			      LBHASH_A_PAD) ||
	    nla_put_u64_64bit(msg, LBHASH_A_EVICTED, counts.evicted,
			      LBHASH_A_PAD) ||
	    nla_put_u64_64bit(msg, LBHASH_A_FAILED, counts.failed,
			      LBHASH_A_PAD))
		return -EMSGSIZE;
	return 0;
}

int lbhash_nl_memory_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (info->attrs[LBHASH_A_NAME]) {
		err = lbhash_refuse(&why, -EINVAL, info->attrs[LBHASH_A_NAME],
				    "flow memory is not of one service: only dumps name one");
		return lbhash_nl_answer(skb, info, &why, err);
	}
	msg = lbhash_nl_start(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	err = put_counts(msg, ln);
	return lbhash_nl_send(msg, hdr, info, err);
}

int lbhash_nl_memory_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[LBHASH_A_LIMIT];
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	u32 limit = ln->memory.limit;
	int err;

	lbhash_nl_read_u32(&limit, attr);
	if (limit < LBHASH_MEMORY_MIN || limit > LBHASH_MEMORY_MAX) {
		err = lbhash_refuse(&why, -ERANGE, attr,
				    "memory %u is not in %u..%u", limit,
				    LBHASH_MEMORY_MIN, LBHASH_MEMORY_MAX);
		return lbhash_nl_answer(skb, info, &why, err);
	}
	if (!info->attrs[LBHASH_A_DRY_RUN])
		lbhash_memory_set_limit(&ln->memory, limit);
	return 0;
}

/* --- connections by backend ------------------------------------------------*/

/* The table of an entry's service; NULL if the entry's transition is over. */
static struct lbhash_table *table_of(struct lbhash_net *ln,
				     const struct lbhash_memory_info *info)
{
	struct lbhash_service *svc = xa_load(&ln->ids, info->service);
	struct lbhash_moves *moves;
	struct lbhash_table *table;

	if (!svc)
		return NULL;
	table = lbhash_service_table(ln, svc);
	moves = rcu_dereference_raw(table->moves);
	if (!moves || info->slot >= table->size ||
	    lbhash_move_number(moves->move[info->slot]) != info->transition)
		return NULL;
	return table;
}

/**
 * struct count - a count of the connections at each backend
 * @ln: namespace
 * @now: present time in seconds
 */
struct count {
	struct lbhash_net *ln;
	u32 now;
};

static bool count_entry(const struct lbhash_memory_info *info, void *data)
{
	const struct count *count = data;
	const struct lbhash_member *member;
	struct lbhash_table *table;

	if (!(info->flags & LBHASH_MEMORY_OPEN) ||
	    lbhash_memory_is_over(info, count->now))
		return true;
	table = table_of(count->ln, info);
	member = table ? lbhash_table_by_id(table, info->backend) : NULL;
	if (member)
		member->backend->remembered++;
	return true;
}

static void count_at_backends(struct lbhash_net *ln)
{
	struct count count = { .ln = ln, .now = ktime_get_seconds() };
	struct lbhash_table *table;
	struct lbhash_service *svc;
	unsigned long id;
	u64 position = 0;
	u32 i;

	lockdep_assert_held(&ln->mutex);

	xa_for_each(&ln->ids, id, svc) {
		table = lbhash_service_table(ln, svc);
		for (i = 0; i < table->n; i++)
			table->members[i].backend->remembered = 0;
	}
	lbhash_memory_dump(&ln->memory, &position, count_entry, &count);
}

static int put_name(struct sk_buff *msg, const struct lbhash_member *m,
		    const u32 *remembered)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_BACKEND);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(msg, LBHASH_BACKEND_A_NAME, m->backend->name) ||
	    (remembered && nla_put_u32(msg, LBHASH_BACKEND_A_REMEMBERED,
				       *remembered))) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int put_uncounted(struct sk_buff *msg, const struct lbhash_member *m)
{
	return put_name(msg, m, NULL);
}

static int put_counted(struct sk_buff *msg, const struct lbhash_member *m)
{
	return put_name(msg, m, &m->backend->remembered);
}

static int dump_counts(struct sk_buff *skb, struct lbhash_net *ln,
		       struct lbhash_service *svc, struct lbhash_dump *pos)
{
	pos->started = false;
	if (nla_put_string(skb, LBHASH_A_NAME, svc->name))
		return -EMSGSIZE;
	return lbhash_dump_members(skb, ln, svc, pos, pos->trusted ?
				   put_counted : put_uncounted);
}

int lbhash_nl_memory_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct lbhash_net *ln = lbhash_net(sock_net(skb->sk));
	struct lbhash_dump *pos = lbhash_dump_of(cb);

	if (!pos->trusted && netlink_net_capable(cb->skb, CAP_NET_ADMIN)) {
		mutex_lock(&ln->mutex);
		count_at_backends(ln);
		mutex_unlock(&ln->mutex);
		pos->trusted = true;
	}
	return lbhash_dump(skb, cb, dump_counts);
}
