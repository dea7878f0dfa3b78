// SPDX-License-Identifier: GPL-2.0
/*
 * One-way connections, of which only the client's half is seen: TCP and SCTP.
 *
 * With direct server return the balancer never sees the server's answer to a
 * SYN (an INIT). Conntrack then leaves the entry half open and calls every
 * later packet INVALID. Adopting puts the entry into the state that the answer
 * would have put it into; conntrack itself does the rest.
 *
 * An adopted entry looks like any other, so adopting notes it in the entry's
 * status. Windows do not tell: a flowtable that lets go of a connection forgets
 * those of both directions.
 *
 * Anybody can send a packet with the client's addresses. A SYN on an entry that
 * is in use may come from a client that begins anew or from a stranger, so it
 * changes nothing: it is expected to go on, at a backend of its own, and the
 * entry becomes the new connection's with the ACK that fits it.
 *
 * What has to be known for that is kept where conntrack keeps what it never
 * sees: acknowledgements of a half-open connection's client, and the server's
 * packets. In &ip_ct_tcp.seen:
 *
 *	ORIGINAL td_maxack	sequence number behind the SYN
 *	ORIGINAL td_end		last sequence number of an adopted connection
 *	REPLY td_end		that behind a SYN that is expected to go on
 *	REPLY td_maxack		mark of the backend of that SYN
 */
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "flow.h"
#include "oneway.h"

/* How far past its SYN a client can be when its next packet is seen: a window
 * that is not scaled (RFC 7323, section 2.2), and the SYN's data.
 */
#define FIRST_WINDOW	(2 * 65535u)

/* How far behind the last sequence number an RST or FIN can be, and half of how
 * far past it. One that is wrongly taken for a stranger's does little harm: the
 * entry lasts for as long as that of a silent connection.
 */
#define NEAR		65536u

static bool is_adopted(const struct nf_conn *ct)
{
	return test_bit(LBHASH_ONE_WAY_BIT, &ct->status);
}

/* Is a SYN expected to go on? */
static bool is_expecting(const struct nf_conn *ct)
{
	return test_bit(LBHASH_EXPECTING_BIT, &ct->status);
}

/* The expected connection's mark becomes the entry's; without a service there
 * is no mark of ours.
 */
static void take_mark(struct nf_conn *ct, u32 mark, u32 mask)
{
	lockdep_assert_held(&ct->lock);

	WRITE_ONCE(ct->mark, (READ_ONCE(ct->mark) & ~mask) | (mark & mask));
	clear_bit(LBHASH_EXPECTING_BIT, &ct->status);
	nf_conntrack_event_cache(IPCT_MARK, ct);
}

/* Until a reply has been seen. A reply to an adopted connection sets a window.
 */
/* conntrack_facts: reply_maxwin_is_0, reply_sets_maxwin */
static bool tcp_is_one_way(const struct nf_conn *ct)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;

	if (is_adopted(ct))
		return !READ_ONCE(tcp->seen[IP_CT_DIR_REPLY].td_maxwin);
	return !test_bit(IPS_SEEN_REPLY_BIT, &ct->status);
}

/* conntrack_facts: syn_is_half_open, syn_again_keeps_entry */
static bool tcp_is_half_open(const struct nf_conn *ct)
{
	return READ_ONCE(ct->proto.tcp.state) == TCP_CONNTRACK_SYN_SENT;
}

/* conntrack_facts: syn_after_reset_passes */
static bool tcp_is_over(const struct nf_conn *ct)
{
	enum tcp_conntrack state = READ_ONCE(ct->proto.tcp.state);

	return state == TCP_CONNTRACK_TIME_WAIT || state == TCP_CONNTRACK_CLOSE;
}

static bool tcp_is_open(const struct nf_conn *ct)
{
	return READ_ONCE(ct->proto.tcp.state) == TCP_CONNTRACK_ESTABLISHED;
}

static bool tcp_fits(u32 seq, u32 first)
{
	return seq - first <= FIRST_WINDOW;
}

