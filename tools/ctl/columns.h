/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_COLUMNS_H
#define _LBHASHCTL_COLUMNS_H

#include <jansson.h>
#include <linux/types.h>

struct view_field;

void columns_print(const json_t *rows, const struct view_field *fields,
		   const char *indent);

json_t *columns_share(__u64 part, __u64 whole);
void columns_add_bars(json_t *rows, const char *key);

#endif /* _LBHASHCTL_COLUMNS_H */
