// SPDX-License-Identifier: GPL-2.0
/*
 * The synopsis of a command, and errors that show it.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "../lib/value.h"
#include "command.h"
#include "ctl.h"
#include "fail.h"
#include "usage.h"

/* The command that runs. */
static struct {
	const struct object *object;
	const struct command *command;
} running;

/* Print a command with its words and keywords, in one line without its end. */
void usage_print(const struct object *obj, const struct command *cmd, FILE *out)
{
	const struct setting *set;
	unsigned int flags;

	fputs(obj->name, out);
	if (cmd->name)
		fprintf(out, " %s", cmd->name);
	if (*cmd->args)
		fprintf(out, " %s", cmd->args);
	for (set = cmd->settings; set && set->key; set++) {
		flags = set->field ? set->field->flags : 0;
		fprintf(out, flags & FIELD_REQUIRED && !cmd->partial ?
			" %s%s%s" : " [%s%s%s]%s", set->key,
			set->value ? " " : "", set->value ? set->value : "",
			flags & FIELD_LIST ? "..." : "");
	}
}

/* Set the command whose synopsis misuse() prints. */
void usage_set(const struct object *obj, const struct command *cmd)
{
	running.object = obj;
	running.command = cmd;
}

/* Print what is wrong with the command, and its synopsis. Return: USAGE. */
int misuse(const char *fmt, ...)
{
	char *why, *synopsis = NULL;
	size_t size;
	va_list ap;
	FILE *out;

	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) < 0)
		why = NULL;
	va_end(ap);
	out = open_memstream(&synopsis, &size);
	if (out) {
		usage_print(running.object, running.command, out);
		fclose(out);
	}
	if (why && synopsis)
		fail(USAGE, "%s (usage: lbhashctl %s)", why, synopsis);
	else
		fail(USAGE, "out of memory");
	free(synopsis);
	free(why);
	return USAGE;
}
