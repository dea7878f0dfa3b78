// SPDX-License-Identifier: GPL-2.0
/*
 * Weighted Maglev hashing: names and weights in, slots out.
 *
 * Source: D. Eisenbud et al., "Maglev: A Fast and Reliable Software Network
 * Load Balancer", NSDI 2016, section 3.4. Every backend walks the slots in an
 * order of its own and takes the next free one whenever it is its turn.
 *
 * Two things are ours. The backends take turns in the order of a hash of their
 * names, so that the outcome depends on the set and not on its history. And
 * weights decide how often it is a backend's turn: the k-th turn of weight w
 * (from 0) comes in round (k + 1/2) * P / w, which rounds shares to the nearest
 * slot. P is the largest weight rounded up to a power of two, so that a change
 * of the largest weight seldom shifts everybody's rounds. Turns wait in a
 * calendar of rounds, which makes the cost O(slots + rounds) however the
 * weights differ.
 */
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "maglev.h"
#include "transition.h"

/* Turns between two offers to let others run: about 0.1 ms of work. */
#define RESCHED_TURNS	4096

/**
 * lbhash_maglev_prime - smallest prime that is not smaller
 * @size: 2..1048573
 *
 * A prime size makes every skip visit every slot.
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
 * lbhash_maglev_permute - give every entry its order of slots
 * @entries: @name set; @rank, @position and @skip are written, and the array
 *	is sorted by rank
 * @n: number of entries
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

/**
 * lbhash_maglev_rounds - room that lbhash_maglev_fill() needs for its calendar
 * @entries: @weight set
 * @n: number of entries
 *
 * Return: rounds to keep, a power of two; the calendar takes two u16 a round.
 */
u32 lbhash_maglev_rounds(const struct lbhash_maglev_entry *entries, u32 n)
{
	u32 i, lightest = 65535;

	for (i = 0; i < n; i++)
		if (entries[i].weight < lightest)
			lightest = entries[i].weight;

	/* The longest gap between two turns, and one round to tell the
	 * current one from the one that far ahead.
	 */
	return roundup_pow_of_two(round_units(entries, n) / lightest + 2);
}

static void append_turn(struct lbhash_maglev_entry *entries, u16 *first,
			u16 *last, u16 turn)
{
	if (*first == LBHASH_NOBODY)
		*first = turn;
	else
		entries[*last].next = turn;
	*last = turn;
	entries[turn].next = LBHASH_NOBODY;
}

/* Round of the first turn. Half a stride, or at once where the share is less
 * than a slot: everybody gets one as long as there are enough.
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

/**
 * lbhash_maglev_fill - hand out the slots
 * @slots: out, @size slots, each with an owner and settled
 * @size: number of slots, a prime
 * @entries: in the order of their turns; @position, @skip, @weight and @id set
 * @n: number of entries, 1..65534
 * @rounds: scratch room for 2 * @n_rounds numbers
 * @n_rounds: what lbhash_maglev_rounds() said
 *
 * With at least as many slots as entries, every entry gets one.
 *
 * Context: may sleep.
 */
void lbhash_maglev_fill(u32 *slots, u32 size,
			struct lbhash_maglev_entry *entries, u32 n,
			u16 *rounds, u32 n_rounds)
{
	const u32 free = lbhash_slot(LBHASH_NOBODY, LBHASH_NOBODY);
	u16 *first = rounds, *last = rounds + n_rounds;
	u32 filled = 0, units, now, i;
	u64 weights = 0;

	memset(slots, 0xff, size * sizeof(*slots));
	memset(first, 0xff, n_rounds * sizeof(*first));

	units = round_units(entries, n);
	for (i = 0; i < n; i++)
		weights += entries[i].weight;
	for (i = 0; i < n; i++) {
		now = first_round(&entries[i], units, size, weights);
		append_turn(entries, &first[now], &last[now], i);
	}

	for (now = 0;; now++) {
		u16 *head = &first[now & (n_rounds - 1)];

		while (*head != LBHASH_NOBODY) {
			u16 turn = *head;
			struct lbhash_maglev_entry *e = &entries[turn];
			u32 slot = e->position, later;

			*head = e->next;
			while (slots[slot] != free) {
				slot += e->skip;
				if (slot >= size)
					slot -= size;
			}
			slots[slot] = lbhash_slot(e->id, LBHASH_NOBODY);
			if (++filled == size)
				return;
			if (filled % RESCHED_TURNS == 0)
				cond_resched();

			/* position stays on the slot just taken: the next
			 * turn steps over it.
			 */
			e->position = slot;
			later = (now + rounds_ahead(e)) & (n_rounds - 1);
			append_turn(entries, &first[later], &last[later], turn);
		}
	}
}
