// SPDX-License-Identifier: GPL-2.0
/*
 * Output. Text is rendered from the JSON that a command made.
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

/* A line of words and values. */
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
 * print() - show an object or an array of objects, as the user asked
 * @value: what to show, consumed
 * @fields: the view that text has of it: a line of an object, a table of an
 *	array
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

/**
 * print_file() - print JSON that people keep in files
 * @value: what to print, consumed
 *
 * Return: DONE.
 */
int print_file(json_t *value)
{
	return dump(value, ctl.json && !ctl.pretty ? JSON_COMPACT :
		    JSON_INDENT(2));
}
