// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of netlink messages that were received.
 */
#include <linux/genetlink.h>
#include <string.h>

#include "attr.h"

static void sort_in(const struct nlattr *attr, const struct nlattr **tb,
		    __u16 max)
{
	__u16 type = mnl_attr_get_type(attr);

	if (type <= max)
		tb[type] = attr;
}

/**
 * lb_attrs() - sort the attributes of a message by type
 * @nlh: a message with a generic netlink header
 * @tb: @max + 1 entries; NULL where an attribute is absent
 * @max: types above are ignored
 */
void lb_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb, __u16 max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		sort_in(attr, tb, max);
}

/* As lb_attrs(), for the attributes inside another one. */
void lb_nested(const struct nlattr *nest, const struct nlattr **tb, __u16 max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest)
		sort_in(attr, tb, max);
}

/* Return: the value of an unsigned attribute of any width; 0 for NULL. */
__u64 lb_uint(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	default:
		return 0;
	}
}

/* Return: the string, or NULL if there is none or it is not terminated. */
const char *lb_str(const struct nlattr *attr)
{
	if (!attr || !memchr(mnl_attr_get_payload(attr), '\0',
			     mnl_attr_get_payload_len(attr)))
		return NULL;
	return mnl_attr_get_str(attr);
}
