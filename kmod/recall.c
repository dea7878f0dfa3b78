// SPDX-License-Identifier: GPL-2.0
/*
 * From a packet of a slot in transition to what the flow memory knows of its
 * connection, and what it has to learn. The facts that follow are for decide.c.
 */
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>

#include "decide.h"
#include "fingerprint.h"
#include "flow.h"
#include "hash.h"
#include "memory.h"
#include "net.h"
#include "packet.h"
#include "recall.h"
#include "service.h"
#include "stats.h"

/**
 * struct recall - a packet, and where it could go
 * @memory: flow memory of its namespace
 * @label: label of the service, for fingerprints
 * @table: table of the service
 * @slot: owner and previous owner of the slot
 * @move: word of the slot, see transition.h
 * @about: what the memory wants to know about the packet
 */
struct recall {
	struct lbhash_memory *memory;
	const struct lbhash_table *table;
	u32 label;
	u32 slot;
	u32 move;
	struct lbhash_memory_packet about;
};

static const struct lbhash_member *owner_of(const struct recall *recall)
{
	return lbhash_table_member(recall->table,
				   lbhash_slot_owner(recall->slot));
}

static const struct lbhash_member *home_of(const struct recall *recall)
{
	return lbhash_table_home(recall->table, recall->slot);
}

/* Is the owner the home only because the previous owner is down? */
static bool is_stand_in(const struct lbhash_table *table, u32 slot)
{
	return lbhash_table_home(table, slot) ==
	       lbhash_table_member(table, lbhash_slot_owner(slot)) &&
	       !lbhash_slot_is_closing(slot);
}

/* False if the slot has no word: it has just settled, or the service's first
 * rule of this kind came later. The packet is to be described yet.
 */
static __always_inline bool begin(struct recall *recall,
				  const struct lbhash_service *svc,
				  const struct lbhash_table *table, u32 number,
				  u32 slot)
{
	const struct lbhash_moves *moves = rcu_dereference(table->moves);

	if (unlikely(!moves))
		return false;
	recall->memory = svc->memory;
	recall->label = svc->label;
	recall->table = table;
	recall->slot = slot;
	recall->move = READ_ONCE(moves->move[number]);
	recall->about.service = svc->id;
	recall->about.slot = number;
	recall->about.transition = lbhash_move_number(recall->move);
	recall->about.now = ktime_get_seconds();
	recall->about.idle = table->conf.udp_idle;
	return likely(recall->move);
}

/* Describe a packet whose order in a connection is not known. */
static __always_inline void describe(struct lbhash_memory_packet *about,
				     u64 print, u8 kind)
{
	about->print = print;
	about->opener = 0;
	about->seq = 0;
	about->end = 0;
	about->fin = false;
	about->rst = false;
	about->kind = kind;
}

/* Describe a segment of @len bytes, header included. */
static __always_inline void describe_tcp(struct lbhash_memory_packet *about,
					 u64 print, const struct tcphdr *th,
					 u32 len)
{
	len -= min_t(u32, th->doff * 4, len);
	about->print = print;
	about->opener = 0;
	about->seq = ntohl(th->seq) + th->syn;
	about->end = about->seq + len + th->fin;
	about->fin = th->fin;
	about->rst = th->rst;
	about->kind = LBHASH_MEMORY_CONTINUES;
	if (th->syn && !th->ack && !th->rst)
		about->kind = LBHASH_MEMORY_OPENS;
	else if (th->ack && !th->syn && !th->rst)
		about->opener = print;
}

static bool find_tcp(struct recall *recall, const struct sk_buff *skb,
		     const struct lbhash_flow *flow)
{
	const struct tcphdr *th;
	struct tcphdr buffer;

	th = skb_header_pointer(skb, flow->thoff, sizeof(buffer), &buffer);
	if (th)
		describe_tcp(&recall->about, recall->about.print, th,
			     skb->len - flow->thoff);
	return th;
}

/* Where an INIT has the client's tag. */
struct sctp_init {
	struct sctphdr common;
	struct sctp_chunkhdr chunk;
	__be32 tag;
} __packed;

/* An INIT is known by its ports and addresses, and all that follows it by the
 * server's tag.
 */
