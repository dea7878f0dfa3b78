// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink operations that only answer: services, backends, counters, slots and
 * lookups.
 */
#include <net/ipv6.h>

#include "compat.h"
#include "decide.h"
#include "event.h"
#include "flow.h"
#include "net.h"
#include "netlink_dump.h"
#include "netlink_get.h"
#include "netlink_msg.h"
#include "pin.h"
#include "recall.h"
#include "refuse.h"
#include "service.h"
#include "stats.h"
#include "settle.h"

/* Slots in one answer: 32 KiB of the 64 that an attribute can hold. */
#define SLOTS_PER_ANSWER	8192

static int put_u64(struct sk_buff *msg, int attr, u64 value, int pad)
{
	return nla_put_u64_64bit(msg, attr, value, pad);
}

/* @trusted: the caller may see how many connections keep slots open. */
static int put_transitions(struct sk_buff *msg, const struct lbhash_net *ln,
			   const struct lbhash_table *table,
			   const struct lbhash_service *svc, bool trusted)
{
	struct lbhash_times times = lbhash_settle_times(ln, table);
	u32 wait;

	if (nla_put_u32(msg, LBHASH_A_TRANSITION_SLOTS, table->transitions) ||
	    (trusted && nla_put_u32(msg, LBHASH_A_HOLDING, svc->elsewhere)))
		return -EMSGSIZE;
	wait = lbhash_transition_wait(table->slots,
				      rcu_access_pointer(table->moves),
				      table->list, table->transitions,
				      &times, true);
	return wait == U32_MAX ? 0 :
	       nla_put_u32(msg, LBHASH_A_SETTLES_IN, wait);
}

static int put_service(struct sk_buff *msg, struct lbhash_net *ln,
		       struct lbhash_service *svc, bool trusted)
{
	struct lbhash_table *table = lbhash_service_table(ln, svc);
	const struct lbhash_conf *conf = &table->conf;

	if (nla_put_string(msg, LBHASH_A_NAME, svc->name) ||
	    nla_put_u32(msg, LBHASH_A_SIZE, conf->size) ||
	    nla_put_u32(msg, LBHASH_A_FIELDS, conf->fields) ||
	    nla_put_u8(msg, LBHASH_A_SRC4_PREFIX, conf->src4) ||
	    nla_put_u8(msg, LBHASH_A_DST4_PREFIX, conf->dst4) ||
	    nla_put_u8(msg, LBHASH_A_SRC6_PREFIX, conf->src6) ||
	    nla_put_u8(msg, LBHASH_A_DST6_PREFIX, conf->dst6) ||
	    (trusted && nla_put(msg, LBHASH_A_SEED, sizeof(conf->seed),
				conf->seed)) ||
	    nla_put_u32(msg, LBHASH_A_MASK, conf->mask) ||
	    nla_put_u32(msg, LBHASH_A_ON_EMPTY, conf->on_empty) ||
	    nla_put_u32(msg, LBHASH_A_SETTLE, conf->settle) ||
	    nla_put_u32(msg, LBHASH_A_TRACK, conf->track) ||
	    nla_put_u32(msg, LBHASH_A_DELIVER, conf->deliver) ||
	    nla_put_u32(msg, LBHASH_A_IDLE, conf->idle) ||
	    nla_put_u32(msg, LBHASH_A_UDP_IDLE, conf->udp_idle) ||
	    nla_put_u32(msg, LBHASH_A_SETTLE_MAX, conf->settle_max) ||
	    nla_put_u32(msg, LBHASH_A_SAMPLE, conf->sample) ||
	    put_u64(msg, LBHASH_A_DIGEST, lbhash_table_digest(table),
		    LBHASH_A_PAD) ||
	    put_u64(msg, LBHASH_A_GENERATION, svc->generation, LBHASH_A_PAD) ||
	    nla_put_u32(msg, LBHASH_A_RULES, atomic_read(&svc->rules)) ||
	    nla_put_u32(msg, LBHASH_A_BACKENDS, table->n) ||
	    put_transitions(msg, ln, table, svc, trusted))
		return -EMSGSIZE;
	return 0;
}

