/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_PERCPU_H
#define SHIM_PERCPU_H

/* There is one CPU. */
#define __percpu
#define this_cpu_inc(variable)		((variable)++)
#define this_cpu_add(variable, n)	((variable) += (n))
#define free_percpu(memory)		free(memory)

#endif /* SHIM_PERCPU_H */