static bool find_sctp(struct recall *recall, const struct sk_buff *skb,
		      const struct lbhash_flow *flow)
{
	struct lbhash_memory_packet *about = &recall->about;
	const struct sctp_chunkhdr *chunk;
	struct sctp_chunkhdr none = {};
	const struct sctp_init *init;
	struct sctp_init buffer;
	const struct sctphdr *sh;

	sh = skb_header_pointer(skb, flow->thoff, sizeof(buffer.common),
				&buffer.common);
	if (!sh)
		return false;
	if (!sh->vtag) {
		init = skb_header_pointer(skb, flow->thoff, sizeof(buffer),
					  &buffer);
		if (!init)
			return false;
		about->kind = LBHASH_MEMORY_OPENS;
		about->seq = be32_to_cpu(init->tag);
		about->end = about->seq;
		return true;
	}
	chunk = skb_header_pointer(skb, flow->thoff + sizeof(*sh),
				   sizeof(none), &none) ?: &none;
	about->kind = LBHASH_MEMORY_CONTINUES;
	about->opener = chunk->type == SCTP_CID_COOKIE_ECHO ? about->print : 0;
	about->rst = chunk->type == SCTP_CID_ABORT ||
		     chunk->type == SCTP_CID_SHUTDOWN_COMPLETE;
	about->print = lbhash_hash_association(flow, sh->vtag, recall->label,
					       &recall->memory->key);
	return true;
}

/* False for a packet that is too short to belong to a connection. */
static bool read_packet(struct recall *recall, const struct sk_buff *skb,
			const struct lbhash_flow *flow)
{
	describe(&recall->about,
		 lbhash_hash_print(flow, recall->label, &recall->memory->key),
		 LBHASH_MEMORY_ASKS);
	if (flow->quoted)
		return true;
	if (flow->proto == IPPROTO_TCP)
		return find_tcp(recall, skb, flow);
	if (flow->proto == IPPROTO_SCTP)
		return find_sctp(recall, skb, flow);
	recall->about.kind = LBHASH_MEMORY_LOOSE;
	return true;
}

/* Of a plain packet. */
static __always_inline u64 print_of(const struct lbhash_service *svc,
				    const struct sk_buff *skb, u8 family,
				    const struct lbhash_head *head)
{
	const struct lbhash_print_key *key = &svc->memory->key;
	u64 ports = lbhash_print_ports(svc->label, head->proto, head->sport,
				       head->dport);

	return family == NFPROTO_IPV4 ?
	       lbhash_print_ipv4(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, ports,
				 key) :
	       lbhash_print_ipv6(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr,
				 ports, key);
}

/* As read_packet(), for a plain packet; false if its TCP header is not linear.
 */
static __always_inline bool read_plain(struct recall *recall,
				       const struct lbhash_service *svc,
				       const struct sk_buff *skb, u8 family)
{
	const struct lbhash_head head = lbhash_flow_head(skb, family);
	u64 print = print_of(svc, skb, family, &head);
	const struct tcphdr *th;

	if (head.proto != IPPROTO_TCP) {
		describe(&recall->about, print, LBHASH_MEMORY_LOOSE);
		return true;
	}
	if (head.thoff + sizeof(*th) > skb_headlen(skb))
		return false;
	th = (const void *)(skb->data + head.thoff);
	describe_tcp(&recall->about, print, th, skb->len - head.thoff);
	return true;
}

/* A connection is known. If its backend is down it goes on at the owner. */
static void recognise(const struct recall *recall, u32 id,
		      struct lbhash_facts *facts)
{
	const struct lbhash_member *owner = owner_of(recall);

	facts->id = id;
	facts->tracked = true;
	if (unlikely(owner && id != owner->id &&
		     !lbhash_table_usable_by_id(recall->table, id)))
		lbhash_memory_move(recall->memory, &recall->about, id,
				   owner->id);
}

static_assert(LBHASH_MOVE_SAMPLE == LBHASH_MEMORY_SAMPLE);

/* An opener gets the owner, or where the one went that it repeats, if that
 * takes connections. *@id is the number of the backend unless it is refused.
 */
