/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_VERSIONS_H
#define _LBHASHCTL_VERSIONS_H

#include <jansson.h>

json_t *versions_json(void);
char *versions_difference(void);

#endif /* _LBHASHCTL_VERSIONS_H */
