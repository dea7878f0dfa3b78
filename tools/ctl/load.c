// SPDX-License-Identifier: GPL-2.0
/*
 * Files with JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/config.h"
#include "../lib/error.h"
#include "ctl.h"
#include "fail.h"
#include "load.h"
#include "session.h"

/* Print what is wrong with a file. Return: an exit code. */
int load_bad(const char *file, const struct lb_error *error)
{
	if (error->code == ENOMEM)
		return session_result(-ENOMEM, error);
	return fail(USAGE, "%s: %s", file, error->sentence);
}

/* Return: the JSON in a file, on stdin for "-"; NULL after an error message. */
json_t *load(const char *file)
{
	bool is_stdin = !strcmp(file, "-");
	struct lb_error error = {};
	json_t *root;
	FILE *in;

	in = is_stdin ? stdin : fopen(file, "r");
	if (!in) {
		fail(USAGE, "%s: %s", file, strerror(errno));
		return NULL;
	}
	if (lb_config_load(in, &root, &error))
		load_bad(file, &error);
	if (!is_stdin)
		fclose(in);
	return root;
}
