/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_REFUSE_H
#define LBHASH_REFUSE_H

#include <linux/compiler.h>
#include <linux/types.h>

struct nlattr;

/**
 * struct lbhash_refusal - why a request is refused
 * @attr: attribute that caused the refusal, or NULL
 * @text: one sentence, lower case, no full stop
 */
struct lbhash_refusal {
	const struct nlattr *attr;
	char text[80];
};

__printf(4, 5)
int lbhash_refuse(struct lbhash_refusal *why, int err,
		  const struct nlattr *attr, const char *format, ...);
int lbhash_refuse_memory(struct lbhash_refusal *why);
bool lbhash_name_is_valid(const char *name);

#endif /* LBHASH_REFUSE_H */
