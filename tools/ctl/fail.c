// SPDX-License-Identifier: GPL-2.0
/*
 * Error messages, and memory without which there is nothing else to do.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl.h"
#include "fail.h"
#include "progress.h"

/* Print an error, in one line of printable characters. Return: @code. */
int fail(int code, const char *fmt, ...)
{
	va_list ap;
	char *why;
	char *c;

	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) < 0)
		why = NULL;
	va_end(ap);
	for (c = why; c && *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	fflush(stdout);
	progress_end();
	fprintf(stderr, "lbhashctl: %s%s\n", ctl.where,
		why ? why : "out of memory");
	free(why);
	return code;
}

/* realloc() that ends the program if there is no memory. */
void *must_realloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new)
		exit(fail(REFUSED, "out of memory"));
	return new;
}

/* asprintf() that ends the program if there is no memory. */
char *must_print(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		exit(fail(REFUSED, "out of memory"));
	return text;
}
