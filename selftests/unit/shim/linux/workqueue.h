/* SPDX-License-Identifier: GPL-2.0 */
/* Work that the test runs when it likes. */
#ifndef SHIM_WORKQUEUE_H
#define SHIM_WORKQUEUE_H

#include <linux/types.h>

struct work_struct {
	void (*func)(struct work_struct *work);
	bool is_pending;
};

#define system_long_wq	NULL

#define INIT_WORK(work, function) \
	(*(work) = (struct work_struct){ .func = (function) })

static inline bool queue_work(const void *queue, struct work_struct *work)
{
	bool was_pending = work->is_pending;

	(void)queue;
	work->is_pending = true;
	return !was_pending;
}

static inline void cancel_work_sync(struct work_struct *work)
{
	work->is_pending = false;
}

/* Return: false if there was nothing to do. */
static inline bool run_work(struct work_struct *work)
{
	if (!work->is_pending)
		return false;
	work->is_pending = false;
	work->func(work);
	return true;
}

#endif /* SHIM_WORKQUEUE_H */
