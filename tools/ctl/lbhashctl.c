// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl - configure and inspect the LBHASH load balancer
 *
 * Options, the table of objects, and dispatch: of the command line, or of each
 * line of a batch.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/value.h"
#include "color.h"
#include "commands.h"
#include "complete.h"
#include "ctl.h"
#include "fail.h"
#include "help.h"
#include "netns.h"
#include "usage.h"
#include "words.h"

#define WORDS_MAX	256

/* Values of options without a letter for getopt_long(). */
#define OPTION_DRY_RUN	256
#define OPTION_EXIST_OK	257

/* Options that may also stand behind the object. */
static const char dry_run_option[] = "--dry-run";
static const char exist_ok_option[] = "--exist-ok";
static bool always_dry_run, always_exist_ok;

static const struct option longopts[] = {
	{ "json",	no_argument,		NULL, 'j' },
	{ "pretty",	no_argument,		NULL, 'p' },
	{ "color",	optional_argument,	NULL, 'c' },
	{ "netns",	required_argument,	NULL, 'n' },
	{ "batch",	required_argument,	NULL, 'b' },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ "dry-run",	no_argument,		NULL, OPTION_DRY_RUN },
	{ "exist-ok",	no_argument,		NULL, OPTION_EXIST_OK },
	{ "version",	no_argument,		NULL, 'V' },
	{ "help",	no_argument,		NULL, 'h' },
	{}
};

static const struct object objects[] = {
	{ "service", "the services that iptables rules refer to",
	  service_commands },
	{ "backend", "the real servers of a service", backend_commands },
	{ "apply", "replace the configuration with a JSON file",
	  apply_commands },
	{ "save", "print the configuration for apply", save_commands },
	{ "flush", "delete the backends of a service, or all services",
	  flush_commands },
	{ "lookup", "show where a packet of a flow would go",
	  lookup_commands },
	{ "table", "show the slots of each backend, with -v every slot",
	  table_commands },
	{ "stats", "show the counters", stats_commands },
	{ "memory", "show the memory of connections of --track changed",
	  memory_commands },
	{ "set", "change what belongs to the whole namespace", set_commands },
	{ "monitor", "print a line for every change", monitor_commands },
	{ "metrics", "print the counters for Prometheus",
	  metrics_commands },
	{ "version", "show the versions of lbhashctl and the module",
	  version_commands },
	{}
};

/* Append a word to the command that errors name, as in "service add web". */
static void say(const char *word)
{
	size_t len = strlen(ctl.what);

	snprintf(ctl.what + len, sizeof(ctl.what) - len, "%s%s",
		 len ? " " : "", word);
}

/* Check the positional arguments; the command parses its keywords. */
static int check_args(const struct object *obj, const struct command *cmd,
		      char **argv)
{
	char words[64], *next = words, *word, *name;
	struct lb_error error = {};
	bool optional, is_name;

	snprintf(words, sizeof(words), "%s", cmd->args);
	while ((word = strsep(&next, " ")) && *word) {
		optional = *word == '[';
		name = optional ? word + 1 : word;
		name[strcspn(name, "]")] = '\0';
		if (!*argv && optional)
			return DONE;
		if (!*argv)
			return misuse("%s: %s is missing", ctl.what, name);
		is_name = !strcmp(name, "NAME");
		if (is_name || !strcmp(name, "SERVICE")) {
			if (lb_parse_name(*argv, &error))
				return fail(USAGE, "%s %s: %s",
					    is_name ? obj->name : "service",
					    *argv, error.sentence);
		}
		say(*argv++);
	}
	if (*argv && !cmd->settings)
		return misuse("%s: unexpected argument %s", ctl.what, *argv);
	return DONE;
}

/* Remove an option that may stand anywhere: names do not begin with a dash. */
static bool take_option(char **argv, const char *option)
{
	char **to = argv;
	bool found = false;

	for (; *argv; argv++) {
		if (!strcmp(*argv, option))
			found = true;
		else
			*to++ = *argv;
	}
	*to = NULL;
	return found;
}

/* Only commands that change something take --dry-run. */
static int check_dry_run(const struct command *cmd)
{
	const struct setting *set;

	for (set = cmd->settings; set && set->key; set++)
		if (set->is_dry_run)
			return DONE;
	return ctl.dry_run ? fail(USAGE, "%s: unexpected argument --dry-run",
				  ctl.what) : DONE;
}

/* In front of a batch it applies to the lines whose commands take it. */
static int check_exist_ok(const struct command *cmd, bool is_in_line)
{
	if (cmd->exist_ok || !ctl.exist_ok || (!is_in_line && ctl.where[0]))
		return DONE;
	return fail(USAGE, "%s: unexpected argument --exist-ok", ctl.what);
}

