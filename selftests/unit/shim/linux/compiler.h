/* SPDX-License-Identifier: GPL-2.0 */
#include_next <linux/compiler.h>

#define WRITE_ONCE(variable, value)	((variable) = (value))