int lbhash_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	bool trusted = netlink_net_capable(skb, CAP_NET_ADMIN);
	struct lbhash_net *ln = lbhash_nl_net(info);
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (trusted)
		lbhash_settle_count(ln);
	msg = lbhash_nl_start(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	err = put_service(msg, ln, lbhash_nl_service(info), trusted);
	return lbhash_nl_send(msg, hdr, info, err);
}

static int put_member(struct sk_buff *msg, const struct lbhash_member *m)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_BACKEND);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(msg, LBHASH_BACKEND_A_NAME, m->backend->name) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_MARK, m->mark) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_WEIGHT, m->weight) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_STATE, m->state) ||
	    (m->addr4 && nla_put_in_addr(msg, LBHASH_BACKEND_A_ADDR4,
					 m->addr4)) ||
	    (!ipv6_addr_any(&m->addr6) &&
	     nla_put_in6_addr(msg, LBHASH_BACKEND_A_ADDR6, &m->addr6)) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_SLOTS, m->slots)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int put_member_stats(struct sk_buff *msg, const struct lbhash_member *m)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_BACKEND);
	struct lbhash_backend_stats sum;

	if (!nest)
		return -EMSGSIZE;
	lbhash_stats_backend_sum(&sum, m->stats);
	if (nla_put_string(msg, LBHASH_BACKEND_A_NAME, m->backend->name) ||
	    nla_put_u32(msg, LBHASH_BACKEND_A_MARK, m->mark) ||
	    put_u64(msg, LBHASH_BACKEND_A_PACKETS, sum.packets,
		    LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_BYTES, sum.bytes,
		    LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_CONNECTIONS, sum.connections,
		    LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_UNFORWARDED,
		    atomic64_read(&m->backend->unforwarded),
		    LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_UNRESOLVED,
		    atomic64_read(&m->backend->unresolved),
		    LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_OPENERS_GIVEN,
		    sum.openers[LBHASH_OPENER_GIVEN], LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_OPENERS_WENT_ON,
		    sum.openers[LBHASH_OPENER_WENT_ON],
		    LBHASH_BACKEND_A_PAD) ||
	    put_u64(msg, LBHASH_BACKEND_A_OPENERS_REPEATED,
		    sum.openers[LBHASH_OPENER_REPEATED],
		    LBHASH_BACKEND_A_PAD)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int put_reason(struct sk_buff *msg, u32 id, u64 packets)
{
	struct nlattr *nest = nla_nest_start(msg, LBHASH_A_REASON);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, LBHASH_REASON_A_ID, id) ||
	    put_u64(msg, LBHASH_REASON_A_PACKETS, packets, LBHASH_REASON_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_service_stats(struct sk_buff *msg,
			     const struct lbhash_service *svc)
{
	struct lbhash_service_stats sum;
	u64 packets = 0;
	u32 i;

	lbhash_stats_service_sum(&sum, svc->stats);
	for (i = 0; i < LBHASH_REASONS; i++) {
		packets += sum.reason[i];
		if (put_reason(msg, i, sum.reason[i]))
			return -EMSGSIZE;
	}
	if (put_u64(msg, LBHASH_A_PACKETS, packets, LBHASH_A_PAD) ||
	    put_u64(msg, LBHASH_A_BYTES, sum.bytes, LBHASH_A_PAD))
		return -EMSGSIZE;
	return 0;
}

int lbhash_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = lbhash_nl_start(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	err = nla_put_string(msg, LBHASH_A_NAME, svc->name) ||
	      put_service_stats(msg, svc) ? -EMSGSIZE : 0;
	return lbhash_nl_send(msg, hdr, info, err);
}

int lbhash_nl_backend_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct lbhash_refusal why = {};
	const struct lbhash_member *m;
	struct lbhash_table *table;
	struct sk_buff *msg;
	const char *name;
	void *hdr;
	int err;

	if (!info->attrs[LBHASH_A_BACKEND]) {
		err = lbhash_refuse(&why, -EINVAL, NULL,
				    "the backend is missing");
		return lbhash_nl_answer(skb, info, &why, err);
	}
	err = lbhash_nl_parse_backend(info->attrs[LBHASH_A_BACKEND], tb, info,
				      &why);
	if (err)
		return lbhash_nl_answer(skb, info, &why, err);
	table = lbhash_nl_table(info);
	name = nla_data(tb[LBHASH_BACKEND_A_NAME]);
	m = lbhash_member_find(table->members, table->n, name);
	if (!m) {
		err = lbhash_refuse(&why, -ENOENT, tb[LBHASH_BACKEND_A_NAME],
				    "backend %s does not exist", name);
		return lbhash_nl_answer(skb, info, &why, err);
	}

	msg = lbhash_nl_start(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	err = nla_put_string(msg, LBHASH_A_NAME, svc->name) ?
		      -EMSGSIZE : put_member(msg, m);
	return lbhash_nl_send(msg, hdr, info, err);
}

static int dump_service_conf(struct sk_buff *skb, struct lbhash_net *ln,
			     struct lbhash_service *svc,
			     struct lbhash_dump *pos)
{
	return put_service(skb, ln, svc, pos->trusted);
}

static int dump_service_backends(struct sk_buff *skb, struct lbhash_net *ln,
				 struct lbhash_service *svc,
				 struct lbhash_dump *pos)
{
	pos->started = false;
	if (nla_put_string(skb, LBHASH_A_NAME, svc->name))
		return -EMSGSIZE;
	return lbhash_dump_members(skb, ln, svc, pos, put_member);
}

static int dump_service_stats(struct sk_buff *skb, struct lbhash_net *ln,
			      struct lbhash_service *svc,
			      struct lbhash_dump *pos)
{
	bool first = !pos->member;

	pos->started = false;
	if (nla_put_string(skb, LBHASH_A_NAME, svc->name))
		return -EMSGSIZE;
	if (first && put_service_stats(skb, svc))
		return -EMSGSIZE;
	return lbhash_dump_members(skb, ln, svc, pos, put_member_stats);
}

int lbhash_nl_service_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	lbhash_dump_count(skb, cb, lbhash_settle_count);
	return lbhash_dump(skb, cb, dump_service_conf);
}

int lbhash_nl_backend_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return lbhash_dump(skb, cb, dump_service_backends);
}

