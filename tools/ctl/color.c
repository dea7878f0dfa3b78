// SPDX-License-Identifier: GPL-2.0
/*
 * Colours of text, for people: on a terminal, unless told otherwise.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "color.h"
#include "ctl.h"
#include "terminal.h"

static enum { AUTO, ALWAYS, NEVER } mode;

/**
 * color_mode() - what --color says
 * @when: always, auto or never, or an = and one of these; NULL for always
 *
 * Return: NULL, or why it is refused.
 */
const char *color_mode(const char *when)
{
	static const char *const names[] = { "auto", "always", "never" };
	unsigned int i;

	if (!when)
		when = "always";
	if (*when == '=')
		when++;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(when, names[i]))
			continue;
		mode = i;
		return NULL;
	}
	return "must be one of always, auto, never";
}

/* NO_COLOR is what other programs look at, too. */
static bool is_wanted(void)
{
	const char *no = getenv("NO_COLOR");

	if (mode != AUTO)
		return mode == ALWAYS;
	return terminal_obeys(STDOUT_FILENO) && !(no && *no);
}

/**
 * color_begin() - what is printed from now on has a colour
 * @color: the colour
 */
void color_begin(enum color color)
{
	static const char *const codes[] = {
		[HEADING] = "1", [NAME] = "36", [GOOD] = "32",
		[WARNING] = "33", [BAD] = "31", [BAR] = "34",
	};

	if (color != PLAIN && is_wanted())
		printf("\033[%sm", codes[color]);
}

/**
 * color_end() - what is printed from now on has none
 * @color: what color_begin() got
 */
void color_end(enum color color)
{
	if (color != PLAIN && is_wanted())
		fputs("\033[0m", stdout);
}

/**
 * color_of_state() - the colour of a backend's state
 * @state: its name
 *
 * Return: the colour.
 */
enum color color_of_state(const char *state)
{
	if (!strcmp(state, "up"))
		return GOOD;
	if (!strcmp(state, "drain"))
		return WARNING;
	return strcmp(state, "down") ? PLAIN : BAD;
}
