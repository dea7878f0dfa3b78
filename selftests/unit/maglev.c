// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of the table's algorithm, kmod/maglev.c as it is: the example of
 * the Maglev paper, balance, weights, collateral moves, independence of
 * everything but names and weights, and constant digests. Prints TAP.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kmod/maglev.c"

#define MOST_ENTRIES	4096
#define MOST_SLOTS	65537

static const siphash_key_t key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
static char names[MOST_ENTRIES][12];
static int number, failures;

static void check(bool good, const char *format, double value)
{
	printf("%sok %d - ", good ? "" : "not ", ++number);
	printf(format, value);
	printf("\n");
	failures += !good;
}

/* Make entries b0, b1, ..., without number @without. */
static u32 make_entries(struct lbhash_maglev_entry *entries, u32 n,
			u32 without, u32 heaviest)
{
	u32 i, made = 0;

	for (i = 0; i < n; i++) {
		if (i == without)
			continue;
		snprintf(names[i], sizeof(names[i]), "b%u", i);
		entries[made++] = (struct lbhash_maglev_entry){
			.name = names[i],
			.weight = i % heaviest + 1,
			.id = i,
		};
	}
	return made;
}

static void fill(u16 *slots, u32 size, struct lbhash_maglev_entry *entries,
		 u32 n)
{
	void *scratch = malloc(lbhash_maglev_scratch(entries, n, size));
	u32 i, *words = malloc(size * sizeof(*words));

	assert(scratch && words);
	lbhash_maglev_fill(words, size, entries, n, scratch);
	for (i = 0; i < size; i++) {
		assert(lbhash_slot_is_settled(words[i]));
		slots[i] = lbhash_slot_owner(words[i]);
	}
	free(words);
	free(scratch);
}

static void build(u16 *slots, u32 size, struct lbhash_maglev_entry *entries,
		  u32 n)
{
	lbhash_maglev_permute(entries, n, size, &key);
	fill(slots, size, entries, n);
}

static void test_siphash(void)
{
	u8 input[15];
	int i;

	for (i = 0; i < 15; i++)
		input[i] = i;
	check(siphash(input, 15, &key) == 0xa129ca6149be45e5,
	      "SipHash-2-4 gives the test vector of its paper", 0);
}

/* NSDI 2016, table 1: B0 wants 3 0 4 1 .., B1 0 2 4 6 .., B2 3 4 5 6 .. */
static void test_paper(void)
{
	const u16 whole[7] = { 1, 0, 1, 0, 2, 2, 0 };
	const u16 without_b1[7] = { 0, 0, 0, 0, 2, 2, 2 };
	struct lbhash_maglev_entry b[3] = {
		{ .position = 3, .skip = 4, .weight = 1, .id = 0 },
		{ .position = 0, .skip = 2, .weight = 1, .id = 1 },
		{ .position = 3, .skip = 1, .weight = 1, .id = 2 },
	};
	struct lbhash_maglev_entry fewer[2] = { b[0], b[2] };
	u16 slots[7];

	fill(slots, 7, b, 3);
	check(!memcmp(slots, whole, sizeof(slots)), "the paper's example", 0);
	fill(slots, 7, fewer, 2);
	check(!memcmp(slots, without_b1, sizeof(slots)),
	      "the paper's example without B1", 0);
}

/* Fill a table in the way of the paper: in turn, each backend takes the next
 * free slot of its permutation.
 */
static void fill_step_by_step(u16 *slots, u32 size,
			      const struct lbhash_maglev_entry *entries, u32 n)
{
	u32 filled, i, *at = calloc(n, sizeof(*at));
	const struct lbhash_maglev_entry *e;

	assert(at);
	memset(slots, 0xff, size * sizeof(*slots));
	for (i = 0; i < n; i++)
		at[i] = entries[i].position;
	for (filled = 0; filled < size; filled++) {
		i = filled % n;
		e = &entries[i];
		while (slots[at[i]] != LBHASH_NONE)
			at[i] = (at[i] + e->skip) % size;
		slots[at[i]] = e->id;
	}
	free(at);
}

/* maglev.c fills the last slots in another way than step by step: the result
 * must be the same.
 */
