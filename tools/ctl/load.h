/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_LOAD_H
#define _LBHASHCTL_LOAD_H

#include <jansson.h>

struct lb_error;

int load_bad(const char *file, const struct lb_error *error);
json_t *load(const char *file);

#endif /* _LBHASHCTL_LOAD_H */
