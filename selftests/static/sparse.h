/* SPDX-License-Identifier: GPL-2.0 */
/* What headers of newer kernels use and sparse 0.6.4 does not know; read before
 * them, by sparse alone.
 */
#define __typeof_unqual__	__typeof__
/* In a static assertion about literals. */
#define __builtin_strlen(s)	(sizeof(s) - 1)