/* Could the client's next packet have that sequence number? It may follow a
 * packet of up to 64 KB, or overtake or repeat others.
 */
static bool tcp_is_near(const struct nf_conn *ct, u32 seq)
{
	const struct ip_ct_tcp_state *client =
		&ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL];

	return seq - READ_ONCE(client->td_end) + NEAR <= 3 * NEAR;
}

/* May a SYN be that of another connection, and the entry be in use? Connections
 * that were picked up in their middle are, too. Without a service the new
 * connection has the mark of the entry, so a connection that has begun to close
 * has to make room for one with a mark of its own.
 */
/* conntrack_facts: syn_on_open_passes */
static bool tcp_expects(const struct nf_conn *ct, u32 mask)
{
	return tcp_is_one_way(ct) &&
	       (mask ? !tcp_is_over(ct) :
		       tcp_is_open(ct) || tcp_is_half_open(ct));
}

/* conntrack_facts: td_end_follows_syn */
/* Sequence number behind the SYN. If the SYN met no rule, conntrack has only
 * noted the end of its data.
 */
static u32 tcp_first(const struct nf_conn *ct)
{
	const struct ip_ct_tcp_state *client =
		&ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL];

	return READ_ONCE(client->td_maxack) ?: READ_ONCE(client->td_end);
}

/* The SYN that was expected to go on does: the entry is its connection's from
 * here on.
 */
static void tcp_replace(struct nf_conn *ct, u32 mask)
{
	struct ip_ct_tcp_state *seen = ct->proto.tcp.seen;

	WRITE_ONCE(seen[IP_CT_DIR_ORIGINAL].td_maxack,
		   seen[IP_CT_DIR_REPLY].td_end);
	take_mark(ct, seen[IP_CT_DIR_REPLY].td_maxack, mask);
}

/* Does the packet of a half-open connection's client follow a SYN? The newest
 * one counts first: an older one may be a stranger's.
 */
static bool tcp_follows(struct nf_conn *ct, u32 seq, u32 mask)
{
	struct ip_ct_tcp_state *seen = ct->proto.tcp.seen;

	lockdep_assert_held(&ct->lock);

	if (!tcp_is_half_open(ct))
		return false;
	if (is_expecting(ct) && tcp_fits(seq, seen[IP_CT_DIR_REPLY].td_end))
		tcp_replace(ct, mask);
	else if (!tcp_fits(seq, tcp_first(ct)))
		return false;
	/* It may not be adopted for long, where there is no room. */
	WRITE_ONCE(seen[IP_CT_DIR_ORIGINAL].td_maxack, seq);
	return true;
}

/* No window is known, so none is checked from here on; and nothing the client
 * sends will ever be seen acknowledged, which keeps the entry's idle time at
 * nf_conntrack_tcp_timeout_unacknowledged instead of five days.
 */
/* conntrack_facts: adopted_ack_is_valid */
/* conntrack_facts: liberal_skips_windows, liberal_stays */
/* conntrack_facts: unacknowledged_stays, adopted_lasts_unacknowledged */
static void tcp_adopt(struct nf_conn *ct, u32 seq)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct ip_ct_tcp_state *client = &tcp->seen[IP_CT_DIR_ORIGINAL];

	lockdep_assert_held(&ct->lock);

	WRITE_ONCE(tcp->state, TCP_CONNTRACK_SYN_RECV);
	WRITE_ONCE(client->td_end, seq);
	client->td_maxend = seq;
	client->flags |= IP_CT_TCP_FLAG_BE_LIBERAL |
			 IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	tcp->seen[IP_CT_DIR_REPLY].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
}

/* conntrack_facts: sctp_init_is_half_open */
/* The client's tag is known from its INIT, the server's is not. */
static bool sctp_is_half_open(const struct nf_conn *ct)
{
	return READ_ONCE(ct->proto.sctp.state) == SCTP_CONNTRACK_CLOSED &&
	       READ_ONCE(ct->proto.sctp.vtag[IP_CT_DIR_REPLY]) &&
	       !READ_ONCE(ct->proto.sctp.vtag[IP_CT_DIR_ORIGINAL]);
}