int lbhash_nl_stats_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return lbhash_dump(skb, cb, dump_service_stats);
}

static int put_slots(struct sk_buff *msg, const struct lbhash_table *table,
		     u32 first)
{
	u32 count = min_t(u32, table->size - first, SLOTS_PER_ANSWER);
	const struct lbhash_member *owner;
	struct nlattr *attr;
	u32 i, slot;
	u32 *marks;

	attr = nla_reserve(msg, LBHASH_A_MARKS, count * sizeof(*marks));
	if (!attr)
		return -EMSGSIZE;
	marks = nla_data(attr);
	for (i = 0; i < count; i++) {
		slot = lbhash_table_at(table, first + i);
		owner = lbhash_table_member(table, lbhash_slot_owner(slot));
		marks[i] = owner ? owner->mark : 0;
	}
	return 0;
}

int lbhash_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct lbhash_table *table = lbhash_nl_table(info);
	struct lbhash_refusal why = {};
	struct sk_buff *msg;
	u32 first = 0;
	void *hdr;
	int err;

	lbhash_nl_read_u32(&first, info->attrs[LBHASH_A_FIRST_SLOT]);
	if (first >= table->size) {
		err = lbhash_refuse(&why, -ERANGE,
				    info->attrs[LBHASH_A_FIRST_SLOT],
				    "first slot %u is not in 0..%u", first,
				    table->size - 1);
		return lbhash_nl_answer(skb, info, &why, err);
	}

	msg = lbhash_nl_start(info, SLOTS_PER_ANSWER * sizeof(u32) + 256, &hdr);
	if (!msg)
		return -ENOMEM;
	err = nla_put_string(msg, LBHASH_A_NAME, svc->name) ||
	      nla_put_u32(msg, LBHASH_A_SIZE, table->size) ||
	      put_u64(msg, LBHASH_A_DIGEST, lbhash_table_digest(table),
		      LBHASH_A_PAD) ||
	      put_u64(msg, LBHASH_A_GENERATION, svc->generation,
		      LBHASH_A_PAD) ||
	      nla_put_u32(msg, LBHASH_A_FIRST_SLOT, first) ||
	      put_slots(msg, table, first) ? -EMSGSIZE : 0;
	return lbhash_nl_send(msg, hdr, info, err);
}

