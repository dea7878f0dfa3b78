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
 */
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "flow.h"
#include "oneway.h"

/* The largest window of TCP (RFC 7323, section 2.3: 65535 << 14): how far the
 * sequence number of a half-open connection's client can be past its SYN.
 */
#define LARGEST_WINDOW	(65535u << 14)

/* In nf_conn's status: the entry was adopted. Conntrack's own bits start from
 * bit 0. Where a long has 64 bits, user space can neither read nor set this one.
 */
/* conntrack_facts: top_of_status_is_free */
#define ONE_WAY_BIT	(BITS_PER_LONG - 1)

static bool is_adopted(const struct nf_conn *ct)
{
	return test_bit(ONE_WAY_BIT, &ct->status);
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

/* Can the packet follow the answer to the client's SYN? */
static bool tcp_continues(const struct nf_conn *ct, const struct tcphdr *th)
{
	return tcp_is_one_way(ct) && th->ack && !th->syn && !th->rst;
}

static bool tcp_opens(const struct tcphdr *th)
{
	return th->syn && !th->ack && !th->rst;
}

/* No window is known, so none is checked from here on; and nothing the client
 * sends will ever be seen acknowledged, which keeps the entry's idle time at
 * nf_conntrack_tcp_timeout_unacknowledged instead of five days.
 */
/* conntrack_facts: td_end_follows_syn, adopted_ack_is_valid */
/* conntrack_facts: liberal_skips_windows, liberal_stays */
/* conntrack_facts: unacknowledged_stays, adopted_lasts_unacknowledged */
static bool tcp_adopt(struct nf_conn *ct, const struct tcphdr *th)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	u32 ahead;

	lockdep_assert_held(&ct->lock);

	ahead = ntohl(th->seq) - tcp->seen[IP_CT_DIR_ORIGINAL].td_end;
	if (ahead > LARGEST_WINDOW || !tcp_is_half_open(ct))
		return false;

	tcp->state = TCP_CONNTRACK_SYN_RECV;
	tcp->seen[IP_CT_DIR_ORIGINAL].flags |=
		IP_CT_TCP_FLAG_BE_LIBERAL | IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	tcp->seen[IP_CT_DIR_REPLY].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
	return true;
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
static bool sctp_adopt(struct nf_conn *ct, const struct sctphdr *sh)
{
	struct ip_ct_sctp *sctp = &ct->proto.sctp;

	lockdep_assert_held(&ct->lock);

	if (!sctp_is_half_open(ct))
		return false;
	sctp->state = SCTP_CONNTRACK_ESTABLISHED;
	sctp->vtag[IP_CT_DIR_ORIGINAL] = sh->vtag;
	return true;
}

union header {
	struct tcphdr tcp;
	struct sctphdr sctp;
};

static const void *get_header(const struct nf_conn *ct,
			      const struct sk_buff *skb, u8 family,
			      union header *buffer)
{
	u8 proto = nf_ct_protonum(ct);
	size_t size = proto == IPPROTO_TCP ? sizeof(buffer->tcp) :
					     sizeof(buffer->sctp);

	return lbhash_flow_header(skb, family, proto, size, buffer);
}

static bool continues(const struct nf_conn *ct, const void *header)
{
	return nf_ct_protonum(ct) == IPPROTO_TCP ? tcp_continues(ct, header) :
						   sctp_continues(ct, header);
}

static bool adopt(struct nf_conn *ct, const void *header)
{
	return nf_ct_protonum(ct) == IPPROTO_TCP ? tcp_adopt(ct, header) :
						   sctp_adopt(ct, header);
}

/**
 * lbhash_oneway_adopt - make a half-open one-way connection a valid one
 * @ct: entry in whose original direction the packet runs
 * @skb: packet that conntrack called INVALID
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @allowed: the entry may be adopted if it has not been yet
 *
 * Two packets of a connection may arrive at once, on two CPUs: the second one
 * finds the entry adopted, and conntrack only has to see it again.
 *
 * Context: packet path; takes &nf_conn.lock.
 * Return: see enum lbhash_adoption.
 */
enum lbhash_adoption lbhash_oneway_adopt(struct nf_conn *ct,
					 const struct sk_buff *skb, u8 family,
					 bool allowed)
{
	enum lbhash_adoption result = LBHASH_NOT_ADOPTED;
	union header buffer;
	const void *header;

	if (!lbhash_oneway_is_syn_seen(ct))
		return LBHASH_NOT_ADOPTED;
	header = get_header(ct, skb, family, &buffer);
	if (!header)
		return LBHASH_NOT_ADOPTED;

	spin_lock_bh(&ct->lock);
	if (!continues(ct, header)) {
		result = LBHASH_NOT_ADOPTED;
	} else if (test_bit(IPS_SEEN_REPLY_BIT, &ct->status)) {
		result = LBHASH_ADOPTED_BEFORE;
	} else if (allowed && adopt(ct, header)) {
		/* conntrack_facts: rst_ends_unreplied, rst_closes_adopted */
		/* conntrack_facts: seen_reply_is_established */
		set_bit(ONE_WAY_BIT, &ct->status);
		set_bit(IPS_SEEN_REPLY_BIT, &ct->status);
		result = LBHASH_ADOPTED_NOW;
	}
	spin_unlock_bh(&ct->lock);

	if (result == LBHASH_ADOPTED_NOW)
		nf_conntrack_event_cache(IPCT_REPLY, ct);
	return result;
}

/* Does the state of the entry allow a SYN or INIT to replace it? */
/* conntrack_facts: syn_on_open_passes, syn_back_is_invalid */
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

static bool opens(const struct nf_conn *ct, const void *header)
{
	return nf_ct_protonum(ct) == IPPROTO_TCP ? tcp_opens(header) :
						   sctp_is_init(header);
}

/**
 * lbhash_oneway_is_reuse - does a packet begin anew on a used entry?
 * @ct: entry that tracks the packet's connection
 * @dir: the direction in which the packet runs there
 * @skb: packet whose headers are read
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Conntrack would keep the old entry for the packet and wait for the server's
 * reply. On a one-way entry no reply will be seen; on a closed one, as after a
 * reset by the server, the reply would come from the old backend, which may no
 * longer own the slot.
 *
 * If clients' packets are untracked but replies are not, a reply creates the
 * entry, and the client's next SYN is in its reply direction. Conntrack then
 * calls the SYN INVALID, because it has not seen the client's half end.
 *
 * Return: true for a SYN or an INIT on a one-way entry that is not half open,
 * or on any closed entry; in the reply direction only if a reply may have
 * created the entry.
 */
bool lbhash_oneway_is_reuse(const struct nf_conn *ct,
			    enum ip_conntrack_dir dir,
			    const struct sk_buff *skb, u8 family)
{
	union header buffer;
	const void *header;

	if (!is_worn_out(ct, dir) ||
	    (dir == IP_CT_DIR_REPLY && lbhash_oneway_is_begun(ct)))
		return false;
	header = get_header(ct, skb, family, &buffer);
	return header && opens(ct, header);
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
	       !(READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags) &
		 IP_CT_TCP_FLAG_BE_LIBERAL);
}
