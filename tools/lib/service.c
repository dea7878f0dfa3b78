// SPDX-License-Identifier: GPL-2.0
/*
 * Services: their fields, requests that change them, and JSON of them.
 */
#include <stdio.h>

#include "attr.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "request.h"
#include "service.h"
#include "socket.h"

const struct lb_field lb_service_fields[LB_SERVICE_FIELDS + 1] = {
	[LB_SERVICE_SIZE] = {
		.key = "size",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, size),
		.min = LBHASH_SIZE_MIN, .max = LBHASH_SIZE_MAX,
		.flags = FIELD_INTEGER,
	},
	[LB_SERVICE_HASH] = {
		.key = "hash",
		.parse = lb_parse_hash,
		.offset = offsetof(struct lb_service, hash),
		.flags = FIELD_STRING,
	},
	[LB_SERVICE_SEED] = {
		.key = "seed",
		.parse = lb_parse_seed,
		.offset = offsetof(struct lb_service, seed),
		.flags = FIELD_STRING,
	},
	[LB_SERVICE_MASK] = {
		.key = "mask",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, mask),
		.min = 1, .max = 0xffffffff,
		.flags = FIELD_INTEGER | FIELD_STRING | FIELD_HEX,
	},
	[LB_SERVICE_ON_EMPTY] = {
		.key = "on_empty",
		.parse = lb_parse_choice,
		.offset = offsetof(struct lb_service, on_empty),
		.names = lb_on_empty_names, .flags = FIELD_STRING,
	},
	[LB_SERVICE_SETTLE] = {
		.key = "settle",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, settle),
		.max = LBHASH_SETTLE_MAX, .flags = FIELD_INTEGER,
	},
	[LB_SERVICE_TRACK] = {
		.key = "track",
		.parse = lb_parse_choice,
		.offset = offsetof(struct lb_service, track),
		.names = lb_track_names, .flags = FIELD_STRING,
	},
	[LB_SERVICE_DELIVER] = {
		.key = "deliver",
		.parse = lb_parse_choice,
		.offset = offsetof(struct lb_service, deliver),
		.names = lb_deliver_names, .flags = FIELD_STRING,
	},
	[LB_SERVICE_IDLE] = {
		.key = "idle",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, idle),
		.min = 1, .max = LBHASH_IDLE_MAX, .flags = FIELD_INTEGER,
	},
	[LB_SERVICE_UDP_IDLE] = {
		.key = "udp_idle",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, udp_idle),
		.min = 1, .max = LBHASH_IDLE_MAX, .flags = FIELD_INTEGER,
	},
	[LB_SERVICE_SETTLE_MAX] = {
		.key = "settle_max",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, settle_max),
		.max = LBHASH_SETTLE_MAX, .flags = FIELD_INTEGER,
	},
	[LB_SERVICE_SAMPLE] = {
		.key = "sample",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_service, sample),
		.max = LBHASH_SAMPLE_MAX, .flags = FIELD_INTEGER,
	},
	{}
};

/**
 * lb_service_request() - start a request about a service
 * @op: LBHASH_CMD_SERVICE_*
 * @name: name of the service
 * @svc: the fields to send, or NULL
 *
 * Return: the request, to which backends may be appended; NULL without memory.
 */