static int read_flow(struct lbhash_flow *flow, const struct nlattr *attr,
		     struct genl_info *info, struct lbhash_refusal *why)
{
	struct nlattr *tb[LBHASH_FLOW_A_DPORT + 1];
	int err;

	if (!attr)
		return lbhash_refuse(why, -EINVAL, NULL, "the flow is missing");
	err = nla_parse_nested(tb, LBHASH_FLOW_A_DPORT, attr,
			       lbhash_nl_nested(info, LBHASH_A_FLOW),
			       info->extack);
	if (err)
		return err;

	*flow = (struct lbhash_flow){};
	if (tb[LBHASH_FLOW_A_SRC4] && tb[LBHASH_FLOW_A_DST4]) {
		flow->family = NFPROTO_IPV4;
		flow->src.ip = nla_get_in_addr(tb[LBHASH_FLOW_A_SRC4]);
		flow->dst.ip = nla_get_in_addr(tb[LBHASH_FLOW_A_DST4]);
	} else if (tb[LBHASH_FLOW_A_SRC6] && tb[LBHASH_FLOW_A_DST6]) {
		flow->family = NFPROTO_IPV6;
		flow->src.in6 = nla_get_in6_addr(tb[LBHASH_FLOW_A_SRC6]);
		flow->dst.in6 = nla_get_in6_addr(tb[LBHASH_FLOW_A_DST6]);
	} else {
		return lbhash_refuse(why, -EINVAL, attr,
				     "flow needs src and dst of the same address family");
	}
	if (!tb[LBHASH_FLOW_A_PROTO])
		return lbhash_refuse(why, -EINVAL, attr,
				     "the flow's protocol is missing");
	flow->proto = nla_get_u8(tb[LBHASH_FLOW_A_PROTO]);
	if (tb[LBHASH_FLOW_A_SPORT])
		flow->sport = htons(nla_get_u16(tb[LBHASH_FLOW_A_SPORT]));
	if (tb[LBHASH_FLOW_A_DPORT])
		flow->dport = htons(nla_get_u16(tb[LBHASH_FLOW_A_DPORT]));
	return 0;
}

