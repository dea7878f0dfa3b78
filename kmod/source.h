/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_SOURCE_H
#define LBHASH_SOURCE_H

#include <linux/types.h>

struct in_device;
struct sk_buff;

bool lbhash_source_is_valid(struct sk_buff *skb, struct in_device *in);

#endif /* LBHASH_SOURCE_H */
