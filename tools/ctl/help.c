// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl help, from the tables that run commands.
 */
#include <string.h>

#include "command.h"
#include "ctl.h"
#include "help.h"
#include "usage.h"
#include "words.h"

/* Return: true if a command of the object before this one has the setting. */
static bool is_known(const struct object *obj, const struct command *cmd,
		     const char *key)
{
	const struct command *other;
	const struct setting *set;

	for (other = obj->commands; other != cmd; other++)
		for (set = other->settings; set && set->key; set++)
			if (!strcmp(set->key, key))
				return true;
	return false;
}

static void print_object(const struct object *obj, FILE *out)
{
	const struct command *cmd;
	const struct setting *set;
	char word[32];

	fprintf(out, "%s: %s\n\n", obj->name, obj->help);
	for (cmd = obj->commands; cmd->run; cmd++) {
		fputs("  ", out);
		usage_print(obj, cmd, out);
		fprintf(out, "\n      %s\n", cmd->help);
	}
	for (cmd = obj->commands; cmd->run; cmd++)
		for (set = cmd->settings; set && set->key; set++) {
			if (is_known(obj, cmd, set->key))
				continue;
			snprintf(word, sizeof(word), "%s%s%s", set->key,
				 set->value ? " " : "",
				 set->value ? set->value : "");
			fprintf(out, "%s  %-22s  %s\n",
				cmd == obj->commands && set == cmd->settings ?
				"\n" : "", word, set->help);
		}
}

/* Print the objects and the options. */
void help_print(const struct object *objects, FILE *out)
{
	const struct object *obj;

	fputs("usage: lbhashctl [OPTION...] OBJECT COMMAND ...\n"
	      "       lbhashctl [OPTION...] -b FILE\n"
	      "       lbhashctl help [OBJECT]\n\n", out);
	for (obj = objects; obj->name; obj++)
		fprintf(out, "  %-8s  %s\n", obj->name, obj->help);
	fputs("\n"
	      "  -j  print JSON                   -n NETNS  use this network namespace\n"
	      "  -p  print indented JSON          -b FILE   run the commands in FILE\n"
	      "  -v  show more                    -V        show the version\n"
	      "  -c[=always|auto|never]  use colour; without -c: on a terminal (auto)\n"
	      "  --dry-run   change nothing, print what would change\n"
	      "  --exist-ok  accept add of what exists, del of what does not\n",
	      out);
}

/* Print the help of the object that @word names, or of all. */
int help(const struct object *objects, const char *word)
{
	const struct object *obj;

	if (!word) {
		help_print(objects, stdout);
		return DONE;
	}
	obj = words_keyword("object", word, objects, sizeof(*objects));
	if (!obj)
		return USAGE;
	print_object(obj, stdout);
	return DONE;
}
