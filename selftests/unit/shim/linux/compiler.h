/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_COMPILER_H
#define SHIM_COMPILER_H

#define READ_ONCE(variable)		(variable)
#define WRITE_ONCE(variable, value)	((variable) = (value))
#define unlikely(x)			(x)
#ifndef likely
#define likely(x)			(x)
#endif
#ifndef noinline
#define noinline	__attribute__((noinline))
#endif

#define smp_load_acquire(pointer)	(*(pointer))	/* one thread */
#define smp_store_release(pointer, value) \
	(*(pointer) = (value))				/* one thread */
#define smp_rmb()	((void)0)			/* one thread */
#define smp_wmb()	((void)0)			/* one thread */
#define cpu_relax()			((void)0)

#endif /* SHIM_COMPILER_H */
