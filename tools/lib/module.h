/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_MODULE_H
#define _LB_MODULE_H

#include <stdbool.h>

#define LB_VERSION_MAX	64

bool lb_module_version(char text[LB_VERSION_MAX]);

#endif /* _LB_MODULE_H */
