// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals, and the rule for names. A refusal is a sentence that the user gets
 * with the errno, and the attribute that caused it.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "refuse.h"

/**
 * lbhash_refuse - record why a request is refused
 * @why: out, the sentence and @attr
 * @err: negative errno for the caller to return
 * @attr: the attribute to blame, or NULL
 * @format: one sentence, lower case, no full stop
 *
 * Return: @err, for callers to return in turn.
 */
int lbhash_refuse(struct lbhash_refusal *why, int err,
		  const struct nlattr *attr, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	why->attr = attr;
	return err;
}

/**
 * lbhash_refuse_memory - refuse a request for lack of memory
 * @why: out, the sentence
 *
 * Return: -ENOMEM.
 */
int lbhash_refuse_memory(struct lbhash_refusal *why)
{
	return lbhash_refuse(why, -ENOMEM, NULL, "out of memory");
}

/**
 * lbhash_name_is_valid - check the name of a service or a backend
 * @name: at most 31 characters, zero-terminated
 *
 * Return: true for 1..31 of A-Za-z0-9_.- that do not start with a dash.
 */
bool lbhash_name_is_valid(const char *name)
{
	if (!*name || *name == '-')
		return false;
	for (; *name; name++)
		/* isalnum() accepts letters of Latin-1. */
		if (!isascii(*name) ||
		    (!isalnum(*name) && !strchr("_.-", *name)))
			return false;
	return true;
}
