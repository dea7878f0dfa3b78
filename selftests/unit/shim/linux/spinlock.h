/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_SPINLOCK_H
#define SHIM_SPINLOCK_H

#include "mutex.h"

typedef struct mutex spinlock_t;

#define ____cacheline_aligned_in_smp

#define spin_lock_init(lock)	mutex_init(lock)
#define spin_lock_bh(lock)	mutex_lock(lock)
#define spin_unlock_bh(lock)	mutex_unlock(lock)
#define preempt_disable_nested()	((void)0)
#define preempt_enable_nested()	((void)0)

#endif /* SHIM_SPINLOCK_H */