/* The entry was created by a packet other than an INIT, or both ends have
 * closed. Conntrack drops such entries after seconds, whatever packets follow.
 */
static bool sctp_is_over(const struct nf_conn *ct)
{
	switch (READ_ONCE(ct->proto.sctp.state)) {
	case SCTP_CONNTRACK_CLOSED:
		return !sctp_is_half_open(ct);
	case SCTP_CONNTRACK_SHUTDOWN_ACK_SENT:
	case SCTP_CONNTRACK_HEARTBEAT_SENT:
		return true;
	default:
		return false;
	}
}

static bool sctp_is_init(const struct sctphdr *sh)
{
	return !sh->vtag;
}

/* What is kept of an INIT that is expected to go on. In an entry there is room
 * behind what conntrack knows of an association, as TCP needs more.
 */
struct sctp_notes {
	struct ip_ct_sctp conntrack;
	__be32 tag;
	u32 mark;
};

static struct sctp_notes *sctp_notes(const struct nf_conn *ct)
{
	static_assert(sizeof(struct sctp_notes) <=
		      sizeof(union nf_conntrack_proto));

	return (struct sctp_notes *)&ct->proto;
}

/* A packet's first chunk, if that is long enough for an INIT or COOKIE-ECHO. */
struct sctp_start {
	struct sctphdr header;
	struct sctp_chunkhdr chunk;
	__be32 tag;
};

/* conntrack_facts: sctp_cookie_invalid */
static bool sctp_continues(const struct nf_conn *ct, const struct sctphdr *sh)
{
	return !sctp_is_init(sh) &&
	       (sctp_is_half_open(ct) || is_adopted(ct));
}

/* The client's packets carry the server's tag. Such an entry never becomes
 * ASSURED, so it stays evictable.
 */
/* conntrack_facts: sctp_adopted_is_valid, sctp_is_never_assured */
static void sctp_adopt(struct nf_conn *ct, const struct sctphdr *sh)
{
	struct ip_ct_sctp *sctp = &ct->proto.sctp;

	lockdep_assert_held(&ct->lock);

	WRITE_ONCE(sctp->state, SCTP_CONNTRACK_ESTABLISHED);
	WRITE_ONCE(sctp->vtag[IP_CT_DIR_ORIGINAL], sh->vtag);
}

/* Does a COOKIE-ECHO belong to the association that is expected? It has another
 * server's tag, which only that association's client knows.
 */
static bool sctp_take_over(struct nf_conn *ct, const struct sctp_start *start,
			   u32 mask)
{
	lockdep_assert_held(&ct->lock);

	if (!is_expecting(ct) || start->chunk.type != SCTP_CID_COOKIE_ECHO ||
	    start->header.vtag == ct->proto.sctp.vtag[IP_CT_DIR_ORIGINAL])
		return false;
	take_mark(ct, sctp_notes(ct)->mark, mask);
	sctp_adopt(ct, &start->header);
	return true;
}

static const struct sctp_start *get_start(const struct sk_buff *skb, u8 family,
					  struct sctp_start *buffer)
{
	return lbhash_flow_header(skb, family, IPPROTO_SCTP, sizeof(*buffer),
				  buffer);
}

/**
 * lbhash_segment_read_slow - lbhash_segment_read() for any packet
 * @skb: packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: the segment.
 */
struct lbhash_segment lbhash_segment_read_slow(const struct sk_buff *skb,
					       u8 family)
{
	struct lbhash_segment segment = {};
	const struct tcphdr *th;
	struct tcphdr buffer;

	th = lbhash_flow_header(skb, family, IPPROTO_TCP, sizeof(buffer),
				&buffer);
	if (th) {
		segment.seq = ntohl(th->seq);
		segment.flags = tcp_flag_byte(th);
	}
	return segment;
}

/**
 * lbhash_oneway_claim - note in an entry's status that it is adopted
 * @ct: entry, which has the state of an adopted one
 *
 * To conntrack it has seen a reply from here on.
 */
