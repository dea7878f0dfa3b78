// SPDX-License-Identifier: GPL-2.0
/*
 * Colours of text: on a terminal, unless --color or NO_COLOR decide otherwise.
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
 * color_mode() - set the mode by the value of --color
 * @when: always, auto or never, with or without a leading =; NULL for always
 *
 * Return: NULL, or the reason why it is refused.
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

/* NO_COLOR is a convention of many programs. */
static bool is_wanted(void)
{
	const char *no = getenv("NO_COLOR");

	if (mode != AUTO)
		return mode == ALWAYS;
	return terminal_obeys(STDOUT_FILENO) && !(no && *no);
}

/* Print in a colour from now on. */
void color_begin(enum color color)
{
	static const char *const codes[] = {
		[HEADING] = "1", [NAME] = "36", [GOOD] = "32",
		[WARNING] = "33", [BAD] = "31", [BAR] = "34",
	};

	if (color != PLAIN && is_wanted())
		printf("\033[%sm", codes[color]);
}

/* End what color_begin() began with the same colour. */
void color_end(enum color color)
{
	if (color != PLAIN && is_wanted())
		fputs("\033[0m", stdout);
}

/* Return: the colour of a state of a backend. */
enum color color_of_state(const char *state)
{
	if (!strcmp(state, "up"))
		return GOOD;
	if (!strcmp(state, "drain"))
		return WARNING;
	return strcmp(state, "down") ? PLAIN : BAD;
}
