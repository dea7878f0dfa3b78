/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_LOOKUP_H
#define _LB_LOOKUP_H

#include <jansson.h>
#include <linux/types.h>

#include "value.h"

struct lb;
struct lb_error;

enum { LB_FLOW_PROTO, LB_FLOW_SRC, LB_FLOW_DST, LB_FLOW_FIELDS };

/**
 * struct lb_flow - a flow to look up
 * @have: BIT(LB_FLOW_*) of those that are set
 * @proto: number of the IP protocol
 * @src: address and port of the client
 * @dst: virtual address and port; the address has the family of @src's
 */
struct lb_flow {
	__u32 have;
	__u8 proto;
	struct lb_endpoint src;
	struct lb_endpoint dst;
};

extern const struct lb_field lb_flow_fields[LB_FLOW_FIELDS + 1];

int lb_lookup(struct lb *lb, const char *service, const struct lb_flow *flow,
	      json_t **decision, struct lb_error *error);

#endif /* _LB_LOOKUP_H */