/* conntrack_facts: rst_ends_unreplied, rst_closes_adopted */
/* conntrack_facts: seen_reply_is_established */
void lbhash_oneway_claim(struct nf_conn *ct)
{
	set_bit(LBHASH_ONE_WAY_BIT, &ct->status);
	set_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	nf_conntrack_event_cache(IPCT_REPLY, ct);
}

static enum lbhash_adoption
tcp_adopt_by(struct nf_conn *ct, const struct lbhash_segment *segment, u32 mask,
	     bool allowed)
{
	lockdep_assert_held(&ct->lock);

	if (!tcp_is_one_way(ct) || !lbhash_segment_follows(segment))
		return LBHASH_NOT_ADOPTED;
	if (is_adopted(ct))
		return LBHASH_ADOPTED_BEFORE;
	if (!tcp_follows(ct, segment->seq, mask))
		return LBHASH_NOT_ADOPTED;
	if (!allowed)
		return LBHASH_NO_ROOM;
	tcp_adopt(ct, segment->seq);
	lbhash_oneway_claim(ct);
	return LBHASH_ADOPTED_NOW;
}

static enum lbhash_adoption
sctp_adopt_by(struct nf_conn *ct, const struct sctphdr *sh,
	      const struct sctp_start *start, u32 mask, bool allowed)
{
	lockdep_assert_held(&ct->lock);

	if (start && sctp_take_over(ct, start, mask))
		return LBHASH_ADOPTED_NOW;
	if (!sctp_continues(ct, sh))
		return LBHASH_NOT_ADOPTED;
	if (test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		return LBHASH_ADOPTED_BEFORE;
	if (!sctp_is_half_open(ct))
		return LBHASH_NOT_ADOPTED;
	if (!allowed)
		return LBHASH_NO_ROOM;
	sctp_adopt(ct, sh);
	lbhash_oneway_claim(ct);
	return LBHASH_ADOPTED_NOW;
}

/* noinline: TCP needs no stack for headers. */
static noinline enum lbhash_adoption
sctp_try(struct nf_conn *ct, const struct sk_buff *skb, u8 family, u32 mask,
	 bool allowed)
{
	enum lbhash_adoption adoption;
	const struct sctp_start *start;
	const struct sctphdr *sh;
	struct sctp_start room;
	struct sctphdr buffer;

	sh = lbhash_flow_header(skb, family, IPPROTO_SCTP, sizeof(buffer),
				&buffer);
	if (!sh)
		return LBHASH_NOT_ADOPTED;
	start = get_start(skb, family, &room);
	spin_lock_bh(&ct->lock);
	adoption = sctp_adopt_by(ct, sh, start, mask, allowed);
	spin_unlock_bh(&ct->lock);
	return adoption;
}

static enum lbhash_adoption tcp_try(struct nf_conn *ct,
				    const struct lbhash_segment *segment,
				    u32 mask, bool allowed)
{
	enum lbhash_adoption adoption;

	spin_lock_bh(&ct->lock);
	adoption = tcp_adopt_by(ct, segment, mask, allowed);
	spin_unlock_bh(&ct->lock);
	return adoption;
}

/**
 * lbhash_oneway_adopt - make a half-open one-way connection a valid one
 * @ct: entry in whose original direction the packet runs
 * @skb: packet that conntrack called INVALID, or would
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @segment: of the packet
 * @mask: mask of the service
 * @allowed: the entry may be adopted if it has not been yet
 *
 * Two packets of a connection may arrive at once, on two CPUs: the second one
 * finds the entry adopted, and conntrack only has to see it again. The mark of
 * the entry may change, to that of the newest SYN.
 *
 * Context: packet path; takes &nf_conn.lock.
 * Return: see enum lbhash_adoption.
 */
enum lbhash_adoption lbhash_oneway_adopt(struct nf_conn *ct,
					 const struct sk_buff *skb, u8 family,
					 const struct lbhash_segment *segment,
					 u32 mask, bool allowed)
{
	if (!lbhash_oneway_is_syn_seen(ct))
		return LBHASH_NOT_ADOPTED;
	return nf_ct_protonum(ct) == IPPROTO_TCP ?
	       tcp_try(ct, segment, mask, allowed) :
	       sctp_try(ct, skb, family, mask, allowed);
}

/* Is the entry of no more use to its connection? */
/* conntrack_facts: syn_back_is_invalid */
/* conntrack_facts: sctp_init_on_open_passes, sctp_init_on_over_passes */
/* conntrack_facts: sctp_init_back_keeps_entry */
static bool is_worn_out(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		return !tcp_is_half_open(ct) &&
		       (tcp_is_one_way(ct) || tcp_is_over(ct));
	case IPPROTO_SCTP:
		return sctp_is_over(ct) ||
		       (is_adopted(ct) && dir == IP_CT_DIR_ORIGINAL);
	default:
		return false;
	}
}

