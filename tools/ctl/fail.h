/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_FAIL_H
#define _LBHASHCTL_FAIL_H

#include <stddef.h>

#include "../lib/error.h"

__printf(2, 3)
int fail(int code, const char *fmt, ...);

void *must_realloc(void *old, size_t size);

__printf(1, 2)
char *must_print(const char *fmt, ...);

#endif /* _LBHASHCTL_FAIL_H */
