// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks on the hash, with kmod/flow.c and kmod/maglev.c as they are. A client
 * tries to direct more than a fair share of its flows to one backend; it knows
 * everything except the seed. Prints TAP.
 *
 * Of n flows that are independent of the seed, a backend gets more than
 * bound(n) * n in less than one of 10^9 trials: this is the Chernoff bound of
 * the binomial distribution. The seeds are constant, so that every run makes
 * the same trials.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kmod/flow.c"
#include "../../kmod/hash.c"
#include "../../kmod/maglev.c"

#define BACKENDS	16
#define SLOTS		65537
#define SEEDS		8
#define FLOWS		16384
#define AIMED		4096
#define TARGET		0
#define NARROW		64	/* slots of the target that flows aim at */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define RARE		20.723265836946414	/* ln(10^9) */
#define FAIR		(1.002 / BACKENDS)	/* shares are not quite even */

/**
 * struct balancer - a service, as far as packets need it
 * @how: parameters of the hash: all fields, and the seed
 * @owner: backend of each slot
 * @slots: number of slots of each backend
 * @plain: use a hash without a seed instead of the kernel's, as a control
 */
struct balancer {
	struct lbhash_hash how;
	u8 owner[SLOTS];
	u32 slots[BACKENDS];
	bool plain;
};

/* Which part of its address a client varies. */
enum place { IPV4, IPV6_HOST, IPV6_NET, IPV6_BOTH, LAYOUTS };

static const char *const layouts[] = {
	"IPv4", "IPv6, interface", "IPv6, network", "IPv6, both",
};

/**
 * struct strategy - a way to choose flows without observing backends
 * @name: description, for the report
 * @draw: make the varied part of the address and the source port of flow @n;
 *	no two flows are equal
 */
struct strategy {
	const char *name;
	void (*draw)(u32 n, u32 *host, u16 *port);
};

static int number, failures;

static void check(bool good, const char *what, const char *how, double got,
		  const char *word, double limit)
{
	printf("%sok %d - %s: %s: %.4f, %s %.4f\n", good ? "" : "not ",
	       ++number, what, how, got, word, limit);
	failures += !good;
}

static void at_most(double limit, double got, const char *what,
		    const char *how)
{
	check(got <= limit, what, how, got, "at most", limit);
}

static void more_than(double limit, double got, const char *what,
		      const char *how)
{
	check(got > limit, what, how, got, "more than", limit);
}

/* --- what chance allows ----------------------------------------------------*/

/* The exponent of the Chernoff bound is n * divergence(got, p). */
static double divergence(double got, double p)
{
	double sum = 0;

	if (got > 0)
		sum += got * log(got / p);
	if (got < 1)
		sum += (1 - got) * log((1 - got) / (1 - p));
	return sum;
}

