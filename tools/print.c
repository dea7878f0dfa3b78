// SPDX-License-Identifier: GPL-2.0
/*
 * Output. Text is rendered from the JSON that a command made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "color.h"
#include "columns.h"
#include "lbhashctl.h"
#include "nl.h"
#include "print.h"

/* Enough for the two decimals of the largest table. */
#define JSON_DIGITS	JSON_REAL_PRECISION(9)

static int dump(json_t *value, size_t layout)
{
	json_dumpf(value, stdout, layout | JSON_DIGITS | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(value);
	return DONE;
}

/* Return: the text, to be freed. */
static char *scalar_text(const json_t *value, unsigned int flags)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return must_print("%s", json_string_value(value));
	case JSON_INTEGER:
		return must_print(flags & PRINT_HEX ? "0x%llx" : "%llu",
				  (__u64)json_integer_value(value));
	case JSON_REAL:
		return must_print("%.2f", json_real_value(value));
	default:
		return must_print("-");
	}
}

/**
 * print_text() - a value as people read it
 * @value: the value, or NULL
 * @flags: PRINT_*
 *
 * Return: the text, to be freed; of an array with blanks in between.
 */
char *print_text(const json_t *value, unsigned int flags)
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

/**
 * print_number() - print a number, or "-" if it is not known
 * @object: what has it
 * @key: its key
 */
void print_number(const json_t *object, const char *key)
{
	char *text = print_text(json_object_get(object, key), 0);

	fputs(text, stdout);
	free(text);
}

/**
 * print_name() - print what a line is about
 * @name: its name
 */
void print_name(const char *name)
{
	color_begin(NAME);
	fputs(name, stdout);
	color_end(NAME);
}

/**
 * print_is_hidden() - look whether text leaves a value out
 * @value: the value, or NULL
 * @flags: PRINT_*
 *
 * Return: true if it does.
 */
bool print_is_hidden(const json_t *value, unsigned int flags)
{
	if (flags & PRINT_VERBOSE && !ctl.verbose)
		return true;
	if (!value || json_is_null(value) ||
	    (json_is_array(value) && !json_array_size(value)))
		return true;
	return flags & PRINT_NONZERO && !json_integer_value(value);
}

/* A line of words and values. */
static void print_line(const json_t *object, const struct print_field *fields)
{
	const struct print_field *f;
	const json_t *value;
	const char *gap = "";
	enum color color;
	char *text;

	for (f = fields; f->key; f++) {
		value = json_object_get(object, f->key);
		if (print_is_hidden(value, f->flags))
			continue;
		text = print_text(value, f->flags);
		color = f->flags & PRINT_NAME ? NAME : PLAIN;
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
int print(json_t *value, const struct print_field *fields)
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

static const char *sort_key;

static int compare(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	const char *x = json_string_value(json_object_get(*left, sort_key));
	const char *y = json_string_value(json_object_get(*right, sort_key));

	return strcmp(x ? x : "", y ? y : "");
}

/**
 * sort_by() - sort an array of objects by a string that each has
 * @array: the array
 * @key: key of the string
 */
void sort_by(json_t *array, const char *key)
{
	size_t i, n = json_array_size(array);
	json_t **sorted;

	sorted = must_realloc(NULL, (n + 1) * sizeof(*sorted));
	for (i = 0; i < n; i++)
		sorted[i] = json_incref(json_array_get(array, i));
	sort_key = key;
	qsort(sorted, n, sizeof(*sorted), compare);
	json_array_clear(array);
	for (i = 0; i < n; i++)
		json_array_append_new(array, sorted[i]);
	free(sorted);
}

/**
 * json_number() - a number in an object
 * @object: the object
 * @key: its key
 *
 * Return: the number, 0 if there is none.
 */
__u64 json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/**
 * json_uint() - JSON of an unsigned attribute
 * @attr: the attribute, or NULL
 *
 * Return: a number, or null.
 */
json_t *json_uint(const struct nlattr *attr)
{
	return attr ? json_integer(nl_uint(attr)) : json_null();
}

/**
 * json_text() - JSON of a string attribute
 * @attr: the attribute, or NULL
 *
 * Return: a string, or null.
 */
json_t *json_text(const struct nlattr *attr)
{
	return nl_str(attr) ? json_string(nl_str(attr)) : json_null();
}

/**
 * json_digest() - JSON of an attribute with the digest of a table
 * @attr: the attribute, or NULL
 *
 * Return: 16 hex digits, as 64 bits do not fit every program's numbers; or
 * null.
 */
json_t *json_digest(const struct nlattr *attr)
{
	return attr ? json_sprintf("%016llx", nl_uint(attr)) : json_null();
}

/**
 * json_name() - JSON of an attribute that is an index of a list of names
 * @attr: the attribute, or NULL
 * @names: the list
 *
 * Return: the name, a number that a newer kernel may know, or null.
 */
json_t *json_name(const struct nlattr *attr, const char *const *names)
{
	__u64 index = nl_uint(attr);
	__u64 i;

	for (i = 0; attr && names[i]; i++)
		if (i == index)
			return json_string(names[i]);
	return json_uint(attr);
}