static void test_steps(void)
{
	static const u32 sizes[] = { 2, 3, 7, 251, 4093, MOST_SLOTS };
	static struct lbhash_maglev_entry entries[MOST_ENTRIES];
	static u16 slots[MOST_SLOTS], expected[MOST_SLOTS];
	u32 i, k, n, different = 0;

	for (i = 0; i < 6; i++) {
		for (k = 1; k <= sizes[i] && k <= MOST_ENTRIES; k *= 3) {
			n = make_entries(entries, k, MOST_ENTRIES, 1);
			lbhash_maglev_permute(entries, n, sizes[i], &key);
			fill_step_by_step(expected, sizes[i], entries, n);
			fill(slots, sizes[i], entries, n);
			different += !!memcmp(slots, expected,
					      sizes[i] * sizeof(*slots));
		}
	}
	check(!different, "%.0f tables are not what walking makes of them",
	      different);
}

static void test_primes(void)
{
	check(lbhash_maglev_prime(251) == 251, "251 is a prime", 0);
	check(lbhash_maglev_prime(252) == 257, "257 comes after 252", 0);
	check(lbhash_maglev_prime(65536) == 65537, "65537 after 65536", 0);
	check(lbhash_maglev_prime(1048573) == 1048573, "1048573 is one", 0);
}

static void test_balance(void)
{
	static struct lbhash_maglev_entry entries[MOST_ENTRIES];
	static u32 counts[MOST_ENTRIES];
	static u16 slots[MOST_SLOTS];
	u32 i, n, sum = 0, most = 0, least = MOST_SLOTS;
	double share, worst = 0;

	n = make_entries(entries, 100, MOST_ENTRIES, 1);
	build(slots, MOST_SLOTS, entries, n);
	for (i = 0; i < MOST_SLOTS; i++)
		counts[slots[i]]++;
	for (i = 0; i < n; i++)
		most = counts[i] > most ? counts[i] : most;
	check(most * 100.0 / MOST_SLOTS <= 1.002,
	      "100 equal backends: max/avg %.5f, at most 1.002",
	      most * 100.0 / MOST_SLOTS);

	memset(counts, 0, sizeof(counts));
	n = make_entries(entries, 100, MOST_ENTRIES, 10);
	for (i = 0; i < n; i++)
		sum += entries[i].weight;
	build(slots, MOST_SLOTS, entries, n);
	for (i = 0; i < MOST_SLOTS; i++)
		counts[slots[i]]++;
	for (i = 0; i < n; i++) {
		share = counts[entries[i].id] * (double)sum /
			((double)MOST_SLOTS * entries[i].weight);
		worst = share > worst ? share : worst;
	}
	check(worst <= 1.005,
	      "weights 1..10: worst share %.5f of the ideal, at most 1.005",
	      worst);

	memset(counts, 0, sizeof(counts));
	n = make_entries(entries, MOST_ENTRIES, MOST_ENTRIES, 1);
	entries[0].weight = 65535;
	build(slots, MOST_SLOTS, entries, n);
	for (i = 0; i < MOST_SLOTS; i++)
		counts[slots[i]]++;
	for (i = 0; i < n; i++)
		least = counts[i] < least ? counts[i] : least;
	check(least >= 1, "4095 beside one of weight 65535: at least %.0f slot",
	      least);
}

static void test_collateral(void)
{
	static struct lbhash_maglev_entry entries[MOST_ENTRIES];
	static u16 before[MOST_SLOTS], after[MOST_SLOTS];
	u32 i, n, moved = 0;

	n = make_entries(entries, 100, MOST_ENTRIES, 1);
	build(before, MOST_SLOTS, entries, n);
	n = make_entries(entries, 100, 42, 1);
	build(after, MOST_SLOTS, entries, n);
	for (i = 0; i < MOST_SLOTS; i++)
		moved += before[i] != 42 && before[i] != after[i];
	check(moved <= MOST_SLOTS * 0.007,
	      "one of 100 leaves: %.3f %% of the slots move without need",
	      moved * 100.0 / MOST_SLOTS);
}

