// SPDX-License-Identifier: GPL-2.0
/*
 * Weighted Maglev hashing: names and weights in, slots out.
 *
 * Source: D. Eisenbud et al., "Maglev: A Fast and Reliable Software Network
 * Load Balancer", NSDI 2016, section 3.4. Every backend walks the slots in an
 * order of its own and takes the next free slot at each of its turns.
 *
 * Two things differ from the paper. Backends take turns in the order of a hash
 * of their names, so that the result depends on the set and not on its history.
 * And weights determine the number of turns: the k-th turn of weight w (from 0)
 * is in round (k + 1/2) * P / w, which rounds shares to the nearest slot. P is
 * the largest weight rounded up to a power of two, so that a change of the
 * largest weight seldom shifts the rounds of all backends. A calendar of rounds
 * keeps the cost at O(slots + rounds) however the weights differ; equal weights
 * need none.
 *
 * Half of all steps would be made for the last sqrt(slots) slots: for these the
 * first slot of each walk is computed instead.
 */
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "maglev.h"
#include "transition.h"

/* Turns between two points where other tasks may run: about 0.1 ms. */
#define RESCHED_TURNS	4096

/* A slot without an owner. */
#define FREE		lbhash_slot(LBHASH_NONE, LBHASH_NONE)

/**
 * lbhash_maglev_prime - round a size up to a prime
 * @size: smallest number of slots to return, 2..1048573
 *
 * With a prime size every skip visits every slot.
 *
 * Return: the prime.
 */
u32 lbhash_maglev_prime(u32 size)
{
	u32 divisor;

	for (;; size++) {
		for (divisor = 2; divisor * divisor <= size; divisor++)
			if (size % divisor == 0)
				break;
		if (divisor * divisor > size)
			return size;
	}
}

