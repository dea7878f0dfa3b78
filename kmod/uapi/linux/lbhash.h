/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/lbhash.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_LBHASH_H
#define _UAPI_LINUX_LBHASH_H

#define LBHASH_GENL_NAME	"lbhash"
#define LBHASH_GENL_VERSION	1

#define LBHASH_NAME_MAX		31
#define LBHASH_SIZE_MIN		251
#define LBHASH_SIZE_MAX		1048573
#define LBHASH_SIZE_DEFAULT	65537
#define LBHASH_WEIGHT_MAX	65535
#define LBHASH_SETTLE_MAX	604800
#define LBHASH_SETTLE_DEFAULT	600
#define LBHASH_IDLE_MAX		604800
#define LBHASH_IDLE_DEFAULT	300
#define LBHASH_UDP_IDLE_DEFAULT	30
#define LBHASH_SAMPLE_MAX	1048573
#define LBHASH_SEED_LEN		16
#define LBHASH_BACKENDS_MAX	65534

/**
 * enum lbhash_on_empty - what happens to a packet of a service without a
 *   usable backend
 */
enum lbhash_on_empty {
	LBHASH_ON_EMPTY_DROP,
	LBHASH_ON_EMPTY_CONTINUE,
};

/**
 * enum lbhash_track - how much is remembered of connections. always keeps
 *   every connection's backend in conntrack; never keeps nothing, the hash
 *   alone chooses; changed keeps backends where slots are in transition
 */
enum lbhash_track {
	LBHASH_TRACK_ALWAYS,
	LBHASH_TRACK_NEVER,
	LBHASH_TRACK_CHANGED,
};

/**
 * enum lbhash_deliver - how a packet gets to its backend. mark sets the
 *   packet's mark, and routing does the rest; nexthop sends it to the
 *   backend's address
 */
enum lbhash_deliver {
	LBHASH_DELIVER_MARK,
	LBHASH_DELIVER_NEXTHOP,
};

/**
 * enum lbhash_state - up takes connections; drain keeps the ones it has and
 *   gets no new ones; down keeps none
 */
enum lbhash_state {
	LBHASH_STATE_UP,
	LBHASH_STATE_DRAIN,
	LBHASH_STATE_DOWN,
};

/**
 * enum lbhash_hash_field - fields of a packet that are hashed
 */
enum lbhash_hash_field {
	LBHASH_HASH_FIELD_PROTO = 1,
	LBHASH_HASH_FIELD_SRC = 2,
	LBHASH_HASH_FIELD_DST = 4,
	LBHASH_HASH_FIELD_SPORT = 8,
	LBHASH_HASH_FIELD_DPORT = 16,
	LBHASH_HASH_FIELD_SYMMETRIC = 32,
};

/**
 * enum lbhash_reason - why a packet went where it went; one reason a packet
 * @LBHASH_REASON_PINNED: the connection's mark names a usable backend
 * @LBHASH_REASON_PICKED: a connection without a backend got the owner of its
 *   slot
 * @LBHASH_REASON_PREVIOUS: a connection without a backend got its slot's
 *   previous owner
 * @LBHASH_REASON_REPICKED: the connection's backend was gone or down, it got
 *   another one
 * @LBHASH_REASON_ADOPTED: a half-open one-way connection became an established
 *   one
 * @LBHASH_REASON_REOPENED: a SYN on a used one-way connection started a fresh
 *   one
 * @LBHASH_REASON_STATELESS: no connection entry, chosen by hash alone
 * @LBHASH_REASON_RELATED: an ICMP error, sent where the packet that it quotes
 *   belongs
 * @LBHASH_REASON_EMPTY: no usable backend
 * @LBHASH_REASON_MALFORMED: too short or not to be parsed, left alone
 */
enum lbhash_reason {
	LBHASH_REASON_PINNED,
	LBHASH_REASON_PICKED,
	LBHASH_REASON_PREVIOUS,
	LBHASH_REASON_REPICKED,
	LBHASH_REASON_ADOPTED,
	LBHASH_REASON_REOPENED,
	LBHASH_REASON_STATELESS,
	LBHASH_REASON_RELATED,
	LBHASH_REASON_EMPTY,
	LBHASH_REASON_MALFORMED,

	/* private: */
	__LBHASH_REASON_MAX,
	LBHASH_REASON_MAX = (__LBHASH_REASON_MAX - 1)
};

/**
 * enum lbhash_cause - operation that changed a service
 * @LBHASH_CAUSE_SETTLED: time did; slots in transition settled
 */
enum lbhash_cause {
	LBHASH_CAUSE_SERVICE_NEW,
	LBHASH_CAUSE_SERVICE_SET,
	LBHASH_CAUSE_SERVICE_APPLY,
	LBHASH_CAUSE_SERVICE_DEL,
	LBHASH_CAUSE_BACKEND_NEW,
	LBHASH_CAUSE_BACKEND_SET,
	LBHASH_CAUSE_BACKEND_DEL,
	LBHASH_CAUSE_SETTLED,
};

