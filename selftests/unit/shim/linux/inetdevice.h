/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_INETDEVICE_H
#define SHIM_INETDEVICE_H

#include <asm/byteorder.h>

#include <linux/types.h>

static inline __be32 inet_make_mask(unsigned int bits)
{
	return bits ? __cpu_to_be32(~0u << (32 - bits)) : 0;
}

#endif /* SHIM_INETDEVICE_H */
