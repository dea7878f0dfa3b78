// SPDX-License-Identifier: GPL-2.0
/*
 * Connections of packets in conntrack, whose marks name their backends. All
 * calls into conntrack are here and in oneway.c.
 */
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "compat.h"
#include "flow.h"
#include "oneway.h"
#include "packet.h"
#include "pin.h"
#include "table.h"

#ifndef CONFIG_NF_CONNTRACK_MARK
#error "backends are kept in CONFIG_NF_CONNTRACK_MARK"
#endif

/* Conntrack cannot evict adopted entries when its table is full, and one-way
 * connections look like a flood of SYNs and ACKs. So nothing is adopted in a
 * table that is three quarters full: entries of the last quarter can always be
 * evicted, and connections that are not adopted are balanced by hash.
 */
/* conntrack_facts: adopted_is_assured, unassured_makes_room, assured_stays */
/* conntrack_facts: count_is_the_namespaces, max_0_is_no_limit */
static bool has_room(const struct net *net)
{
	unsigned int max = READ_ONCE(nf_conntrack_max);

	return !max || nf_conntrack_count(net) <= max - max / 4;
}

/* The mask of the rule's service, 0 without one. */
static u32 mask_of(const struct lbhash_packet *packet)
{
	return packet->svc ? packet->table->mask : 0;
}

/* conntrack_facts: tuple_finds_entry, zones_are_apart */
static struct nf_conn *find_entry(struct net *net,
				  const struct nf_conntrack_zone *zone,
				  const struct nf_conntrack_tuple *tuple,
				  enum ip_conntrack_dir *dir)
{
	struct nf_conntrack_tuple_hash *found;

	found = nf_conntrack_find_get(net, zone, tuple);
	if (!found)
		return NULL;
	*dir = NF_CT_DIRECTION(found);
	return nf_ct_tuplehash_to_ctrack(found);
}

/**
 * lbhash_pin_is_established - has a connection been opened and not closed?
 * @ct: entry of the connection
 *
 * Return: true for connections whose ends are both open.
 */
/* conntrack_facts: fin_leaves_established */
bool lbhash_pin_is_established(const struct nf_conn *ct)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		return READ_ONCE(ct->proto.tcp.state) ==
		       TCP_CONNTRACK_ESTABLISHED;
	case IPPROTO_SCTP:
		return READ_ONCE(ct->proto.sctp.state) ==
		       SCTP_CONNTRACK_ESTABLISHED;
	default:
		return false;
	}
}

/**
 * lbhash_pin_is_path - does an entry only know heartbeats?
 * @ct: entry
 *
 * Return: true for a path of an SCTP association that began on another path.
 */
bool lbhash_pin_is_path(const struct nf_conn *ct)
{
	return nf_ct_protonum(ct) == IPPROTO_SCTP &&
	       READ_ONCE(ct->proto.sctp.state) ==
	       SCTP_CONNTRACK_HEARTBEAT_SENT;
}

/* One end has closed, or only heartbeats are seen: the timeout is shorter than
 * the pauses between packets may be.
 */
static bool is_brief(const struct nf_conn *ct)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		return READ_ONCE(ct->proto.tcp.state) ==
		       TCP_CONNTRACK_FIN_WAIT ||
		       READ_ONCE(ct->proto.tcp.state) ==
		       TCP_CONNTRACK_CLOSE_WAIT;
	default:
		return lbhash_pin_is_path(ct);
	}
}

/**
 * lbhash_pin_extend - extend the timeout of a connection
 * @ct: entry that has just seen a packet
 * @seconds: minimum timeout in seconds
 *
 * Context: packet path.
 * Return: true if the timeout was shorter.
 */
bool lbhash_pin_extend(struct nf_conn *ct, u32 seconds)
{
	u32 timeout = seconds * HZ;

	/* conntrack_facts: timeout_is_an_end, packet_sets_timeout */
	/* conntrack_facts: new_timeout_is_relative */
	if (nf_ct_is_confirmed(ct))
		timeout += nfct_time_stamp;
	if ((s32)(timeout - READ_ONCE(ct->timeout)) <= 0)
		return false;
	WRITE_ONCE(ct->timeout, timeout);
	return true;
}

/**
 * lbhash_pin_set_lasting - note whether an entry has to last longer
 * @ct: entry
 * @lasting: each packet of the connection has to extend the entry's timeout,
 *	even when all slots have settled
 *
 * Context: packet path.
 */
