/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_SCHED_H
#define SHIM_SCHED_H

/* Counts calls of cond_resched(). */
static unsigned long reschedules __attribute((unused));

#define cond_resched() (reschedules++)

#endif /* SHIM_SCHED_H */
