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
 * @about: what the memory wants to know about the packet
 * @table: table of the service
 * @owner: owner of the slot, or NULL
 * @home: home of the slot, or NULL
 * @at_owner: the home is the owner only because the previous owner is down
 * @move: word of the slot, see transition.h
 * @facts: out, what the memory knows
 */
struct recall {
	struct lbhash_memory *memory;
	struct lbhash_memory_packet about;
	const struct lbhash_table *table;
	const struct lbhash_member *owner;
	const struct lbhash_member *home;
	bool at_owner;
	u32 move;
	struct lbhash_facts *facts;
};

static bool read_tcp(struct recall *recall, const struct sk_buff *skb,
		     const struct lbhash_flow *flow)
{
	struct lbhash_memory_packet *about = &recall->about;
	u32 len = skb->len - flow->thoff;
	const struct tcphdr *th;
	struct tcphdr buffer;

	th = skb_header_pointer(skb, flow->thoff, sizeof(buffer), &buffer);
	if (!th)
		return false;
	len -= min_t(u32, th->doff * 4, len);
	about->opener = about->print;
	about->kind = LBHASH_MEMORY_CONTINUES;
	about->seq = ntohl(th->seq) + th->syn;
	about->end = about->seq + len + th->fin;
	about->fin = th->fin;
	about->rst = th->rst;
	if (th->syn && !th->ack && !th->rst)
		about->kind = LBHASH_MEMORY_OPENS;
	else if (!th->ack || th->syn || th->rst)
		about->opener = 0;
	return true;
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
static bool read_sctp(struct recall *recall, const struct sk_buff *skb,
		      const struct lbhash_flow *flow, u32 service,
		      const siphash_key_t *key)
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
	about->print = lbhash_hash_association(flow, sh->vtag, service, key);
	return true;
}

/* False for a packet that is too short to belong to a connection. */
static bool read_packet(struct recall *recall, const struct sk_buff *skb,
			const struct lbhash_flow *flow,
			const struct lbhash_service *svc,
			const siphash_key_t *key)
{
	recall->about.print = lbhash_hash_print(flow, svc->id, key);
	recall->about.kind = LBHASH_MEMORY_ASKS;
	if (flow->quoted)
		return true;
	if (flow->proto == IPPROTO_TCP)
		return read_tcp(recall, skb, flow);
	if (flow->proto == IPPROTO_SCTP)
		return read_sctp(recall, skb, flow, svc->id, key);
	recall->about.kind = LBHASH_MEMORY_LOOSE;
	return true;
}

static struct recall begin(struct lbhash_net *ln,
			   const struct lbhash_service *svc,
			   const struct lbhash_table *table, u32 number,
			   u32 slot)
{
	const struct lbhash_moves *moves = rcu_dereference(table->moves);
	u32 move = moves ? READ_ONCE(moves->move[number]) : 0;

	return (struct recall){
		.memory = &ln->memory,
		.table = table,
		.owner = lbhash_table_member(table, lbhash_slot_owner(slot)),
		.home = lbhash_table_home(table, slot),
		.move = move,
		.about = {
			.service = svc->id,
			.slot = number,
			.transition = lbhash_move_number(move),
			.now = ktime_get_seconds(),
			.idle = table->conf.udp_idle,
		},
	};
}

/* A connection is known. If its backend is down it goes on at the owner. */
static void recognise(struct recall *recall, u32 id)
{
	recall->facts->id = id;
	recall->facts->tracked = true;
	if (unlikely(recall->owner && id != recall->owner->id &&
		     !lbhash_table_usable_by_id(recall->table, id)))
		lbhash_memory_move(recall->memory, &recall->about, id,
				   recall->owner->id);
}

/* Where no backend takes connections there is nothing to remember. */
static void recall_opener(struct recall *recall)
{
	const struct lbhash_member *owner = recall->owner, *member;
	struct lbhash_facts *facts = recall->facts;
	enum lbhash_memory_found found;
	u32 id;

	found = lbhash_memory_find(recall->memory, &recall->about, &id);
	if (found == LBHASH_MEMORY_REPEATS) {
		member = lbhash_table_by_id(recall->table, id);
		if (member && lbhash_member_is_open(member)) {
			lbhash_stats_opener(member->stats,
					    LBHASH_OPENER_REPEATED);
			facts->id = id;
			facts->tracked = true;
			return;
		}
	}
	facts->opens = !owner ||
		       (found != LBHASH_MEMORY_REFUSED &&
			lbhash_memory_open(recall->memory, &recall->about,
					   owner->id, owner == recall->home &&
					   !recall->at_owner));
	facts->tracked = facts->opens;
	if (owner && facts->opens)
		lbhash_stats_opener(owner->stats, LBHASH_OPENER_GIVEN);
}

