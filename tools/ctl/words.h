/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_WORDS_H
#define _LBHASHCTL_WORDS_H

#include <linux/types.h>
#include <stddef.h>

struct setting;

const void *words_find(const char *word, const void *table, size_t stride,
		       unsigned int *matches);
const void *words_keyword(const char *what, const char *word,
			  const void *table, size_t stride);
const char *words_missing(const struct setting *settings, __u32 have);
int words_parse(const struct setting *settings, char **argv, void *into);

#endif /* _LBHASHCTL_WORDS_H */
