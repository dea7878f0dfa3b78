// SPDX-License-Identifier: GPL-2.0
/*
 * Output. Text is rendered from the JSON that a command made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void print_scalar(const json_t *value, unsigned int flags)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		fputs(json_string_value(value), stdout);
		break;
	case JSON_INTEGER:
		printf(flags & PRINT_HEX ? "0x%llx" : "%llu",
		       (__u64)json_integer_value(value));
		break;
	case JSON_REAL:
		printf("%.2f", json_real_value(value));
		break;
	default:
		putchar('-');
		break;
	}
}

static void print_item(const char **gap, const char *label,
		       const json_t *value, unsigned int flags)
{
	fputs(*gap, stdout);
	*gap = " ";
	if (label)
		printf("%s ", label);
	print_scalar(value, flags);
}

static void print_lines(const json_t *array, const char *label)
{
	const json_t *value;
	size_t i;

	json_array_foreach(array, i, value) {
		printf("  %s %zu ", label, i);
		print_scalar(value, 0);
		putchar('\n');
	}
}

static bool is_hidden(const json_t *value, unsigned int flags)
{
	if (!value || json_is_null(value) || flags & PRINT_SLOTS ||
	    (flags & PRINT_VERBOSE && !ctl.verbose))
		return true;
	return flags & PRINT_NONZERO && !json_integer_value(value);
}

/* A line of the object's own values, then a line for each that it holds. */
static void print_object(const json_t *object,
			 const struct print_field *fields, const char *indent)
{
	const struct print_field *f;
	const char *gap = indent;
	const json_t *value, *in;
	const char *key;
	size_t i;

	for (f = fields; f->key; f++) {
		value = json_object_get(object, f->key);
		if (f->sub || is_hidden(value, f->flags))
			continue;
		if (!json_is_array(value))
			print_item(&gap, f->label, value, f->flags);
		json_array_foreach(value, i, in)
			print_item(&gap, f->label, in, f->flags);
	}
	putchar('\n');

	for (f = fields; f->key; f++) {
		value = json_object_get(object, f->key);
		if (f->flags & PRINT_SLOTS) {
			print_lines(value, f->label);
		} else if (f->sub && json_is_array(value)) {
			json_array_foreach(value, i, in)
				print_object(in, f->sub, "  ");
		} else if (f->sub) {
			printf("  %s", f->label);
			json_object_foreach((json_t *)value, key, in) {
				printf(" %s ", key);
				print_scalar(in, 0);
			}
			putchar('\n');
		}
	}
}

/**
 * print() - show an object or an array of objects, as the user asked
 * @value: what to show, consumed
 * @fields: the view that text has of it
 *
 * Return: DONE.
 */
int print(json_t *value, const struct print_field *fields)
{
	const json_t *in;
	size_t i;

	if (ctl.json)
		return dump(value, ctl.pretty ? JSON_INDENT(2) : JSON_COMPACT);
	if (!json_is_array(value))
		print_object(value, fields, "");
	json_array_foreach(value, i, in)
		print_object(in, fields, "");
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