/* Conntrack would keep the old entry for the packet and wait for the server's
 * reply. On a one-way entry no reply will be seen; on a closed one, as after a
 * reset by the server, the reply would come from the old backend, which may no
 * longer own the slot.
 *
 * If clients' packets are untracked but replies are not, a reply creates the
 * entry, and the client's next SYN is in its reply direction. Conntrack then
 * calls the SYN INVALID, because it has not seen the client's half end.
 */
/* conntrack_facts: new_is_unconfirmed */
static bool is_reuse(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return is_worn_out(ct, dir) && nf_ct_is_confirmed(ct) &&
	       (dir == IP_CT_DIR_ORIGINAL || !lbhash_oneway_is_begun(ct));
}

/* A SYN on an entry in use. That of the entry's own connection may be late. */
static enum lbhash_role tcp_meets_syn(const struct nf_conn *ct, u32 first,
				      struct lbhash_opening *opening)
{
	const struct ip_ct_tcp_state *seen = ct->proto.tcp.seen;

	if (first == READ_ONCE(seen[IP_CT_DIR_ORIGINAL].td_maxack))
		return LBHASH_ROLE_MEMBER;
	*opening = (struct lbhash_opening){ .first = first };
	if (is_expecting(ct) &&
	    READ_ONCE(seen[IP_CT_DIR_REPLY].td_end) == first) {
		opening->mark = READ_ONCE(seen[IP_CT_DIR_REPLY].td_maxack);
	} else if (tcp_is_half_open(ct)) {
		opening->mark = READ_ONCE(ct->mark);
		opening->first_time = true;
	}
	return LBHASH_ROLE_OPENING;
}

/* The new connection gets the state that conntrack gives one that was adopted
 * with this packet.
 */
static bool tcp_take_over(struct nf_conn *ct, u32 seq, u32 mask)
{
	bool taken;

	spin_lock_bh(&ct->lock);
	taken = is_expecting(ct) &&
		tcp_fits(seq, ct->proto.tcp.seen[IP_CT_DIR_REPLY].td_end);
	if (taken) {
		tcp_replace(ct, mask);
		tcp_adopt(ct, seq);
		WRITE_ONCE(ct->proto.tcp.state, TCP_CONNTRACK_ESTABLISHED);
	}
	spin_unlock_bh(&ct->lock);
	return taken;
}

/* Conntrack has believed an RST or FIN. If it was not the client's, nothing has
 * happened; and only the server's FIN, which is not seen, could make a repeated
 * one of the client's the last.
 */
static enum lbhash_role tcp_meets_end(struct nf_conn *ct,
				      const struct lbhash_segment *segment)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	bool stray;

	spin_lock_bh(&ct->lock);
	stray = !tcp_is_near(ct, segment->seq);
	if (stray)
		WRITE_ONCE(tcp->state, TCP_CONNTRACK_ESTABLISHED);
	else if (tcp->state == TCP_CONNTRACK_LAST_ACK)
		WRITE_ONCE(tcp->state, TCP_CONNTRACK_CLOSE_WAIT);
	spin_unlock_bh(&ct->lock);
	return stray ? LBHASH_ROLE_STRAY : LBHASH_ROLE_MEMBER;
}

