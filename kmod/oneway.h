/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_ONEWAY_H
#define LBHASH_ONEWAY_H

#include <linux/types.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/tcp.h>

#include "flow.h"

/* In nf_conn's status: the entry was adopted, a new connection is expected on
 * it, and it has to last longer than conntrack would have it. Conntrack's own
 * bits start from bit 0. Where a long has 64 bits, user space can neither read
 * nor set these.
 */
/* conntrack_facts: top_of_status_is_free */
#define LBHASH_ONE_WAY_BIT	(BITS_PER_LONG - 1)
#define LBHASH_EXPECTING_BIT	(BITS_PER_LONG - 2)
#define LBHASH_LASTING_BIT	(BITS_PER_LONG - 3)

/* How far apart the sequence numbers of a client's packets may be. A stranger's
 * packet is taken for the client's once in 64 times.
 */
#define LBHASH_ONEWAY_AHEAD	BIT(26)

/**
 * enum lbhash_adoption - what adopting an entry came to
 * @LBHASH_NOT_ADOPTED: the packet does not continue a one-way connection, or
 *	the entry must not be adopted now
 * @LBHASH_ADOPTED_NOW: it does, and conntrack will accept it now
 * @LBHASH_ADOPTED_BEFORE: it does, but another packet came first
 * @LBHASH_NO_ROOM: it does, but the entry must not be adopted now
 */
enum lbhash_adoption {
	LBHASH_NOT_ADOPTED,
	LBHASH_ADOPTED_NOW,
	LBHASH_ADOPTED_BEFORE,
	LBHASH_NO_ROOM,
};

/**
 * enum lbhash_role - what a packet is to the connection of its entry
 * @LBHASH_ROLE_MEMBER: a packet of the connection
 * @LBHASH_ROLE_REUSE: the first packet of another one; the entry is of no more
 *	use
 * @LBHASH_ROLE_OPENING: the first packet of another one, or a stranger's; the
 *	entry may be in use
 * @LBHASH_ROLE_TAKES_OVER: follows such a packet; the entry is the new
 *	connection's now, and has its mark
 * @LBHASH_ROLE_ANSWERED: likewise, but conntrack has seen the server's answer,
 *	and the mark has to be decided again
 * @LBHASH_ROLE_STRAY: a stranger's RST or FIN, which conntrack has believed;
 *	the entry has its state back, but not its timeout
 */
enum lbhash_role {
	LBHASH_ROLE_MEMBER,
	LBHASH_ROLE_REUSE,
	LBHASH_ROLE_OPENING,
	LBHASH_ROLE_TAKES_OVER,
	LBHASH_ROLE_ANSWERED,
	LBHASH_ROLE_STRAY,
};

/**
 * struct lbhash_opening - a packet that may open a connection on a used entry
 * @first: sequence number that follows; SCTP: tag of the client
 * @mark: mark of the backend where it goes, 0 if that has to be decided
 * @first_time: @mark is that of the half-open connection before, and only
 *	counts if its backend takes new connections
 */
struct lbhash_opening {
	u32 first;
	u32 mark;
	bool first_time;
};

/**
 * struct lbhash_segment - where in its connection a TCP packet belongs
 * @seq: sequence number
 * @flow: of a plain packet, bits of its source address and of its ports, which
 *	tell most flows apart
 * @flags: TCPHDR_*; 0 for other protocols
 */
struct lbhash_segment {
	u32 seq;
	u32 flow;
	u32 flags;
};

enum lbhash_adoption lbhash_oneway_adopt(struct nf_conn *ct,
					 const struct sk_buff *skb, u8 family,
					 const struct lbhash_segment *segment,
					 u32 mask, bool allowed);
enum lbhash_role lbhash_oneway_role(struct nf_conn *ct,
				    enum ip_conntrack_dir dir,
				    const struct sk_buff *skb, u8 family,
				    const struct lbhash_segment *segment,
				    u32 mask, struct lbhash_opening *opening);
void lbhash_oneway_claim(struct nf_conn *ct);
void lbhash_oneway_expect(struct nf_conn *ct,
			  const struct lbhash_opening *opening, u32 mark);
bool lbhash_oneway_is_stray(const struct nf_conn *ct,
			    const struct lbhash_segment *segment);
bool lbhash_oneway_is_syn_seen(const struct nf_conn *ct);
bool lbhash_oneway_is_begun(const struct nf_conn *ct);
struct lbhash_segment lbhash_segment_read_slow(const struct sk_buff *skb,
					       u8 family);

