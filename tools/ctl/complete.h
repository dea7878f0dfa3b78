/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_COMPLETE_H
#define _LBHASHCTL_COMPLETE_H

#include <getopt.h>

struct object;

int complete(const struct object *objects, const struct option *options,
	     char **words);

#endif /* _LBHASHCTL_COMPLETE_H */
