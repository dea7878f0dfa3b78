/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_VIEW_H
#define _LBHASHCTL_VIEW_H

#include <jansson.h>
#include <stdbool.h>

#define VIEW_HEX	0x1	/* numbers in hex */
#define VIEW_VERBOSE	0x2	/* only with -v */
#define VIEW_NONZERO	0x4	/* unless it is 0 */
#define VIEW_ALWAYS	0x8	/* also if it is null */
#define VIEW_NAME	0x10	/* what the row is about */
#define VIEW_STATE	0x20	/* up, drain or down */
#define VIEW_BAR	0x40	/* a bar of a chart */
#define VIEW_RIGHT	0x80	/* aligned to the right, as numbers are */

/**
 * struct view_field - how text shows one key of a JSON object
 * @key: key in the object; a view ends with a NULL one
 * @label: heading of a column, or word before the value in a line; NULL for
 *	none in a line and for the key in a table
 * @flags: VIEW_*
 *
 * Commands produce JSON only; text is a view of it, so that the two cannot
 * differ. Null values are not shown.
 */
struct view_field {
	const char *key;
	const char *label;
	unsigned int flags;
};

bool view_is_hidden(const json_t *value, unsigned int flags);
char *view_text(const json_t *value, unsigned int flags);
void view_print_number(const json_t *object, const char *key);
void view_print_name(const char *name);

#endif /* _LBHASHCTL_VIEW_H */
