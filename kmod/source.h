/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_SOURCE_H
#define LBHASH_SOURCE_H

#include <linux/types.h>

struct in_device;
struct lbhash_net;
struct sk_buff;

bool lbhash_source_is_valid(struct lbhash_net *ln, struct sk_buff *skb,
			    struct in_device *in);
void lbhash_source_exit(struct lbhash_net *ln);

#endif /* LBHASH_SOURCE_H */