static bool is_liberal(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return READ_ONCE(ct->proto.tcp.seen[dir].flags) &
	       IP_CT_TCP_FLAG_BE_LIBERAL;
}

/* A reply has passed this host while a SYN was expected to go on. Conntrack has
 * overwritten what was kept in the entry. An adopted connection's path has
 * changed. One that was picked up in its middle may be a two-way one: if the
 * SYN was answered, conntrack has made the entry the new connection's, and
 * checks its client again.
 */
/* conntrack_facts: answered_syn_is_strict */
static bool is_answered(struct nf_conn *ct)
{
	return test_and_clear_bit(LBHASH_EXPECTING_BIT, &ct->status) &&
	       (is_adopted(ct) || (is_liberal(ct, IP_CT_DIR_REPLY) &&
				   !is_liberal(ct, IP_CT_DIR_ORIGINAL)));
}

static enum lbhash_role tcp_role(struct nf_conn *ct, enum ip_conntrack_dir dir,
				 const struct lbhash_segment *segment, u32 mask,
				 struct lbhash_opening *opening)
{
	if (lbhash_segment_opens(segment)) {
		if (!nf_ct_is_confirmed(ct))
			lbhash_oneway_begin(ct, segment);
		else if (dir == IP_CT_DIR_ORIGINAL && tcp_expects(ct, mask))
			return tcp_meets_syn(ct, segment->seq + 1, opening);
		return is_reuse(ct, dir) ? LBHASH_ROLE_REUSE :
					   LBHASH_ROLE_MEMBER;
	}
	if (dir == IP_CT_DIR_REPLY)
		return LBHASH_ROLE_MEMBER;
	if (!tcp_is_one_way(ct))
		return is_answered(ct) ? LBHASH_ROLE_ANSWERED :
					 LBHASH_ROLE_MEMBER;
	if (is_expecting(ct) && (segment->flags & (TCPHDR_ACK | TCPHDR_RST)) ==
				TCPHDR_ACK &&
	    tcp_take_over(ct, segment->seq, mask))
		return LBHASH_ROLE_TAKES_OVER;
	if (!tcp_is_half_open(ct) && lbhash_segment_ends(segment))
		return tcp_meets_end(ct, segment);
	lbhash_oneway_keep_up(ct, segment);
	return LBHASH_ROLE_MEMBER;
}

static enum lbhash_role sctp_role(struct nf_conn *ct, enum ip_conntrack_dir dir,
				  const struct sk_buff *skb, u8 family,
				  u32 mask, struct lbhash_opening *opening)
{
	const struct sctp_notes *notes = sctp_notes(ct);
	const struct sctp_start *start;
	struct sctp_start buffer;

	start = get_start(skb, family, &buffer);
	if (!start || !sctp_is_init(&start->header))
		return LBHASH_ROLE_MEMBER;
	if (mask && dir == IP_CT_DIR_ORIGINAL && is_adopted(ct) &&
	    !sctp_is_over(ct)) {
		*opening = (struct lbhash_opening){
			.first = ntohl(start->tag),
		};
		if (is_expecting(ct) && READ_ONCE(notes->tag) == start->tag)
			opening->mark = READ_ONCE(notes->mark);
		return LBHASH_ROLE_OPENING;
	}
	return is_reuse(ct, dir) ? LBHASH_ROLE_REUSE : LBHASH_ROLE_MEMBER;
}

/**
 * lbhash_oneway_role - what is a packet to the connection of its entry?
 * @ct: entry that tracks the packet's connection
 * @dir: the direction in which the packet runs there
 * @skb: packet, which conntrack has seen
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @segment: of the packet
 * @mask: mask of the service, 0 without one: nothing is expected then
 * @opening: out, for LBHASH_ROLE_OPENING
 *
 * Context: packet path; takes &nf_conn.lock.
 * Return: see enum lbhash_role.
 */
