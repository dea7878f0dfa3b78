// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: the words that lbhashctl takes, on its command line and in a
 * batch. An input is two bytes for the kernel's dice, a line of words with a
 * space between any two, and what stands on standard input.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <linux/types.h>

#include "ctl.h"
#include "fuzz.h"
#include "kernel.h"

/* How often each promise has been put to the test. */
static struct {
	unsigned long done, usage, refused, lines, changes;
} tested;

/* As errors show it. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

/* Splits @text at the first of the characters. Return: what follows. */
static char *split(char *text, const char *at)
{
	char *end = text + strcspn(text, at);

	if (!*end)
		return NULL;
	*end = '\0';
	return end + 1;
}

/* "-jx" holds the option of "-x: unknown option", "-bk" the file of "k: No such
 * file or directory".
 */
static bool is_in_option(const char *error, const char *word)
{
	char *what = strndup(error, strcspn(error, ": "));
	bool found = word[0] == '-' && strstr(word, what + (*what == '-'));

	free(what);
	return found;
}

/* An error quotes a word, or the one that an abbreviation stands for; but the
 * word @except.
 */
static bool names_a_word(const char *error, const char *line, const char *gaps,
			 const char *except)
{
	char *copy = strdup(line), *word, *next;
	bool found = false;

	for (word = copy; word && !found; word = next) {
		next = split(word, gaps);
		if (except && !strcmp(word, except))
			continue;
		make_printable(word);
		found = is_in_option(error, word) ||
			(*word && strstr(error, word)) ||
			(!*word && !strncmp(error, ": ", 2)) ||
			(!*word && strstr(error, " : "));
	}
	free(copy);
	return found;
}

/* Errors that have nothing to name. */
static bool has_no_name(const char *error)
{
	return !strcmp(error, "an object is missing (lbhashctl help)\n") ||
	       !strcmp(error, "line has more than 256 words\n") ||
	       !strncmp(ctl_err, "usage: ", 7);
}

/* Points into @in, which it ends there; NULL if there is no such line. */
static char *line_of(char *in, unsigned long number)
{
	char *next = split(in, "\n");

	while (--number && next) {
		in = next;
		next = split(in, "\n");
	}
	return number ? NULL : in;
}

/* Return: what follows "-:3: ", or NULL; @number gets the 3. */
static const char *skip_place(const char *error, unsigned long *number)
{
	char *end;

	if (strncmp(error, "-:", 2) && strncmp(error, CTL_FILE ":", 5))
		return NULL;
	*number = strtoul(strchr(error, ':') + 1, &end, 10);
	return *number && !strncmp(end, ": ", 2) ? end + 2 : NULL;
}

static bool names_a_line(const char *error, unsigned long number, char *in)
{
	char *line = line_of(in, number);

	if (!line)
		return false;
	split(line, "#");
	tested.lines++;
	return has_no_name(error) || names_a_word(error, line, " \t\r", NULL);
}

/* The last line of the errors says why. */
static void check_usage(const char *line, char *in)
{
	char *error = ctl_err + strlen(ctl_err) - 1, *usage;
	unsigned long number;
	const char *rest;

	while (error > ctl_err && error[-1] != '\n')
		error--;
	error += strlen("lbhashctl: ");
	/* How it is used is not what is wrong. */
	usage = strstr(error, " (usage: ");
	if (usage)
		*usage = '\0';
	rest = skip_place(error, &number);
	if (rest && names_a_line(rest, number, in))
		return;
	/* The name of the batch does not count. */
	assert(has_no_name(error) ||
	       names_a_word(error, line, " ", !rest ? NULL :
			    *error == '-' ? "-" : CTL_FILE));
}

/* What the program cannot be blamed for, but for which it stops. */
static bool is_weather(const char *error)
{
	return strstr(error, "faster than it can be read") ||
	       strstr(error, "Operation not permitted");
}

static void check(const char *line, char *in, size_t size)
{
	const char *words[CTL_WORDS + 1] = { NULL };
	char *copy = strdup(line), *word, *next;
	unsigned int n = 0;
	int rc;

	for (word = *copy ? copy : NULL; word && n < CTL_WORDS; word = next) {
		next = split(word, " ");
		words[n++] = word;
	}
	rc = ctl_run(words, in, size);
	if (rc == CTL_DONE) {
		tested.done++;
	} else if (rc == CTL_USAGE) {
		if (n)
			check_usage(line, in);
		tested.usage++;
	} else {
		assert(kernel.refused || is_weather(ctl_err));
		tested.refused++;
	}
	tested.changes += kernel.changes;
	free(copy);
}

static void report(void)
{
	printf("tested: done %lu usage %lu refused %lu", tested.done,
	       tested.usage, tested.refused);
	printf(" lines %lu changes %lu\n", tested.lines, tested.changes);
}

int fuzz_init(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	json_object_seed(1);
	return atexit(report);
}

int fuzz_one(const u8 *data, size_t size)
{
	struct orders orders = { .data = data, .size = size };
	u32 random = take(&orders) << 8 | take(&orders);
	char *text, *in;

	kernel_start(random);
	kernel.refuses = random & 3 ? 0 : 1;
	kernel.babbles = random & 4;
	text = strndup((const char *)orders.data, orders.size);
	size = strlen(text);
	in = split(text, "\n");
	if (!in)
		in = text + size;
	check(text, in, text + size - in);
	free(text);
	ctl_forget();
	kernel_start(0);
	return 0;
}
