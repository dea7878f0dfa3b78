// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl stats
 */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "lbhashctl.h"
#include "nl.h"
#include "parse.h"
#include "print.h"
#include "stats.h"

static const struct print_field reasons_view[] = {
	{ .key = "reason", .flags = PRINT_NAME },
	{ .key = "packets" },
	{ .key = "share", .flags = PRINT_RIGHT },
	{ .key = "bar", .label = "", .flags = PRINT_BAR },
	{}
};

static const struct print_field backends_view[] = {
	{ .key = "name", .label = "backend", .flags = PRINT_NAME },
	{ .key = "mark", .flags = PRINT_HEX },
	{ .key = "bytes" },
	{ .key = "connections" },
	{ .key = "unforwarded", .flags = PRINT_NONZERO },
	{ .key = "unresolved", .flags = PRINT_NONZERO },
	{ .key = "packets" },
	{ .key = "share", .flags = PRINT_RIGHT },
	{ .key = "bar", .label = "", .flags = PRINT_BAR },
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

/**
 * stats_list() - ask for the counters of one service or of all
 * @name: the service, or NULL
 * @into: array that gets an object for each; these and their backends are
 *	sorted by name
 *
 * Return: DONE, or REFUSED after an error message.
 */
int stats_list(const char *name, json_t *into)
{
	struct nl_msg *msg = nl_request(LBHASH_CMD_STATS_GET);
	json_t *service;
	size_t i;
	int rc;

	if (name)
		nl_put_str(msg, LBHASH_A_NAME, name);
	rc = nl_dump(msg, append_stats, into);
	sort_by(into, "service");
	json_array_foreach(into, i, service)
		sort_by(json_object_get(service, "backends"), "name");
	return rc;
}

/* Adds to each row the share that it has of all packets of them. */
static void add_shares(json_t *rows)
{
	__u64 sum = 0;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		sum += json_number(row, "packets");
	json_array_foreach(rows, i, row)
		json_object_set_new(row, "share",
				    columns_share(json_number(row, "packets"),
						  sum));
	columns_add_bars(rows, "packets");
}

/* An object a reason; what never happened is left out, but for -v. */
static json_t *list_reasons(json_t *reasons)
{
	json_t *rows = json_array(), *packets;
	const char *name;

	json_object_foreach(reasons, name, packets)
		if (json_integer_value(packets) || ctl.verbose)
			json_array_append_new(rows, json_pack("{s:s, s:O}",
							      "reason", name,
							      "packets",
							      packets));
	return rows;
}

static void print_service(const json_t *service)
{
	json_t *backends = json_object_get(service, "backends");
	json_t *reasons = list_reasons(json_object_get(service, "reasons"));

	print_name(json_string_value(json_object_get(service, "service")));
	fputs(": ", stdout);
	print_number(service, "packets");
	fputs(" packets, ", stdout);
	print_number(service, "bytes");
	puts(" bytes");
	add_shares(reasons);
	add_shares(backends);
	columns_print(reasons, reasons_view, "  ");
	columns_print(backends, backends_view, "  ");
	json_decref(reasons);
}

static int stats(const struct command *cmd, char **argv)
{
	json_t *services = json_array(), *service;
	size_t i;
	int rc;

	(void)cmd;
	rc = stats_list(argv[0], services);
	if (!rc && ctl.json)
		return print(services, NULL);
	json_array_foreach(services, i, service)
		if (!rc)
			print_service(service);
	json_decref(services);
	return rc;
}

const struct command stats_commands[] = {
	{ .args = "[SERVICE]",
	  .help = "show packets by reason and by backend, for one service or all",
	  .run = stats },
	{}
};