void lbhash_pin_set_lasting(struct nf_conn *ct, bool lasting)
{
	if (lasting == test_bit(LBHASH_LASTING_BIT, &ct->status))
		return;
	if (lasting)
		set_bit(LBHASH_LASTING_BIT, &ct->status);
	else
		clear_bit(LBHASH_LASTING_BIT, &ct->status);
}

/* Have conntrack see the packet, with the template @tmpl of a CT rule. The
 * counter is exact because nothing else on this CPU can count in between.
 */
/* conntrack_facts: template_gives_zone, template_is_let_go, full_table_drops */
static int track(struct sk_buff *skb, const struct nf_hook_state *state,
		 struct nf_conn *tmpl, struct lbhash_conn *conn)
{
	struct ip_conntrack_stat __percpu *stat = state->net->ct.stat;
	bool local = state->hook == NF_INET_LOCAL_OUT;
	u32 before;
	int verdict;

	if (tmpl) {
		nf_conntrack_get(&tmpl->ct_general);
		nf_ct_set(skb, tmpl, IP_CT_NEW);
	}
	if (local)
		local_bh_disable();
	before = this_cpu_read(stat->invalid);
	verdict = nf_conntrack_in(skb, state);
	conn->counted += this_cpu_read(stat->invalid) - before;
	if (local)
		local_bh_enable();

	conn->ct = nf_ct_get(skb, &conn->info);
	if (conn->ct && nf_ct_is_template(conn->ct))
		conn->ct = NULL;
	return verdict;
}

static void put_template(struct nf_conn *tmpl)
{
	lbhash_compat_timeout_put(tmpl);
	nf_ct_put(tmpl);
}

/* Recreate the template of a connection's first packet from its entry: NULL if
 * there was none, an error without memory.
 */
static struct nf_conn *copy_template(const struct nf_conn *ct, struct net *net)
{
	const struct nf_conn_timeout *timeout = nf_ct_timeout_find(ct);
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);
	const struct nf_conn_help *help = nfct_help(ct);
	struct nf_conntrack_helper *helper = NULL;
	struct nf_ct_timeout *policy = NULL;
	struct nf_conn_help *copy;
	struct nf_conn *tmpl;

	if (help && test_bit(IPS_HELPER_BIT, &ct->status))
		helper = rcu_dereference(help->helper);
	if (timeout)
		policy = rcu_dereference(timeout->timeout);
	if (zone->id == NF_CT_DEFAULT_ZONE_ID && !helper && !policy)
		return NULL;

	tmpl = nf_ct_tmpl_alloc(net, zone, GFP_ATOMIC);
	if (!tmpl)
		return ERR_PTR(-ENOMEM);
	if (helper) {
		copy = nf_ct_helper_ext_add(tmpl, GFP_ATOMIC);
		if (!copy)
			goto err;
		rcu_assign_pointer(copy->helper, helper);
	}
	if (policy && !nf_ct_timeout_ext_add(tmpl, policy, GFP_ATOMIC))
		goto err;
	return tmpl;

err:
	put_template(tmpl);
	return ERR_PTR(-ENOMEM);
}

/* Adopt an entry whose reply may have bypassed this host. Even if it cannot be
 * adopted, the entry's mark names the packet's backend.
 */
/* conntrack_facts: syn_sent_ack_invalid, invalid_keeps_entry */
static enum lbhash_adoption adopt(const struct lbhash_packet *packet,
				  const struct lbhash_segment *segment,
				  struct nf_conn *ct, struct lbhash_conn *conn)
{
	const struct nf_hook_state *state = packet->state;
	enum lbhash_adoption adoption;

	adoption = lbhash_oneway_adopt(ct, packet->skb, state->pf, segment,
				       mask_of(packet), has_room(state->net));
	conn->remembered = READ_ONCE(ct->mark);
	conn->crowded = adoption == LBHASH_NO_ROOM;
	return adoption;
}

/* Have conntrack see a packet of whose entry @adoption tells. */
static int track_adopted(const struct lbhash_packet *packet,
			 enum lbhash_adoption adoption,
			 struct lbhash_conn *conn)
{
	int verdict = track(packet->skb, packet->state, conn->tmpl, conn);

