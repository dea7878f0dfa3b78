/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_VERSION_H
#define _LBHASHCTL_VERSION_H

#include <jansson.h>

struct nl_msg;

json_t *version_json(void);
int version_refuse(const struct nl_msg *msg, int error, const char *sentence,
		   unsigned int offset);

#endif /* _LBHASHCTL_VERSION_H */