static enum lbhash_memory_found give(const struct recall *recall,
				     const struct lbhash_member *owner, u32 *id)
{
	u8 flags = lbhash_slot_is_closing(recall->slot) &&
		   !lbhash_move_is_sample(recall->move) ?
		   LBHASH_MEMORY_BESIDE : 0;
	const struct lbhash_member *member;
	enum lbhash_memory_found found;

	*id = owner->id;
	found = lbhash_memory_open(recall->memory, &recall->about, id, flags);
	if (unlikely(found == LBHASH_MEMORY_REPEATS)) {
		member = lbhash_table_by_id(recall->table, *id);
		if (member && lbhash_member_is_open(member)) {
			lbhash_stats_opener(member->stats,
					    LBHASH_OPENER_REPEATED);
			return found;
		}
		*id = owner->id;
		found = lbhash_memory_open(recall->memory, &recall->about, id,
					   flags | LBHASH_MEMORY_RENEW);
	}
	if (likely(found != LBHASH_MEMORY_REFUSED))
		lbhash_stats_opener(owner->stats, LBHASH_OPENER_GIVEN);
	return found;
}

/* Where no backend takes connections there is nothing to remember. */
static void recall_opener(const struct recall *recall,
			  struct lbhash_facts *facts)
{
	const struct lbhash_member *owner = owner_of(recall);
	enum lbhash_memory_found found = LBHASH_MEMORY_KNOWN;
	u32 id;

	if (owner)
		found = give(recall, owner, &id);
	facts->tracked = found != LBHASH_MEMORY_REFUSED;
	facts->opens = found == LBHASH_MEMORY_KNOWN;
	if (found == LBHASH_MEMORY_REPEATS)
		facts->id = id;
}

static void recall_later(const struct recall *recall,
			 enum lbhash_memory_found found, u32 id,
			 struct lbhash_facts *facts)
{
	const struct lbhash_member *home = home_of(recall), *member;
	bool stands_in = is_stand_in(recall->table, recall->slot);

	if (found != LBHASH_MEMORY_UNKNOWN) {
		recognise(recall, id, facts);
		facts->adopted = found == LBHASH_MEMORY_ADOPTED;
		member = facts->adopted ?
			 lbhash_table_usable_by_id(recall->table, id) : NULL;
		if (member)
			lbhash_stats_opener(member->stats,
					    LBHASH_OPENER_WENT_ON);
	} else if (home && (stands_in || recall->move & LBHASH_MOVE_LEARNS)) {
		facts->tracked = !recall->about.rst &&
				 lbhash_memory_learn(recall->memory,
						     &recall->about, home->id,
						     !stands_in);
	}
}

/* The time at which the transition began, as far as it matters. */
static u32 began(const struct recall *recall)
{
	return lbhash_table_is_aged(recall->table, recall->about.slot) ?
	       recall->about.now - recall->about.idle : recall->about.now;
}

static void recall_loose(const struct recall *recall,
			 struct lbhash_facts *facts)
{
	const struct lbhash_member *home = home_of(recall), *member = home;
	bool is_new, is_home;
	u32 id;

	if (lbhash_memory_find(recall->memory, &recall->about, &id)) {
		recognise(recall, id, facts);
		return;
	}
	is_new = lbhash_memory_is_new_flow(recall->memory, &recall->about,
					   began(recall));
	if (is_new)
		member = owner_of(recall);
	is_home = member == home && !is_stand_in(recall->table, recall->slot);
	facts->tracked = !member ||
			 lbhash_memory_learn(recall->memory, &recall->about,
					     member->id, is_home);
	facts->opens = is_new && facts->tracked;
}

/* Packets that open or continue no connection change nothing. */
static void ask(const struct recall *recall, struct lbhash_facts *facts)
{
	u32 id;

	if (!lbhash_memory_find(recall->memory, &recall->about, &id))
		return;
	facts->id = id;
	facts->tracked = true;
}

/**
 * lbhash_recall - ask the flow memory about a packet
 * @packet: packet of a slot in transition
 * @flow: its flow
 * @number: number of the slot
 * @slot: owner and previous owner of the slot
 * @facts: in and out, gets what the memory knows of the connection
 *
 * The memory remembers the connection if it has to.
 *
 * Context: packet path, RCU.
 */
void lbhash_recall(const struct lbhash_packet *packet,
		   const struct lbhash_flow *flow, u32 number, u32 slot,
		   struct lbhash_facts *facts)
{
	enum lbhash_memory_found found;
	struct recall recall;
	u32 id;

