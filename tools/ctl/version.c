// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl version
 */
#include "commands.h"
#include "ctl.h"
#include "print.h"
#include "versions.h"
#include "view.h"

static int show_version(const struct command *cmd, char **argv)
{
	static const struct view_field view[] = {
		{ .key = "lbhashctl", .label = "lbhashctl" },
		{ .key = "xt_lbhash", .label = "xt_lbhash" },
		{}
	};
	json_t *versions = versions_json();

	(void)cmd;
	(void)argv;
	if (!ctl.json && json_is_null(json_object_get(versions, "xt_lbhash")))
		json_object_set_new(versions, "xt_lbhash",
				    json_string("not loaded"));
	return print(versions, view);
}

const struct command version_commands[] = {
	{ .args = "",
	  .help = "show both versions",
	  .run = show_version },
	{}
};