/* Run one command line, NULL-terminated. */
static int run(char **argv)
{
	const struct command *cmd;
	const struct object *obj;
	bool exist_ok;
	int rc;

	ctl.what[0] = '\0';
	if (argv[0] && !strcmp(argv[0], "complete"))
		return complete(objects, longopts, argv + 1);
	ctl.dry_run = take_option(argv, dry_run_option) || always_dry_run;
	exist_ok = take_option(argv, exist_ok_option);
	ctl.exist_ok = exist_ok || always_exist_ok;
	if (!argv[0])
		return fail(USAGE, "an object is missing (lbhashctl help)");
	if (!strcmp(argv[0], "help"))
		return help(objects, argv[1]);
	obj = words_keyword("object", *argv++, objects, sizeof(*objects));
	if (!obj)
		return USAGE;
	say(obj->name);
	cmd = obj->commands;
	if (*argv && !strcmp(*argv, "help"))
		return help(objects, obj->name);
	if (cmd->name && (*argv || !cmd->is_default)) {
		if (!*argv)
			return fail(USAGE, "%s: a command is missing (lbhashctl help %s)",
				    obj->name, obj->name);
		cmd = words_keyword("command", *argv++, cmd, sizeof(*cmd));
		if (!cmd)
			return USAGE;
		say(cmd->name);
	}
	usage_set(obj, cmd);
	rc = check_args(obj, cmd, argv);
	if (!rc)
		rc = check_dry_run(cmd);
	if (!rc)
		rc = check_exist_ok(cmd, exist_ok);
	return rc ? rc : cmd->run(cmd, argv);
}

static int run_line(char *line)
{
	char *argv[WORDS_MAX + 1], *word, *next = line;
	size_t argc = 0;

	line[strcspn(line, "#")] = '\0';
	while ((word = strsep(&next, " \t\r\n"))) {
		if (!*word)
			continue;
		if (argc == WORDS_MAX)
			return fail(USAGE, "line has more than %d words",
				    WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc ? run(argv) : DONE;
}

static int run_batch(const char *file)
{
	bool is_stdin = !strcmp(file, "-");
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;
	int rc = DONE;
	ssize_t len;
	FILE *in;

	in = is_stdin ? stdin : fopen(file, "r");
	if (!in)
		return fail(USAGE, "%s: %s", file, strerror(errno));
	while (!rc && (len = getline(&line, &room, in)) >= 0) {
		snprintf(ctl.where, sizeof(ctl.where), "%s:%u: ", file,
			 ++number);
		rc = strlen(line) == (size_t)len ? run_line(line) :
		     fail(USAGE, "line contains a zero byte");
	}
	ctl.where[0] = '\0';
	if (!rc && ferror(in))
		rc = fail(USAGE, "%s: %s", file, strerror(errno));
	free(line);
	if (!is_stdin)
		fclose(in);
	return rc;
}

/* A full disk must not look like a saved configuration. */
static int close_output(int rc)
{
	if (!fflush(stdout) && !ferror(stdout))
		return rc;
	return rc ? rc : fail(REFUSED, "standard output: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const char *netns = NULL, *batch = NULL, *word, *why;
	int opt, rc = DONE;

	for (word = argv[optind];
	     (opt = getopt_long(argc, argv, "+:jpc::n:b:vVh", longopts,
				NULL)) != -1; word = argv[optind]) {
		switch (opt) {
		case 'j':
			ctl.json = true;
			break;
		case 'p':
			ctl.json = true;
			ctl.pretty = true;
			break;
		case 'c':
			why = color_mode(optarg);
			if (why)
				return fail(USAGE, "%s: %s", word, why);
			break;
		case 'n':
			netns = optarg;
			break;
		case 'b':
			batch = optarg;
			break;
		case 'v':
			ctl.verbose = true;
			break;
		case OPTION_DRY_RUN:
			always_dry_run = true;
			break;
		case OPTION_EXIST_OK:
			always_exist_ok = true;
			break;
		case 'V':
			printf("lbhashctl %s\n", VERSION);
			return close_output(DONE);
		case 'h':
			return close_output(help(objects, argv[optind]));
		case ':':
			return fail(USAGE, "%s: an argument is missing",
				    argv[optind - 1]);
		default:
			/* --json=1 has the letter of --json in optopt. */
			if (word[1] == '-')
				return fail(USAGE, "%s: unknown option", word);
			return fail(USAGE, "-%c: unknown option", optopt);
		}
	}
	argv += optind;
	if (batch && *argv)
		return fail(USAGE, "%s: unexpected argument after -b", *argv);
	if (!batch && !*argv) {
		help_print(objects, stderr);
		return USAGE;
	}
	if (netns)
		rc = netns_enter(netns);
	if (!rc)
		rc = batch ? run_batch(batch) : run(argv);
	return close_output(rc);
}