static void recall_later(struct recall *recall)
{
	const struct lbhash_member *home = recall->home, *member;
	struct lbhash_facts *facts = recall->facts;
	enum lbhash_memory_found found;
	u32 id;

	found = lbhash_memory_find(recall->memory, &recall->about, &id);
	if (found != LBHASH_MEMORY_UNKNOWN) {
		recognise(recall, id);
		facts->adopted = found == LBHASH_MEMORY_ADOPTED;
		member = facts->adopted ?
			 lbhash_table_usable_by_id(recall->table, id) : NULL;
		if (member)
			lbhash_stats_opener(member->stats,
					    LBHASH_OPENER_WENT_ON);
	} else if (home &&
		   (recall->at_owner || recall->move & LBHASH_MOVE_LEARNS)) {
		facts->tracked = !recall->about.rst &&
				 lbhash_memory_learn(recall->memory,
						     &recall->about, home->id,
						     !recall->at_owner);
	}
}

/* The time at which the transition began, as far as it matters. */
static u32 began(const struct recall *recall)
{
	return lbhash_table_is_aged(recall->table, recall->about.slot) ?
	       recall->about.now - recall->about.idle : recall->about.now;
}

static void recall_loose(struct recall *recall)
{
	const struct lbhash_member *member = recall->home;
	struct lbhash_facts *facts = recall->facts;
	bool is_new;
	u32 id;

	if (lbhash_memory_find(recall->memory, &recall->about, &id)) {
		recognise(recall, id);
		return;
	}
	is_new = lbhash_memory_is_new_flow(recall->memory, &recall->about,
					   began(recall));
	if (is_new)
		member = recall->owner;
	facts->tracked = !member ||
			 lbhash_memory_learn(recall->memory, &recall->about,
					     member->id,
					     member == recall->home &&
					     !recall->at_owner);
	facts->opens = is_new && facts->tracked;
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
	struct lbhash_net *ln = lbhash_net(packet->state->net);
	struct recall recall = begin(ln, packet->svc, packet->table, number,
				     slot);
	u32 id;

	recall.facts = facts;
	recall.at_owner = recall.home == recall.owner &&
			  !lbhash_slot_is_closing(slot);
	facts->quoted = flow->quoted;
	facts->related = flow->quoted;
	/* Slots that have just settled have no word, and those of a service
	 * whose first rule of this kind came later.
	 */
	if (unlikely(!recall.move) ||
	    !read_packet(&recall, packet->skb, flow, packet->svc,
			 &ln->memory_key))
		return;
	switch (recall.about.kind) {
	case LBHASH_MEMORY_CONTINUES:
		recall_later(&recall);
		break;
	case LBHASH_MEMORY_OPENS:
		recall_opener(&recall);
		break;
	case LBHASH_MEMORY_LOOSE:
		recall_loose(&recall);
		break;
	default:
		if (!lbhash_memory_find(recall.memory, &recall.about, &id))
			break;
		facts->id = id;
		facts->tracked = true;
		break;
	}
}

/**
 * lbhash_recall_flow - ask the flow memory about a flow
 * @ln: namespace of the service
 * @svc: service
 * @table: its table
 * @flow: flow
 *
 * Context: RCU.
 * Return: number of the backend of the newest connection, 0 if none is known.
 */
u32 lbhash_recall_flow(struct lbhash_net *ln, const struct lbhash_service *svc,
		       const struct lbhash_table *table,
		       const struct lbhash_flow *flow)
{
	u32 number = lbhash_table_slot(table, flow), id;
	u32 slot = lbhash_table_at(table, number);
	struct recall recall;

	if (!lbhash_slot_in_transition(slot))
		return 0;
	recall = begin(ln, svc, table, number, slot);
	recall.about.kind = LBHASH_MEMORY_ASKS;
	recall.about.print = lbhash_hash_print(flow, svc->id, &ln->memory_key);
	return lbhash_memory_find(recall.memory, &recall.about, &id) ? id : 0;
}

/**
 * lbhash_recall_is_new - would a flow without handshake be a new one?
 * @ln: namespace of the service
 * @svc: service
 * @table: its table
 * @flow: flow that the memory does not know
 *
 * Context: RCU.
 * Return: true if it would go to the owner of its slot.
 */
bool lbhash_recall_is_new(struct lbhash_net *ln,
			  const struct lbhash_service *svc,
			  const struct lbhash_table *table,
			  const struct lbhash_flow *flow)
{
	u32 number = lbhash_table_slot(table, flow);
	u32 slot = lbhash_table_at(table, number);
	struct recall recall = begin(ln, svc, table, number, slot);

	return lbhash_memory_is_new_flow(recall.memory, &recall.about,
					 began(&recall));
}
