/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_STATS_H
#define _LB_STATS_H

#include <jansson.h>

struct lb;
struct lb_error;

int lb_stats(struct lb *lb, const char *name, json_t *into,
	     struct lb_error *error);

#endif /* _LB_STATS_H */
