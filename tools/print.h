/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_PRINT_H
#define _LBHASHCTL_PRINT_H

#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/types.h>

#define PRINT_HEX	0x1	/* numbers in hex */
#define PRINT_VERBOSE	0x2	/* only with -v */
#define PRINT_NONZERO	0x4	/* not if it is 0 */
#define PRINT_ALWAYS	0x8	/* also if it is null */
#define PRINT_NAME	0x10	/* what the row is about */
#define PRINT_STATE	0x20	/* up, drain or down */
#define PRINT_BAR	0x40
#define PRINT_RIGHT	0x80	/* at the right edge, as numbers are */

/**
 * struct print_field - how text shows one key of a JSON object
 * @key: key in the object; a view ends with a NULL one
 * @label: heading of a column, or word before the value in a line; NULL for
 *	none in a line and for the key in a table
 * @flags: PRINT_*
 *
 * A command makes JSON, and nothing but JSON: text is a view of it, so the
 * two cannot differ. Keys that are null are not shown.
 */
struct print_field {
	const char *key;
	const char *label;
	unsigned int flags;
};

int print(json_t *value, const struct print_field *fields);
int print_file(json_t *value);

bool print_is_hidden(const json_t *value, unsigned int flags);
char *print_text(const json_t *value, unsigned int flags);
void print_number(const json_t *object, const char *key);
void print_name(const char *name);

void sort_by(json_t *array, const char *key);

__u64 json_number(const json_t *object, const char *key);
json_t *json_uint(const struct nlattr *attr);
json_t *json_text(const struct nlattr *attr);
json_t *json_digest(const struct nlattr *attr);
json_t *json_name(const struct nlattr *attr, const char *const *names);

#endif /* _LBHASHCTL_PRINT_H */
