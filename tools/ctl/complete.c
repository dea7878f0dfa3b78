// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl complete: print the candidates for the last word of a command line,
 * a line each, from the tables that run commands. "<file>" stands for any file.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/backend.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/names.h"
#include "../lib/service.h"
#include "command.h"
#include "complete.h"
#include "ctl.h"
#include "fail.h"
#include "netns.h"
#include "session.h"
#include "words.h"

/**
 * struct place - the context of the last word
 * @words: the words that are not parsed yet; the last one is to be completed
 * @object: the object that was parsed, or NULL
 * @command: the command that was parsed, or NULL
 * @service: the name of a service that was parsed, or NULL
 */
struct place {
	char **words;
	const struct object *object;
	const struct command *command;
	const char *service;
};

static bool is_last(const struct place *at)
{
	return !at->words[0] || !at->words[1];
}

static const char *last(const struct place *at)
{
	return at->words[0] ? at->words[0] : "";
}

static void offer(const struct place *at, const char *candidate)
{
	if (!strncmp(candidate, last(at), strlen(last(at))))
		puts(candidate);
}

/* Offer the names of a table of structures that begin with one. */
static void offer_table(const struct place *at, const void *table,
			size_t stride)
{
	const char *entry, *name;

	for (entry = table; (name = *(char *const *)entry); entry += stride)
		offer(at, name);
}

static int offer_services(const struct place *at)
{
	json_t *services = json_array(), *service;
	struct lb_error error = {};
	const char *name;
	size_t i;
	int rc;

	rc = lb_services(session(), NULL, services, &error);
	rc = session_result(rc, &error);
	json_array_foreach(services, i, service) {
		name = lb_json_string(service, "name");
		if (!rc && name)
			offer(at, name);
	}
	json_decref(services);
	return rc;
}

static int offer_backends(const struct place *at)
{
	json_t *found, *backend;
	struct lb_error error = {};
	const char *name;
	size_t i;
	int rc;

	if (!at->service || lb_parse_name(at->service, &error))
		return DONE;
	found = json_object();
	rc = lb_backends(session(), at->service, NULL, found, &error);
	rc = session_result(rc, &error);
	json_array_foreach(json_object_get(found, at->service), i, backend) {
		name = lb_json_string(backend, "name");
		if (!rc && name)
			offer(at, name);
	}
	json_decref(found);
	return rc;
}

