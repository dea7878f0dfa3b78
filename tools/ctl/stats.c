// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl stats
 */
#include <stdio.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/stats.h"
#include "columns.h"
#include "commands.h"
#include "ctl.h"
#include "print.h"
#include "session.h"
#include "view.h"

static const struct view_field reasons_view[] = {
	{ .key = "reason", .flags = VIEW_NAME },
	{ .key = "packets" },
	{ .key = "share", .flags = VIEW_RIGHT },
	{ .key = "bar", .label = "", .flags = VIEW_BAR },
	{}
};

static const struct view_field backends_view[] = {
	{ .key = "name", .label = "backend", .flags = VIEW_NAME },
	{ .key = "mark", .flags = VIEW_HEX },
	{ .key = "bytes" },
	{ .key = "connections" },
	{ .key = "unforwarded", .flags = VIEW_NONZERO },
	{ .key = "unresolved", .flags = VIEW_NONZERO },
	{ .key = "openers_given", .label = "openers", .flags = VIEW_NONZERO },
	{ .key = "openers_went_on", .label = "went-on", .flags = VIEW_NONZERO },
	{ .key = "openers_repeated", .label = "repeated",
	  .flags = VIEW_NONZERO },
	{ .key = "packets" },
	{ .key = "share", .flags = VIEW_RIGHT },
	{ .key = "bar", .label = "", .flags = VIEW_BAR },
	{}
};

/* Add to each row its share of the packets of all. */
static void add_shares(json_t *rows)
{
	__u64 sum = 0, packets;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		sum += lb_json_number(row, "packets");
	json_array_foreach(rows, i, row) {
		packets = lb_json_number(row, "packets");
		json_object_set_new(row, "share", columns_share(packets, sum));
	}
	columns_add_bars(rows, "packets");
}

/* A row for each reason; those without packets only with -v. */
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

	view_print_name(lb_json_string(service, "service"));
	fputs(": ", stdout);
	view_print_number(service, "packets");
	fputs(" packets, ", stdout);
	view_print_number(service, "bytes");
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
	struct lb_error error = {};
	size_t i;
	int rc;

	(void)cmd;
	rc = lb_stats(session(), argv[0], services, &error);
	rc = session_result(rc, &error);
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
