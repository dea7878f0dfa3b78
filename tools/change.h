/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_CHANGE_H
#define _LBHASHCTL_CHANGE_H

#include <jansson.h>
#include <stddef.h>

#include "parse.h"

struct nl_msg;
struct nlattr;

/* For every command that changes something. */
#define CHANGE_DRY_RUN	{						\
	.key = "dry-run",						\
	.help = "change nothing, print what would change",		\
	.flags = SETTING_DRY_RUN,					\
}

extern const struct setting change_settings[];

int change_one(struct nl_msg *msg);
int change_add(struct nl_msg *msg, __u8 add, __u8 set);
int change_del(struct nl_msg *msg, const char *service);
int change_all(struct nl_msg **msgs, size_t count, const json_t *known);

void change_read(json_t *into, const struct nlattr *nest);
void change_print(const json_t *numbers, const char *move, const char *enter);

#endif /* _LBHASHCTL_CHANGE_H */
