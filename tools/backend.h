/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_BACKEND_H
#define _LBHASHCTL_BACKEND_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

#include "parse.h"

struct nl_msg;

enum {
	BACKEND_MARK,
	BACKEND_WEIGHT,
	BACKEND_STATE,
	BACKEND_ADDRESS,
	BACKEND_DRY_RUN,
	BACKEND_SETTINGS,
};

/**
 * struct backend - settings to send
 * @have: BIT(BACKEND_*) of those to send
 */
struct backend {
	__u32 have;
	__u32 mark;
	__u32 weight;
	__u32 state;
	struct addresses addr;
};

extern const struct setting backend_settings[BACKEND_SETTINGS + 1];

void backend_put(struct nl_msg *msg, const char *name,
		 const struct backend *be);
int backend_list(const char *service, json_t *into);

#endif /* _LBHASHCTL_BACKEND_H */
