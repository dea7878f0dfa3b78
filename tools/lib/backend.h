/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_BACKEND_H
#define _LB_BACKEND_H

#include <jansson.h>
#include <linux/types.h>

#include "value.h"

struct lb;
struct lb_error;
struct lb_request;

enum {
	LB_BACKEND_MARK,
	LB_BACKEND_WEIGHT,
	LB_BACKEND_STATE,
	LB_BACKEND_ADDRESS,
	LB_BACKEND_FIELDS,
};

/**
 * struct lb_backend - fields of a backend to send
 * @have: BIT(LB_BACKEND_*) of those to send
 * @mark: mark of its packets
 * @weight: share of the slots in relation to others
 * @state: enum lbhash_state
 * @addr: next hops for --forward
 */
struct lb_backend {
	__u32 have;
	__u32 mark;
	__u32 weight;
	__u32 state;
	struct lb_addresses addr;
};

extern const struct lb_field lb_backend_fields[LB_BACKEND_FIELDS + 1];

void lb_backend_put(struct lb_request *req, const char *name,
		    const struct lb_backend *be);
struct lb_request *lb_backend_request(__u8 op, const char *service,
				      const char *name,
				      const struct lb_backend *be);
int lb_backends(struct lb *lb, const char *service, const char *name,
		json_t *into, struct lb_error *error);

#endif /* _LB_BACKEND_H */
