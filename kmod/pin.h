/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_PIN_H
#define LBHASH_PIN_H

#include <linux/types.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "oneway.h"

struct lbhash_flow;
struct lbhash_packet;
struct net;
struct nf_hook_state;
struct sk_buff;

/* Seconds that conntrack remembers a silent connection of which it sees only
 * one half, by default.
 */
#define LBHASH_PIN_IDLE	300u

/**
 * enum lbhash_glance - what conntrack says of a packet at first
 * @LBHASH_GLANCE_SEEN: it has seen the packet
 * @LBHASH_GLANCE_REFUSED: it had no room for the packet
 * @LBHASH_GLANCE_MEMBER: the packet surely belongs to its connection
 * @LBHASH_GLANCE_BEGINS: it opens a connection, whose entry is new
 * @LBHASH_GLANCE_ADOPTED: it made a one-way connection valid
 * @LBHASH_GLANCE_COUNTED: not a flag, but the unit of what is above them: the
 *	number of times that conntrack counted the packet as INVALID
 *
 * In one register, as nearly all packets ask for it.
 */
enum lbhash_glance {
	LBHASH_GLANCE_SEEN	= 1 << 0,
	LBHASH_GLANCE_REFUSED	= 1 << 1,
	LBHASH_GLANCE_MEMBER	= 1 << 2,
	LBHASH_GLANCE_BEGINS	= 1 << 3,
	LBHASH_GLANCE_ADOPTED	= 1 << 4,
	LBHASH_GLANCE_COUNTED	= 1 << 5,
};

/**
 * struct lbhash_conn - the connection of a packet, according to conntrack
 * @ct: entry attached to the packet, or NULL
 * @info: relation of the packet to @ct; only valid with @ct
 * @begins: the packet opens a connection, whose entry is new
 * @adopted: the packet made a one-way connection valid
 * @reopened: the packet replaced a connection with the same ports
 * @answered: the packet replaced a connection whose server has answered it
 * @opens: the packet may open a connection on an entry that is in use
 * @opening: only valid with @opens
 * @remembered: without @ct, mark of the entry of a packet that conntrack called
 *	INVALID, or 0
 * @crowded: without @ct, there is no room to adopt the packet's connection
 * @brief: conntrack may drop the entry while the connection is in use
 * @tmpl: template that a CT rule attached to the packet, with a reference, or
 *	NULL
 * @invalid: conntrack called the packet INVALID, and its own hook, which comes
 *	later, sees the packet again
 * @counted: number of times that conntrack counted the packet as INVALID
 */
struct lbhash_conn {
	struct nf_conn *ct;
	enum ip_conntrack_info info;
	bool begins;
	bool adopted;
	bool reopened;
	bool answered;
	bool opens;
	struct lbhash_opening opening;
	u32 remembered;
	bool crowded;
	bool brief;
	struct nf_conn *tmpl;
	bool invalid;
	u32 counted;
};

/**
 * typedef lbhash_pin_visitor - callback of lbhash_pin_walk()
 * @mark: mark of the entry, not 0
 * @flow: flow of its packets in the original direction
 * @data: argument of lbhash_pin_walk()
 *
 * Context: a spinlock of conntrack held.
 */
typedef void (*lbhash_pin_visitor)(u32 mark, const struct lbhash_flow *flow,
				   void *data);

/**
 * typedef lbhash_pin_filter - callback of lbhash_pin_end_offload()
 * @mark: mark of the entry
 * @data: argument of lbhash_pin_end_offload()
 *
 * Context: a spinlock of conntrack held.
 * Return: true to end the connection's offload.
 */
typedef bool (*lbhash_pin_filter)(u32 mark, void *data);

u32 lbhash_pin_glance(struct sk_buff *skb, const struct nf_hook_state *state,
		      u32 mask);
int lbhash_pin_track(const struct lbhash_packet *packet, u32 glance,
		     struct lbhash_conn *conn);
void lbhash_pin_release(const struct lbhash_packet *packet,
			const struct lbhash_conn *conn, int verdict);
void lbhash_pin_write(struct nf_conn *ct, u32 mark, u32 mask);
bool lbhash_pin_is_established(const struct nf_conn *ct);
bool lbhash_pin_is_path(const struct nf_conn *ct);
bool lbhash_pin_extend(struct nf_conn *ct, u32 seconds);
void lbhash_pin_set_lasting(struct nf_conn *ct, bool lasting);
struct nf_conn *__must_check lbhash_pin_get(struct net *net,
					     const struct sk_buff *skb,
					     u8 family);
struct nf_conn *__must_check
lbhash_pin_get_flow(struct net *net, const struct lbhash_flow *flow,
		    enum ip_conntrack_dir *dir);
void lbhash_pin_walk(struct net *net, lbhash_pin_visitor visit, void *data);
void lbhash_pin_end_offload(struct net *net, lbhash_pin_filter filter,
			    void *data);

/**
 * lbhash_pin_read - read the mark of a connection
 * @ct: entry of the connection; other CPUs may be writing its mark
 * @mask: bits of the mark that belong to the service
 *
 * Return: the mark, 0 for none.
 */
static inline u32 lbhash_pin_read(const struct nf_conn *ct, u32 mask)
{
	return READ_ONCE(ct->mark) & mask;
}

/**
 * lbhash_pin_write_first - lbhash_pin_write() for a connection that begins
 * @ct: entry that is not confirmed yet; nobody else writes its mark
 * @mark: mark of the backend, within @mask
 * @mask: mask of the service; other bits are kept
 *
 * Context: packet path.
 * Return: false if there is a mark already.
 */
static inline bool lbhash_pin_write_first(struct nf_conn *ct, u32 mark,
					  u32 mask)
{
	u32 old = READ_ONCE(ct->mark);

	if (unlikely(old & mask))
		return false;
	WRITE_ONCE(ct->mark, old | mark);
	nf_conntrack_event_cache(IPCT_MARK, ct);
	return true;
}

/**
 * lbhash_pin_is_foreign - does a packet belong to an unbalanced connection?
 * @ct: entry of the packet's connection
 * @dir: direction in which the packet runs in it
 * @mark: mark of the entry under the service's mask
 *
 * If a backend or this host opened the connection with the VIP as its source,
 * packets to the VIP are replies. But if conntrack has not seen the client's
 * first packet, or has dropped the entry since, a reply to the client may have
 * created the entry.
 *
 * Return: true for the reply direction of a connection that is not pinned, and
 * for ICMP errors about its other direction, if its source was translated to
 * the VIP or its SYN was seen.
 */
static inline bool lbhash_pin_is_foreign(const struct nf_conn *ct,
					 enum ip_conntrack_dir dir, u32 mark)
{
	return !mark && dir == IP_CT_DIR_REPLY && lbhash_oneway_is_begun(ct);
}

/* Exempt a packet from connection tracking. */
static inline void lbhash_pin_untrack(struct sk_buff *skb)
{
	/* conntrack_facts: untracked_is_left_alone */
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

/**
 * lbhash_pin_leave - release what lbhash_pin_track() got
 * @packet: packet, whose skb is gone unless @verdict is NF_ACCEPT
 * @conn: from lbhash_pin_track()
 * @verdict: verdict on the packet
 *
 * Context: packet path.
 */
static inline void lbhash_pin_leave(const struct lbhash_packet *packet,
				    const struct lbhash_conn *conn, int verdict)
{
	if (unlikely(conn->invalid || conn->tmpl))
		lbhash_pin_release(packet, conn, verdict);
}

#endif /* LBHASH_PIN_H */