static int put_decision(struct sk_buff *msg, const struct lbhash_table *table,
			const struct lbhash_flow *flow,
			const struct lbhash_facts *facts)
{
	const struct lbhash_member *owner, *previous, *pinned = NULL;
	u32 number = lbhash_table_slot(table, flow);
	u32 slot = lbhash_table_at(table, number);
	struct lbhash_decision decision;
	struct nlattr *nest;

	owner = lbhash_table_member(table, lbhash_slot_owner(slot));
	previous = lbhash_table_member(table, lbhash_slot_previous(slot));
	if (facts->mark)
		pinned = lbhash_table_by_mark(table, facts->mark);
	else if (facts->id)
		pinned = lbhash_table_by_id(table, facts->id);
	decision = lbhash_decide(table, slot, facts);

	nest = nla_nest_start(msg, LBHASH_A_DECISION);
	if (!nest || nla_put_u32(msg, LBHASH_DECISION_A_SLOT, number) ||
	    nla_put_u32(msg, LBHASH_DECISION_A_REASON, decision.reason))
		return -EMSGSIZE;
	if (owner && nla_put_string(msg, LBHASH_DECISION_A_OWNER,
				    owner->backend->name))
		return -EMSGSIZE;
	if (previous && previous != owner &&
	    nla_put_string(msg, LBHASH_DECISION_A_PREVIOUS,
			   previous->backend->name))
		return -EMSGSIZE;
	if (pinned && nla_put_string(msg, LBHASH_DECISION_A_PINNED,
				     pinned->backend->name))
		return -EMSGSIZE;
	if (decision.member &&
	    (nla_put_string(msg, LBHASH_DECISION_A_BACKEND,
			    decision.member->backend->name) ||
	     nla_put_u32(msg, LBHASH_DECISION_A_MARK, decision.member->mark)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* Likewise, of packets that conntrack does not see. */
static void get_remembered_facts(const struct lbhash_service *svc,
				 const struct lbhash_table *table,
				 const struct lbhash_flow *flow,
				 struct lbhash_facts *facts)
{
	rcu_read_lock();
	facts->id = lbhash_recall_flow(svc, table, flow);
	if (!facts->id)
		facts->opens = lbhash_flow_has_handshake(flow) ||
			       lbhash_recall_is_new(svc, table, flow);
	rcu_read_unlock();
}

/* The facts of the next packet of a flow, or of the first one if neither
 * conntrack nor the flow memory knows it; false if the packet would be left
 * alone.
 */
static bool get_facts(struct lbhash_net *ln, const struct lbhash_service *svc,
		      const struct lbhash_table *table,
		      const struct lbhash_flow *flow,
		      struct lbhash_facts *facts)
{
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;
	bool foreign;
	u32 number;

	*facts = (struct lbhash_facts){ .tracked = true };
	if (lbhash_service_track(svc, table->conf.track) ==
	    LBHASH_TRACK_NEVER) {
		facts->hash_only = true;
		return true;
	}
	if (lbhash_service_remembers(svc, table)) {
		get_remembered_facts(svc, table, flow, facts);
		if (facts->id || !lbhash_service_pins(svc, table))
			return true;
	}
	rcu_read_lock();
	number = lbhash_table_slot(table, flow);
	facts->opens = !lbhash_flow_has_handshake(flow) &&
		       lbhash_table_is_aged(table, number);
	rcu_read_unlock();
	ct = lbhash_pin_get_flow(ln->net, flow, &dir);
	if (!ct) {
		facts->opens |= lbhash_flow_has_handshake(flow);
		return true;
	}
	facts->mark = lbhash_pin_read(ct, table->mask);
	foreign = lbhash_pin_is_foreign(ct, dir, facts->mark);
	nf_ct_put(ct);
	return !foreign;
}

int lbhash_nl_lookup_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lbhash_service *svc = lbhash_nl_service(info);
	struct lbhash_table *table = lbhash_nl_table(info);
	struct lbhash_refusal why = {};
	struct lbhash_facts facts;
	struct lbhash_flow flow;
	struct sk_buff *msg;
	void *hdr;
	int err;

	err = read_flow(&flow, info->attrs[LBHASH_A_FLOW], info, &why);
	if (!err && !get_facts(lbhash_nl_net(info), svc, table, &flow, &facts))
		err = lbhash_refuse(&why, -ENOENT, info->attrs[LBHASH_A_FLOW],
				    "flow is the reply direction of a connection that is not balanced");
	if (err)
		return lbhash_nl_answer(skb, info, &why, err);

	msg = lbhash_nl_start(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!msg)
		return -ENOMEM;
	err = nla_put_string(msg, LBHASH_A_NAME, svc->name) ||
	      put_decision(msg, table, &flow, &facts) ? -EMSGSIZE : 0;
	return lbhash_nl_send(msg, hdr, info, err);
}
