// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink operations on the flow memory of a namespace.
 */
#include <linux/ktime.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "hash.h"
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
	if (!err && netlink_net_capable(skb, CAP_NET_ADMIN))
		err = nla_put(msg, LBHASH_A_MEMORY_KEY, sizeof(ln->memory_key),
			      &ln->memory_key);
	return lbhash_nl_send(msg, hdr, info, err);
}

static bool has_key(const struct lbhash_net *ln, const struct nlattr *key)
{
	return !memcmp(nla_data(key), &ln->memory_key, sizeof(ln->memory_key));
}

/* Packets read the key without a lock, but only of slots in transition. */
static int check_key(struct lbhash_net *ln, const struct nlattr *key,
		     struct lbhash_refusal *why)
{
	struct lbhash_service *svc;
	unsigned long id;

	if (has_key(ln, key))
		return 0;
	xa_for_each(&ln->ids, id, svc)
		if (rcu_access_pointer(lbhash_service_table(ln, svc)->moves))
			return lbhash_refuse(why, -EBUSY, key,
					     "service %s has slots in transition, key cannot change",
					     svc->name);
	return 0;
}

static void set_key(struct lbhash_net *ln, const struct nlattr *key)
{
	if (has_key(ln, key))
		return;
	/* Until packets are gone that have seen such slots. */
	synchronize_net();
	nla_memcpy(&ln->memory_key, key, sizeof(ln->memory_key));
	lbhash_hash_expand(&ln->memory.key, &ln->memory_key);
}

int lbhash_nl_memory_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[LBHASH_A_LIMIT];
	const struct nlattr *key = info->attrs[LBHASH_A_MEMORY_KEY];
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_refusal why = {};
	u32 limit = ln->memory.limit;
	int err = 0;

	BUILD_BUG_ON(sizeof(ln->memory_key) != LBHASH_MEMORY_KEY_LEN);

	lbhash_nl_read_u32(&limit, attr);
	if (limit < LBHASH_MEMORY_MIN || limit > LBHASH_MEMORY_MAX)
		err = lbhash_refuse(&why, -ERANGE, attr,
				    "memory %u is not in %u..%u", limit,
				    LBHASH_MEMORY_MIN, LBHASH_MEMORY_MAX);
	if (!err && key)
		err = check_key(ln, key, &why);
	if (!err && !info->attrs[LBHASH_A_DRY_RUN]) {
		lbhash_memory_set_limit(&ln->memory, limit);
		if (key)
			set_key(ln, key);
	}
	return lbhash_nl_answer(skb, info, &why, err);
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
	lbhash_dump_count(skb, cb, count_at_backends);
	return lbhash_dump(skb, cb, dump_counts);
}

/* --- entries ---------------------------------------------------------------*/

static_assert((int)LBHASH_ENTRY_FLAG_OPEN == LBHASH_MEMORY_OPEN);
static_assert((int)LBHASH_ENTRY_FLAG_FLOW == LBHASH_MEMORY_FLOW);
static_assert((int)LBHASH_ENTRY_FLAG_SINGLE == LBHASH_MEMORY_SINGLE);
static_assert((int)LBHASH_ENTRY_FLAG_FIN == LBHASH_MEMORY_FIN);
static_assert((int)LBHASH_ENTRY_FLAG_RST == LBHASH_MEMORY_RST);

/* What of an entry's state means the same to another balancer. */
#define SHARED_FLAGS	(LBHASH_MEMORY_OPEN | LBHASH_MEMORY_FLOW | \
			 LBHASH_MEMORY_SINGLE | LBHASH_MEMORY_FIN | \
			 LBHASH_MEMORY_RST)

/* 300 entries, and what one of them takes at most, with the position. */
#define ANSWER_SIZE \
	(SKB_WITH_OVERHEAD(SZ_32K) - NLMSG_HDRLEN - GENL_HDRLEN)
#define ENTRY_SIZE	128

/**
 * struct listing - an answer that gets the entries of a service
 * @msg: the answer
 * @ln: namespace
 * @table: table of the service
 * @now: present time in seconds
 * @is_full: not all entries fit
 */
struct listing {
	struct sk_buff *msg;
	struct lbhash_net *ln;
	const struct lbhash_table *table;
	u32 now;
	bool is_full;
};