	facts->quoted = flow->quoted;
	facts->related = flow->quoted;
	if (!begin(&recall, packet->svc, packet->table, number, slot) ||
	    !read_packet(&recall, packet->skb, flow))
		return;
	switch (recall.about.kind) {
	case LBHASH_MEMORY_CONTINUES:
		found = lbhash_memory_find(recall.memory, &recall.about, &id);
		recall_later(&recall, found, id, facts);
		break;
	case LBHASH_MEMORY_OPENS:
		recall_opener(&recall, facts);
		break;
	case LBHASH_MEMORY_LOOSE:
		recall_loose(&recall, facts);
		break;
	default:
		ask(&recall, facts);
		break;
	}
}

/* What follows are the rows of most packets in the table of decide.c, without
 * facts; NULL for all other rows.
 */

static __always_inline const struct lbhash_member *
decide_opener(const struct recall *recall, enum lbhash_reason *reason)
{
	const struct lbhash_member *owner = owner_of(recall);
	u32 id;

	if (unlikely(!owner))
		return NULL;
	switch (give(recall, owner, &id)) {
	case LBHASH_MEMORY_REPEATS:
		*reason = LBHASH_REASON_PINNED;
		return lbhash_table_by_id(recall->table, id);
	case LBHASH_MEMORY_REFUSED:
		*reason = LBHASH_REASON_STATELESS;
		return home_of(recall);
	default:
		*reason = LBHASH_REASON_PICKED;
		return owner;
	}
}

static __always_inline const struct lbhash_member *
decide_later(const struct recall *recall, enum lbhash_memory_found found,
	     u32 id, enum lbhash_reason *reason)
{
	const struct lbhash_member *member;

	if (likely(found == LBHASH_MEMORY_KNOWN)) {
		*reason = LBHASH_REASON_PINNED;
		return lbhash_table_usable_by_id(recall->table, id);
	}
	if (found == LBHASH_MEMORY_ADOPTED) {
		member = lbhash_table_usable_by_id(recall->table, id);
		if (member)
			lbhash_stats_opener(member->stats,
					    LBHASH_OPENER_WENT_ON);
		*reason = LBHASH_REASON_ADOPTED;
		return member;
	}
	if (recall->move & LBHASH_MOVE_LEARNS ||
	    is_stand_in(recall->table, recall->slot))
		return NULL;
	*reason = LBHASH_REASON_STATELESS;
	return home_of(recall);
}

/* noinline: as is said there. An opener that comes here has no owner. */
static noinline struct lbhash_decision
decide(const struct recall *recall, enum lbhash_memory_found found, u32 id)
{
	struct lbhash_facts facts = {};

	if (recall->about.kind == LBHASH_MEMORY_OPENS)
		recall_opener(recall, &facts);
	else if (recall->about.kind == LBHASH_MEMORY_LOOSE)
		recall_loose(recall, &facts);
	else
		recall_later(recall, found, id, &facts);
	return lbhash_decide(recall->table, recall->slot, &facts);
}

static noinline struct lbhash_decision
recall_slowly(struct lbhash_service *svc, const struct lbhash_table *table,
	      struct sk_buff *skb, u8 family, u32 number, u32 slot)
{
	const struct lbhash_packet packet = {
		.skb = skb,
		.svc = svc,
		.table = table,
		.family = family,
	};
	struct lbhash_facts facts = {};
	struct lbhash_flow flow;

	if (lbhash_flow_parse(skb, family, &flow))
		return (struct lbhash_decision){
			.reason = LBHASH_REASON_MALFORMED,
		};
	lbhash_recall(&packet, &flow, number, slot, &facts);
	return lbhash_decide(table, slot, &facts);
}

/* Openers, packets that end connections, and those of which a glance does not
 * tell. noinline: all others need no stack for what the memory wants to know.
 */
static noinline struct lbhash_decision
recall_plain(struct lbhash_service *svc, const struct lbhash_table *table,
	     struct sk_buff *skb, u8 family, u32 number, u32 slot)
{
	enum lbhash_memory_found found = LBHASH_MEMORY_UNKNOWN;
	struct recall recall LBHASH_UNINITIALIZED;
	struct lbhash_decision decision;
	u32 id = 0;

