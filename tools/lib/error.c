// SPDX-License-Identifier: GPL-2.0
/*
 * Errors as values.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

/* The sentence does not name its subject. Return: -@code. */
int lb_error_set(struct lb_error *error, int code, const char *fmt, ...)
{
	va_list ap;

	memset(error, 0, sizeof(*error));
	error->code = code;
	va_start(ap, fmt);
	vsnprintf(error->sentence, sizeof(error->sentence), fmt, ap);
	va_end(ap);
	return -code;
}

/**
 * lb_error_prefix() - put the subject in front of a sentence
 * @error: an error that is set; complete from now on
 * @fmt: the subject, with the colon and the blank that follow it
 *
 * Return: minus the code of @error.
 */
int lb_error_prefix(struct lb_error *error, const char *fmt, ...)
{
	char sentence[sizeof(error->sentence)];
	va_list ap;
	int len;

	memcpy(sentence, error->sentence, sizeof(sentence));
	va_start(ap, fmt);
	len = vsnprintf(error->sentence, sizeof(error->sentence), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(error->sentence))
		snprintf(error->sentence + len, sizeof(error->sentence) - len,
			 "%s", sentence);
	error->is_complete = true;
	return -error->code;
}

/* Return: -ENOMEM. */
int lb_error_memory(struct lb_error *error)
{
	lb_error_set(error, ENOMEM, "out of memory");
	error->is_complete = true;
	return -ENOMEM;
}
