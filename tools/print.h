/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_PRINT_H
#define _LBHASHCTL_PRINT_H

#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/types.h>

#define PRINT_HEX	0x1	/* numbers in hex */
#define PRINT_VERBOSE	0x2	/* only with -v */
#define PRINT_SLOTS	0x4	/* of an array: one a line, with index */
#define PRINT_NONZERO	0x8	/* not if it is 0 */

/**
 * struct print_field - how text shows one key of a JSON object
 * @key: key in the object; a table ends with a NULL one
 * @label: word before the value, NULL for none; of an array, before each
 * @sub: fields of the objects in an array, which get a line each
 * @flags: PRINT_*
 *
 * A command makes JSON, and nothing but JSON: text is a view of it, so the
 * two cannot differ. Keys that are null are not shown.
 */
struct print_field {
	const char *key;
	const char *label;
	const struct print_field *sub;
	unsigned int flags;
};

int print(json_t *value, const struct print_field *fields);
int print_file(json_t *value);

void sort_by(json_t *array, const char *key);

__u64 json_number(const json_t *object, const char *key);
json_t *json_uint(const struct nlattr *attr);
json_t *json_text(const struct nlattr *attr);
json_t *json_name(const struct nlattr *attr, const char *const *names);

#endif /* _LBHASHCTL_PRINT_H */
