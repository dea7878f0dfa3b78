// SPDX-License-Identifier: GPL-2.0
/*
 * Where the output goes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

/**
 * terminal_obeys() - whether colours and erasing work there
 * @fd: standard output or standard error
 *
 * Return: false for a file, a pipe, and a terminal whose TERM is dumb.
 */
bool terminal_obeys(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}
