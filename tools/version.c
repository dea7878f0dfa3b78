// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl version
 */
#include <stdio.h>
#include <string.h>

#include "lbhashctl.h"
#include "print.h"
#include "version.h"

#define VERSION_MAX	64

/* Return: the version of the loaded module, or NULL. */
static const char *module_version(void)
{
	static char text[VERSION_MAX];
	bool found;
	FILE *in;

	in = fopen("/sys/module/xt_lbhash/version", "r");
	if (!in)
		return NULL;
	found = fgets(text, sizeof(text), in);
	fclose(in);
	text[strcspn(text, "\n")] = '\0';
	return found && *text ? text : NULL;
}

/**
 * version_json() - the versions of lbhashctl and the loaded module
 *
 * Return: an object; null is the version of a module that is not loaded.
 */
json_t *version_json(void)
{
	return json_pack("{s:s, s:s?}", "lbhashctl", VERSION, "xt_lbhash",
			 module_version());
}

static int show_version(const struct command *cmd, char **argv)
{
	static const struct print_field view[] = {
		{ .key = "lbhashctl", .label = "lbhashctl" },
		{ .key = "xt_lbhash", .label = "xt_lbhash" },
		{}
	};
	json_t *versions = version_json();

	(void)cmd;
	(void)argv;
	if (!ctl.json && json_is_null(json_object_get(versions, "xt_lbhash")))
		json_object_set_new(versions, "xt_lbhash",
				    json_string("not loaded"));
	return print(versions, view);
}

const struct command version_commands[] = {
	{ .args = "",
	  .help = "of both",
	  .run = show_version },
	{}
};
