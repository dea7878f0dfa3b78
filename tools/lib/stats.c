// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of services and of their backends, as JSON.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>

#include "attr.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "request.h"
#include "socket.h"
#include "stats.h"

/* Counters of reasons that the module does not report are null. */
static json_t *new_reasons(void)
{
	json_t *reasons = json_object();
	const char *const *name;

	for (name = lb_reason_names; *name; name++)
		if (json_object_set_new(reasons, *name, json_null())) {
			json_decref(reasons);
			return NULL;
		}
	return reasons;
}

static json_t *new_service(const struct nlattr **tb)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:[]}",
			 "service", lb_json_text(tb[LBHASH_A_NAME]),
			 "packets", lb_json_uint(tb[LBHASH_A_PACKETS]),
			 "bytes", lb_json_uint(tb[LBHASH_A_BYTES]),
			 "reasons", new_reasons(), "backends");
}

static int read_reason(json_t *reasons, const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_REASON_A_MAX + 1];
	json_t *packets;
	__u64 id;

	lb_nested(nest, tb, LBHASH_REASON_A_MAX);
	id = lb_uint(tb[LBHASH_REASON_A_ID]);
	if (!tb[LBHASH_REASON_A_ID] || id > LBHASH_REASON_MAX)
		return 0;
	packets = lb_json_uint(tb[LBHASH_REASON_A_PACKETS]);
	return json_object_set_new(reasons, lb_reason_names[id], packets);
}

static json_t *backend_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];

	lb_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", lb_json_text(tb[LBHASH_BACKEND_A_NAME]),
			 "mark", lb_json_uint(tb[LBHASH_BACKEND_A_MARK]),
			 "packets", lb_json_uint(tb[LBHASH_BACKEND_A_PACKETS]),
			 "bytes", lb_json_uint(tb[LBHASH_BACKEND_A_BYTES]),
			 "connections",
			 lb_json_uint(tb[LBHASH_BACKEND_A_CONNECTIONS]),
			 "unforwarded",
			 lb_json_uint(tb[LBHASH_BACKEND_A_UNFORWARDED]),
			 "unresolved",
			 lb_json_uint(tb[LBHASH_BACKEND_A_UNRESOLVED]),
			 "openers_given",
			 lb_json_uint(tb[LBHASH_BACKEND_A_OPENERS_GIVEN]),
			 "openers_went_on",
			 lb_json_uint(tb[LBHASH_BACKEND_A_OPENERS_WENT_ON]),
			 "openers_repeated",
			 lb_json_uint(tb[LBHASH_BACKEND_A_OPENERS_REPEATED]));
}

static int append_stats(const struct nlmsghdr *nlh, void *arg)
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
		o = new_service(tb);
		rc = lb_json_append(arg, o);
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (!rc && mnl_attr_get_type(attr) == LBHASH_A_REASON)
			rc = read_reason(json_object_get(o, "reasons"), attr);
		if (!rc && mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			rc = lb_json_append(json_object_get(o, "backends"),
					    backend_json(attr));
	}
	return rc ? -ENOMEM : 0;
}

/**
 * lb_stats() - read the counters of one service, or of all
 * @lb: from lb_new()
 * @name: name of the service, or NULL
 * @into: array that gets an object for each; these and their backends are
 *	sorted by name
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_stats(struct lb *lb, const char *name, json_t *into,
	     struct lb_error *error)
{
	struct lb_request *req = lb_request_start(LBHASH_CMD_STATS_GET);
	json_t *service;
	int rc, bad;
	size_t i;

	if (name)
		lb_put_str(req, LBHASH_A_NAME, name);
	rc = lb_dump(lb, req, append_stats, into, error);
	if (rc)
		return rc;
	bad = lb_json_sort(into, "service");
	json_array_foreach(into, i, service)
		bad |= lb_json_sort(json_object_get(service, "backends"),
				    "name");
	return bad ? lb_error_memory(error) : 0;
}
