/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_EVENT_H
#define _LB_EVENT_H

#include <jansson.h>

struct lb;
struct lb_error;

/* Called for each event, which it consumes. */
typedef void lb_event_t(json_t *event, void *arg);

int lb_events(struct lb *lb, lb_event_t *report, void *arg,
	      struct lb_error *error);

#endif /* _LB_EVENT_H */