/**
 * lbhash_segment_read_plain - read the TCP header of a plain packet
 * @skb: packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @segment: out; only valid if true is returned
 *
 * Return: false for a packet that is not plain, or whose header is not in the
 * linear part.
 */
static __always_inline bool
lbhash_segment_read_plain(const struct sk_buff *skb, u8 family,
			  struct lbhash_segment *segment)
{
	const struct tcphdr *th;
	struct lbhash_head head;

	if (unlikely(!lbhash_flow_read(skb, family, &head)))
		return false;
	if (head.proto != IPPROTO_TCP) {
		segment->seq = 0;
		segment->flow = 0;
		segment->flags = 0;
		return true;
	}
	if (unlikely(head.thoff + sizeof(*th) > skb_headlen(skb)))
		return false;
	th = (const void *)(skb->data + head.thoff);
	segment->seq = ntohl(th->seq);
	segment->flow = lbhash_flow_bits(skb, family, &head);
	segment->flags = tcp_flag_byte(th);
	return true;
}

/**
 * lbhash_segment_read - read the TCP header of a packet
 * @skb: packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: the segment.
 */
static __always_inline struct lbhash_segment
lbhash_segment_read(const struct sk_buff *skb, u8 family)
{
	struct lbhash_segment segment;

	if (unlikely(!lbhash_segment_read_plain(skb, family, &segment)))
		return lbhash_segment_read_slow(skb, family);
	return segment;
}

static inline bool lbhash_segment_opens(const struct lbhash_segment *segment)
{
	return (segment->flags & (TCPHDR_SYN | TCPHDR_ACK | TCPHDR_RST)) ==
	       TCPHDR_SYN;
}

static inline bool lbhash_segment_ends(const struct lbhash_segment *segment)
{
	return segment->flags & (TCPHDR_FIN | TCPHDR_RST);
}

/* Can the packet follow the answer to its connection's SYN? */
static inline bool lbhash_segment_follows(const struct lbhash_segment *segment)
{
	return (segment->flags & (TCPHDR_SYN | TCPHDR_ACK | TCPHDR_RST)) ==
	       TCPHDR_ACK;
}

/* Conntrack keeps no sequence number of connections whose windows it does not
 * know. Packets would pay more for a lock than for all this. If two meet on two
 * CPUs, a number near the other is lost; conntrack reads it under its lock, but
 * refuses no packet of a connection whose windows it does not check.
 */
static __always_inline void
lbhash_oneway_keep_up(struct nf_conn *ct, const struct lbhash_segment *segment)
{
	struct ip_ct_tcp_state *client =
		&ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL];
	u32 known = READ_ONCE(client->td_end);

	if (segment->seq - known - 1 < LBHASH_ONEWAY_AHEAD)
		WRITE_ONCE(client->td_end, segment->seq);
}

/**
 * lbhash_oneway_begin - note the SYN of a new connection
 * @ct: its entry, which is not confirmed yet
 * @segment: of the SYN
 */
static inline void lbhash_oneway_begin(struct nf_conn *ct,
				       const struct lbhash_segment *segment)
{
	ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].td_maxack = segment->seq + 1;
}

/**
 * lbhash_oneway_goes_on - is a packet surely a member of its connection?
 * @ct: entry of the connection
 * @info: relation of the packet to @ct
 * @segment: of the packet
 *
 * Inline, as most packets are.
 *
 * Return: false if lbhash_oneway_role() has to tell.
 */
static __always_inline bool
lbhash_oneway_goes_on(struct nf_conn *ct, enum ip_conntrack_info info,
		      const struct lbhash_segment *segment)
{
	unsigned long status = READ_ONCE(ct->status);

	if (!segment->flags)
		return nf_ct_protonum(ct) != IPPROTO_SCTP;
	if (segment->flags & (TCPHDR_SYN | TCPHDR_FIN | TCPHDR_RST) ||
	    READ_ONCE(ct->proto.tcp.state) != TCP_CONNTRACK_ESTABLISHED ||
	    status & (BIT(LBHASH_EXPECTING_BIT) | BIT(LBHASH_LASTING_BIT)) ||
	    CTINFO2DIR(info) == IP_CT_DIR_REPLY)
		return false;
	if (status & BIT(LBHASH_ONE_WAY_BIT) || !(status & IPS_SEEN_REPLY))
		lbhash_oneway_keep_up(ct, segment);
	return true;
}

#endif /* LBHASH_ONEWAY_H */
