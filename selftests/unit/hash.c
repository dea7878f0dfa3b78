// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of the hash of flows, kmod/flow.c as it is. For random flows,
 * fields and prefix lengths it is compared with a simple implementation, byte
 * by byte; for some flows with constants, since balancers of different versions
 * must agree. Prints TAP.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <arpa/inet.h>

#include "../../kmod/flow.c"
#include "../../kmod/hash.c"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ROUNDS		200000
#define MOST_BYTES	37

/**
 * struct fields - the fields that are hashed, as a service is configured
 * @src: number of leading bits of the source address
 * @dst: number of leading bits of the destination address
 * @proto: the protocol
 * @sport: the source port
 * @dport: the destination port
 * @symmetric: both directions of a connection have the same hash
 */
struct fields {
	unsigned int src, dst;
	bool proto, sport, dport, symmetric;
};

/**
 * struct side - one end of a flow, as it is hashed
 * @addr: address, 0 beyond its prefix
 * @port: port in network order, 0 if it is not hashed
 */
struct side {
	u8 addr[16];
	u8 port[2];
};

static const siphash_key_t key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
static int number, failures;

/* How often the special cases occurred. */
static struct {
	unsigned int turned, same_address, same_half, no_address;
} seen;

static void check(bool good, const char *what, const char *more)
{
	printf("%sok %d - %s%s\n", good ? "" : "not ", ++number, what, more);
	failures += !good;
}

static const char *text_of(unsigned int value)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return text;
}

static unsigned int address_size(u8 family)
{
	return family == NFPROTO_IPV4 ? 4 : 16;
}

/* --- the plain way ---------------------------------------------------------*/

