// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: lbhashctl's command line and batches. An input is two bytes that
 * seed the kernel's random numbers, a line of words separated by single spaces,
 * and the contents of standard input.
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

/* How often each property was checked. */
static struct {
	unsigned long done, usage, refused, lines, changes;
} tested;

/* Replace control characters as error messages do. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

/* Split @text at the first character of @at. Return: the rest, or NULL. */
static char *split(char *text, const char *at)
{
	char *end = text + strcspn(text, at);

	if (!*end)
		return NULL;
	*end = '\0';
	return end + 1;
}

/* An option within a word: "-x: unknown option" is about the word -jx, and "k:
 * No such file or directory" is about -bk.
 */
static bool is_in_option(const char *error, const char *word)
{
	char *what = strndup(error, strcspn(error, ": "));
	bool found = word[0] == '-' && strstr(word, what + (*what == '-'));

	free(what);
	return found;
}

/* Does the error quote a word of the line, other than @except? A word may be
 * abbreviated.
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

/* Errors that are not about a word. */
static bool has_no_name(const char *error)
{
	return !strcmp(error, "an object is missing (lbhashctl help)\n") ||
	       !strcmp(error, "line has more than 256 words\n") ||
	       !strncmp(ctl_err, "usage: ", 7);
}

/* Cut a line out of @in. Return: the line, or NULL if there is no such line. */
static char *line_of(char *in, unsigned long number)
{
	char *next = split(in, "\n");

	while (--number && next) {
		in = next;
		next = split(in, "\n");
	}
	return number ? NULL : in;
}

/* Parse the prefix of an error in a batch. For "-:3: ", @number becomes 3.
 * Return: the rest, or NULL if there is no such prefix.
 */
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

/* The last line of the errors must name the word at fault. */
static void check_usage(const char *line, char *in)
{
	char *error = ctl_err + strlen(ctl_err) - 1, *usage;
	unsigned long number;
	const char *rest;

	while (error > ctl_err && error[-1] != '\n')
		error--;
	error += strlen("lbhashctl: ");
	/* Words of the synopsis do not count. */
	usage = strstr(error, " (usage: ");
	if (usage)
		*usage = '\0';
	rest = skip_place(error, &number);
	if (rest && names_a_line(rest, number, in))
		return;
	/* The name of the batch file does not count. */
	assert(has_no_name(error) ||
	       names_a_word(error, line, " ", !rest ? NULL :
			    *error == '-' ? "-" : CTL_FILE));
}

/* Errors that are no fault of the input. */
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
