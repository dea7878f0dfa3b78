/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_TABLE_H
#define _LB_TABLE_H

#include <jansson.h>
#include <stdbool.h>

struct lb;
struct lb_error;

int lb_table(struct lb *lb, const char *service, bool with_slots,
	     json_t **table, struct lb_error *error);

#endif /* _LB_TABLE_H */
