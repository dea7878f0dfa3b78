/* SPDX-License-Identifier: GPL-2.0 */
#define WRITE_ONCE(variable, value)	((variable) = (value))
