/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_EVENT_H
#define LBHASH_EVENT_H

#include <uapi/linux/lbhash.h>

struct genl_family;
struct lbhash_diff;
struct lbhash_net;
struct lbhash_service;
struct sk_buff;

extern struct genl_family lbhash_nl_family;

int lbhash_event_put_diff(struct sk_buff *msg,
			  const struct lbhash_diff *diff);
void lbhash_event_send(struct lbhash_net *ln, const char *name,
		       struct lbhash_service *svc, enum lbhash_cause cause,
		       const struct lbhash_diff *diff);

#endif /* LBHASH_EVENT_H */
