/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_OVERFLOW_H
#define SHIM_OVERFLOW_H

#define struct_size(pointer, array, n) \
	(sizeof(*(pointer)) + (n) * sizeof(*(pointer)->array))

#endif /* SHIM_OVERFLOW_H */
