/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_VERSION_H
#define _LBHASHCTL_VERSION_H

#include <jansson.h>

json_t *version_json(void);

#endif /* _LBHASHCTL_VERSION_H */
