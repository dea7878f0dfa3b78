// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl stats
 */
#include <string.h>

#include "lbhashctl.h"
#include "nl.h"
#include "parse.h"
#include "print.h"

static const struct print_field reasons_view[] = { {} };

static const struct print_field backends_view[] = {
	{ .key = "name" },
	{ .key = "mark", .label = "mark", .flags = PRINT_HEX },
	{ .key = "packets", .label = "packets" },
	{ .key = "bytes", .label = "bytes" },
	{ .key = "connections", .label = "connections" },
	{ .key = "unforwarded", .label = "unforwarded" },
	{ .key = "unresolved", .label = "unresolved" },
	{}
};

static const struct print_field stats_view[] = {
	{ .key = "service" },
	{ .key = "packets", .label = "packets" },
	{ .key = "bytes", .label = "bytes" },
	{ .key = "reasons", .label = "reasons", .sub = reasons_view },
	{ .key = "backends", .sub = backends_view },
	{}
};

static json_t *new_service(json_t *services, const struct nlattr **tb)
{
	json_t *o = json_object(), *reasons = json_object();
	const char *const *name;

	for (name = reason_names; *name; name++)
		json_object_set_new(reasons, *name, json_null());
	json_object_set_new(o, "service", json_text(tb[LBHASH_A_NAME]));
	json_object_set_new(o, "packets", json_uint(tb[LBHASH_A_PACKETS]));
	json_object_set_new(o, "bytes", json_uint(tb[LBHASH_A_BYTES]));
	json_object_set_new(o, "reasons", reasons);
	json_object_set_new(o, "backends", json_array());
	json_array_append_new(services, o);
	return o;
}

static void read_reason(json_t *reasons, const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_REASON_A_MAX + 1];
	__u64 id;

	nl_nested(nest, tb, LBHASH_REASON_A_MAX);
	id = nl_uint(tb[LBHASH_REASON_A_ID]);
	if (tb[LBHASH_REASON_A_ID] && id <= LBHASH_REASON_MAX)
		json_object_set_new(reasons, reason_names[id],
				    json_uint(tb[LBHASH_REASON_A_PACKETS]));
}

static void read_backend(json_t *backends, const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];
	json_t *o = json_object();

	nl_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	json_object_set_new(o, "name", json_text(tb[LBHASH_BACKEND_A_NAME]));
	json_object_set_new(o, "mark", json_uint(tb[LBHASH_BACKEND_A_MARK]));
	json_object_set_new(o, "packets",
			    json_uint(tb[LBHASH_BACKEND_A_PACKETS]));
	json_object_set_new(o, "bytes", json_uint(tb[LBHASH_BACKEND_A_BYTES]));
	json_object_set_new(o, "connections",
			    json_uint(tb[LBHASH_BACKEND_A_CONNECTIONS]));
	json_object_set_new(o, "unforwarded",
			    json_uint(tb[LBHASH_BACKEND_A_UNFORWARDED]));
	json_object_set_new(o, "unresolved",
			    json_uint(tb[LBHASH_BACKEND_A_UNRESOLVED]));
	json_array_append_new(backends, o);
}

/* A service that does not fit one message goes on in those that follow it. */
static void append_stats(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	const char *name, *last;
	json_t *o;

	nl_attrs(nlh, tb, LBHASH_A_MAX);
	name = nl_str(tb[LBHASH_A_NAME]);
	if (!name)
		return;
	o = json_array_get(arg, json_array_size(arg) - 1);
	last = json_string_value(json_object_get(o, "service"));
	if (!last || strcmp(last, name))
		o = new_service(arg, tb);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == LBHASH_A_REASON)
			read_reason(json_object_get(o, "reasons"), attr);
		if (mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			read_backend(json_object_get(o, "backends"), attr);
	}
}

static int stats(const struct command *cmd, char **argv)
{
	struct nl_msg *msg = nl_request(LBHASH_CMD_STATS_GET);
	json_t *services = json_array(), *service;
	size_t i;
	int rc;

	(void)cmd;
	if (argv[0])
		nl_put_str(msg, LBHASH_A_NAME, argv[0]);
	rc = nl_dump(msg, append_stats, services);
	if (rc) {
		json_decref(services);
		return rc;
	}
	sort_by(services, "service");
	json_array_foreach(services, i, service)
		sort_by(json_object_get(service, "backends"), "name");
	return print(services, stats_view);
}

const struct command stats_commands[] = {
	{ .args = "[SERVICE]", .run = stats },
	{}
};
