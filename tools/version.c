// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl version, and what to say when the module is of another one.
 *
 * Attributes that only the module knows are ignored, those that only we know
 * are null. What is left is a request that it does not understand.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lbhashctl.h"
#include "nl.h"
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

/* As in "the module 0.1.0 is older than lbhashctl 0.2.0". */
static char *difference(void)
{
	const char *module = module_version();
	int order;

	if (!module)
		return must_print("the module is of another version than lbhashctl %s",
				  VERSION);
	order = strverscmp(module, VERSION);
	return must_print("the module %s is %s lbhashctl %s", module,
			  order < 0 ? "older than" : order > 0 ? "newer than" :
			  "of another build than", VERSION);
}

/* How the kernel says that it has no such attribute, or no such value of it. */
static bool is_about_attr(const char *sentence)
{
	static const char *const sentences[] = {
		"Unknown attribute type", "Unsupported attribute",
		"integer out of range", "reserved bit set"
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sentences); i++)
		if (!strcmp(sentence, sentences[i]))
			return true;
	return false;
}

/**
 * version_refuse() - tell of a request that the module does not know
 * @msg: the request
 * @error: errno of the refusal
 * @sentence: the kernel's, or NULL
 * @offset: where in @msg the attribute is that it is about, or 0
 *
 * Return: REFUSED after an error message, DONE if it is about something else.
 */
int version_refuse(const struct nl_msg *msg, int error, const char *sentence,
		   unsigned int offset)
{
	const char *what = NULL;
	char *versions;

	if (error == EINVAL && sentence && is_about_attr(sentence))
		what = nl_attr_name(msg, offset);
	else if (error != EOPNOTSUPP || sentence)
		return DONE;
	versions = difference();
	if (what)
		fail(REFUSED, "%s%s: %s: %s; load one that fits, or leave it out",
		     msg->about, what, sentence, versions);
	else
		fail(REFUSED, "%s: not known to the module: %s; load one that fits",
		     ctl.what, versions);
	free(versions);
	return REFUSED;
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
	  .help = "show both versions",
	  .run = show_version },
	{}
};
