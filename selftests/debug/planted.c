// SPDX-License-Identifier: GPL-2.0
/*
 * Makes mistakes on request, to prove that a debug kernel or the runner detects
 * them: "insmod planted.ko what=leak" makes one while it loads.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *what = "";
module_param(what, charp, 0);

static DEFINE_SPINLOCK(a);
static DEFINE_SPINLOCK(b);
static LIST_HEAD(list);
static int shared;

static void nothing(void)
{
}

static void use_after_free(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL), *freed = p;

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(freed);
	kfree(p);
	WRITE_ONCE(*freed, 1);
}

/* Slots and marks of large services are in such memory. */
static void beyond_vmalloc(void)
{
	char *p = vmalloc(100);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[100], 1);
	vfree(p);
}

static void leak(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

static void inversion(void)
{
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&b);
	spin_unlock(&a);

	spin_lock(&b);
	spin_lock(&a);
	spin_unlock(&a);
	spin_unlock(&b);
}

static void sleep_in_atomic(void)
{
	static DEFINE_MUTEX(mutex);

	spin_lock(&a);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&a);
}

static void no_rcu(void)
{
	struct list_head *first;

	first = rcu_dereference(list_next_rcu(&list));
	OPTIMIZER_HIDE_VAR(first);
}

static void shift(void)
{
	int bits = 32;

	OPTIMIZER_HIDE_VAR(bits);
	WRITE_ONCE(shared, 1 << bits);
}

struct timed {
	struct timer_list timer;
};

static void expire(struct timer_list *timer)
{
}

static void free_active(void)
{
	struct timed *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	timer_setup(&p->timer, expire, 0);
	mod_timer(&p->timer, jiffies + 3600 * HZ);
	kfree(p);
}

static int count(void *data)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *one = kthread_run(count, NULL, "one");
	struct task_struct *two = kthread_run(count, NULL, "two");

	msleep(10000);
	if (!IS_ERR(one))
		kthread_stop(one);
	if (!IS_ERR(two))
		kthread_stop(two);
}

static void spin(void *unused)
{
	for (;;)
		cpu_relax();
}

/* All CPUs spin with interrupts off. */
static void deaf(void)
{
	on_each_cpu(spin, NULL, 0);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "nothing", nothing },
	{ "use_after_free", use_after_free },
	{ "beyond_vmalloc", beyond_vmalloc },
	{ "leak", leak },
	{ "inversion", inversion },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "no_rcu", no_rcu },
	{ "shift", shift },
	{ "free_active", free_active },
	{ "race", race },
	{ "deaf", deaf },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (strcmp(what, mistakes[i].name))
			continue;
		mistakes[i].make();
		return 0;
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mistakes for a debug kernel to find");
