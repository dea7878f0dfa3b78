// SPDX-License-Identifier: GPL-2.0
/*
 * Abilities of the terminal.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

/* Return: true if @fd is a terminal that understands colours and erasing. */
bool terminal_obeys(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}
