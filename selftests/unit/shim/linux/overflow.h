/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_OVERFLOW_H
#define SHIM_OVERFLOW_H

#include <stddef.h>

#define struct_size(pointer, array, n)	offsetof(typeof(*(pointer)), array[n])

#endif /* SHIM_OVERFLOW_H */
