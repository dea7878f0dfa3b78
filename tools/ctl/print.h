/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_PRINT_H
#define _LBHASHCTL_PRINT_H

#include <jansson.h>

struct view_field;

int print(json_t *value, const struct view_field *fields);
int print_file(json_t *value);

#endif /* _LBHASHCTL_PRINT_H */