static void test_order(void)
{
	static struct lbhash_maglev_entry entries[MOST_ENTRIES], swap;
	static u16 sorted[MOST_SLOTS], shuffled[MOST_SLOTS];
	u32 round, i, j, n, different = 0;

	n = make_entries(entries, 100, MOST_ENTRIES, 10);
	build(sorted, MOST_SLOTS, entries, n);
	srand(1);
	for (round = 0; round < 5; round++) {
		n = make_entries(entries, 100, MOST_ENTRIES, 10);
		for (i = n - 1; i > 0; i--) {
			j = rand() % (i + 1);
			swap = entries[i];
			entries[i] = entries[j];
			entries[j] = swap;
		}
		build(shuffled, MOST_SLOTS, entries, n);
		different += !!memcmp(sorted, shuffled, sizeof(sorted));
	}
	check(!different, "five random orders give the same slots", 0);
}

/* The digest that the kernel reports, for entries in the order of their ids. */
static u64 digest_of(const u16 *slots, u32 size)
{
	static const siphash_key_t none;
	u64 digest = 0, name;
	u32 i;

	for (i = 0; i < size; i++) {
		name = siphash(names[slots[i]], strlen(names[slots[i]]), &none);
		digest = siphash_2u64(digest, name, &none);
	}
	return digest;
}

/* Balancers of two versions must agree on these tables: a change of a digest
 * moves connections whenever one of two balancers is updated.
 */
static void test_golden(void)
{
	static const struct {
		u32 size, n, heaviest;
		u64 digest;
	} golden[] = {
		{ 2, 1, 1, 0xb4897ddec562e02d },
		{ 7, 3, 1, 0xf5bff46b56a42bc7 },
		{ 251, 1, 1, 0x284d300c7a323e93 },
		{ 251, 3, 2, 0x86694683c4d1c757 },
		{ 251, 300, 7, 0x36788ee451f8d977 },
		{ 4093, 100, 1, 0x593040a80ea13fa9 },
		{ 4093, 10, 10, 0x45c3c4a90b2bc7a2 },
		{ 16381, 37, 5, 0xa7ed3c6943c92892 },
		{ 16411, 37, 5, 0xef3be3f6252cb7b5 },
		{ 65537, 10, 1, 0xe2cff24c69164aac },
		{ 65537, 100, 3, 0xf3adbb51fd5236d5 },
		{ 65537, 1000, 999, 0x7adbb314bd3a2c39 },
		{ 114689, 5, 4, 0xe25bfb3c0a4d1286 },
	};
	static struct lbhash_maglev_entry entries[MOST_ENTRIES];
	static u16 slots[114689];
	u32 i, n, size;
	u64 digest;

	for (i = 0; i < sizeof(golden) / sizeof(*golden); i++) {
		size = golden[i].size;
		n = make_entries(entries, golden[i].n, MOST_ENTRIES,
				 golden[i].heaviest);
		build(slots, size, entries, n);
		digest = digest_of(slots, size);
		check(digest == golden[i].digest,
		      "the constant digest of a table of %.0f slots", size);
		if (digest != golden[i].digest)
			printf("# %u entries, weights up to %u: got %016llx\n",
			       n, golden[i].heaviest,
			       (unsigned long long)digest);
	}
}

/* Show the first slots of a table in full. */
static void test_slots(void)
{
	static const char want[] = "223040003211241422132224";
	static struct lbhash_maglev_entry entries[MOST_ENTRIES];
	char got[sizeof(want)] = "";
	u16 slots[251];
	u32 i, n;

	n = make_entries(entries, 5, MOST_ENTRIES, 3);
	build(slots, 251, entries, n);
	for (i = 0; i < sizeof(want) - 1; i++)
		got[i] = '0' + slots[i];
	check(!strcmp(got, want), "the constant first slots of a table", 0);
	if (strcmp(got, want))
		printf("# got %s, want %s\n", got, want);
}

/* Building a large table takes long; other tasks must be able to run. */
static void test_pauses(void)
{
	static struct lbhash_maglev_entry entries[MOST_ENTRIES];
	static u16 slots[MOST_SLOTS];
	unsigned long before;
	u32 n;

	n = make_entries(entries, 100, MOST_ENTRIES, 1);
	before = reschedules;
	build(slots, MOST_SLOTS, entries, n);
	check(reschedules - before >= MOST_SLOTS / RESCHED_TURNS,
	      "other tasks can run %.0f times", reschedules - before);
}

int main(void)
{
	test_siphash();
	test_paper();
	test_steps();
	test_primes();
	test_balance();
	test_collateral();
	test_order();
	test_golden();
	test_slots();
	test_pauses();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
