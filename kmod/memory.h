/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_MEMORY_H
#define LBHASH_MEMORY_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/linux/lbhash.h>

struct lbhash_memory_store;

#define LBHASH_PRINT_WORDS	6

/* In the number of a transition, of entries that are only remembered to see how
 * connections fare, of slots that need no memory: they make room for all
 * others, and their loss does no harm.
 */
#define LBHASH_MEMORY_SAMPLE	BIT(28)

/**
 * struct lbhash_print_key - key of fingerprints, see fingerprint.h
 * @words: random
 */
struct lbhash_print_key {
	u64 words[LBHASH_PRINT_WORDS];
};

/**
 * enum lbhash_memory_kind - how the connection of a packet is found
 * @LBHASH_MEMORY_OPENS: a SYN or an INIT: by its own number
 * @LBHASH_MEMORY_CONTINUES: a later packet: by its sequence number
 * @LBHASH_MEMORY_LOOSE: a packet of a flow without handshake: any entry
 * @LBHASH_MEMORY_ASKS: an ICMP error or a lookup, which changes nothing: the
 *	newest open entry of the flow
 */
enum lbhash_memory_kind {
	LBHASH_MEMORY_OPENS,
	LBHASH_MEMORY_CONTINUES,
	LBHASH_MEMORY_LOOSE,
	LBHASH_MEMORY_ASKS,
};

/**
 * struct lbhash_memory_packet - what the memory wants to know about a packet
 * @print: fingerprint of the packet's flow and service
 * @opener: fingerprint under which the opener of the connection is remembered
 *	that the packet may complete: @print for TCP; that of the INIT's flow
 *	for a COOKIE ECHO; 0 for a packet that completes no handshake
 * @service: number of the service, less than 2^24
 * @slot: number of the slot, less than 2^20
 * @transition: number of the slot's transition, not 0; no two transitions of a
 *	namespace have the same, except those that begin with the same change
 * @seq: sequence number of the first byte of data (of a SYN: 1 more than its
 *	own); an INIT has its initiate tag here, other SCTP packets have 0
 * @end: sequence number behind the last byte, and behind a FIN
 * @now: present time in seconds
 * @idle: seconds after which a silent flow without handshake is a new one
 * @kind: one of enum lbhash_memory_kind
 * @fin: the packet has a FIN
 * @rst: the packet has an RST
 */
struct lbhash_memory_packet {
	u64 print;
	u64 opener;
	u32 service;
	u32 slot;
	u32 transition;
	u32 seq;
	u32 end;
	u32 now;
	u32 idle;
	u8 kind;
	bool fin;
	bool rst;
};

/**
 * enum lbhash_memory_found - what the memory knows about a packet
 * @LBHASH_MEMORY_UNKNOWN: nothing
 * @LBHASH_MEMORY_KNOWN: it belongs to a remembered connection
 * @LBHASH_MEMORY_ADOPTED: it completes the handshake of one
 * @LBHASH_MEMORY_REPEATS: it repeats the opener of one
 * @LBHASH_MEMORY_REFUSED: it may repeat an opener that there was no room for
 * @LBHASH_MEMORY_UNSURE: a glance does not tell
 */
enum lbhash_memory_found {
	LBHASH_MEMORY_UNKNOWN,
	LBHASH_MEMORY_KNOWN,
	LBHASH_MEMORY_ADOPTED,
	LBHASH_MEMORY_REPEATS,
	LBHASH_MEMORY_REFUSED,
	LBHASH_MEMORY_UNSURE,
};

/**
 * struct lbhash_memory_opener - what an opener begins, in two registers
 * @seq: &lbhash_memory_packet.seq
 * @end: &lbhash_memory_packet.end
 * @service: &lbhash_memory_packet.service
 * @backend: number of the owner's backend
 */
struct lbhash_memory_opener {
	u32 seq;
	u32 end;
	u32 service;
	u32 backend;
};

/**
 * struct lbhash_memory_glance - what a glance tells, in one register
 * @found: LBHASH_MEMORY_UNKNOWN, _KNOWN, _ADOPTED or _UNSURE
 * @backend: number of the backend, of KNOWN and ADOPTED
 */
struct lbhash_memory_glance {
	enum lbhash_memory_found found;
	u32 backend;
};

