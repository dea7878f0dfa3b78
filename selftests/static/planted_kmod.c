// SPDX-License-Identifier: GPL-2.0
/* Faults that the checks of kmod/ must find; not part of any build. */
#include <linux/mutex.h>
#include <linux/slab.h>

static DEFINE_MUTEX(lock);

int planted_use_after_free(int *words)
{
	kfree(words);
	return words[0];
}

int planted_leak(int word)
{
	int *words = kmalloc(sizeof(*words), GFP_KERNEL);

	if (word)
		return -EINVAL;
	kfree(words);
	return 0;
}

int planted_lock(int word)
{
	mutex_lock(&lock);
	if (word)
		return -EINVAL;
	mutex_unlock(&lock);
	return 0;
}
