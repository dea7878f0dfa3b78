// SPDX-License-Identifier: GPL-2.0
/*
 * Words of a command line: looking them up in tables, where the beginning of a
 * word will do, and parsing keywords with their values.
 */
#include <stdio.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/value.h"
#include "command.h"
#include "ctl.h"
#include "fail.h"
#include "usage.h"
#include "words.h"

/**
 * words_find() - find a word or an unambiguous beginning of it in a table
 * @word: what the user typed; "" matches only itself
 * @table: structures that begin with the name; a NULL name ends it
 * @stride: size of a structure
 * @matches: out, the number of names that begin with @word; or NULL
 *
 * Return: the structure, or NULL.
 */
const void *words_find(const char *word, const void *table, size_t stride,
		       unsigned int *matches)
{
	const void *found = NULL;
	const char *entry, *name;
	unsigned int count = 0;

	for (entry = table; (name = *(char *const *)entry); entry += stride) {
		if (!strcmp(name, word))
			return entry;
		if (*word && !strncmp(name, word, strlen(word))) {
			found = entry;
			count++;
		}
	}
	if (matches)
		*matches = count;
	return count == 1 ? found : NULL;
}

/**
 * words_keyword() - as words_find(), with an error that lists the candidates
 * @what: kind of words in the table, for the error
 * @word: what the user typed
 * @table: structures that begin with the name; a NULL name ends it
 * @stride: size of a structure
 *
 * Return: the structure, or NULL after an error message.
 */
const void *words_keyword(const char *what, const char *word,
			  const void *table, size_t stride)
{
	const char *entry, *name;
	unsigned int matches = 0;
	char names[256] = "";
	const void *found;
	size_t len = 0;

	found = words_find(word, table, stride, &matches);
	if (found)
		return found;
	for (entry = table; (name = *(char *const *)entry); entry += stride)
		if (len < sizeof(names) &&
		    (!matches || !strncmp(name, word, strlen(word))))
			len += snprintf(names + len, sizeof(names) - len,
					"%s%s", len ? ", " : "", name);
	fail(USAGE, "%s: %s %s (%s)", word,
	     matches ? "ambiguous" : "unknown", what, names);
	return NULL;
}

static unsigned int flags_of(const struct setting *set)
{
	return set->field ? set->field->flags : 0;
}

/* Return: the first required setting whose bit is not in @have, or NULL. */
const char *words_missing(const struct setting *settings, __u32 have)
{
	unsigned int i;

	for (i = 0; settings[i].key; i++)
		if ((flags_of(&settings[i]) & FIELD_REQUIRED) &&
		    !(have & BIT(i)))
			return settings[i].key;
	return NULL;
}

/**
 * words_parse() - parse keywords and their values
 * @settings: keywords of the command; ends with a NULL key
 * @argv: keywords, each followed by its value if it has one; NULL-terminated
 * @into: the structure to fill, see struct setting
 *
 * Return: DONE, or USAGE after an error message.
 */
int words_parse(const struct setting *settings, char **argv, void *into)
{
	struct lb_error error = {};
	__u32 *have = into;

	while (*argv) {
		const struct setting *set;
		__u32 bit;

		set = words_keyword("keyword", *argv++, settings,
				    sizeof(*settings));
		if (!set)
			return USAGE;
		if (set->is_dry_run) {
			ctl.dry_run = true;
			continue;
		}
		bit = BIT(set - settings);
		if ((*have & bit) && !(flags_of(set) & FIELD_LIST))
			return misuse("%s: given twice", set->key);
		*have |= bit;
		if (!set->field)
			continue;
		if (!*argv)
			return misuse("%s: %s is missing", set->key,
				      set->value);
		if (set->field->parse(set->field, *argv, into, &error))
			return fail(USAGE, "%s %s: %s", set->key, *argv,
				    error.sentence);
		argv++;
	}
	return DONE;
}