/* Of lbhash_memory_open(). */
#define LBHASH_MEMORY_RENEW	0x01
#define LBHASH_MEMORY_BESIDE	0x02

/* What is known about a remembered connection. */
#define LBHASH_MEMORY_OPEN	0x01 /* its handshake is complete, or unseen */
#define LBHASH_MEMORY_FLOW	0x02 /* it is a flow without handshake */
#define LBHASH_MEMORY_SINGLE	0x04 /* one packet, and no handshake, seen */
#define LBHASH_MEMORY_FIN	0x08 /* the client has sent a FIN */
#define LBHASH_MEMORY_RST	0x10 /* the client has sent an RST */
#define LBHASH_MEMORY_HOME	0x20 /* unknown, it would go to its backend */
#define LBHASH_MEMORY_KEPT	0x40 /* its slot closes, it is elsewhere */
#define LBHASH_MEMORY_OVERDUE	0x80 /* it need not be remembered any more */

/**
 * struct lbhash_memory_info - an entry, as walks see it
 * @print: see struct lbhash_memory_packet
 * @service: likewise
 * @slot: likewise
 * @transition: likewise
 * @seq: end of what the client has sent; of a half-open entry
 *	&lbhash_memory_packet.seq of the opener
 * @more: of a half-open entry, bytes of data that the opener carried, rounded
 *	up; else a measure of what was sent
 * @last: time of the last packet
 * @backend: number of the backend, not used for another one in this namespace
 *	while entries have it
 * @flags: LBHASH_MEMORY_OPEN and the following
 */
struct lbhash_memory_info {
	u64 print;
	u32 service;
	u32 slot;
	u32 transition;
	u32 seq;
	u32 more;
	u32 last;
	u32 backend;
	u8 flags;
};

/**
 * enum lbhash_memory_fate - what a sweep does with an entry
 * @LBHASH_MEMORY_STAYS: nothing
 * @LBHASH_MEMORY_KEEP: room is no longer made from it: its slot is closing, and
 *	its backend is not the owner
 * @LBHASH_MEMORY_RELEASE: room may be made from it at once: its slot could
 *	settle regardless of it
 * @LBHASH_MEMORY_DROP: it goes: its transition is over
 */
enum lbhash_memory_fate {
	LBHASH_MEMORY_STAYS,
	LBHASH_MEMORY_KEEP,
	LBHASH_MEMORY_RELEASE,
	LBHASH_MEMORY_DROP,
};

/**
 * typedef lbhash_memory_judge - callback of lbhash_memory_sweep()
 * @info: an entry
 * @data: argument of lbhash_memory_sweep()
 *
 * Context: RCU, a spinlock of the memory held.
 * Return: the entry's fate, one of enum lbhash_memory_fate.
 */
typedef int (*lbhash_memory_judge)(const struct lbhash_memory_info *info,
				   void *data);

/**
 * typedef lbhash_memory_visitor - callback of lbhash_memory_dump()
 * @info: an entry
 * @data: argument of lbhash_memory_dump()
 *
 * Return: false to stop before this entry.
 */
typedef bool (*lbhash_memory_visitor)(const struct lbhash_memory_info *info,
				      void *data);

/**
 * struct lbhash_memory_counts - how full a memory is
 * @places: number of entries for which there is memory at present
 * @entries: number of entries, including expired ones
 * @half_open: number of them that wait for the end of their handshake
 * @refused: number of connections and flows that there was no room for
 * @evicted: number of entries that went before they expired, to make room
 * @failed: number of times that memory could not be allocated
 */
struct lbhash_memory_counts {
	u64 places;
	u64 entries;
	u64 half_open;
	u64 refused;
	u64 evicted;
	u64 failed;
};

/**
 * struct lbhash_memory - the flow memory of a namespace
 * @store: entries; RCU, NULL while nothing is remembered
 * @key: key of the fingerprints, for callers
 * @mutex: serialises all that replaces or walks @store
 * @limit: largest number of entries
 * @growth: work that doubles the memory
 * @failed_at: time of a request for growth that could not be fulfilled
 * @asked_at: time of the last such request
 * @flow_lost_at: last time that a flow without handshake could not be
 *	remembered any longer, or at all
 * @home_lost_at: last time that a connection at home could not be
 * @refused: number of connections that were refused for want of a store, or
 *	by stores that are gone
 * @evicted: number of entries that made room in stores that are gone
 * @failed: number of times that memory could not be allocated
 */
