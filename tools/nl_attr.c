// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of netlink messages: appending them to a request, and finding
 * them in an answer.
 */
#include <string.h>

#include "lbhashctl.h"
#include "nl.h"

/**
 * nl_put() - append an attribute, the buffer grows as needed
 * @msg: the request
 * @type: the attribute
 * @data: its value
 * @len: length of the value
 */
void nl_put(struct nl_msg *msg, __u16 type, const void *data, size_t len)
{
	size_t need = msg->nlh->nlmsg_len + MNL_ATTR_HDRLEN + MNL_ALIGN(len);

	if (need > msg->room) {
		msg->room = 2 * need;
		msg->nlh = must_realloc(msg->nlh, msg->room);
	}
	mnl_attr_put(msg->nlh, type, len, data);
}

/* nl_put() for one kind of value each. */
void nl_put_u8(struct nl_msg *msg, __u16 type, __u8 value)
{
	nl_put(msg, type, &value, sizeof(value));
}

void nl_put_u16(struct nl_msg *msg, __u16 type, __u16 value)
{
	nl_put(msg, type, &value, sizeof(value));
}

void nl_put_u32(struct nl_msg *msg, __u16 type, __u32 value)
{
	nl_put(msg, type, &value, sizeof(value));
}

void nl_put_str(struct nl_msg *msg, __u16 type, const char *value)
{
	nl_put(msg, type, value, strlen(value) + 1);
}

void nl_put_flag(struct nl_msg *msg, __u16 type)
{
	nl_put(msg, type, "", 0);
}

/**
 * nl_nest_start() - open a nested attribute
 * @msg: the request
 * @type: the attribute
 *
 * Return: a handle for nl_nest_end(); not a pointer, since the buffer moves.
 */
size_t nl_nest_start(struct nl_msg *msg, __u16 type)
{
	size_t nest = msg->nlh->nlmsg_len;

	nl_put(msg, type | NLA_F_NESTED, "", 0);
	return nest;
}

/**
 * nl_nest_end() - close a nested attribute
 * @msg: the request
 * @nest: what nl_nest_start() returned
 */
void nl_nest_end(struct nl_msg *msg, size_t nest)
{
	struct nlattr *attr = (void *)((char *)msg->nlh + nest);

	attr->nla_len = msg->nlh->nlmsg_len - nest;
}

static void file_attr(const struct nlattr *attr, const struct nlattr **tb,
		      __u16 max)
{
	__u16 type = mnl_attr_get_type(attr);

	if (type <= max)
		tb[type] = attr;
}

/**
 * nl_attrs() - sort the attributes of a message by type
 * @nlh: the message
 * @tb: filled in, @max + 1 entries; NULL where an attribute is absent
 * @max: types above are ignored
 */
void nl_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb,
	      __u16 max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		file_attr(attr, tb, max);
}

/**
 * nl_nested() - sort the attributes inside another one by type
 * @nest: the attribute
 * @tb: filled in, @max + 1 entries; NULL where an attribute is absent
 * @max: types above are ignored
 */
void nl_nested(const struct nlattr *nest, const struct nlattr **tb,
	       __u16 max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest)
		file_attr(attr, tb, max);
}

/**
 * nl_uint() - value of an unsigned attribute of any width
 * @attr: the attribute, or NULL
 *
 * Return: the value, 0 for none.
 */
__u64 nl_uint(const struct nlattr *attr)
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

/**
 * nl_str() - value of a string attribute
 * @attr: the attribute, or NULL
 *
 * Return: the string, or NULL if there is none or it does not end.
 */
const char *nl_str(const struct nlattr *attr)
{
	if (!attr || !memchr(mnl_attr_get_payload(attr), '\0',
			     mnl_attr_get_payload_len(attr)))
		return NULL;
	return mnl_attr_get_str(attr);
}

/* What we call attributes of requests, as far as that is a word of ours. */
static const char *const service_attrs[LBHASH_A_MAX + 1] = {
	[LBHASH_A_NAME] = "service",
	[LBHASH_A_SIZE] = "size",
	[LBHASH_A_FIELDS] = "hash",
	[LBHASH_A_SRC4_PREFIX] = "hash src/",
	[LBHASH_A_DST4_PREFIX] = "hash dst/",
	[LBHASH_A_SRC6_PREFIX] = "hash src/",
	[LBHASH_A_DST6_PREFIX] = "hash dst/",
	[LBHASH_A_SEED] = "seed",
	[LBHASH_A_MASK] = "mask",
	[LBHASH_A_ON_EMPTY] = "on-empty",
	[LBHASH_A_SETTLE] = "settle",
	[LBHASH_A_DISRUPTIVE] = "disruptive",
	[LBHASH_A_DRY_RUN] = "dry-run",
	[LBHASH_A_BACKEND] = "backend",
	[LBHASH_A_FLOW] = "flow",
	[LBHASH_A_FIRST_SLOT] = "first slot",
};

static const char *const backend_attrs[LBHASH_BACKEND_A_MAX + 1] = {
	[LBHASH_BACKEND_A_NAME] = "backend name",
	[LBHASH_BACKEND_A_MARK] = "mark",
	[LBHASH_BACKEND_A_WEIGHT] = "weight",
	[LBHASH_BACKEND_A_STATE] = "state",
	[LBHASH_BACKEND_A_ADDR4] = "address",
	[LBHASH_BACKEND_A_ADDR6] = "address",
};

static const char *const flow_attrs[LBHASH_FLOW_A_MAX + 1] = {
	[LBHASH_FLOW_A_PROTO] = "proto",
	[LBHASH_FLOW_A_SRC4] = "src",
	[LBHASH_FLOW_A_DST4] = "dst",
	[LBHASH_FLOW_A_SRC6] = "src",
	[LBHASH_FLOW_A_DST6] = "dst",
	[LBHASH_FLOW_A_SPORT] = "src port",
	[LBHASH_FLOW_A_DPORT] = "dst port",
};

static const char *name_in(const struct nlattr *nest, const char *at,
			   const char *const *names, __u16 max)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if ((const char *)attr == at && mnl_attr_get_type(attr) <= max)
			return names[mnl_attr_get_type(attr)];
	return NULL;
}

/**
 * nl_attr_name() - what the user calls an attribute of a request
 * @msg: the request
 * @offset: where the attribute begins in it
 *
 * Return: the name, or "request" if there is no such attribute.
 */
const char *nl_attr_name(const struct nl_msg *msg, unsigned int offset)
{
	const char *at = (const char *)msg->nlh + offset, *name = NULL;
	const struct nlattr *attr;
	__u16 type;

	mnl_attr_for_each(attr, msg->nlh, sizeof(struct genlmsghdr)) {
		type = mnl_attr_get_type(attr);
		if ((const char *)attr == at && type <= LBHASH_A_MAX)
			name = service_attrs[type];
		else if (type == LBHASH_A_BACKEND)
			name = name_in(attr, at, backend_attrs,
				       LBHASH_BACKEND_A_MAX);
		else if (type == LBHASH_A_FLOW)
			name = name_in(attr, at, flow_attrs,
				       LBHASH_FLOW_A_MAX);
		if (name)
			return name;
	}
	return "request";
}