static double bound(u32 n)
{
	double low = FAIR, high = 1, middle;
	int i;

	for (i = 0; i < 50; i++) {
		middle = (low + high) / 2;
		if (n * divergence(middle, FAIR) > RARE)
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* Return: a limit that chi-square with this number of degrees of freedom
 * exceeds less often than once in 10^9 trials (Laurent and Massart, 2000).
 */
static double most_chi_square(int freedom)
{
	return freedom + 2 * sqrt(freedom * RARE) + 2 * RARE;
}

static double chi_square(const struct balancer *b, const u32 *counts, u32 n)
{
	double sum = 0, want;
	int i;

	for (i = 0; i < BACKENDS; i++) {
		want = (double)n * b->slots[i] / SLOTS;
		sum += (counts[i] - want) * (counts[i] - want) / want;
	}
	return sum;
}

/* --- the balancer ----------------------------------------------------------*/

static u64 random_word(u64 n)
{
	static const siphash_key_t key = { { 0x6174, 0x7461636b } };

	return siphash(&n, sizeof(n), &key);
}

static siphash_key_t seed(u32 n)
{
	return (siphash_key_t){
		{ random_word(2 * n), random_word(2 * n + 1) }
	};
}

static void build(struct balancer *b, siphash_key_t key)
{
	static char names[BACKENDS][4];
	struct lbhash_maglev_entry entries[BACKENDS] = { 0 };
	static u32 words[SLOTS];
	void *scratch;
	u32 i;

	memset(b, 0, sizeof(*b));
	memset(&b->how, 0xff, sizeof(b->how));
	b->how.key = key;
	b->how.symmetric = false;
	b->how.no_address = false;

	for (i = 0; i < BACKENDS; i++) {
		snprintf(names[i], sizeof(names[i]), "b%u", i);
		entries[i].name = names[i];
		entries[i].weight = 1;
		entries[i].id = i;
	}
	lbhash_maglev_permute(entries, BACKENDS, SLOTS, &key);
	scratch = malloc(lbhash_maglev_scratch(entries, BACKENDS, SLOTS));
	assert(scratch);
	lbhash_maglev_fill(words, SLOTS, entries, BACKENDS, scratch);
	free(scratch);
	for (i = 0; i < SLOTS; i++) {
		b->owner[i] = lbhash_slot_owner(words[i]);
		b->slots[b->owner[i]]++;
	}
	for (i = 0; i < BACKENDS; i++)
		assert(b->slots[i] <= FAIR * SLOTS);
}

static u32 slot_of(const struct balancer *b, const struct lbhash_flow *flow)
{
	u32 hash = lbhash_hash_flow(flow, &b->how);

	if (b->plain)
		hash = (__be32_to_cpu(flow->src.ip) ^
			__be16_to_cpu(flow->sport)) * 0x9e3779b1;
	return (u64)hash * SLOTS >> 32;
}

static u32 meet(const struct balancer *b, const struct lbhash_flow *flow)
{
	return b->owner[slot_of(b, flow)];
}

static struct lbhash_flow make_flow(enum place layout, u32 host, u16 port)
{
	struct lbhash_flow flow = {
		.family = layout == IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6,
		.proto = IPPROTO_TCP,
		.sport = __cpu_to_be16(port),
		.dport = __cpu_to_be16(80),
	};

	if (layout == IPV4) {
		flow.src.ip = __cpu_to_be32(host);
		flow.dst.ip = __cpu_to_be32(0xc633640a);
		return flow;
	}
	flow.src.all[0] = __cpu_to_be32(0x20010db8);
	flow.dst.all[0] = __cpu_to_be32(0x20010db8);
	flow.dst.all[3] = __cpu_to_be32(0x10);
	if (layout != IPV6_HOST)
		flow.src.all[1] = __cpu_to_be32(host);
	if (layout != IPV6_NET)
		flow.src.all[3] = __cpu_to_be32(host);
	return flow;
}

/* --- flows chosen for one seed ---------------------------------------------*/

/* With the seed, a client finds flows that hit not only the target but a few of
 * its slots.
 */
static void aim(const struct balancer *b, enum place layout,
		struct lbhash_flow *flows)
{
	u32 n = 0, i, slot, most = 0, left = NARROW;

	while (left)
		left -= b->owner[most++] == TARGET;
	for (i = 0; n < AIMED; i++) {
		flows[n] = make_flow(layout, 0x0a000000 + i / 60000,
				     1024 + i % 60000);
		slot = slot_of(b, &flows[n]);
		n += slot < most && b->owner[slot] == TARGET;
	}
}

/* Return: the share of the backend that meets most of the flows. */
static double spread(const struct balancer *b, const struct lbhash_flow *flows,
		     double *chi)
{
	u32 i, counts[BACKENDS] = { 0 }, most = 0;

	for (i = 0; i < AIMED; i++)
		counts[meet(b, &flows[i])]++;
	for (i = 0; i < BACKENDS; i++)
		most = counts[i] > most ? counts[i] : most;
	*chi = fmax(*chi, chi_square(b, counts, AIMED));
	return (double)most / AIMED;
}

/* With other seeds, also with those that differ in one bit, aimed flows must be
 * distributed like any others. Return: the largest share of a backend with any
 * of these seeds.
 */
static double spread_elsewhere(const struct lbhash_flow *flows, double *chi,
			       const siphash_key_t *always)
{
	static struct balancer b;
	double worst = 0;
	siphash_key_t key;
	u32 i;

	for (i = 0; i < 128 + SEEDS; i++) {
		key = seed(i < 128 ? 0 : i);
		if (i < 128)
			key.key[i / 64] ^= 1ull << i % 64;
		build(&b, key);
		if (always)
			b.how.key = *always;
		worst = fmax(worst, spread(&b, flows, chi));
	}
	return worst;
}

static void test_aimed(enum place layout, const struct lbhash_flow *flows)
{
	double chi = 0, worst = spread_elsewhere(flows, &chi, NULL);

	at_most(bound(AIMED), worst, layouts[layout],
		"share of aimed flows under 136 other seeds");
	at_most(most_chi_square(BACKENDS - 1), chi, layouts[layout],
		"their chi-square");
}

/* --- flows chosen by the answers -------------------------------------------*/

static struct lbhash_flow neighbour(const struct lbhash_flow *flow, u32 bit)
{
	struct lbhash_flow other = *flow;

	if (bit < 16)
		other.sport ^= 1 << bit;
	else
		other.src.all[(bit - 16) / 32] ^= 1u << bit % 32;
	return other;
}

/* A client can observe which flows reach the target. That must reveal nothing
 * about flows that differ from them in one bit.
 */
static void test_neighbours(enum place layout, const struct balancer *b,
			    const struct lbhash_flow *flows)
{
	u32 i, bit, bits = 16 + (layout == IPV4 ? 32 : 128), hits;
	struct lbhash_flow other;
	double worst = 0;

	for (bit = 0; bit < bits; bit++) {
		hits = 0;
		for (i = 0; i < AIMED; i++) {
			other = neighbour(&flows[i], bit);
			hits += meet(b, &other) == TARGET;
		}
		worst = fmax(worst, (double)hits / AIMED);
	}
	at_most(bound(AIMED), worst, layouts[layout],
		"share a bit away from flows that met the backend");
}

/* --- flows chosen blindly --------------------------------------------------*/

static void ports_in_order(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000001;
	*port = 1024 + n;
}

static void even_ports(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000001;
	*port = 2 * n;
}

static void same_low_byte(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000001 + n / 256;
	*port = n << 8 | 0x50;
}

static void same_high_byte(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000001 + n / 256;
	*port = 0x5000 | (n & 0xff);
}

static void hosts_in_order(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000001 + n;
	*port = 40000;
}

static void host_a_network(u32 n, u32 *host, u16 *port)
{
	*host = n << 16 | 1;
	*port = 40000;
}

static void equal_xors(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000000 ^ n;
	*port = n;
}

static void equal_sums(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a00ffff - n;
	*port = n;
}

static void one_bit_each(u32 n, u32 *host, u16 *port)
{
	*host = 0x0a000000 ^ 1u << n % 32;
	*port = n / 32 << 3;
}

static void palindromes(u32 n, u32 *host, u16 *port)
{
	*host = (n >> 8) * 0x01000001 | (n & 0xff) * 0x00010100;
	*port = 0x8080;
}

static const struct strategy strategies[] = {
	{ "ports in order", ports_in_order },
	{ "even ports", even_ports },
	{ "ports of the same low byte", same_low_byte },
	{ "ports of the same high byte", same_high_byte },
	{ "addresses in order", hosts_in_order },
	{ "an address of each network", host_a_network },
	{ "address xor port constant", equal_xors },
	{ "address plus port constant", equal_sums },
	{ "addresses a bit apart", one_bit_each },
	{ "addresses that read the same backwards", palindromes },
};

/* Return: the share of the backend that meets most of the flows. */
static double try_blindly(const struct balancer *b, enum place layout,
			  const struct strategy *strategy)
{
	u32 counts[BACKENDS] = { 0 }, i, most = 0, host;
	struct lbhash_flow flow;
	u16 port;

	for (i = 0; i < FLOWS; i++) {
		strategy->draw(i, &host, &port);
		flow = make_flow(layout, host, port);
		counts[meet(b, &flow)]++;
	}
	for (i = 0; i < BACKENDS; i++)
		most = counts[i] > most ? counts[i] : most;
	return (double)most / FLOWS;
}

static void test_blind(enum place layout)
{
	static struct balancer balancers[SEEDS];
	double worst;
	u32 i, j;

	for (i = 0; i < SEEDS; i++)
		build(&balancers[i], seed(i));
	for (i = 0; i < ARRAY_SIZE(strategies); i++) {
		worst = 0;
		for (j = 0; j < SEEDS; j++)
			worst = fmax(worst, try_blindly(&balancers[j], layout,
							&strategies[i]));
		at_most(bound(FLOWS), worst, layouts[layout],
			strategies[i].name);
	}
}

/* --- one after the other ---------------------------------------------------*/

/* Prove that this test can fail: hashes without a secret must not pass it. */
static void test_controls(struct balancer *b, const struct lbhash_flow *flows)
{
	double worst = 0, chi = 0;
	u32 i;

	spread_elsewhere(flows, &chi, &b->how.key);
	more_than(most_chi_square(BACKENDS - 1), chi, "one key for all",
		  "chi-square of aimed flows");
	b->plain = true;
	for (i = 0; i < ARRAY_SIZE(strategies); i++)
		worst = fmax(worst, try_blindly(b, IPV4, &strategies[i]));
	more_than(bound(FLOWS), worst, "xor in place of the hash",
		  "share of flows chosen blindly");
}

static void test_layout(enum place layout)
{
	static struct lbhash_flow flows[AIMED];
	static struct balancer b;
	double chi = 0, share;

	test_blind(layout);
	if (layout != IPV4 && layout != IPV6_BOTH)
		return;
	build(&b, seed(0));
	aim(&b, layout, flows);
	share = spread(&b, flows, &chi);
	check(share == 1, layouts[layout],
	      "share of aimed flows under their seed", share, "all are", 1);
	test_aimed(layout, flows);
	test_neighbours(layout, &b, flows);
	if (layout == IPV4)
		test_controls(&b, flows);
}

int main(void)
{
	enum place layout;

	for (layout = 0; layout < LAYOUTS; layout++)
		test_layout(layout);
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