enum {
	LBHASH_A_PAD = 1,
	LBHASH_A_NAME,
	LBHASH_A_SIZE,
	LBHASH_A_FIELDS,
	LBHASH_A_SRC4_PREFIX,
	LBHASH_A_DST4_PREFIX,
	LBHASH_A_SRC6_PREFIX,
	LBHASH_A_DST6_PREFIX,
	LBHASH_A_SEED,
	LBHASH_A_MASK,
	LBHASH_A_ON_EMPTY,
	LBHASH_A_SETTLE,
	LBHASH_A_DISRUPTIVE,
	LBHASH_A_DRY_RUN,
	LBHASH_A_BACKEND,
	LBHASH_A_DIGEST,
	LBHASH_A_GENERATION,
	LBHASH_A_RULES,
	LBHASH_A_BACKENDS,
	LBHASH_A_PACKETS,
	LBHASH_A_BYTES,
	LBHASH_A_REASON,
	LBHASH_A_FLOW,
	LBHASH_A_DECISION,
	LBHASH_A_FIRST_SLOT,
	LBHASH_A_MARKS,
	LBHASH_A_TRANSITION_SLOTS,
	LBHASH_A_SETTLES_IN,
	LBHASH_A_HOLDING,
	LBHASH_A_CHANGE,
	LBHASH_A_CAUSE,
	LBHASH_A_TRACK,
	LBHASH_A_DELIVER,
	LBHASH_A_IDLE,
	LBHASH_A_UDP_IDLE,
	LBHASH_A_SETTLE_MAX,
	LBHASH_A_SAMPLE,

	__LBHASH_A_MAX,
	LBHASH_A_MAX = (__LBHASH_A_MAX - 1)
};

enum {
	LBHASH_BACKEND_A_PAD = 1,
	LBHASH_BACKEND_A_NAME,
	LBHASH_BACKEND_A_MARK,
	LBHASH_BACKEND_A_WEIGHT,
	LBHASH_BACKEND_A_STATE,
	LBHASH_BACKEND_A_ADDR4,
	LBHASH_BACKEND_A_ADDR6,
	LBHASH_BACKEND_A_SLOTS,
	LBHASH_BACKEND_A_PACKETS,
	LBHASH_BACKEND_A_BYTES,
	LBHASH_BACKEND_A_CONNECTIONS,
	LBHASH_BACKEND_A_BEFORE,
	LBHASH_BACKEND_A_GAINED,
	LBHASH_BACKEND_A_LOST,
	LBHASH_BACKEND_A_ENTERED,
	LBHASH_BACKEND_A_UNFORWARDED,
	LBHASH_BACKEND_A_UNRESOLVED,

	__LBHASH_BACKEND_A_MAX,
	LBHASH_BACKEND_A_MAX = (__LBHASH_BACKEND_A_MAX - 1)
};

enum {
	LBHASH_CHANGE_A_PAD = 1,
	LBHASH_CHANGE_A_MOVED,
	LBHASH_CHANGE_A_NEEDED,
	LBHASH_CHANGE_A_ENTERED,
	LBHASH_CHANGE_A_FORGOTTEN,

	__LBHASH_CHANGE_A_MAX,
	LBHASH_CHANGE_A_MAX = (__LBHASH_CHANGE_A_MAX - 1)
};

enum {
	LBHASH_REASON_A_PAD = 1,
	LBHASH_REASON_A_ID,
	LBHASH_REASON_A_PACKETS,

	__LBHASH_REASON_A_MAX,
	LBHASH_REASON_A_MAX = (__LBHASH_REASON_A_MAX - 1)
};

enum {
	LBHASH_FLOW_A_PAD = 1,
	LBHASH_FLOW_A_PROTO,
	LBHASH_FLOW_A_SRC4,
	LBHASH_FLOW_A_DST4,
	LBHASH_FLOW_A_SRC6,
	LBHASH_FLOW_A_DST6,
	LBHASH_FLOW_A_SPORT,
	LBHASH_FLOW_A_DPORT,

	__LBHASH_FLOW_A_MAX,
	LBHASH_FLOW_A_MAX = (__LBHASH_FLOW_A_MAX - 1)
};

enum {
	LBHASH_DECISION_A_PAD = 1,
	LBHASH_DECISION_A_SLOT,
	LBHASH_DECISION_A_OWNER,
	LBHASH_DECISION_A_PREVIOUS,
	LBHASH_DECISION_A_PINNED,
	LBHASH_DECISION_A_BACKEND,
	LBHASH_DECISION_A_MARK,
	LBHASH_DECISION_A_REASON,

	__LBHASH_DECISION_A_MAX,
	LBHASH_DECISION_A_MAX = (__LBHASH_DECISION_A_MAX - 1)
};

enum {
	LBHASH_CMD_SERVICE_NEW = 1,
	LBHASH_CMD_SERVICE_SET,
	LBHASH_CMD_SERVICE_APPLY,
	LBHASH_CMD_SERVICE_DEL,
	LBHASH_CMD_SERVICE_GET,
	LBHASH_CMD_BACKEND_NEW,
	LBHASH_CMD_BACKEND_SET,
	LBHASH_CMD_BACKEND_DEL,
	LBHASH_CMD_BACKEND_GET,
	LBHASH_CMD_STATS_GET,
	LBHASH_CMD_TABLE_GET,
	LBHASH_CMD_LOOKUP,
	LBHASH_CMD_CHANGE,

	__LBHASH_CMD_MAX,
	LBHASH_CMD_MAX = (__LBHASH_CMD_MAX - 1)
};

#define LBHASH_MCGRP_CONFIG	"config"

#endif /* _UAPI_LINUX_LBHASH_H */