struct lbhash_memory {
	struct lbhash_memory_store __rcu *store;
	struct lbhash_print_key key;
	struct mutex mutex; /* see above */
	u32 limit;
	struct work_struct growth;
	u32 failed_at;
	u32 asked_at;
	u32 flow_lost_at;
	u32 home_lost_at;
	atomic64_t refused;
	u64 evicted;
	u64 failed;
};

void lbhash_memory_init(struct lbhash_memory *memory, u32 limit, u32 now);
void lbhash_memory_exit(struct lbhash_memory *memory);
int lbhash_memory_start(struct lbhash_memory *memory, u32 now);
void lbhash_memory_stop(struct lbhash_memory *memory);
void lbhash_memory_set_limit(struct lbhash_memory *memory, u32 limit);

struct lbhash_memory_glance
lbhash_memory_glance(const struct lbhash_memory *memory, u64 print, u64 place,
		     u32 seq, u32 end, u32 now);
struct lbhash_memory_glance
lbhash_memory_glance_loose(const struct lbhash_memory *memory, u64 print,
			   u64 place, u32 idle, u32 now);
bool lbhash_memory_glance_opener(struct lbhash_memory *memory, u64 print,
				 u64 place, struct lbhash_memory_opener opener,
				 u32 now);
bool lbhash_memory_lacks(const struct lbhash_memory *memory, u64 print,
			 u32 seq);
enum lbhash_memory_found
lbhash_memory_find(struct lbhash_memory *memory,
		   const struct lbhash_memory_packet *packet, u32 *backend);
enum lbhash_memory_found
lbhash_memory_open(struct lbhash_memory *memory,
		   const struct lbhash_memory_packet *packet, u32 *backend,
		   u8 flags);
bool lbhash_memory_learn(struct lbhash_memory *memory,
			 const struct lbhash_memory_packet *packet, u32 backend,
			 bool home);
void lbhash_memory_move(struct lbhash_memory *memory,
			const struct lbhash_memory_packet *packet, u32 from,
			u32 to);

void lbhash_memory_sweep(struct lbhash_memory *memory, u32 now,
			 lbhash_memory_judge judge, void *data);
void lbhash_memory_dump(struct lbhash_memory *memory, u64 *position,
			lbhash_memory_visitor visit, void *data);
bool lbhash_memory_insert(struct lbhash_memory *memory,
			  const struct lbhash_memory_info *info, u32 now);
void lbhash_memory_count(struct lbhash_memory *memory,
			 struct lbhash_memory_counts *counts);
bool lbhash_memory_is_busy(const struct lbhash_memory_info *info, u32 now,
			   u32 idle);
bool lbhash_memory_is_over(const struct lbhash_memory_info *info, u32 now);

/* A slot and its transition, as glances take them. */
static inline u64 lbhash_memory_place(u32 slot, u32 transition)
{
	return (u64)transition << 32 | slot;
}

/**
 * lbhash_memory_lost_home - was a connection at home lost recently?
 * @memory: memory
 * @now: present time in seconds
 * @seconds: how long ago at most
 *
 * Return: true if the memory may lack a connection that is at home; a slot must
 * not close then.
 */
static inline bool lbhash_memory_lost_home(const struct lbhash_memory *memory,
					   u32 now, u32 seconds)
{
	return (s32)(now - READ_ONCE(memory->home_lost_at)) < (s32)seconds;
}

/**
 * lbhash_memory_is_new_flow - is an unknown flow without handshake a new one?
 * @memory: memory
 * @packet: packet of the flow
 * @began: time at which the slot's transition began, in seconds
 *
 * Return: true if the flow goes to the owner, false if it goes home.
 */
static inline bool
lbhash_memory_is_new_flow(const struct lbhash_memory *memory,
			  const struct lbhash_memory_packet *packet, u32 began)
{
	u32 lost_at = READ_ONCE(memory->flow_lost_at);

	return packet->now - began >= packet->idle &&
	       (s32)(packet->now - lost_at) >= (s32)packet->idle;
}

#endif /* LBHASH_MEMORY_H */