static int compare_rank(const void *left, const void *right)
{
	const struct lbhash_maglev_entry *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

/**
 * lbhash_maglev_permute - compute the order in which entries walk the slots
 * @entries: in: @name; out: @rank, @position and @skip, sorted by rank
 * @n: length of @entries
 * @size: number of slots, a prime
 * @key: key of the hash
 *
 * SipHash-2-4 of the name, and of that once more for each of the two numbers:
 * the same on every machine, whatever its word size and byte order.
 */
void lbhash_maglev_permute(struct lbhash_maglev_entry *entries, u32 n,
			   u32 size, const siphash_key_t *key)
{
	u32 i;

	for (i = 0; i < n; i++) {
		struct lbhash_maglev_entry *e = &entries[i];

		e->rank = siphash(e->name, strlen(e->name), key);
		e->position = (u32)siphash_2u64(e->rank, 0, key) % size;
		e->skip = (u32)siphash_2u64(e->rank, 1, key) % (size - 1) + 1;
	}
	sort(entries, n, sizeof(*entries), compare_rank, NULL);
}

static u32 round_units(const struct lbhash_maglev_entry *entries, u32 n)
{
	u32 i, heaviest = 1;

	for (i = 0; i < n; i++)
		if (entries[i].weight > heaviest)
			heaviest = entries[i].weight;
	return roundup_pow_of_two(heaviest);
}

/* The entries that have a turn in a round, a list linked by their @next. */
struct round {
	u16 first, last;
};

/* Rounds in the calendar, a power of two: the longest gap between two turns,
 * and one more, to tell the current round from the one that far ahead.
 */
static u32 count_rounds(const struct lbhash_maglev_entry *entries, u32 n)
{
	u32 i, lightest = 65535;

	for (i = 0; i < n; i++)
		if (entries[i].weight < lightest)
			lightest = entries[i].weight;
	return roundup_pow_of_two(round_units(entries, n) / lightest + 2);
}

/* Number of slots that are filled by computing the first free one. */
static u32 count_last(u32 size)
{
	return 1u << ilog2(size) / 2;
}

/**
 * lbhash_maglev_scratch - size of the memory that lbhash_maglev_fill() needs
 * @entries: in: @weight
 * @n: length of @entries
 * @size: number of slots
 *
 * Return: bytes, at most 514 KiB.
 */
size_t lbhash_maglev_scratch(const struct lbhash_maglev_entry *entries, u32 n,
			     u32 size)
{
	return count_last(size) * sizeof(u32) +
	       count_rounds(entries, n) * sizeof(struct round);
}

static void append_turn(struct lbhash_maglev_entry *entries,
			struct round *round, u16 turn)
{
	if (round->first == LBHASH_NONE)
		round->first = turn;
	else
		entries[round->last].next = turn;
	round->last = turn;
	entries[turn].next = LBHASH_NONE;
}

/* Round of the first turn: half a stride, or 0 if the share is less than a
 * slot, so that every entry gets a slot as long as there are enough.
 */
static u32 first_round(struct lbhash_maglev_entry *e, u32 units, u32 size,
		       u64 weights)
{
	e->stride = units / e->weight;
	e->rest = units % e->weight * 2;
	e->debt = 0;
	if ((u64)size * e->weight < weights)
		return 0;
	e->debt = units % (2 * e->weight);
	return units / (2 * e->weight);
}

/* Rounds until the next turn, with the fractions carried on. */
static u32 rounds_ahead(struct lbhash_maglev_entry *e)
{
	e->debt += e->rest;
	if (e->debt < 2 * e->weight)
		return e->stride;
	e->debt -= 2 * e->weight;
	return e->stride + 1;
}

/* Find the next free slot on an entry's walk. */
static u32 walk(const u32 *slots, u32 size,
		const struct lbhash_maglev_entry *e)
{
	unsigned long slot = e->position, skip = e->skip, back = size - skip;

	while (slots[slot] != FREE)
		slot = slot < back ? slot + skip : slot - back;
	return slot;
}

static void list_free(const u32 *slots, u32 size, u32 *list)
{
	u32 i;

	lbhash_for_each_slot(i, size)
		if (slots[i] == FREE)
			*list++ = i;
}

/* The inverse of @skip modulo @size: Euclid's algorithm, extended. */
static u32 inverse(u32 skip, u32 size)
{
	u32 a = size, b = skip, quotient, rest;
	s32 x = 0, y = 1, next;

	while (b) {
		quotient = a / b;
		rest = a % b;
		a = b;
		b = rest;
		next = x - (s32)quotient * y;
		x = y;
		y = next;
	}
	return x + (x < 0 ? size : 0);
}

/* Find it in a list of the free slots, and remove it from the list. Slot s is
 * the (s - position) / skip-th of the walk, modulo the size.
 */
static u32 take_first(u32 *list, u32 n, u32 size,
		      const struct lbhash_maglev_entry *e)
{
	u32 i, slot, ahead, steps, first = 0, least = U32_MAX;
	u32 factor = inverse(e->skip, size);

	for (i = 0; i < n; i++) {
		ahead = list[i] - e->position;
		if (list[i] < e->position)
			ahead += size;
		div_u64_rem((u64)ahead * factor, size, &steps);
		if (steps < least) {
			least = steps;
			first = i;
		}
	}
	slot = list[first];
	list[first] = list[n - 1];
	return slot;
}

/**
 * struct filling - slots that are being assigned
 * @slots: the slots
 * @size: number of slots
 * @left: number of free slots
 * @last: number of slots that are filled from @list
 * @list: these slots, once only they are left
 */
struct filling {
	u32 *slots;
	u32 size;
	u32 left;
	u32 last;
	u32 *list;
};

/* Give an entry the next free slot of its walk. Position stays on the slot that
 * is taken; the next turn steps over it.
 */
static void take_slot(struct filling *f, struct lbhash_maglev_entry *e)
{
	if (f->left == f->last)
		list_free(f->slots, f->size, f->list);
	e->position = f->left > f->last ? walk(f->slots, f->size, e) :
		      take_first(f->list, f->left, f->size, e);
	f->slots[e->position] = lbhash_slot(e->id, LBHASH_NONE);
	e->slots++;
	if (--f->left % RESCHED_TURNS == 0)
		cond_resched();
}

static bool has_equal_weights(const struct lbhash_maglev_entry *entries, u32 n)
{
	u32 i;

	for (i = 1; i < n; i++)
		if (entries[i].weight != entries[0].weight)
			return false;
	return true;
}

/* Entries of equal weight have their turns in the same rounds. */
static void fill_in_turn(struct filling *f, struct lbhash_maglev_entry *entries,
			 u32 n)
{
	u32 i;

	for (;;)
		for (i = 0; i < n; i++) {
			take_slot(f, &entries[i]);
			if (!f->left)
				return;
		}
}

static void fill_by_calendar(struct filling *f,
			     struct lbhash_maglev_entry *entries, u32 n,
			     struct round *rounds)
{
	u32 units = round_units(entries, n), n_rounds, now, i;
	u64 weights = 0;

	n_rounds = count_rounds(entries, n);
	memset(rounds, 0xff, n_rounds * sizeof(*rounds));
	for (i = 0; i < n; i++)
		weights += entries[i].weight;
	for (i = 0; i < n; i++) {
		now = first_round(&entries[i], units, f->size, weights);
		append_turn(entries, &rounds[now], i);
	}

	for (now = 0;; now++) {
		u16 turn = rounds[now & (n_rounds - 1)].first, next;

		/* No entry has two turns in a round. */
		rounds[now & (n_rounds - 1)].first = LBHASH_NONE;
		for (; turn != LBHASH_NONE; turn = next) {
			struct lbhash_maglev_entry *e = &entries[turn];
			u32 later;

			next = e->next;
			take_slot(f, e);
			if (!f->left)
				return;
			later = (now + rounds_ahead(e)) & (n_rounds - 1);
			append_turn(entries, &rounds[later], turn);
		}
	}
}

/**
 * lbhash_maglev_fill - assign the slots
 * @slots: out, @size settled slots with owners
 * @size: number of slots, a prime
 * @entries: sorted by rank; in: @position, @skip, @weight and @id; out: @slots
 * @n: length of @entries, 1..65534
 * @scratch: memory of the size of lbhash_maglev_scratch()
 *
 * If there are at least as many slots as entries, every entry gets one.
 *
 * Context: may sleep.
 */
void lbhash_maglev_fill(u32 *slots, u32 size,
			struct lbhash_maglev_entry *entries, u32 n,
			void *scratch)
{
	struct filling f = {
		.slots = slots,
		.size = size,
		.left = size,
		.last = count_last(size),
		.list = scratch,
	};
	u32 i;

	memset(slots, 0xff, size * sizeof(*slots));
	for (i = 0; i < n; i++)
		entries[i].slots = 0;
	if (has_equal_weights(entries, n))
		fill_in_turn(&f, entries, n);
	else
		fill_by_calendar(&f, entries, n,
				 (struct round *)(f.list + f.last));
}