	if (unlikely(!begin(&recall, svc, table, number, slot)) ||
	    unlikely(!(family == NFPROTO_IPV4 ?
		       read_plain(&recall, svc, skb, NFPROTO_IPV4) :
		       read_plain(&recall, svc, skb, NFPROTO_IPV6))))
		return recall_slowly(svc, table, skb, family, number, slot);
	decision.member = NULL;
	if (likely(recall.about.kind == LBHASH_MEMORY_OPENS)) {
		decision.member = decide_opener(&recall, &decision.reason);
	} else if (recall.about.kind == LBHASH_MEMORY_CONTINUES) {
		found = lbhash_memory_find(recall.memory, &recall.about, &id);
		decision.member = decide_later(&recall, found, id,
					       &decision.reason);
	}
	return likely(decision.member) ? decision : decide(&recall, found, id);
}

/* The flags that tell ordinary segments and openers from others. */
static __always_inline __be32 flags_of(const struct tcphdr *th)
{
	return tcp_flag_word(th) & (TCP_FLAG_FIN | TCP_FLAG_SYN | TCP_FLAG_RST |
				    TCP_FLAG_ACK);
}

static __always_inline struct lbhash_decision
decide_glance(const struct lbhash_table *table,
	      struct lbhash_memory_glance glance, u32 slot, u32 move)
{
	struct lbhash_decision decision LBHASH_UNINITIALIZED;

	decision.member = NULL;
	decision.reason = LBHASH_REASON_PINNED;
	switch (glance.found) {
	case LBHASH_MEMORY_ADOPTED:
		decision.reason = LBHASH_REASON_ADOPTED;
		fallthrough;
	case LBHASH_MEMORY_KNOWN:
		decision.member = lbhash_table_usable_by_id(table,
							    glance.backend);
		break;
	case LBHASH_MEMORY_UNKNOWN:
		decision.reason = LBHASH_REASON_STATELESS;
		if (!(move & LBHASH_MOVE_LEARNS) && !is_stand_in(table, slot))
			decision.member = lbhash_table_home(table, slot);
		break;
	default:
		break;
	}
	return decision;
}

/* An opener gets the owner unless it may repeat another one. */
static __always_inline const struct lbhash_member *
glance_opener(const struct lbhash_service *svc,
	      const struct lbhash_table *table, u64 print, u64 place,
	      u32 seq, u32 len, u32 slot, bool sample, u32 now)
{
	const struct lbhash_member *owner;
	struct lbhash_memory_opener opener;
	bool done;

	owner = lbhash_table_member(table, lbhash_slot_owner(slot));
	if (unlikely(!owner))
		return NULL;
	opener = (struct lbhash_memory_opener){
		.seq = seq + 1,
		.end = seq + 1 + len,
		.service = svc->id,
		.backend = owner->id,
	};
	done = likely(!lbhash_slot_is_closing(slot)) || sample ?
	       lbhash_memory_glance_opener(svc->memory, print, place, opener,
					   now) :
	       lbhash_memory_lacks(svc->memory, print, opener.seq);
	if (unlikely(!done))
		return NULL;
	lbhash_stats_opener(owner->stats, LBHASH_OPENER_GIVEN);
	return owner;
}

/* Plain packets of which a glance tells, without memory of their own; no member
 * for all others.
 */
static __always_inline struct lbhash_decision
recall_fast(struct lbhash_service *svc, const struct lbhash_table *table,
	    struct sk_buff *skb, u8 family, u32 number, u32 slot)
{
	struct lbhash_decision decision LBHASH_UNINITIALIZED;
	const struct lbhash_moves *moves;
	const struct tcphdr *th;
	struct lbhash_head head LBHASH_UNINITIALIZED;
	u32 move, seq, len, now;
	u64 print, place;

