/* SPDX-License-Identifier: GPL-2.0 */
/* The part of netlink policies that kmod/netlink_gen.c uses. */
#ifndef SHIM_NET_NETLINK_H
#define SHIM_NET_NETLINK_H

#include <linux/types.h>

enum {
	NLA_UNSPEC, NLA_U8, NLA_U16, NLA_U32, NLA_U64, NLA_FLAG, NLA_NUL_STRING,
	NLA_BINARY, NLA_NESTED,
};

/**
 * struct nla_policy - limits of an attribute
 * @type: NLA_*
 * @maxattr: largest type in @nested
 * @len: maximum length of a string, exact length of a byte string
 * @min: smallest valid number
 * @max: largest valid number, 0 for no limit
 * @mask: bits that may be set in a number, 0 for all
 * @nested: policies of nested attributes, by type
 */
struct nla_policy {
	u8 type;
	u8 maxattr;
	u16 len;
	u32 min;
	u32 max;
	u32 mask;
	const struct nla_policy *nested;
};

#define NLA_POLICY_MIN(tp, low)		{ .type = (tp), .min = (low) }
#define NLA_POLICY_MAX(tp, high)	{ .type = (tp), .max = (high) }
#define NLA_POLICY_RANGE(tp, low, high)	\
	{ .type = (tp), .min = (low), .max = (high) }
#define NLA_POLICY_MASK(tp, bits)	{ .type = (tp), .mask = (bits) }
#define NLA_POLICY_EXACT_LEN(bytes)	{ .type = NLA_BINARY, .len = (bytes) }
#define NLA_POLICY_NESTED(policy)	\
	{ .type = NLA_NESTED, .nested = (policy), \
	  .maxattr = sizeof(policy) / sizeof((policy)[0]) - 1 }

#endif /* SHIM_NET_NETLINK_H */
