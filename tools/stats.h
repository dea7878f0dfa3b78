/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_STATS_H
#define _LBHASHCTL_STATS_H

#include <jansson.h>

int stats_list(const char *name, json_t *into);

#endif /* _LBHASHCTL_STATS_H */
