/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_ENTRIES_H
#define _LB_ENTRIES_H

#include <jansson.h>

struct lb;
struct lb_error;

int lb_entries_dump(struct lb *lb, json_t **into, struct lb_error *error);
int lb_entries_insert(struct lb *lb, const json_t *dump, json_t *into,
		      struct lb_error *error);

#endif /* _LB_ENTRIES_H */
