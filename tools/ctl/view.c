// SPDX-License-Identifier: GPL-2.0
/*
 * JSON values as text.
 */
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>

#include "color.h"
#include "ctl.h"
#include "fail.h"
#include "view.h"

/* Return: the text, to be freed. */
static char *scalar_text(const json_t *value, unsigned int flags)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return must_print("%s", json_string_value(value));
	case JSON_INTEGER:
		return must_print(flags & VIEW_HEX ? "0x%llx" : "%llu",
				  (__u64)json_integer_value(value));
	case JSON_REAL:
		return must_print("%.2f", json_real_value(value));
	default:
		return must_print("-");
	}
}

/* Return: a value as text, to be freed; of an array, with blanks between. */
char *view_text(const json_t *value, unsigned int flags)
{
	char *text = NULL, *word, *longer;
	const json_t *in;
	size_t i;

	if (!json_is_array(value))
		return value ? scalar_text(value, flags) : must_print("-");
	json_array_foreach(value, i, in) {
		word = scalar_text(in, flags);
		longer = must_print("%s%s%s", text ? text : "",
				    text ? " " : "", word);
		free(word);
		free(text);
		text = longer;
	}
	return text ? text : must_print("-");
}

/* Print the number at a key, or "-" if there is none. */
void view_print_number(const json_t *object, const char *key)
{
	char *text = view_text(json_object_get(object, key), 0);

	fputs(text, stdout);
	free(text);
}

/* Print the name that a line is about. */
void view_print_name(const char *name)
{
	color_begin(NAME);
	fputs(name, stdout);
	color_end(NAME);
}

/* Return: true if text omits a value, which may be NULL, under VIEW_* flags. */
bool view_is_hidden(const json_t *value, unsigned int flags)
{
	if (flags & VIEW_VERBOSE && !ctl.verbose)
		return true;
	if (!value || json_is_null(value) ||
	    (json_is_array(value) && !json_array_size(value)))
		return true;
	return flags & VIEW_NONZERO && !json_integer_value(value);
}
