/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_MUTEX_H
#define SHIM_MUTEX_H

#include <assert.h>

/* One thread: it would wait for itself. */
struct mutex {
	int held;
};

#define lockdep_is_held(lock)	((lock)->held)

static inline void mutex_init(struct mutex *mutex)
{
	mutex->held = 0;
}

static inline void mutex_lock(struct mutex *mutex)
{
	assert(!mutex->held);
	mutex->held = 1;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	assert(mutex->held);
	mutex->held = 0;
}

#endif /* SHIM_MUTEX_H */
