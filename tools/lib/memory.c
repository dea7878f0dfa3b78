// SPDX-License-Identifier: GPL-2.0
/*
 * The flow memory: its size, its counters, and the connections that it keeps.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>
#include <stddef.h>

#include "attr.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "request.h"
#include "socket.h"

const struct lb_field lb_memory_fields[LB_MEMORY_FIELDS + 1] = {
	[LB_MEMORY_LIMIT] = {
		.key = "memory",
		.parse = lb_parse_number,
		.offset = offsetof(struct lb_memory, limit),
		.min = LBHASH_MEMORY_MIN, .max = LBHASH_MEMORY_MAX,
		.flags = FIELD_INTEGER,
	},
	[LB_MEMORY_KEY] = {
		.key = "key",
		.parse = lb_parse_seed,
		.offset = offsetof(struct lb_memory, key),
		.flags = FIELD_STRING,
	},
	{}
};

/* Make a request that changes it. Return: NULL without memory. */
struct lb_request *lb_memory_request(const struct lb_memory *memory)
{
	struct lb_request *req = lb_request_start(LBHASH_CMD_MEMORY_SET);

	if (memory->have & BIT(LB_MEMORY_LIMIT))
		lb_put_u32(req, LBHASH_A_LIMIT, memory->limit);
	if (memory->have & BIT(LB_MEMORY_KEY))
		lb_put(req, LBHASH_A_MEMORY_KEY, memory->key,
		       sizeof(memory->key));
	return req;
}

static int read_totals(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	json_t **into = arg;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	json_decref(*into);
	*into = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
			  "entries", lb_json_uint(tb[LBHASH_A_ENTRIES]),
			  "limit", lb_json_uint(tb[LBHASH_A_LIMIT]),
			  "half_open", lb_json_uint(tb[LBHASH_A_HALF_OPEN]),
			  "refused", lb_json_uint(tb[LBHASH_A_REFUSED]),
			  "evicted", lb_json_uint(tb[LBHASH_A_EVICTED]),
			  "failed", lb_json_uint(tb[LBHASH_A_FAILED]));
	return *into ? 0 : -ENOMEM;
}

/**
 * lb_memory_totals() - read the size and the counters of the flow memory
 * @lb: from lb_new()
 * @into: out, an object, a new reference; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_memory_totals(struct lb *lb, json_t **into, struct lb_error *error)
{
	int rc;

	*into = NULL;
	rc = lb_do(lb, lb_request_start(LBHASH_CMD_MEMORY_GET), read_totals,
		   into, error);
	if (!rc && !*into)
		rc = lb_error_set(error, ENODATA, "no answer");
	if (!rc)
		return 0;
	json_decref(*into);
	*into = NULL;
	return rc;
}

static int read_key(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	json_t **into = arg;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	json_decref(*into);
	*into = lb_json_seed(tb[LBHASH_A_MEMORY_KEY]);
	return *into ? 0 : -ENOMEM;
}

/**
 * lb_memory_key() - read the key of the flow memory
 * @lb: from lb_new()
 * @into: out, a string, a new reference; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno; -EPERM if the key is hidden.
 */
int lb_memory_key(struct lb *lb, json_t **into, struct lb_error *error)
{
	int rc;

	*into = NULL;
	rc = lb_do(lb, lb_request_start(LBHASH_CMD_MEMORY_GET), read_key,
		   into, error);
	if (!rc && !json_is_string(*into))
		rc = lb_error_set(error, EPERM,
				  "reading the key needs CAP_NET_ADMIN");
	if (!rc)
		return 0;
	json_decref(*into);
	*into = NULL;
	return rc;
}

static json_t *backend_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];

	lb_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	return json_pack("{s:o, s:o}",
			 "backend", lb_json_text(tb[LBHASH_BACKEND_A_NAME]),
			 "connections",
			 lb_json_uint(tb[LBHASH_BACKEND_A_REMEMBERED]));
}

static int append_service(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	const char *name;
	int rc = 0;
	json_t *o;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	name = lb_str(tb[LBHASH_A_NAME]);
	if (!name)
		return 0;
	o = lb_json_continued(arg, name);
	if (!o) {
		o = json_pack("{s:o, s:[]}", "service",
			      lb_json_text(tb[LBHASH_A_NAME]), "backends");
		rc = lb_json_append(arg, o);
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (!rc && mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			rc = lb_json_append(json_object_get(o, "backends"),
					    backend_json(attr));
	return rc ? -ENOMEM : 0;
}

static int sort_services(json_t *services, struct lb_error *error)
{
	int bad = lb_json_sort(services, "service");
	json_t *service;
	size_t i;

	json_array_foreach(services, i, service)
		bad |= lb_json_sort(json_object_get(service, "backends"),
				    "backend");
	return bad ? lb_error_memory(error) : 0;
}

/**
 * lb_memory_read() - read all about the flow memory
 * @lb: from lb_new()
 * @into: out, as lb_memory_totals(), with the connections of all services
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_memory_read(struct lb *lb, json_t **into, struct lb_error *error)
{
	json_t *services = json_array();
	int rc;

	rc = lb_memory_totals(lb, into, error);
	if (!rc)
		rc = lb_dump(lb, lb_request_start(LBHASH_CMD_MEMORY_GET),
			     append_service, services, error);
	if (!rc)
		rc = sort_services(services, error);
	if (!rc && json_object_set(*into, "services", services))
		rc = lb_error_memory(error);
	json_decref(services);
	if (!rc)
		return 0;
	json_decref(*into);
	*into = NULL;
	return rc;
}