	conn->adopted = conn->ct && adoption == LBHASH_ADOPTED_NOW;
	return verdict;
}

/* Which connections have been opened and have not gone on yet, as far as this
 * CPU knows. A wrong hint costs a lookup, a missing one a round through
 * conntrack. No hint lasts: the next packet that finds it takes it away.
 */
#define HINT_BITS	13

static DEFINE_PER_CPU(unsigned long [BITS_TO_LONGS(BIT(HINT_BITS))], hints);

static u32 hint_of(const struct lbhash_segment *segment)
{
	return hash_32(segment->flow, HINT_BITS);
}

static bool has_hint(const struct lbhash_segment *segment)
{
	u32 hint = hint_of(segment);

	return raw_cpu_read(hints[BIT_WORD(hint)]) & BIT_MASK(hint);
}

/* Packets that are not plain would all share one. */
static void give_hint(const struct lbhash_segment *segment)
{
	u32 hint = hint_of(segment);

	if (segment->flow)
		raw_cpu_or(hints[BIT_WORD(hint)], BIT_MASK(hint));
}

static void take_hint(const struct lbhash_segment *segment)
{
	u32 hint = hint_of(segment);

	raw_cpu_and(hints[BIT_WORD(hint)], ~BIT_MASK(hint));
}

/* Conntrack reads packets of all kinds, but takes longer. */
static bool read_tuple(const struct sk_buff *skb,
		       const struct nf_hook_state *state,
		       struct nf_conntrack_tuple *tuple)
{
	struct lbhash_head head;

	if (unlikely(!lbhash_flow_read(skb, state->pf, &head)))
		return nf_ct_get_tuplepr(skb, skb_network_offset(skb),
					 state->pf, state->net, tuple);

	*tuple = (struct nf_conntrack_tuple){
		.src.u.all = head.sport,
		.src.l3num = state->pf,
		.dst.u.all = head.dport,
		.dst.protonum = head.proto,
		.dst.dir = IP_CT_DIR_ORIGINAL,
	};
	if (state->pf == NFPROTO_IPV4) {
		tuple->src.u3.ip = ip_hdr(skb)->saddr;
		tuple->dst.u3.ip = ip_hdr(skb)->daddr;
	} else {
		tuple->src.u3.in6 = ipv6_hdr(skb)->saddr;
		tuple->dst.u3.in6 = ipv6_hdr(skb)->daddr;
	}
	return true;
}

/* The entry of a packet that has none attached, with a reference. */
static struct nf_conn *find(const struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    const struct nf_conn *tmpl,
			    enum ip_conntrack_dir *dir)
{
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone buffer;

	if (!read_tuple(skb, state, &tuple))
		return NULL;
	return find_entry(state->net, nf_ct_zone_tmpl(tmpl, skb, &buffer),
			  &tuple, dir);
}

/* Is the packet the first one of a connection that conntrack did not know? */
static bool is_new(const struct nf_conn *ct, enum ip_conntrack_info info)
{
	return info == IP_CT_NEW && !nf_ct_is_confirmed(ct);
}

static void begin(struct nf_conn *ct, const struct lbhash_segment *segment)
{
	lbhash_oneway_begin(ct, segment);
	give_hint(segment);
}

/* Replace the entry by a new one. Zone, helper and timeout policy come from the
 * packet's CT rule or from the old entry; without memory the old entry stays.
 */
static int reopen(const struct lbhash_packet *packet,
		  const struct lbhash_segment *segment, struct nf_conn *old,
		  struct lbhash_conn *conn)
{
	const struct nf_hook_state *state = packet->state;
	struct sk_buff *skb = packet->skb;
	struct nf_conn *copy = NULL;
	int verdict;

	if (!conn->tmpl) {
		copy = copy_template(old, state->net);
		if (IS_ERR(copy))
			return NF_ACCEPT;
	}
	/* conntrack_facts: killed_is_gone */
	nf_ct_kill(old);
	nf_reset_ct(skb);
	verdict = track(skb, state, copy ?: conn->tmpl, conn);
	conn->reopened = conn->ct;
	if (conn->ct && is_new(conn->ct, conn->info) &&
	    lbhash_segment_opens(segment))
		begin(conn->ct, segment);
	if (copy)
		put_template(copy);
	return verdict;
}

/* Conntrack called the packet INVALID. Adopt or reopen the entry if the reason
 * is that only one half of its connection was seen.
 */
