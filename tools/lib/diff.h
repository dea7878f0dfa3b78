/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_DIFF_H
#define _LB_DIFF_H

#include <jansson.h>

struct nlattr;

int lb_diff_read(json_t *into, const struct nlattr *nest);

#endif /* _LB_DIFF_H */