/* SipHash-2-4 of a string of bytes, written after figure 2.1 of the paper. */
static u64 turn(u64 word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(u64 *v, int n)
{
	for (; n; n--) {
		v[0] += v[1];
		v[1] = turn(v[1], 13) ^ v[0];
		v[0] = turn(v[0], 32);
		v[2] += v[3];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = turn(v[1], 17) ^ v[2];
		v[2] = turn(v[2], 32);
	}
}

static u64 plain_siphash(const u8 *bytes, size_t size)
{
	u64 v[4] = {
		key.key[0] ^ 0x736f6d6570736575,
		key.key[1] ^ 0x646f72616e646f6d,
		key.key[0] ^ 0x6c7967656e657261,
		key.key[1] ^ 0x7465646279746573,
	};
	size_t i, whole = (size / 8 + 1) * 8;
	u64 word = 0;

	for (i = 0; i < whole; i++) {
		u64 byte = i < size ? bytes[i] : i == whole - 1 ? size : 0;

		word |= byte << i % 8 * 8;
		if (i % 8 != 7)
			continue;
		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
		word = 0;
	}
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void set_prefix(u8 *bytes, unsigned int size, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < 8 * size; i++)
		if (i >= bits)
			bytes[i / 8] &= ~(0x80 >> i % 8);
}

static struct side make_side(const union nf_inet_addr *addr, u8 family,
			     unsigned int bits, __be16 port, bool port_counts)
{
	struct side side = {};

	memcpy(side.addr, addr, address_size(family));
	set_prefix(side.addr, sizeof(side.addr), bits);
	if (port_counts)
		memcpy(side.port, &port, sizeof(port));
	return side;
}

/* Hash both addresses, then both ports, then the protocol, in network order. In
 * a symmetric hash the smaller side comes first.
 */
static u32 plain_hash(const struct lbhash_flow *flow,
		      const struct fields *fields)
{
	unsigned int size = address_size(flow->family), n = 0, i;
	struct side sides[2] = {
		make_side(&flow->src, flow->family, fields->src, flow->sport,
			  fields->sport),
		make_side(&flow->dst, flow->family, fields->dst, flow->dport,
			  fields->dport),
	};
	bool turned = fields->symmetric &&
		      memcmp(&sides[0], &sides[1], sizeof(sides[0])) > 0;
	u8 bytes[MOST_BYTES];

	seen.turned += turned;
	seen.same_address += fields->symmetric &&
			     !memcmp(sides[0].addr, sides[1].addr, size);
	seen.same_half += fields->symmetric && size > 8 &&
			  !memcmp(sides[0].addr, sides[1].addr, 8);

	/* Without addresses, the family must not change the hash. */
	if (!fields->src && !fields->dst) {
		size = 4;
		seen.no_address++;
	}
	for (i = 0; i < 2; i++, n += size)
		memcpy(bytes + n, sides[turned ? !i : i].addr, size);
	for (i = 0; i < 2; i++, n += 2)
		memcpy(bytes + n, sides[turned ? !i : i].port, 2);
	bytes[n++] = fields->proto ? flow->proto : 0;
	return plain_siphash(bytes, n);
}

/* --- the module's ----------------------------------------------------------*/

/* Convert fields to the parameters of the module's hash. */
static struct lbhash_hash from_fields(const struct fields *fields,
				      u8 family)
{
	struct lbhash_hash how = {
		.key = key, .symmetric = fields->symmetric,
		.proto = fields->proto ? 0xff : 0,
		.sport = fields->sport ? 0xffff : 0,
		.dport = fields->dport ? 0xffff : 0,
		.no_address = !fields->src && !fields->dst,
	};
	union nf_inet_addr src, dst;

	memset(&src, 0xff, sizeof(src));
	memset(&dst, 0xff, sizeof(dst));
	set_prefix((u8 *)&src, sizeof(src), fields->src);
	set_prefix((u8 *)&dst, sizeof(dst), fields->dst);
	if (family == NFPROTO_IPV4) {
		how.src4 = src.ip;
		how.dst4 = dst.ip;
	} else {
		how.src6 = src.in6;
		how.dst6 = dst.in6;
	}
	return how;
}

static u32 hash(const struct lbhash_flow *flow, const struct fields *fields)
{
	struct lbhash_hash how = from_fields(fields, flow->family);

	return lbhash_hash_flow(flow, &how);
}

/* --- random flows ----------------------------------------------------------*/

/* Marsaglia's xorshift: every run draws the same numbers. */
static u32 draw(u32 limit)
{
	static u32 state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

/* Draw a prefix length; 0 and the longest one are frequent. */
static unsigned int draw_prefix(unsigned int most)
{
	switch (draw(4)) {
	case 0:
		return 0;
	case 1:
		return most;
	default:
		return 1 + draw(most);
	}
}

static void draw_bytes(void *to, unsigned int size)
{
	u8 *bytes = to;

	while (size--)
		*bytes++ = draw(256);
}

/* Draw a flow. Often its ends are equal, or differ in one bit. */
static struct lbhash_flow draw_flow(void)
{
	struct lbhash_flow flow = {
		.family = draw(2) ? NFPROTO_IPV4 : NFPROTO_IPV6,
	};
	unsigned int size = address_size(flow.family), bit = draw(8 * size);

	flow.proto = draw(256);
	draw_bytes(&flow.src, size);
	draw_bytes(&flow.dst, size);
	draw_bytes(&flow.sport, sizeof(flow.sport));
	draw_bytes(&flow.dport, sizeof(flow.dport));
	if (draw(2)) {
		flow.dst = flow.src;
		if (draw(2))
			((u8 *)&flow.dst)[bit / 8] ^= 0x80 >> bit % 8;
		if (!draw(3))
			flow.dport = flow.sport;
		else if (draw(2))
			flow.dport = flow.sport ^ htons(1u << draw(16));
	}
	return flow;
}

static struct fields draw_fields(u8 family)
{
	unsigned int bits = 8 * address_size(family);

	return (struct fields){
		.src = draw_prefix(bits), .dst = draw_prefix(bits),
		.proto = draw(2), .sport = draw(2), .dport = draw(2),
		.symmetric = draw(2),
	};
}

static void test_random(void)
{
	struct lbhash_flow flow;
	unsigned int round, wrong = 0;
	struct fields fields;

	for (round = 0; round < ROUNDS; round++) {
		flow = draw_flow();
		fields = draw_fields(flow.family);
		if (hash(&flow, &fields) == plain_hash(&flow, &fields))
			continue;
		if (!wrong++)
			printf("# IPv%d src/%u dst/%u%s%s%s%s\n",
			       flow.family == NFPROTO_IPV4 ? 4 : 6,
			       fields.src, fields.dst,
			       fields.proto ? " proto" : "",
			       fields.sport ? " sport" : "",
			       fields.dport ? " dport" : "",
			       fields.symmetric ? " symmetric" : "");
	}
	check(!wrong, "hashes of random flows by random fields", "");
	check(seen.turned > ROUNDS / 40, "turned round: ",
	      text_of(seen.turned));
	check(seen.same_address > ROUNDS / 40, "one address at both sides: ",
	      text_of(seen.same_address));
	check(seen.same_half > ROUNDS / 40, "one network at both sides: ",
	      text_of(seen.same_half));
	check(seen.no_address > ROUNDS / 40, "no address counts: ",
	      text_of(seen.no_address));
}

static void test_plain(void)
{
	u8 input[15];
	unsigned int i;

	for (i = 0; i < sizeof(input); i++)
		input[i] = i;
	check(plain_siphash(input, sizeof(input)) == 0xa129ca6149be45e5,
	      "the plain way gives the test vector of the paper", "");
}

/* --- written down ----------------------------------------------------------*/

/* These values were computed from the flows' bytes by a program in another
 * language. If one of them changes, connections move to other backends as soon
 * as one of two balancers is updated.
 */
static const struct golden {
	const char *what, *src, *dst;
	u16 sport, dport;
	u8 proto;
	struct fields fields;
	u32 hash;
} golden[] = {
	{ "IPv4, all fields", "192.0.2.17", "198.51.100.10", 4660, 80, 6,
	  { 32, 32, true, true, true, false }, 0xfce0253e },
	{ "IPv4, symmetric", "192.0.2.17", "198.51.100.10", 4660, 80, 6,
	  { 32, 32, true, true, true, true }, 0xfce0253e },
	{ "IPv4, symmetric, the way back", "198.51.100.10", "192.0.2.17", 80,
	  4660, 6, { 32, 32, true, true, true, true }, 0xfce0253e },
	{ "IPv4, src/24,dst/16,sport", "192.0.2.17", "198.51.100.10", 4660, 80,
	  6, { 24, 16, false, true, false, false }, 0x35ef663f },
	{ "IPv6, all fields", "2001:db8:c::17", "2001:db8:f::10", 4660, 80, 6,
	  { 128, 128, true, true, true, false }, 0xe5b0c736 },
	{ "IPv6, symmetric, the way back", "2001:db8:f::10", "2001:db8:c::17",
	  80, 4660, 6, { 128, 128, true, true, true, true }, 0xe5b0c736 },
	{ "IPv6, proto,src/49,dst/33,dport", "2001:db8:c::17",
	  "2001:db8:f::10", 4660, 80, 17,
	  { 49, 33, true, false, true, false }, 0xa6275eac },
	{ "IPv4, proto,sport", "192.0.2.17", "198.51.100.10", 4660, 80, 132,
	  { 0, 0, true, true, false, false }, 0x35e2623c },
	{ "IPv6, proto,sport", "2001:db8:c::17", "2001:db8:f::10", 4660, 80,
	  132, { 0, 0, true, true, false, false }, 0x35e2623c },
};

static void test_golden(void)
{
	const struct golden *g;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(golden); i++) {
		struct lbhash_flow flow = { .family = NFPROTO_IPV4 };
		u32 got;

		g = &golden[i];
		if (strchr(g->src, ':'))
			flow.family = NFPROTO_IPV6;
		assert(inet_pton(flow.family, g->src, &flow.src) == 1);
		assert(inet_pton(flow.family, g->dst, &flow.dst) == 1);
		flow.sport = htons(g->sport);
		flow.dport = htons(g->dport);
		flow.proto = g->proto;
		got = hash(&flow, &g->fields);
		check(got == g->hash, "written down: ", g->what);
		if (got != g->hash)
			printf("# got %08x, want %08x\n", got, g->hash);
	}
}

int main(void)
{
	test_plain();
	test_golden();
	test_random();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
