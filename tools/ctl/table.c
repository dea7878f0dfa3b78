// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl table
 */
#include <stdio.h>
#include <stdlib.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/table.h"
#include "columns.h"
#include "commands.h"
#include "ctl.h"
#include "print.h"
#include "session.h"
#include "view.h"

static const struct view_field backends_view[] = {
	{ .key = "name", .label = "backend", .flags = VIEW_NAME },
	{ .key = "ideal" },
	{ .key = "slots" },
	{ .key = "spread", .flags = VIEW_RIGHT },
	{ .key = "share", .flags = VIEW_RIGHT },
	{ .key = "bar", .label = "", .flags = VIEW_BAR },
	{}
};

/* Add shares and bars, and the deviation of backends that have an ideal. */
static void add_spread(const json_t *table, double *least, double *most)
{
	json_t *backends = json_object_get(table, "backends"), *backend;
	__u64 size = lb_json_number(table, "size"), slots;
	double ideal, spread;
	char text[32];
	size_t i;

	json_array_foreach(backends, i, backend) {
		slots = lb_json_number(backend, "slots");
		json_object_set_new(backend, "share",
				    columns_share(slots, size));
		ideal = json_number_value(json_object_get(backend, "ideal"));
		if (ideal <= 0)
			continue;
		spread = 100 * ((double)slots - ideal) / ideal;
		snprintf(text, sizeof(text), "%+.2f%%", spread);
		json_object_set_new(backend, "spread", json_string(text));
		*least = spread < *least ? spread : *least;
		*most = spread > *most ? spread : *most;
	}
	columns_add_bars(backends, "slots");
}

static void print_table(json_t *table)
{
	double least = 0, most = 0;
	json_t *slot;
	char *text;
	size_t i;

	add_spread(table, &least, &most);
	view_print_name(lb_json_string(table, "service"));
	fputs(": ", stdout);
	view_print_number(table, "size");
	fputs(" slots, digest ", stdout);
	view_print_number(table, "digest");
	printf(", spread %+.2f%% to %+.2f%%\n", least, most);
	columns_print(json_object_get(table, "backends"), backends_view, "  ");
	json_array_foreach(json_object_get(table, "slots"), i, slot) {
		text = view_text(slot, 0);
		printf("  slot %zu %s\n", i, text);
		free(text);
	}
}

static int show_table(const struct command *cmd, char **argv)
{
	struct lb_error error = {};
	json_t *table;
	int rc;

	(void)cmd;
	rc = lb_table(session(), argv[0], ctl.verbose, &table, &error);
	rc = session_result(rc, &error);
	if (rc || ctl.json)
		return rc ? rc : print(table, NULL);
	print_table(table);
	json_decref(table);
	return DONE;
}

const struct command table_commands[] = {
	{ .args = "SERVICE",
	  .help = "show slots and share of each backend, and their distance from the ideal",
	  .run = show_table },
	{}
};
