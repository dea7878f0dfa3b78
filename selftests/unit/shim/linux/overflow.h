/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_OVERFLOW_H
#define SHIM_OVERFLOW_H

#define struct_size(pointer, member, n) \
	(sizeof(*(pointer)) + (n) * sizeof((pointer)->member[0]))

#endif /* SHIM_OVERFLOW_H */
