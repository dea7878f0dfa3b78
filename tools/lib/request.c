// SPDX-License-Identifier: GPL-2.0
/*
 * Requests under construction: a header, and attributes that are appended.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define FIRST_ROOM	4096

/* A request to any family; lb_request_start() starts one to LBHASH's. */
struct lb_request *lb_request_new(__u16 type, __u8 op, __u8 version)
{
	struct lb_request *req = calloc(1, sizeof(*req));
	struct genlmsghdr *genl;

	if (!req)
		return NULL;
	req->nlh = malloc(FIRST_ROOM);
	if (!req->nlh) {
		free(req);
		return NULL;
	}
	req->room = FIRST_ROOM;
	mnl_nlmsg_put_header(req->nlh);
	req->nlh->nlmsg_type = type;
	genl = mnl_nlmsg_put_extra_header(req->nlh, sizeof(*genl));
	genl->cmd = op;
	genl->version = version;
	return req;
}

/* Start a request of an operation LBHASH_CMD_*; sending it sets the family. */
struct lb_request *lb_request_start(__u8 op)
{
	return lb_request_new(0, op, LBHASH_GENL_VERSION);
}

/* Give the attributes of a request to another operation. */
void lb_request_set_op(struct lb_request *req, __u8 op)
{
	struct genlmsghdr *genl;

	if (!req)
		return;
	genl = mnl_nlmsg_get_payload(req->nlh);
	genl->cmd = op;
}

void lb_request_free(struct lb_request *req)
{
	if (!req)
		return;
	free(req->nlh);
	free(req);
}

static bool make_room(struct lb_request *req, size_t len)
{
	struct nlmsghdr *nlh;

	if (len <= req->room)
		return true;
	nlh = realloc(req->nlh, 2 * len);
	if (!nlh) {
		req->is_failed = true;
		return false;
	}
	req->nlh = nlh;
	req->room = 2 * len;
	return true;
}

/* Append an attribute; the buffer grows as needed. */
void lb_put(struct lb_request *req, __u16 type, const void *data, size_t len)
{
	if (!req || req->is_failed ||
	    !make_room(req, req->nlh->nlmsg_len + MNL_ATTR_HDRLEN +
			    MNL_ALIGN(len)))
		return;
	mnl_attr_put(req->nlh, type, len, data);
}

void lb_put_u8(struct lb_request *req, __u16 type, __u8 value)
{
	lb_put(req, type, &value, sizeof(value));
}

void lb_put_u16(struct lb_request *req, __u16 type, __u16 value)
{
	lb_put(req, type, &value, sizeof(value));
}

void lb_put_u32(struct lb_request *req, __u16 type, __u32 value)
{
	lb_put(req, type, &value, sizeof(value));
}

void lb_put_str(struct lb_request *req, __u16 type, const char *value)
{
	lb_put(req, type, value, strlen(value) + 1);
}

void lb_put_flag(struct lb_request *req, __u16 type)
{
	lb_put(req, type, "", 0);
}

/**
 * lb_nest_start() - open a nested attribute
 * @req: request that gets the attribute at its end
 * @type: type of the attribute, without NLA_F_NESTED
 *
 * Return: a handle for lb_nest_end(); not a pointer, since the buffer moves.
 */
size_t lb_nest_start(struct lb_request *req, __u16 type)
{
	size_t nest = req ? req->nlh->nlmsg_len : 0;

	lb_put(req, type | NLA_F_NESTED, "", 0);
	return nest;
}

/* Close the nested attribute that lb_nest_start() opened. */
void lb_nest_end(struct lb_request *req, size_t nest)
{
	struct nlattr *attr;

	if (!req || req->is_failed)
		return;
	attr = (void *)((char *)req->nlh + nest);
	attr->nla_len = req->nlh->nlmsg_len - nest;
}

/* The words for attributes of requests, where the command line has one. */
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
	[LBHASH_A_TRACK] = "track",
	[LBHASH_A_DELIVER] = "deliver",
	[LBHASH_A_IDLE] = "idle",
	[LBHASH_A_UDP_IDLE] = "udp-idle",
	[LBHASH_A_SETTLE_MAX] = "settle-max",
	[LBHASH_A_SAMPLE] = "sample",
	[LBHASH_A_DISRUPTIVE] = "disruptive",
	[LBHASH_A_DRY_RUN] = "dry-run",
	[LBHASH_A_BACKEND] = "backend",
	[LBHASH_A_FLOW] = "flow",
	[LBHASH_A_FIRST_SLOT] = "first slot",
	[LBHASH_A_LIMIT] = "memory",
	[LBHASH_A_MEMORY_KEY] = "key",
	[LBHASH_A_ENTRY] = "entry",
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

static const char *const entry_attrs[LBHASH_ENTRY_A_MAX + 1] = {
	[LBHASH_ENTRY_A_BACKEND] = "backend",
	[LBHASH_ENTRY_A_SLOT] = "slot",
	[LBHASH_ENTRY_A_PRINT] = "print",
	[LBHASH_ENTRY_A_SEQUENCE] = "sequence",
	[LBHASH_ENTRY_A_BYTES] = "bytes",
	[LBHASH_ENTRY_A_AGE] = "age",
	[LBHASH_ENTRY_A_FLAGS] = "flags",
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
 * lb_attr_name() - the word for an attribute of a request
 * @req: complete request, as it was sent
 * @offset: offset of the attribute in the message, as the kernel reports it
 *
 * Return: the word, or "request" if no attribute begins there.
 */
const char *lb_attr_name(const struct lb_request *req, unsigned int offset)
{
	const char *at = (const char *)req->nlh + offset, *name = NULL;
	const struct nlattr *attr;
	__u16 type;

	mnl_attr_for_each(attr, req->nlh, sizeof(struct genlmsghdr)) {
		type = mnl_attr_get_type(attr);
		if ((const char *)attr == at && type <= LBHASH_A_MAX)
			name = service_attrs[type];
		else if (type == LBHASH_A_BACKEND)
			name = name_in(attr, at, backend_attrs,
				       LBHASH_BACKEND_A_MAX);
		else if (type == LBHASH_A_ENTRY)
			name = name_in(attr, at, entry_attrs,
				       LBHASH_ENTRY_A_MAX);
		else if (type == LBHASH_A_FLOW)
			name = name_in(attr, at, flow_attrs,
				       LBHASH_FLOW_A_MAX);
		if (name)
			return name;
	}
	return "request";
}
