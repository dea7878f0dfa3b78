// SPDX-License-Identifier: GPL-2.0
/*
 * Tables as text: a row for each object, a column for each key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/json.h"
#include "color.h"
#include "columns.h"
#include "fail.h"
#include "view.h"

#define COLUMNS_MAX	32
#define BAR_WIDTH	20

/**
 * struct column - a column of a table
 * @field: key and heading
 * @width: width of its widest cell
 * @is_right: its cells are aligned to the right
 * @cells: text of each row
 */
struct column {
	const struct view_field *field;
	int width;
	bool is_right;
	char **cells;
};

static const char *heading(const struct view_field *field)
{
	return field->label ? field->label : field->key;
}

/* Return: false if all rows hide the value. */
static bool fill(struct column *column, const json_t *rows)
{
	const struct view_field *field = column->field;
	bool any = field->flags & VIEW_ALWAYS;
	const json_t *row, *value;
	size_t i;
	int len;

	column->width = strlen(heading(field));
	column->is_right = field->flags & VIEW_RIGHT;
	column->cells = must_realloc(NULL, (json_array_size(rows) + 1) *
				     sizeof(*column->cells));
	json_array_foreach(rows, i, row) {
		value = json_object_get(row, field->key);
		if (!view_is_hidden(value, field->flags))
			any = true;
		if (json_is_number(value) && !(field->flags & VIEW_HEX))
			column->is_right = true;
		column->cells[i] = view_text(value, field->flags);
		len = strlen(column->cells[i]);
		if (len > column->width)
			column->width = len;
	}
	return any;
}

static void drop(struct column *column, size_t rows)
{
	size_t i;

	for (i = 0; i < rows; i++)
		free(column->cells[i]);
	free(column->cells);
}

/* @gap: blanks to print before the next text; a line ends without blanks. */
static void print_cell(const struct column *column, const char *text,
		       enum color color, int *gap)
{
	int rest = column->width - (int)strlen(text);

	if (!*text) {
		*gap += rest + 2;
		return;
	}
	printf("%*s", *gap + (column->is_right ? rest : 0), "");
	color_begin(color);
	fputs(text, stdout);
	color_end(color);
	*gap = (column->is_right ? 0 : rest) + 2;
}

static enum color color_of(const struct view_field *field, const char *text)
{
	if (field->flags & VIEW_STATE)
		return color_of_state(text);
	if (field->flags & VIEW_NAME)
		return NAME;
	return field->flags & VIEW_BAR ? BAR : PLAIN;
}

/**
 * columns_print() - print an array of objects as a table
 * @rows: the array; nothing is printed if it is empty
 * @fields: the columns; those that are hidden in every row are omitted
 * @indent: printed in front of each line
 */
void columns_print(const json_t *rows, const struct view_field *fields,
		   const char *indent)
{
	size_t count = json_array_size(rows), n = 0, i, j;
	struct column columns[COLUMNS_MAX];
	const struct view_field *f;
	int gap;

	for (f = fields; count && f->key && n < COLUMNS_MAX; f++) {
		columns[n].field = f;
		if (fill(&columns[n], rows))
			n++;
		else
			drop(&columns[n], count);
	}
	if (!n)
		return;
	fputs(indent, stdout);
	for (j = 0, gap = 0; j < n; j++)
		print_cell(&columns[j], heading(columns[j].field), HEADING,
			   &gap);
	putchar('\n');
	for (i = 0; i < count; i++) {
		fputs(indent, stdout);
		for (j = 0, gap = 0; j < n; j++)
			print_cell(&columns[j], columns[j].cells[i],
				   color_of(columns[j].field,
					    columns[j].cells[i]), &gap);
		putchar('\n');
	}
	for (j = 0; j < n; j++)
		drop(&columns[j], count);
}

/* Return: a part of a whole as a percentage, a string; null if @whole is 0. */
json_t *columns_share(__u64 part, __u64 whole)
{
	char text[32];

	if (!whole)
		return json_null();
	snprintf(text, sizeof(text), "%.2f%%",
		 100 * (double)part / (double)whole);
	return json_string(text);
}

/**
 * columns_add_bars() - add a bar to each row, in proportion to a number
 * @rows: array of objects, which get a key "bar"
 * @key: key of the number; the largest one gets the longest bar
 */
void columns_add_bars(json_t *rows, const char *key)
{
	char bar[BAR_WIDTH + 1];
	__u64 value, most = 0;
	json_t *row;
	size_t i;
	int len;

	json_array_foreach(rows, i, row)
		if (lb_json_number(row, key) > most)
			most = lb_json_number(row, key);
	json_array_foreach(rows, i, row) {
		if (!most)
			break;
		value = lb_json_number(row, key);
		len = (int)(BAR_WIDTH * ((double)value / (double)most) + 0.5);
		memset(bar, '#', len);
		bar[len] = '\0';
		json_object_set_new(row, "bar", json_string(bar));
	}
}