enum lbhash_role lbhash_oneway_role(struct nf_conn *ct,
				    enum ip_conntrack_dir dir,
				    const struct sk_buff *skb, u8 family,
				    const struct lbhash_segment *segment,
				    u32 mask, struct lbhash_opening *opening)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		return tcp_role(ct, dir, segment, mask, opening);
	case IPPROTO_SCTP:
		return sctp_role(ct, dir, skb, family, mask, opening);
	default:
		return LBHASH_ROLE_MEMBER;
	}
}

/**
 * lbhash_oneway_expect - expect a new connection on an entry in use
 * @ct: entry
 * @opening: from lbhash_oneway_role()
 * @mark: mark of the new connection's backend
 *
 * One opening is expected at a time, the newest.
 *
 * Context: packet path; takes &nf_conn.lock.
 */
void lbhash_oneway_expect(struct nf_conn *ct,
			  const struct lbhash_opening *opening, u32 mark)
{
	struct ip_ct_tcp_state *seen = ct->proto.tcp.seen;
	struct sctp_notes *notes = sctp_notes(ct);

	spin_lock_bh(&ct->lock);
	if (nf_ct_protonum(ct) == IPPROTO_TCP) {
		WRITE_ONCE(seen[IP_CT_DIR_REPLY].td_end, opening->first);
		WRITE_ONCE(seen[IP_CT_DIR_REPLY].td_maxack, mark);
		/* If flowtables or the end of all rules made conntrack forget
		 * windows, the next packet would set the server's td_end.
		 */
		/* conntrack_facts: notes_stay */
		if (!seen[IP_CT_DIR_ORIGINAL].td_maxwin)
			seen[IP_CT_DIR_ORIGINAL].td_maxwin = 1;
	} else {
		WRITE_ONCE(notes->tag, htonl(opening->first));
		WRITE_ONCE(notes->mark, mark);
	}
	set_bit(LBHASH_EXPECTING_BIT, &ct->status);
	spin_unlock_bh(&ct->lock);
}

/**
 * lbhash_oneway_is_stray - does an RST or FIN not belong to its connection?
 * @ct: entry in whose original direction the packet runs
 * @segment: of the packet, which conntrack has not seen yet
 *
 * A half-open connection is not ended by a FIN.
 *
 * Return: true for a one-way connection, if the sequence number is not one that
 * its client could use now.
 */
bool lbhash_oneway_is_stray(const struct nf_conn *ct,
			    const struct lbhash_segment *segment)
{
	if (nf_ct_protonum(ct) != IPPROTO_TCP || !tcp_is_one_way(ct))
		return false;
	if (tcp_is_half_open(ct))
		return segment->flags & TCPHDR_RST &&
		       !tcp_fits(segment->seq, tcp_first(ct));
	return !tcp_is_near(ct, segment->seq);
}

/**
 * lbhash_oneway_is_syn_seen - was a one-way connection seen to begin?
 * @ct: entry of the connection
 *
 * A connection that was picked up in its middle has no reply either, but does
 * not claim one; adopting makes a one-way connection claim one.
 *
 * Return: true for one-way connections whose SYN or INIT was seen, adopted or
 * not.
 */
bool lbhash_oneway_is_syn_seen(const struct nf_conn *ct)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		/* conntrack_facts: unknown_ack_is_new */
		return tcp_is_one_way(ct) &&
		       (tcp_is_half_open(ct) || is_adopted(ct));
	case IPPROTO_SCTP:
		return is_adopted(ct) || sctp_is_half_open(ct);
	default:
		return false;
	}
}

/**
 * lbhash_oneway_is_begun - was a connection's first packet its beginning?
 * @ct: entry of the connection
 *
 * conntrack_facts: picked_up_is_liberal
 *
 * Return: true if the source is translated or a SYN was seen; false for an
 * entry that a packet of the connection's answers may have made.
 */
bool lbhash_oneway_is_begun(const struct nf_conn *ct)
{
	if (READ_ONCE(ct->status) & IPS_SRC_NAT)
		return true;
	return nf_ct_protonum(ct) == IPPROTO_TCP &&
	       !is_liberal(ct, IP_CT_DIR_ORIGINAL);
}