static bool put_entry(struct sk_buff *msg, const char *backend,
		      const struct lbhash_memory_info *info, u32 now)
{
	s32 age = now - info->last;
	struct nlattr *nest;

	if (skb_tailroom(msg) < ENTRY_SIZE)
		return false;
	nest = nla_nest_start(msg, LBHASH_A_ENTRY);
	if (!nest ||
	    nla_put_string(msg, LBHASH_ENTRY_A_BACKEND, backend) ||
	    nla_put_u32(msg, LBHASH_ENTRY_A_SLOT, info->slot) ||
	    nla_put_u64_64bit(msg, LBHASH_ENTRY_A_PRINT, info->print,
			      LBHASH_ENTRY_A_PAD) ||
	    nla_put_u32(msg, LBHASH_ENTRY_A_SEQUENCE, info->seq) ||
	    nla_put_u32(msg, LBHASH_ENTRY_A_BYTES, info->more) ||
	    nla_put_u32(msg, LBHASH_ENTRY_A_AGE,
			clamp(age, 0, LBHASH_IDLE_MAX)) ||
	    nla_put_u32(msg, LBHASH_ENTRY_A_FLAGS, info->flags & SHARED_FLAGS))
		return false;
	nla_nest_end(msg, nest);
	return true;
}

static bool show_entry(const struct lbhash_memory_info *info, void *data)
{
	const struct lbhash_member *member;
	struct listing *listing = data;

	if (info->transition & LBHASH_MEMORY_SAMPLE ||
	    table_of(listing->ln, info) != listing->table ||
	    lbhash_memory_is_over(info, listing->now))
		return true;
	member = lbhash_table_by_id(listing->table, info->backend);
	if (!member)
		return true;
	listing->is_full = !put_entry(listing->msg, member->backend->name,
				      info, listing->now);
	return !listing->is_full;
}

int lbhash_nl_entry_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[LBHASH_A_POSITION];
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct listing listing = {
		.ln = lbhash_nl_net(info),
		.table = lbhash_nl_table(info),
		.now = ktime_get_seconds(),
	};
	u64 position = attr ? nla_get_u64(attr) : 0;
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = lbhash_nl_start(info, ANSWER_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	listing.msg = msg;
	err = nla_put_string(msg, LBHASH_A_NAME, svc->name);
	if (!err)
		lbhash_memory_dump(&listing.ln->memory, &position, show_entry,
				   &listing);
	if (!err && listing.is_full)
		err = nla_put_u64_64bit(msg, LBHASH_A_POSITION, position,
					LBHASH_A_PAD);
	return lbhash_nl_send(msg, hdr, info, err);
}

/* Is the backend the one that an unknown connection of the slot goes to? */
static bool is_home(const struct lbhash_table *table, u32 number, u32 backend)
{
	const struct lbhash_member *home;

	home = lbhash_table_home(table, lbhash_table_at(table, number));
	return home && home->id == backend;
}

static int read_state(struct lbhash_memory_info *entry, struct nlattr **tb,
		      struct lbhash_refusal *why)
{
	u32 flags = 0, age = 0;

	lbhash_nl_read_u32(&entry->seq, tb[LBHASH_ENTRY_A_SEQUENCE]);
	lbhash_nl_read_u32(&entry->more, tb[LBHASH_ENTRY_A_BYTES]);
	lbhash_nl_read_u32(&flags, tb[LBHASH_ENTRY_A_FLAGS]);
	lbhash_nl_read_u32(&age, tb[LBHASH_ENTRY_A_AGE]);
	if (age > LBHASH_IDLE_MAX)
		return lbhash_refuse(why, -ERANGE, tb[LBHASH_ENTRY_A_AGE],
				     "age %u is not in 0..%u", age,
				     LBHASH_IDLE_MAX);
	if (flags & ~LBHASH_MEMORY_OPEN && !(flags & LBHASH_MEMORY_OPEN))
		return lbhash_refuse(why, -EINVAL, tb[LBHASH_ENTRY_A_FLAGS],
				     "a half-open connection has no other flags");
	entry->flags = flags;
	entry->last = (u32)ktime_get_seconds() - age;
	return 0;
}

static int read_place(struct lbhash_memory_info *entry, struct nlattr **tb,
		      const struct lbhash_table *table,
		      struct lbhash_refusal *why)
{
	const struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	const struct lbhash_member *member;
	const char *name;
	u32 move = 0;

