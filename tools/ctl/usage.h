/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_USAGE_H
#define _LBHASHCTL_USAGE_H

#include <stdio.h>

#include "../lib/error.h"

struct command;
struct object;

void usage_print(const struct object *obj, const struct command *cmd,
		 FILE *out);
void usage_set(const struct object *obj, const struct command *cmd);

__printf(1, 2)
int misuse(const char *fmt, ...);

#endif /* _LBHASHCTL_USAGE_H */