static int reconsider(const struct lbhash_packet *packet,
		      const struct lbhash_segment *segment,
		      struct lbhash_conn *conn)
{
	enum lbhash_adoption adoption;
	enum ip_conntrack_dir dir;
	int verdict = NF_ACCEPT;
	struct nf_conn *ct;

	ct = find(packet->skb, packet->state, conn->tmpl, &dir);
	if (!ct)
		return NF_ACCEPT;
	if (dir == IP_CT_DIR_ORIGINAL) {
		adoption = adopt(packet, segment, ct, conn);
		if (adoption == LBHASH_ADOPTED_NOW ||
		    adoption == LBHASH_ADOPTED_BEFORE)
			verdict = track_adopted(packet, adoption, conn);
	} else if (lbhash_oneway_role(ct, dir, packet->skb, packet->family,
				      segment, 0, NULL) == LBHASH_ROLE_REUSE) {
		verdict = reopen(packet, segment, ct, conn);
	}
	nf_ct_put(ct);
	return verdict;
}

/* Adopt an entry before conntrack sees the packet, which it would call INVALID,
 * and would have to see again.
 */
static int track_early(const struct lbhash_packet *packet,
		       const struct lbhash_segment *segment,
		       struct lbhash_conn *conn)
{
	enum lbhash_adoption adoption = LBHASH_NOT_ADOPTED;
	enum ip_conntrack_dir dir;
	int verdict = NF_ACCEPT;
	struct nf_conn *ct;

	take_hint(segment);
	ct = find(packet->skb, packet->state, conn->tmpl, &dir);
	if (ct && dir == IP_CT_DIR_ORIGINAL)
		adoption = adopt(packet, segment, ct, conn);
	if (adoption != LBHASH_NO_ROOM)
		verdict = track_adopted(packet, adoption, conn);
	if (ct)
		nf_ct_put(ct);
	return verdict;
}

/* Attach the entry of an RST or FIN that is not its client's. Conntrack would
 * believe it, and does not see it.
 */
/* conntrack_facts: tracked_is_left_alone */
static bool is_stray(const struct lbhash_packet *packet,
		     const struct lbhash_segment *segment,
		     struct lbhash_conn *conn)
{
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;

	ct = find(packet->skb, packet->state, conn->tmpl, &dir);
	if (!ct)
		return false;
	if (dir != IP_CT_DIR_ORIGINAL || !lbhash_oneway_is_stray(ct, segment)) {
		nf_ct_put(ct);
		return false;
	}
	conn->ct = ct;
	conn->info = test_bit(IPS_SEEN_REPLY_BIT, &ct->status) ?
		     IP_CT_ESTABLISHED : IP_CT_NEW;
	nf_ct_set(packet->skb, ct, conn->info);
	return true;
}

/* The entry is a new connection's. If the old one was picked up in its middle,
 * it has not been adopted.
 */
static void take_over(const struct lbhash_packet *packet,
		      struct lbhash_conn *conn)
{
	struct nf_conn *ct = conn->ct;

	conn->adopted = true;
	lbhash_pin_extend(ct, LBHASH_PIN_IDLE);
	if (conn->info != IP_CT_NEW || !has_room(packet->state->net))
		return;
	lbhash_oneway_claim(ct);
	conn->info = IP_CT_ESTABLISHED;
	nf_ct_set(packet->skb, ct, conn->info);
}

/* The packet's entry may have to be another one, or another connection's. */
static int judge(const struct lbhash_packet *packet,
		 const struct lbhash_segment *segment, struct lbhash_conn *conn)
{
	struct nf_conn *ct = conn->ct;

	switch (lbhash_oneway_role(ct, CTINFO2DIR(conn->info), packet->skb,
				   packet->family, segment, mask_of(packet),
				   &conn->opening)) {
	case LBHASH_ROLE_REUSE:
		return reopen(packet, segment, ct, conn);
	case LBHASH_ROLE_OPENING:
		conn->opens = true;
		/* Without a service it keeps the mark of the entry. */
		if (!packet->svc)
			lbhash_oneway_expect(ct, &conn->opening, 0);
		break;
	case LBHASH_ROLE_TAKES_OVER:
		take_over(packet, conn);
		break;
	case LBHASH_ROLE_ANSWERED:
		conn->answered = true;
		break;
	case LBHASH_ROLE_STRAY:
		lbhash_pin_extend(ct, LBHASH_PIN_IDLE);
		conn->brief = true;
		break;
	case LBHASH_ROLE_MEMBER:
		conn->brief = is_brief(ct) ||
			      test_bit(LBHASH_LASTING_BIT, &ct->status);
		break;
	}
	return NF_ACCEPT;
}

