/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_SERVICE_H
#define _LB_SERVICE_H

#include <jansson.h>
#include <linux/lbhash.h>
#include <linux/types.h>

#include "value.h"

struct lb;
struct lb_error;
struct lb_request;

/* LB_SERVICE_DISRUPTIVE permits a change, and is no field. */
enum {
	LB_SERVICE_SIZE,
	LB_SERVICE_HASH,
	LB_SERVICE_SEED,
	LB_SERVICE_MASK,
	LB_SERVICE_ON_EMPTY,
	LB_SERVICE_SETTLE,
	LB_SERVICE_TRACK,
	LB_SERVICE_DELIVER,
	LB_SERVICE_IDLE,
	LB_SERVICE_UDP_IDLE,
	LB_SERVICE_SETTLE_MAX,
	LB_SERVICE_SAMPLE,
	LB_SERVICE_FIELDS,
	LB_SERVICE_DISRUPTIVE = LB_SERVICE_FIELDS,
};

/**
 * struct lb_service - fields of a service to send
 * @have: BIT(LB_SERVICE_*) of those to send
 * @size: slots of the table
 * @hash: what of a packet is hashed
 * @seed: key of the hash
 * @mask: bits of the mark that are the service's
 * @on_empty: enum lbhash_on_empty
 * @settle: seconds that a slot remembers its previous owner, at least
 * @track: enum lbhash_track
 * @deliver: enum lbhash_deliver
 * @idle: seconds for which a silent connection is remembered, at least
 * @udp_idle: seconds after which a silent flow without a handshake is a new one
 * @settle_max: seconds after which a slot settles in any case; 0 for never
 * @sample: one in so many settled slots is tracked; 0 for none
 */
struct lb_service {
	__u32 have;
	__u32 size;
	struct lb_hash hash;
	__u8 seed[LBHASH_SEED_LEN];
	__u32 mask;
	__u32 on_empty;
	__u32 settle;
	__u32 track;
	__u32 deliver;
	__u32 idle;
	__u32 udp_idle;
	__u32 settle_max;
	__u32 sample;
};

extern const struct lb_field lb_service_fields[LB_SERVICE_FIELDS + 1];

struct lb_request *lb_service_request(__u8 op, const char *name,
				      const struct lb_service *svc);
int lb_services(struct lb *lb, const char *name, json_t *into,
		struct lb_error *error);

#endif /* _LB_SERVICE_H */
