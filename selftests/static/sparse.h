/* SPDX-License-Identifier: GPL-2.0 */
/* Keywords and builtins in newer kernel headers that sparse 0.6.4 does not
 * know. Only sparse reads this file, before the headers.
 */
#define __typeof_unqual__	__typeof__
/* Used in a static assertion about string literals. */
#define __builtin_strlen(s)	(sizeof(s) - 1)
