// SPDX-License-Identifier: GPL-2.0
/*
 * Backends: their fields, requests that change them, and JSON of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>
#include <string.h>

#include "attr.h"
#include "backend.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "request.h"
#include "socket.h"

const struct lb_field lb_backend_fields[LB_BACKEND_FIELDS + 1] = {
	[LB_BACKEND_MARK] = {
		.key = "mark",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_backend, mark),
		.min = 1, .max = 0xffffffff,
		.flags = FIELD_INTEGER | FIELD_STRING | FIELD_HEX |
			 FIELD_REQUIRED,
	},
	[LB_BACKEND_WEIGHT] = {
		.key = "weight",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_backend, weight),
		.max = LBHASH_WEIGHT_MAX, .flags = FIELD_INTEGER,
	},
	[LB_BACKEND_STATE] = {
		.key = "state",
		.parse = lb_parse_choice,
		.offset = offsetof(struct lb_backend, state),
		.names = lb_state_names, .flags = FIELD_STRING,
	},
	[LB_BACKEND_ADDRESS] = {
		.key = "addresses",
		.parse = lb_parse_address,
		.offset = offsetof(struct lb_backend, addr),
		.flags = FIELD_STRING | FIELD_LIST,
	},
	{}
};

/**
 * lb_backend_put() - append a backend to a request
 * @req: request that gets an LBHASH_A_BACKEND
 * @name: name of the backend
 * @be: the fields to send, or NULL
 */
void lb_backend_put(struct lb_request *req, const char *name,
		    const struct lb_backend *be)
{
	size_t nest = lb_nest_start(req, LBHASH_A_BACKEND);
	static const struct lb_backend nothing;
	__u32 have;

	be = be ? be : &nothing;
	have = be->have;
	lb_put_str(req, LBHASH_BACKEND_A_NAME, name);
	if (have & BIT(LB_BACKEND_MARK))
		lb_put_u32(req, LBHASH_BACKEND_A_MARK, be->mark);
	if (have & BIT(LB_BACKEND_WEIGHT))
		lb_put_u32(req, LBHASH_BACKEND_A_WEIGHT, be->weight);
	if (have & BIT(LB_BACKEND_STATE))
		lb_put_u32(req, LBHASH_BACKEND_A_STATE, be->state);
	if (have & BIT(LB_BACKEND_ADDRESS) && be->addr.has4)
		lb_put_u32(req, LBHASH_BACKEND_A_ADDR4,
			   be->addr.addr4.s_addr);
	if (have & BIT(LB_BACKEND_ADDRESS) && be->addr.has6)
		lb_put(req, LBHASH_BACKEND_A_ADDR6, &be->addr.addr6,
		       sizeof(be->addr.addr6));
	lb_nest_end(req, nest);
}

/**
 * lb_backend_request() - start a request about backends of a service
 * @op: LBHASH_CMD_BACKEND_*
 * @service: name of the service
 * @name: name of the backend; NULL for all, where the operation allows that
 * @be: the fields to send, or NULL
 *
 * Return: the request, NULL without memory.
 */
struct lb_request *lb_backend_request(__u8 op, const char *service,
				      const char *name,
				      const struct lb_backend *be)
{
	struct lb_request *req = lb_request_start(op);

	lb_put_str(req, LBHASH_A_NAME, service);
	if (name)
		lb_backend_put(req, name, be);
	return req;
}

static int append_address(json_t *array, int family,
			  const struct nlattr *attr, size_t len)
{
	static const struct in6_addr none;
	char text[INET6_ADDRSTRLEN];
	const void *addr;

	if (!attr || mnl_attr_get_payload_len(attr) != len)
		return 0;
	addr = mnl_attr_get_payload(attr);
	if (!memcmp(addr, &none, len) || !inet_ntop(family, addr, text,
						    sizeof(text)))
		return 0;
	return lb_json_append(array, json_string(text));
}

/* Return: an array, NULL without memory. */
static json_t *addresses_json(const struct nlattr **tb)
{
	json_t *addresses = json_array();

	if (append_address(addresses, AF_INET, tb[LBHASH_BACKEND_A_ADDR4],
			   sizeof(struct in_addr)) ||
	    append_address(addresses, AF_INET6, tb[LBHASH_BACKEND_A_ADDR6],
			   sizeof(struct in6_addr))) {
		json_decref(addresses);
		return NULL;
	}
	return addresses;
}

static json_t *backend_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];

	lb_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", lb_json_text(tb[LBHASH_BACKEND_A_NAME]),
			 "mark", lb_json_uint(tb[LBHASH_BACKEND_A_MARK]),
			 "weight", lb_json_uint(tb[LBHASH_BACKEND_A_WEIGHT]),
			 "state", lb_json_choice(tb[LBHASH_BACKEND_A_STATE],
						 lb_state_names),
			 "addresses", addresses_json(tb),
			 "slots", lb_json_uint(tb[LBHASH_BACKEND_A_SLOTS]));
}

static int append_backends(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	const char *service;
	json_t *backends;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	service = lb_str(tb[LBHASH_A_NAME]);
	if (!service)
		return 0;
	backends = json_object_get(arg, service);
	if (!backends) {
		backends = json_array();
		if (json_object_set_new(arg, service, backends))
			return -ENOMEM;
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == LBHASH_A_BACKEND &&
		    lb_json_append(backends, backend_json(attr)))
			return -ENOMEM;
	return 0;
}

/**
 * lb_backends() - read backends
 * @lb: from lb_new()
 * @service: name of their service, NULL for all services
 * @name: name of one of the service, or NULL for all of them
 * @into: object that gets an array for each service with backends, under its
 *	name; sorted by the names of the backends
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_backends(struct lb *lb, const char *service, const char *name,
		json_t *into, struct lb_error *error)
{
	struct lb_request *req = lb_request_start(LBHASH_CMD_BACKEND_GET);
	json_t *backends;
	const char *key;
	int rc;

	if (service)
		lb_put_str(req, LBHASH_A_NAME, service);
	if (name) {
		lb_backend_put(req, name, NULL);
		return lb_do(lb, req, append_backends, into, error);
	}
	rc = lb_dump(lb, req, append_backends, into, error);
	json_object_foreach(into, key, backends)
		if (!rc && lb_json_sort(backends, "name"))
			rc = lb_error_memory(error);
	return rc;
}
