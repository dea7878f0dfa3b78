/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_ATOMIC_H
#define SHIM_ATOMIC_H

#include <linux/types.h>

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

static inline int atomic_inc_return(atomic_t *number)
{
	return ++number->counter;
}

static inline void atomic64_inc(atomic64_t *number)
{
	number->counter++;
}

static inline void atomic64_add(s64 value, atomic64_t *number)
{
	number->counter += value;
}

static inline s64 atomic64_read(const atomic64_t *number)
{
	return number->counter;
}

static inline void atomic_add(int n, atomic_t *number)
{
	number->counter += n;
}

static inline void atomic_dec(atomic_t *number)
{
	number->counter--;
}

static inline int atomic_read(const atomic_t *number)
{
	return number->counter;
}

/* Of 32 bits only. */
static inline u32 xchg(u32 *word, u32 new)
{
	u32 was = *word;

	*word = new;
	return was;
}

static inline u32 cmpxchg(u32 *word, u32 old, u32 new)
{
	u32 was = *word;

	if (was == old)
		*word = new;
	return was;
}

#endif /* SHIM_ATOMIC_H */