/* Conntrack knows the connection, but there is no room to adopt it: its packets
 * are not INVALID, and firewalls need not drop them.
 */
static void leave_untracked(const struct lbhash_packet *packet,
			    struct lbhash_conn *conn)
{
	this_cpu_sub(packet->state->net->ct.stat->invalid, conn->counted);
	lbhash_pin_untrack(packet->skb);
	conn->info = IP_CT_UNTRACKED;
}

/* Have conntrack see a plain packet of the raw table. */
static __always_inline u32 see(struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       const struct lbhash_segment *segment)
{
	struct ip_conntrack_stat __percpu *stat = state->net->ct.stat;
	u32 before = this_cpu_read(stat->invalid);
	int verdict = nf_conntrack_in(skb, state);
	enum ip_conntrack_info info;
	struct nf_conn *ct;
	u32 counted;

	ct = nf_ct_get(skb, &info);
	if (unlikely(!ct)) {
		counted = this_cpu_read(stat->invalid) - before;
		return LBHASH_GLANCE_SEEN | counted * LBHASH_GLANCE_COUNTED |
		       (verdict == NF_ACCEPT ? 0 : LBHASH_GLANCE_REFUSED);
	}
	if (likely(lbhash_oneway_goes_on(ct, info, segment)))
		return LBHASH_GLANCE_SEEN | LBHASH_GLANCE_MEMBER;
	if (!lbhash_segment_opens(segment) || !is_new(ct, info))
		return LBHASH_GLANCE_SEEN;
	begin(ct, segment);
	return LBHASH_GLANCE_SEEN | LBHASH_GLANCE_BEGINS;
}

/* The same for one whose connection has to be adopted before. noinline: most
 * need no stack for a tuple. Without room conntrack must not see the packet.
 */
static noinline u32 see_adopted(struct sk_buff *skb,
				const struct nf_hook_state *state, u32 mask)
{
	enum lbhash_adoption adoption = LBHASH_NOT_ADOPTED;
	struct lbhash_segment segment;
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;
	u32 glance;

	if (!has_room(state->net))
		return 0;
	segment = lbhash_segment_read(skb, state->pf);
	take_hint(&segment);
	ct = find(skb, state, NULL, &dir);
	if (ct) {
		if (dir == IP_CT_DIR_ORIGINAL)
			adoption = lbhash_oneway_adopt(ct, skb, state->pf,
						       &segment, mask, true);
		nf_ct_put(ct);
	}
	glance = see(skb, state, &segment);
	return adoption == LBHASH_ADOPTED_NOW && skb->_nfct ?
	       glance | LBHASH_GLANCE_ADOPTED : glance;
}

/**
 * lbhash_pin_glance - have conntrack see a plain packet
 * @skb: packet in the raw table
 * @state: state of the hook
 * @mask: mask of the service
 *
 * The short way of nearly all packets; lbhash_pin_track() does the same for any
 * packet.
 *
 * Context: packet path, RCU.
 * Return: flags of enum lbhash_glance; 0 if conntrack has not seen the packet.
 */
u32 lbhash_pin_glance(struct sk_buff *skb, const struct nf_hook_state *state,
		      u32 mask)
{
	struct lbhash_segment segment;

	if (skb->_nfct || state->hook != NF_INET_PRE_ROUTING ||
	    !lbhash_segment_read_plain(skb, state->pf, &segment) ||
	    lbhash_segment_ends(&segment))
		return 0;
	if (lbhash_segment_follows(&segment) && unlikely(has_hint(&segment)))
		return see_adopted(skb, state, mask);
	return see(skb, state, &segment);
}

/**
 * lbhash_pin_track - get the packet's connection from conntrack
 * @packet: packet, which may have an entry already
 * @glance: from lbhash_pin_glance(), else 0
 * @conn: out, all zero before, for lbhash_pin_leave()
 *
 * Has conntrack see the packet if it has not, adopts a one-way connection, and
 * replaces one whose ports are used again.
 *
 * Context: packet path, RCU.
 * Return: NF_ACCEPT, or conntrack's verdict on a packet for which it has no
 * room (NF_DROP); the packet then has no entry.
 */
