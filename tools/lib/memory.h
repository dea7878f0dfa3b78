/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_MEMORY_H
#define _LB_MEMORY_H

#include <jansson.h>
#include <linux/lbhash.h>
#include <linux/types.h>

#include "value.h"

struct lb;
struct lb_error;
struct lb_request;

enum {
	LB_MEMORY_LIMIT,
	LB_MEMORY_KEY,
	LB_MEMORY_FIELDS,
};

/**
 * struct lb_memory - fields of the flow memory to send
 * @have: BIT(LB_MEMORY_*) of those to send
 * @limit: most entries
 * @key: key of the fingerprints
 */
struct lb_memory {
	__u32 have;
	__u32 limit;
	__u8 key[LBHASH_MEMORY_KEY_LEN];
};

extern const struct lb_field lb_memory_fields[LB_MEMORY_FIELDS + 1];

struct lb_request *lb_memory_request(const struct lb_memory *memory);
int lb_memory_totals(struct lb *lb, json_t **into, struct lb_error *error);
int lb_memory_key(struct lb *lb, json_t **into, struct lb_error *error);
int lb_memory_read(struct lb *lb, json_t **into, struct lb_error *error);

#endif /* _LB_MEMORY_H */
