// SPDX-License-Identifier: GPL-2.0
/*
 * The operator's changes: backends are drained and taken back, get other
 * weights, are removed and added. The changes are the same in every run.
 */
#include <assert.h>
#include <stdio.h>

#include "churn.h"

#define ORDERS		16
#define NONE		(~0u)
#define WEIGHT		10

/**
 * struct order - a change of a backend that is due later
 * @at: when, a tick; NONE if the order is unused
 * @backend: its index in the world's backends
 * @state: the new state
 * @weight: the new weight; 0 keeps the old one
 */
static struct order {
	u32 at;
	u32 backend;
	enum state state;
	u16 weight;
} orders[ORDERS];

static u64 dice;

void operator_begin(void)
{
	u32 i;

	dice = 0x2545f4914f6cdd1d;
	for (i = 0; i < ORDERS; i++)
		orders[i].at = NONE;
	for (i = 0; i < BACKENDS; i++)
		w.backends[i].weight = WEIGHT;
	for (i = 0; i < BACKENDS; i++)
		snprintf(w.backends[i].name, sizeof(w.backends[i].name), "s%u",
			 i);
}

static void order(u32 delay, u32 backend, enum state state, u16 weight)
{
	u32 i = 0;

	while (orders[i].at != NONE)
		assert(++i < ORDERS);
	orders[i] = (struct order){ w.now + delay, backend, state, weight };
}

static bool is_ordered(u32 backend)
{
	u32 i;

	for (i = 0; i < ORDERS; i++)
		if (orders[i].at != NONE && orders[i].backend == backend)
			return true;
	return false;
}

static bool is_usable(enum state state)
{
	return state == UP || state == DRAINED;
}

/* Carry out the orders that are due. */
void operator_obey(void)
{
	struct backend *backend;
	u32 i, j;

	for (i = 0; i < ORDERS; i++) {
		if (orders[i].at != w.now)
			continue;
		orders[i].at = NONE;
		backend = &w.backends[orders[i].backend];
		if (is_usable(backend->state) && !is_usable(orders[i].state))
			backend->losses++;
		backend->state = orders[i].state;
		if (orders[i].weight)
			backend->weight = orders[i].weight;
		w.result.changes++;
		for (j = 0; j < w.n; j++)
			balancer_change(&w.balancers[j], w.backends, w.now);
	}
}

static u32 somebody(enum state state)
{
	u32 i, backend;

	for (i = 0; i < 20 * BACKENDS; i++) {
		backend = draw(&dice, BACKENDS);
		if (w.backends[backend].state == state && !is_ordered(backend))
			return backend;
	}
	return NONE;
}

/* Most changes are undone by another one of the table. */
static bool change_state(u32 kind)
{
	static const struct {
		enum state from, to;
	} changes[] = {
		{ UP, DRAINED }, { DRAINED, UP }, { UP, DRAINED },
		{ DRAINED, UP }, { UP, REMOVED }, { REMOVED, UP },
		{ DRAINED, REMOVED }, { UP, DOWN }, { DOWN, UP },
	};
	u32 backend;

	if (kind >= ARRAY_SIZE(changes))
		return false;
	backend = somebody(changes[kind].from);
	if (backend == NONE)
		return false;
	order(0, backend, changes[kind].to, 0);
	return true;
}

/* Order a change for now; some changes are followed by others soon. */
void operator_change(void)
{
	u32 kind = draw(&dice, 18), backend;

	if (change_state(kind))
		return;
	backend = somebody(UP);
	switch (kind % 3) {
	case 0:
		/* A health check fails once. */
		order(0, backend, DOWN, 0);
		order(TICKS / 2, backend, UP, 0);
		break;
	case 1:
		/* Three changes within the shortest settle time. */
		order(0, backend, DRAINED, 0);
		order(3 * TICKS, backend, UP, WEIGHT / 2);
		order(8 * TICKS, backend, UP, WEIGHT);
		break;
	default:
		order(0, backend, UP, WEIGHT / 2 + draw(&dice, WEIGHT + 1));
	}
}
