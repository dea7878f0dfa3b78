/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_ERROR_H
#define _LB_ERROR_H

#include <stdbool.h>

#ifndef __printf
#define __printf(a, b)	__attribute((format(printf, a, b)))
#endif

/**
 * struct lb_error - why a function of the library failed
 * @code: errno
 * @is_complete: @sentence names what it is about; if false, the caller adds
 *	which of its own requests failed
 * @is_unknown: the module lacks the operation or, if @attr is set, the
 *	attribute or its value: it is of another version
 * @about: which request of a commit failed, as in "service web", or ""
 * @attr: the word for the attribute that the kernel points at, or ""
 * @sentence: the reason, the kernel's own where it gives one; lower case, no
 *	full stop
 *
 * Functions that take one fill it when they fail, and return -@code; else 0.
 */
struct lb_error {
	int code;
	bool is_complete;
	bool is_unknown;
	char about[48];
	char attr[32];
	char sentence[640];
};

__printf(3, 4)
int lb_error_set(struct lb_error *error, int code, const char *fmt, ...);

__printf(2, 3)
int lb_error_prefix(struct lb_error *error, const char *fmt, ...);

int lb_error_memory(struct lb_error *error);

#endif /* _LB_ERROR_H */