int lbhash_pin_track(const struct lbhash_packet *packet, u32 glance,
		     struct lbhash_conn *conn)
{
	bool raw = packet->way & LBHASH_WAY_RAW;
	struct sk_buff *skb = packet->skb;
	struct lbhash_segment segment;
	int verdict = NF_ACCEPT;

	/* conntrack_facts: invalid_is_bare, tracked_is_left_alone */
	conn->ct = nf_ct_get(skb, &conn->info);
	if (!conn->ct && conn->info == IP_CT_UNTRACKED)
		return NF_ACCEPT;

	if (conn->ct && nf_ct_is_template(conn->ct)) {
		/* Takes over the packet's reference. */
		conn->tmpl = conn->ct;
		conn->ct = NULL;
		nf_ct_set(skb, NULL, IP_CT_NEW);
	}
	segment = lbhash_segment_read(skb, packet->family);
	if (glance) {
		verdict = glance & LBHASH_GLANCE_REFUSED ? NF_DROP : NF_ACCEPT;
		conn->adopted = glance & LBHASH_GLANCE_ADOPTED;
		conn->counted = glance / LBHASH_GLANCE_COUNTED;
	} else if (raw && !conn->ct) {
		if (unlikely(lbhash_segment_ends(&segment)) &&
		    is_stray(packet, &segment, conn))
			return NF_ACCEPT;
		verdict = lbhash_segment_follows(&segment) &&
			  unlikely(has_hint(&segment)) ?
			  track_early(packet, &segment, conn) :
			  track(skb, packet->state, conn->tmpl, conn);
	}

	if (!conn->ct) {
		if (verdict == NF_ACCEPT && !conn->crowded)
			verdict = reconsider(packet, &segment, conn);
	} else if (!lbhash_oneway_goes_on(conn->ct, conn->info, &segment)) {
		if (lbhash_segment_opens(&segment) &&
		    is_new(conn->ct, conn->info)) {
			begin(conn->ct, &segment);
			conn->begins = true;
		} else {
			verdict = judge(packet, &segment, conn);
		}
	}
	if (unlikely(conn->crowded && packet->svc))
		leave_untracked(packet, conn);
	conn->invalid = raw && !conn->ct && verdict == NF_ACCEPT &&
			conn->info != IP_CT_UNTRACKED;
	return verdict;
}

/**
 * lbhash_pin_release - lbhash_pin_leave() where there is something to restore
 * @packet: packet given to lbhash_pin_track()
 * @conn: from lbhash_pin_track()
 * @verdict: verdict on the packet
 *
 * Conntrack's own hook sees an INVALID packet of the raw table once more. The
 * packet gets its template back for that, and is counted only once.
 *
 * Context: packet path.
 */
void lbhash_pin_release(const struct lbhash_packet *packet,
			const struct lbhash_conn *conn, int verdict)
{
	struct sk_buff *skb = packet->skb;

	/* conntrack_facts: invalid_loses_template */
	if (conn->invalid && verdict == NF_ACCEPT && !skb->_nfct) {
		this_cpu_sub(packet->state->net->ct.stat->invalid,
			     conn->counted);
		if (conn->tmpl)
			nf_ct_set(skb, conn->tmpl, IP_CT_NEW);
	} else if (conn->tmpl) {
		nf_ct_put(conn->tmpl);
	}
}

/**
 * lbhash_pin_write - pin a connection to a backend
 * @ct: entry; no reference is taken
 * @mark: mark of the backend, within @mask
 * @mask: mask of the service; other bits are kept
 *
 * Notifies listeners to conntrack's events.
 *
 * Context: packet path.
 */
void lbhash_pin_write(struct nf_conn *ct, u32 mark, u32 mask)
{
	u32 new = (READ_ONCE(ct->mark) & ~mask) | mark;

	if (READ_ONCE(ct->mark) == new)
		return;
	/* conntrack_facts: mark_is_kept, dropped_is_lost, event_at_confirm */
	WRITE_ONCE(ct->mark, new);
	nf_conntrack_event_cache(IPCT_MARK, ct);
}

