/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_COMPILER_H
#define SHIM_COMPILER_H

#define READ_ONCE(variable)		(variable)
#define WRITE_ONCE(variable, value)	((variable) = (value))
#define unlikely(x)			(x)

#endif /* SHIM_COMPILER_H */
