/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_DIFF_H
#define _LBHASHCTL_DIFF_H

#include <jansson.h>

void diff_print(const json_t *numbers, const char *move, const char *enter);

#endif /* _LBHASHCTL_DIFF_H */
