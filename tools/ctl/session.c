// SPDX-License-Identifier: GPL-2.0
/*
 * The socket that all commands share, and what to print when the module refuses
 * a request, or does not know it.
 */
#include <stdlib.h>

#include "../lib/error.h"
#include "../lib/socket.h"
#include "ctl.h"
#include "fail.h"
#include "session.h"
#include "versions.h"

/* Print a sentence with its subject. Return: @code. */
static int print_error(int code, const struct lb_error *error)
{
	char *subject, *versions;

	if (error->is_unknown && !*error->attr) {
		versions = versions_difference();
		fail(code, "%s: not supported by the module: %s; load a matching module",
		     ctl.what, versions);
		free(versions);
		return code;
	}
	if (*error->about)
		subject = must_print("%s: ", error->about);
	else
		subject = must_print("%s%s", error->is_complete ? "" : ctl.what,
				     error->is_complete ? "" : ": ");
	if (error->is_unknown) {
		versions = versions_difference();
		fail(code, "%s%s: %s: %s; load a matching module, or omit it",
		     subject, error->attr, error->sentence, versions);
		free(versions);
	} else {
		fail(code, "%s%s", subject, error->sentence);
	}
	free(subject);
	return code;
}

/* Print what is no reason to stop; also the library calls it. */
void session_warn(const struct lb_error *warning, void *arg)
{
	(void)arg;
	print_error(DONE, warning);
}

/* Return: the socket, which lives until the program ends. */
struct lb *session(void)
{
	static struct lb *lb;

	if (!lb)
		lb = lb_new(session_warn, NULL);
	if (!lb)
		exit(fail(REFUSED, "out of memory"));
	return lb;
}

/**
 * session_result() - print the error of a function of the library
 * @rc: what the function returned
 * @error: what it filled in, if it failed
 *
 * Return: DONE or REFUSED.
 */
int session_result(int rc, const struct lb_error *error)
{
	return rc ? print_error(REFUSED, error) : DONE;
}