	if (!tb[LBHASH_ENTRY_A_BACKEND] || !tb[LBHASH_ENTRY_A_SLOT] ||
	    !tb[LBHASH_ENTRY_A_PRINT])
		return lbhash_refuse(why, -EINVAL, NULL,
				     "an entry needs backend, slot and print");
	name = nla_data(tb[LBHASH_ENTRY_A_BACKEND]);
	if (lbhash_nl_check_backend_name(tb[LBHASH_ENTRY_A_BACKEND], why))
		return -EINVAL;
	member = lbhash_member_find(table->members, table->n, name);
	if (!member)
		return lbhash_refuse(why, -ENOENT, tb[LBHASH_ENTRY_A_BACKEND],
				     "backend %s does not exist", name);
	entry->backend = member->id;
	entry->slot = nla_get_u32(tb[LBHASH_ENTRY_A_SLOT]);
	if (entry->slot >= table->size)
		return lbhash_refuse(why, -ERANGE, tb[LBHASH_ENTRY_A_SLOT],
				     "slot %u is not in 0..%u", entry->slot,
				     table->size - 1);
	if (moves)
		move = moves->move[entry->slot];
	if (!lbhash_move_is_sample(move))
		entry->transition = lbhash_move_number(move);
	entry->print = nla_get_u64(tb[LBHASH_ENTRY_A_PRINT]);
	return 0;
}

static int read_entry(struct lbhash_memory_info *entry,
		      const struct nlattr *attr, struct genl_info *info,
		      struct lbhash_refusal *why)
{
	struct nlattr *tb[LBHASH_ENTRY_A_MAX + 1];
	const struct lbhash_table *table = lbhash_nl_table(info);
	int err;

	err = nla_parse_nested(tb, LBHASH_ENTRY_A_MAX, attr,
			       lbhash_nl_nested(info, LBHASH_A_ENTRY),
			       info->extack);
	if (err)
		return err;
	*entry = (struct lbhash_memory_info){
		.service = lbhash_nl_service(info)->id,
	};
	err = read_place(entry, tb, table, why);
	if (!err)
		err = read_state(entry, tb, why);
	if (!err && is_home(table, entry->slot, entry->backend))
		entry->flags |= LBHASH_MEMORY_HOME;
	return err;
}

static bool insert(struct lbhash_net *ln,
		   const struct lbhash_memory_info *entry)
{
	return entry->transition &&
	       lbhash_memory_insert(&ln->memory, entry, ktime_get_seconds());
}

/**
 * struct insertion - what became of the entries of a request
 * @checks: nothing is inserted
 * @inserted: number of entries that were, or would be
 * @skipped: number of the others
 */
struct insertion {
	bool checks;
	u32 inserted;
	u32 skipped;
};

static int each_entry(struct genl_info *info, struct insertion *insertion,
		      struct lbhash_refusal *why)
{
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct lbhash_memory_info entry;
	const struct nlattr *attr;
	int err, rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != LBHASH_A_ENTRY)
			continue;
		err = read_entry(&entry, attr, info, why);
		if (err)
			return err;
		if (insertion->checks ? entry.transition : insert(ln, &entry))
			insertion->inserted++;
		else
			insertion->skipped++;
	}
	return 0;
}

/* All entries are checked before the first is inserted. */
static int insert_entries(struct genl_info *info, struct insertion *insertion,
			  struct lbhash_refusal *why)
{
	const struct nlattr *key = info->attrs[LBHASH_A_MEMORY_KEY];
	struct lbhash_net *ln = lbhash_nl_net(info);
	int err;

	if (!key)
		return lbhash_refuse(why, -EINVAL, NULL,
				     "the key of the entries is missing");
	if (!has_key(ln, key))
		return lbhash_refuse(why, -EINVAL, key,
				     "the flow memory has another key");
	insertion->checks = true;
	err = each_entry(info, insertion, why);
	if (err || info->attrs[LBHASH_A_DRY_RUN])
		return err;
	*insertion = (struct insertion){};
	return each_entry(info, insertion, why);
}

int lbhash_nl_entry_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct insertion insertion = {};
	struct lbhash_refusal why = {};
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = lbhash_nl_start(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	err = insert_entries(info, &insertion, &why);
	if (err) {
		nlmsg_free(msg);
		return lbhash_nl_answer(skb, info, &why, err);
	}
	err = nla_put_string(msg, LBHASH_A_NAME,
			     lbhash_nl_service(info)->name) ||
	      nla_put_u32(msg, LBHASH_A_ENTRIES, insertion.inserted) ||
	      nla_put_u32(msg, LBHASH_A_SKIPPED, insertion.skipped) ?
	      -EMSGSIZE : 0;
	return lbhash_nl_send(msg, hdr, info, err);
}
