// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl memory, set: the flow memory of the namespace
 */
#include <errno.h>
#include <linux/lbhash.h>
#include <stdio.h>

#include "../lib/entries.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/memory.h"
#include "columns.h"
#include "commands.h"
#include "commit.h"
#include "ctl.h"
#include "fail.h"
#include "load.h"
#include "print.h"
#include "session.h"
#include "view.h"
#include "words.h"

static const struct view_field totals_view[] = {
	{ .key = "entries", .label = "entries", .flags = VIEW_ALWAYS },
	{ .key = "limit", .label = "limit" },
	{ .key = "half_open", .label = "half-open" },
	{ .key = "refused", .label = "refused" },
	{ .key = "evicted", .label = "evicted" },
	{ .key = "failed", .label = "failed", .flags = VIEW_NONZERO },
	{}
};

static const struct view_field backends_view[] = {
	{ .key = "service", .flags = VIEW_NAME },
	{ .key = "backend", .flags = VIEW_NAME },
	{ .key = "connections" },
	{}
};

/* A row for each backend that has connections; with -v for every one. */
static json_t *list_backends(const json_t *services)
{
	json_t *rows = json_array(), *service, *backend;
	size_t i, j;

	json_array_foreach(services, i, service)
		json_array_foreach(json_object_get(service, "backends"), j,
				   backend) {
			if (!ctl.verbose &&
			    !lb_json_number(backend, "connections"))
				continue;
			json_object_set(backend, "service",
					json_object_get(service, "service"));
			json_array_append(rows, backend);
		}
	return rows;
}

static int memory_show(const struct command *cmd, char **argv)
{
	struct lb_error error = {};
	json_t *memory, *rows;
	int rc;

	(void)cmd;
	(void)argv;
	rc = lb_memory_read(session(), &memory, &error);
	rc = session_result(rc, &error);
	if (rc || ctl.json)
		return rc ? rc : print(memory, NULL);
	rows = list_backends(json_object_get(memory, "services"));
	print(memory, totals_view);
	columns_print(rows, backends_view, "  ");
	json_decref(rows);
	return DONE;
}

static int memory_dump(const struct command *cmd, char **argv)
{
	struct lb_error error = {};
	json_t *dump;
	int rc;

	(void)cmd;
	(void)argv;
	rc = lb_entries_dump(session(), &dump, &error);
	rc = session_result(rc, &error);
	return rc ? rc : print_file(dump);
}

static int memory_insert(const struct command *cmd, char **argv)
{
	static const struct view_field view[] = {
		{ .key = "service", .flags = VIEW_NAME },
		{ .key = "inserted" },
		{ .key = "skipped" },
		{}
	};
	struct lb_error error = {};
	json_t *dump, *done;
	int rc;

	(void)cmd;
	dump = load(argv[0]);
	if (!dump)
		return USAGE;
	done = json_array();
	rc = lb_entries_insert(session(), dump, done, &error);
	json_decref(dump);
	if (!rc)
		return print(done, view);
	json_decref(done);
	/* The file is to blame, or the kernel is. */
	if (error.code == EINVAL && error.is_complete)
		return load_bad(argv[0], &error);
	return session_result(rc, &error);
}

static int set_memory(const struct command *cmd, char **argv)
{
	struct lb_memory memory = { .have = BIT(LB_MEMORY_LIMIT) };
	const struct lb_field *limit = &lb_memory_fields[LB_MEMORY_LIMIT];
	struct lb_error error = {};
	__u32 nothing = 0;
	int rc;

	if (limit->parse(limit, argv[0], &memory, &error))
		return fail(USAGE, "memory %s: %s", argv[0], error.sentence);
	rc = words_parse(cmd->settings, argv + 1, &nothing);
	return rc ? rc : commit_one(lb_memory_request(&memory));
}

const struct command memory_commands[] = {
	{ .name = "show", .args = "",
	  .help = "show its size and the connections that it keeps",
	  .is_default = true, .run = memory_show },
	{ .name = "dump", .args = "",
	  .help = "print its entries and its key as JSON",
	  .run = memory_dump },
	{ .name = "insert", .args = "FILE|-",
	  .help = "add the entries of another balancer's dump, and take over its key",
	  .run = memory_insert },
	{}
};

const struct command set_commands[] = {
	{ .name = "memory", .args = "N",
	  .help = "keep at most N entries in the flow memory, 512..134217728; 1048576 by default",
	  .settings = commit_settings,
	  .op = LBHASH_CMD_MEMORY_SET, .run = set_memory },
	{}
};
