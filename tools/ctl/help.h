/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_HELP_H
#define _LBHASHCTL_HELP_H

#include <stdio.h>

struct object;

void help_print(const struct object *objects, FILE *out);
int help(const struct object *objects, const char *word);

#endif /* _LBHASHCTL_HELP_H */
