/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_TERMINAL_H
#define _LBHASHCTL_TERMINAL_H

#include <stdbool.h>

bool terminal_obeys(int fd);

#endif /* _LBHASHCTL_TERMINAL_H */