/**
 * lbhash_pin_get - get the entry of a packet's connection
 * @net: namespace of the entry
 * @skb: packet, which need not have an entry attached
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: the entry with a strong reference, for nf_ct_put(), or NULL.
 */
struct nf_conn *lbhash_pin_get(struct net *net, const struct sk_buff *skb,
			       u8 family)
{
	struct nf_conntrack_zone room, zone = nf_ct_zone_dflt;
	struct nf_conntrack_tuple tuple;
	enum ip_conntrack_info info;
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &info);
	if (ct && !nf_ct_is_template(ct)) {
		nf_conntrack_get(&ct->ct_general);
		return ct;
	}
	if (ct)
		zone = *nf_ct_zone_tmpl(ct, skb, &room);
	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), family, net,
			       &tuple))
		return NULL;
	return find_entry(net, &zone, &tuple, &dir);
}

/**
 * lbhash_pin_get_flow - get the entry of a flow's connection
 * @net: namespace of the entry
 * @flow: flow in either direction of the connection
 * @dir: out, direction of @flow in the connection
 *
 * Only finds entries of the default zone, and of protocols with ports.
 *
 * Return: the entry with a strong reference, for nf_ct_put(), or NULL.
 */
struct nf_conn *lbhash_pin_get_flow(struct net *net,
				    const struct lbhash_flow *flow,
				     enum ip_conntrack_dir *dir)
{
	struct nf_conntrack_tuple tuple = {
		.src.u3 = flow->src,
		.src.u.all = flow->sport,
		.src.l3num = flow->family,
		.dst.u3 = flow->dst,
		.dst.u.all = flow->dport,
		.dst.protonum = flow->proto,
		.dst.dir = IP_CT_DIR_ORIGINAL,
	};

	return find_entry(net, &nf_ct_zone_dflt, &tuple, dir);
}

struct walk {
	lbhash_pin_visitor visit;
	void *data;
};

static int visit_entry(struct nf_conn *ct, void *data)
{
	const struct nf_conntrack_tuple *tuple =
		nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	struct lbhash_flow flow = {
		.src = tuple->src.u3,
		.dst = tuple->dst.u3,
		.family = tuple->src.l3num,
		.proto = tuple->dst.protonum,
	};
	const struct walk *walk = data;
	u32 mark = READ_ONCE(ct->mark);

	if (!mark || nf_ct_is_expired(ct))
		return 0;
	if (lbhash_flow_has_ports(flow.proto)) {
		flow.sport = tuple->src.u.all;
		flow.dport = tuple->dst.u.all;
	}
	walk->visit(mark, &flow, walk->data);
	return 0;
}

/**
 * lbhash_pin_walk - visit the entries that have a mark
 * @net: namespace whose entries are visited
 * @visit: callback, called once for each entry
 * @data: argument of @visit
 *
 * Context: process, may sleep; lets other tasks run after every bucket of
 * conntrack's table.
 */
void lbhash_pin_walk(struct net *net, lbhash_pin_visitor visit, void *data)
{
	struct walk walk = { .visit = visit, .data = data };
	struct nf_ct_iter_data iter = { .net = net, .data = &walk };

	/* Deletes entries for which the callback returns true: none. */
	/* conntrack_facts: walk_visits_all, walk_keeps_all */
	nf_ct_iterate_cleanup_net(visit_entry, &iter);
}

struct search {
	lbhash_pin_filter filter;
	void *data;
};

static int end_offload(struct nf_conn *ct, void *data)
{
	const struct search *search = data;

	return test_bit(IPS_OFFLOAD_BIT, &ct->status) &&
	       search->filter(READ_ONCE(ct->mark), search->data);
}

/**
 * lbhash_pin_end_offload - delete entries that flowtables hold
 * @net: namespace whose entries are visited
 * @filter: callback, which selects them by their marks
 * @data: argument of @filter
 *
 * A flowtable lets go of a connection without an entry within a second or two.
 *
 * Context: process, may sleep; lets other tasks run after every bucket of
 * conntrack's table.
 */
void lbhash_pin_end_offload(struct net *net, lbhash_pin_filter filter,
			    void *data)
{
	struct search search = { .filter = filter, .data = data };
	struct nf_ct_iter_data iter = { .net = net, .data = &search };

	nf_ct_iterate_cleanup_net(end_offload, &iter);
}
