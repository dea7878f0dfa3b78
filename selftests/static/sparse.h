/* SPDX-License-Identifier: GPL-2.0 */
/* Words of newer kernels' headers that sparse 0.6.4 does not know; only sparse
 * reads this, before the headers.
 */
#define __typeof_unqual__	__typeof__
/* In a static assertion about literals. */
#define __builtin_strlen(s)	(sizeof(s) - 1)