struct lb_request *lb_service_request(__u8 op, const char *name,
				      const struct lb_service *svc)
{
	struct lb_request *req = lb_request_start(op);
	static const struct lb_service nothing;
	unsigned int i;
	__u32 have;

	svc = svc ? svc : &nothing;
	have = svc->have;
	lb_put_str(req, LBHASH_A_NAME, name);
	if (have & BIT(LB_SERVICE_SIZE))
		lb_put_u32(req, LBHASH_A_SIZE, svc->size);
	if (have & BIT(LB_SERVICE_HASH)) {
		lb_put_u32(req, LBHASH_A_FIELDS, svc->hash.fields);
		for (i = 0; i < PREFIXES; i++)
			lb_put_u8(req, LBHASH_A_SRC4_PREFIX + i,
				  svc->hash.prefix[i]);
	}
	if (have & BIT(LB_SERVICE_SEED))
		lb_put(req, LBHASH_A_SEED, svc->seed, sizeof(svc->seed));
	if (have & BIT(LB_SERVICE_MASK))
		lb_put_u32(req, LBHASH_A_MASK, svc->mask);
	if (have & BIT(LB_SERVICE_ON_EMPTY))
		lb_put_u32(req, LBHASH_A_ON_EMPTY, svc->on_empty);
	if (have & BIT(LB_SERVICE_SETTLE))
		lb_put_u32(req, LBHASH_A_SETTLE, svc->settle);
	if (have & BIT(LB_SERVICE_TRACK))
		lb_put_u32(req, LBHASH_A_TRACK, svc->track);
	if (have & BIT(LB_SERVICE_DELIVER))
		lb_put_u32(req, LBHASH_A_DELIVER, svc->deliver);
	if (have & BIT(LB_SERVICE_IDLE))
		lb_put_u32(req, LBHASH_A_IDLE, svc->idle);
	if (have & BIT(LB_SERVICE_UDP_IDLE))
		lb_put_u32(req, LBHASH_A_UDP_IDLE, svc->udp_idle);
	if (have & BIT(LB_SERVICE_SETTLE_MAX))
		lb_put_u32(req, LBHASH_A_SETTLE_MAX, svc->settle_max);
	if (have & BIT(LB_SERVICE_SAMPLE))
		lb_put_u32(req, LBHASH_A_SAMPLE, svc->sample);
	if (have & BIT(LB_SERVICE_DISRUPTIVE))
		lb_put_flag(req, LBHASH_A_DISRUPTIVE);
	return req;
}

static json_t *hash_json(const struct nlattr **tb)
{
	char text[HASH_TEXT_MAX];
	struct lb_hash hash = {};
	unsigned int i;

	if (!tb[LBHASH_A_FIELDS])
		return json_null();
	hash.fields = lb_uint(tb[LBHASH_A_FIELDS]);
	for (i = 0; i < PREFIXES; i++)
		hash.prefix[i] = lb_uint(tb[LBHASH_A_SRC4_PREFIX + i]);
	lb_hash_to_text(&hash, text);
	return json_string(text);
}

static json_t *service_json(const struct nlattr **tb)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", lb_json_text(tb[LBHASH_A_NAME]),
			 "size", lb_json_uint(tb[LBHASH_A_SIZE]),
			 "hash", hash_json(tb),
			 "seed", lb_json_seed(tb[LBHASH_A_SEED]),
			 "mask", lb_json_uint(tb[LBHASH_A_MASK]),
			 "on_empty", lb_json_choice(tb[LBHASH_A_ON_EMPTY],
						    lb_on_empty_names),
			 "settle", lb_json_uint(tb[LBHASH_A_SETTLE]),
			 "track", lb_json_choice(tb[LBHASH_A_TRACK],
						 lb_track_names),
			 "deliver", lb_json_choice(tb[LBHASH_A_DELIVER],
						   lb_deliver_names),
			 "idle", lb_json_uint(tb[LBHASH_A_IDLE]),
			 "udp_idle", lb_json_uint(tb[LBHASH_A_UDP_IDLE]),
			 "settle_max", lb_json_uint(tb[LBHASH_A_SETTLE_MAX]),
			 "sample", lb_json_uint(tb[LBHASH_A_SAMPLE]),
			 "digest", lb_json_digest(tb[LBHASH_A_DIGEST]),
			 "generation", lb_json_uint(tb[LBHASH_A_GENERATION]),
			 "rules", lb_json_uint(tb[LBHASH_A_RULES]),
			 "backends", lb_json_uint(tb[LBHASH_A_BACKENDS]),
			 "transition_slots",
			 lb_json_uint(tb[LBHASH_A_TRANSITION_SLOTS]),
			 "settles_in", lb_json_uint(tb[LBHASH_A_SETTLES_IN]),
			 "holding", lb_json_uint(tb[LBHASH_A_HOLDING]));
}

static int append_service(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	return lb_json_append(arg, service_json(tb));
}

/**
 * lb_services() - read one service, or all
 * @lb: from lb_new()
 * @name: name of the service, or NULL
 * @into: array that gets an object for each, sorted by name
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_services(struct lb *lb, const char *name, json_t *into,
		struct lb_error *error)
{
	struct lb_request *req = lb_request_start(LBHASH_CMD_SERVICE_GET);
	int rc;

	if (name) {
		lb_put_str(req, LBHASH_A_NAME, name);
		return lb_do(lb, req, append_service, into, error);
	}
	rc = lb_dump(lb, req, append_service, into, error);
	if (!rc && lb_json_sort(into, "name"))
		rc = lb_error_memory(error);
	return rc;
}
