/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_PROGRESS_H
#define _LBHASHCTL_PROGRESS_H

#include <stddef.h>

void progress(const char *what, size_t done, size_t all);
void progress_end(void);

#endif /* _LBHASHCTL_PROGRESS_H */