static void offer_namespaces(const struct place *at)
{
	glob_t found;
	size_t i;

	if (glob(NETNS_DIR "*", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++)
		offer(at, found.gl_pathv[i] + strlen(NETNS_DIR));
	globfree(&found);
}

/* --- options ---------------------------------------------------------------*/

static bool is_option(const struct option *option, const char *word)
{
	size_t len;

	if (strncmp(word, "--", 2))
		return option->val == word[strlen(word) - 1];
	len = strcspn(word + 2, "=");
	return strlen(option->name) == len &&
	       !strncmp(option->name, word + 2, len);
}

static const struct option *find_option(const struct option *options,
					const char *word)
{
	for (; options->name; options++)
		if (is_option(options, word))
			return options;
	return NULL;
}

static void offer_options(const struct place *at, const struct option *options)
{
	static const char *const colors[] = {
		"--color=always", "--color=auto", "--color=never", NULL
	};
	char *word;

	for (; options->name; options++) {
		if (options->has_arg == optional_argument)
			continue;
		word = must_print("--%s", options->name);
		offer(at, word);
		free(word);
	}
	offer_table(at, colors, sizeof(*colors));
}

/* Skip options. Return: true if the last word was one of them. */
static bool pass_options(struct place *at, const struct option *options,
			 int *rc)
{
	const struct option *option;
	const char *netns;

	for (; last(at)[0] == '-'; at->words++) {
		if (is_last(at)) {
			offer_options(at, options);
			return true;
		}
		option = find_option(options, at->words[0]);
		if (!option || option->has_arg != required_argument)
			continue;
		netns = strchr(at->words[0], '=');
		if (netns)
			netns++;
		else
			netns = *++at->words;
		if (is_last(at) && netns == at->words[0]) {
			if (option->val == 'n')
				offer_namespaces(at);
			else
				puts("<file>");
			return true;
		}
		if (option->val == 'n')
			*rc = netns_enter(netns);
		if (*rc)
			return true;
	}
	return false;
}

/* Skip options behind the object. Return: true if the last word was one. */
static bool pass_flags(struct place *at)
{
	while (last(at)[0] == '-') {
		if (is_last(at)) {
			offer(at, "--dry-run");
			offer(at, "--exist-ok");
			return true;
		}
		at->words++;
	}
	return false;
}

/* --- values ----------------------------------------------------------------*/

/* Candidates for a positional argument: "SERVICE", "[NAME]", "FILE|-". */
static int offer_argument(const struct place *at, const char *arg)
{
	bool is_new = at->command->name && !strcmp(at->command->name, "add");

	if (!strncmp(arg, "FILE", 4)) {
		puts("<file>");
		return DONE;
	}
	if (strstr(arg, "SERVICE"))
		return offer_services(at);
	if (is_new)
		return DONE;
	return at->service ? offer_backends(at) : offer_services(at);
}

/* The next element of a list with commas. */
static void offer_fields(const struct place *at)
{
	const char *comma = strrchr(last(at), ',');
	const char *const *name;
	char *list;

	for (name = lb_hash_field_names; *name; name++) {
		list = must_print("%.*s%s", comma ?
				  (int)(comma + 1 - last(at)) : 0, last(at),
				  *name);
		offer(at, list);
		free(list);
	}
}

/* Words of "ADDR|none" in lower case; others are placeholders. */
static void offer_value(const struct place *at, const struct setting *set)
{
	char *values = must_print("%s", set->value), *next = values, *word;

	if (set->field->parse == lb_parse_hash)
		offer_fields(at);
	while ((word = strsep(&next, "|")))
		if (*word >= 'a' && *word <= 'z')
			offer(at, word);
	free(values);
}

static bool is_list(const struct setting *set)
{
	return set->field && set->field->flags & FIELD_LIST;
}

static void offer_settings(struct place *at)
{
	const struct setting *settings = at->command->settings, *set;
	__u32 have = 0;

	while (!pass_flags(at)) {
		if (is_last(at)) {
			for (set = settings; set->key; set++)
				if (!(have & BIT(set - settings)) ||
				    is_list(set))
					offer(at, set->key);
			return;
		}
		set = words_find(at->words[0], settings, sizeof(*set), NULL);
		if (!set)
			return;
		have |= BIT(set - settings);
		at->words++;
		if (!set->value)
			continue;
		if (is_last(at)) {
			offer_value(at, set);
			return;
		}
		at->words++;
	}
}

static int offer_rest(struct place *at)
{
	char *args = must_print("%s", at->command->args), *next = args, *arg;
	bool is_done = false;
	int rc = DONE;

	while (!is_done && (arg = strsep(&next, " ")) && *arg) {
		is_done = pass_flags(at);
		if (is_done)
			break;
		is_done = is_last(at);
		if (is_done)
			rc = offer_argument(at, arg);
		else if (!strcmp(arg, "SERVICE"))
			at->service = at->words[0];
		if (!is_done)
			at->words++;
	}
	free(args);
	if (!is_done && at->command->settings)
		offer_settings(at);
	return rc;
}

static int offer_after_object(struct place *at)
{
	const struct command *commands = at->object->commands;

	at->command = commands;
	if (commands->name) {
		if (pass_flags(at))
			return DONE;
		if (is_last(at)) {
			offer_table(at, commands, sizeof(*commands));
			offer(at, "help");
			return DONE;
		}
		at->command = words_find(*at->words++, commands,
					 sizeof(*commands), NULL);
	}
	return at->command ? offer_rest(at) : DONE;
}

/**
 * complete() - print the candidates for the last word
 * @objects: table of all objects
 * @options: the options that may stand in front of them
 * @words: the command line without the program, NULL-terminated
 *
 * Return: an exit code.
 */
int complete(const struct object *objects, const struct option *options,
	     char **words)
{
	struct place at = { .words = words };
	bool is_help;
	int rc = DONE;

	if (pass_options(&at, options, &rc))
		return rc;
	is_help = !is_last(&at) && !strcmp(at.words[0], "help");
	at.words += is_help;
	if (is_last(&at)) {
		offer_table(&at, objects, sizeof(*objects));
		if (!is_help)
			offer(&at, "help");
		return DONE;
	}
	if (is_help)
		return DONE;
	at.object = words_find(*at.words++, objects, sizeof(*objects), NULL);
	return at.object ? offer_after_object(&at) : DONE;
}
