/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_SERVICE_H
#define _LBHASHCTL_SERVICE_H

#include <jansson.h>
#include <linux/lbhash.h>
#include <linux/types.h>
#include <stdbool.h>

#include "parse.h"

struct nl_msg;

enum {
	SERVICE_SIZE,
	SERVICE_HASH,
	SERVICE_SEED,
	SERVICE_MASK,
	SERVICE_ON_EMPTY,
	SERVICE_SETTLE,
	SERVICE_DISRUPTIVE,
	SERVICE_DRY_RUN,
	SERVICE_SETTINGS,
};

/**
 * struct service - settings to send
 * @have: BIT(SERVICE_*) of those to send
 */
struct service {
	__u32 have;
	__u32 size;
	struct hash hash;
	__u8 seed[LBHASH_SEED_LEN];
	__u32 mask;
	__u32 on_empty;
	__u32 settle;
};

extern const struct setting service_settings[SERVICE_SETTINGS + 1];

void service_put(struct nl_msg *msg, const char *name,
		 const struct service *svc);
int service_list(const char *name, json_t *into);
struct nl_msg *service_del_request(const char *name);

#endif /* _LBHASHCTL_SERVICE_H */
