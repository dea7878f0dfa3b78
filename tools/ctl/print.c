// SPDX-License-Identifier: GPL-2.0
/*
 * Output: the JSON of a command, or a view of it as text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "color.h"
#include "columns.h"
#include "ctl.h"
#include "print.h"
#include "view.h"

/* Enough for the two decimals of the largest table. */
#define JSON_DIGITS	JSON_REAL_PRECISION(9)

static int dump(json_t *value, size_t layout)
{
	json_dumpf(value, stdout, layout | JSON_DIGITS | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(value);
	return DONE;
}

/* Print an object as one line of words and values. */
static void print_line(const json_t *object, const struct view_field *fields)
{
	const struct view_field *f;
	const json_t *value;
	const char *gap = "";
	enum color color;
	char *text;

	for (f = fields; f->key; f++) {
		value = json_object_get(object, f->key);
		if (view_is_hidden(value, f->flags))
			continue;
		text = view_text(value, f->flags);
		color = f->flags & VIEW_NAME ? NAME : PLAIN;
		printf("%s%s%s", gap, f->label ? f->label : "",
		       f->label ? " " : "");
		color_begin(color);
		fputs(text, stdout);
		color_end(color);
		free(text);
		gap = " ";
	}
	putchar('\n');
}

/**
 * print() - print the result of a command, as JSON or as text
 * @value: an object or an array of objects, consumed
 * @fields: what text shows of it: a line for an object, a table for an array
 *
 * Return: DONE.
 */
int print(json_t *value, const struct view_field *fields)
{
	if (ctl.json)
		return dump(value, ctl.pretty ? JSON_INDENT(2) : JSON_COMPACT);
	if (json_is_array(value))
		columns_print(value, fields, "");
	else
		print_line(value, fields);
	json_decref(value);
	return DONE;
}

/* Print and free JSON that is kept in files: indented by default. */
int print_file(json_t *value)
{
	return dump(value, ctl.json && !ctl.pretty ? JSON_COMPACT :
		    JSON_INDENT(2));
}