	now = ktime_get_seconds();
	decision.member = NULL;
	decision.reason = LBHASH_REASON_EMPTY;
	moves = rcu_dereference(table->moves);
	if (unlikely(!moves))
		return decision;
	move = READ_ONCE(moves->move[number]);
	if (unlikely(!move))
		return decision;
	place = lbhash_memory_place(number, lbhash_move_number(move));
	head = lbhash_flow_head(skb, family);
	print = print_of(svc, skb, family, &head);
	if (head.proto != IPPROTO_TCP)
		return decide_glance(table,
			lbhash_memory_glance_loose(svc->memory, print, place,
						   table->conf.udp_idle, now),
			slot, move);
	if (unlikely(head.thoff + sizeof(*th) > skb_headlen(skb)))
		return decision;
	th = (const void *)(skb->data + head.thoff);
	seq = ntohl(th->seq);
	len = skb->len - head.thoff;
	len -= min_t(u32, th->doff * 4, len);
	if (likely(flags_of(th) == TCP_FLAG_ACK))
		return decide_glance(table,
			lbhash_memory_glance(svc->memory, print, place, seq,
					     seq + len, now),
			slot, move);
	decision.reason = LBHASH_REASON_PICKED;
	if (flags_of(th) == TCP_FLAG_SYN)
		decision.member = glance_opener(svc, table, print, place, seq,
						len, slot,
						lbhash_move_is_sample(move),
						now);
	return decision;
}

static __always_inline struct lbhash_decision
recall_at(struct lbhash_service *svc, const struct lbhash_table *table,
	  struct sk_buff *skb, u8 family, u32 number, u32 slot)
{
	struct lbhash_decision decision;

	decision = recall_fast(svc, table, skb, family, number, slot);
	if (unlikely(!decision.member))
		return recall_plain(svc, table, skb, family, number, slot);
	if (decision.reason == LBHASH_REASON_ADOPTED)
		lbhash_stats_opener(decision.member->stats,
				    LBHASH_OPENER_WENT_ON);
	return decision;
}

/* noinline: IPv4 needs less stack. */
static noinline struct lbhash_decision
recall_ipv6(struct lbhash_service *svc, const struct lbhash_table *table,
	    struct sk_buff *skb, u32 number, u32 slot)
{
	return recall_at(svc, table, skb, NFPROTO_IPV6, number, slot);
}

/**
 * lbhash_recall_plain - decide by the flow memory where a plain packet goes
 * @svc: service
 * @table: its table
 * @skb: plain packet, see lbhash_flow_read(), of a slot in transition
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @number: number of the slot
 * @slot: owner and previous owner of the slot
 *
 * Context: packet path, RCU.
 * Return: what lbhash_recall() and lbhash_decide() give.
 */
struct lbhash_decision
lbhash_recall_plain(struct lbhash_service *svc,
		    const struct lbhash_table *table, struct sk_buff *skb,
		    u8 family, u32 number, u32 slot)
{
	if (family == NFPROTO_IPV4)
		return recall_at(svc, table, skb, NFPROTO_IPV4, number, slot);
	return recall_ipv6(svc, table, skb, number, slot);
}

/**
 * lbhash_recall_flow - ask the flow memory about a flow
 * @svc: service
 * @table: its table
 * @flow: flow
 *
 * Context: RCU.
 * Return: number of the backend of the newest connection, 0 if none is known.
 */
u32 lbhash_recall_flow(const struct lbhash_service *svc,
		       const struct lbhash_table *table,
		       const struct lbhash_flow *flow)
{
	u32 number = lbhash_table_slot(table, flow), id;
	u32 slot = lbhash_table_at(table, number);
	struct recall recall;

	if (!lbhash_slot_in_transition(slot) ||
	    !begin(&recall, svc, table, number, slot))
		return 0;
	describe(&recall.about,
		 lbhash_hash_print(flow, svc->label, &recall.memory->key),
		 LBHASH_MEMORY_ASKS);
	return lbhash_memory_find(recall.memory, &recall.about, &id) ? id : 0;
}

/**
 * lbhash_recall_is_new - would a flow without handshake be a new one?
 * @svc: service
 * @table: its table
 * @flow: flow that the memory does not know
 *
 * Context: RCU.
 * Return: true if it would go to the owner of its slot.
 */
bool lbhash_recall_is_new(const struct lbhash_service *svc,
			  const struct lbhash_table *table,
			  const struct lbhash_flow *flow)
{
	u32 number = lbhash_table_slot(table, flow);
	u32 slot = lbhash_table_at(table, number);
	struct recall recall;

	if (!begin(&recall, svc, table, number, slot))
		return false;
	return lbhash_memory_is_new_flow(recall.memory, &recall.about,
					 began(&recall));
}
