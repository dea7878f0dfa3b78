// SPDX-License-Identifier: GPL-2.0
/*
 * lookup 4|6 ROUNDS
 *
 * Measure in user space what finding a packet's slot costs, with kmod/flow.c as
 * it is, 1024 UDP packets and a table of 65537 slots. All packets are looked up
 * ROUNDS times. Prints nanoseconds per packet, the fastest of five
 * measurements. With 0 ROUNDS only the preparation runs, so that its cost can
 * be subtracted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../kmod/flow.c"
#include "../../kmod/hash.c"

#define PACKETS	1024
#define SLOTS	65537
#define TIMES	5

static u8 packets[PACKETS][64];
static u32 slots[SLOTS];

static void make_packet(u8 *packet, u32 i, u8 family)
{
	u8 *ports = packet + (family == NFPROTO_IPV4 ? 20 : 40);

	if (family == NFPROTO_IPV4) {
		packet[0] = 0x45;
		packet[9] = IPPROTO_UDP;
		packet[15] = i;
		packet[19] = 10;
	} else {
		packet[0] = 0x60;
		packet[6] = IPPROTO_UDP;
		packet[23] = i;
		packet[39] = 10;
	}
	ports[0] = i >> 8;
	ports[1] = i;
	ports[3] = 80;
}

static u32 look_up_all(u8 family, const struct lbhash_hash *how)
{
	struct sk_buff skb = { .len = 60, .linear = 60 };
	u32 i, sum = 0;
	u64 hash;

	for (i = 0; i < PACKETS; i++) {
		skb.data = packets[i];
		hash = lbhash_hash_fast(&skb, family, how);
		sum += slots[(u32)hash * (u64)SLOTS >> 32];
	}
	return sum;
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct lbhash_hash how = {
		.key = { { 1, 2 } }, .src4 = ~0u, .dst4 = ~0u,
		.sport = 0xffff, .dport = 0xffff, .proto = 0xff,
	};
	u8 family = argc == 3 && *argv[1] == '6' ? NFPROTO_IPV6 : NFPROTO_IPV4;
	u64 rounds, round, start, took, least = ~0ull;
	u32 i, sum = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: lookup 4|6 ROUNDS\n");
		return 1;
	}
	rounds = strtoull(argv[2], NULL, 0);
	memset(&how.src6, 0xff, sizeof(how.src6));
	memset(&how.dst6, 0xff, sizeof(how.dst6));
	for (i = 0; i < PACKETS; i++)
		make_packet(packets[i], i, family);
	for (i = 0; i < SLOTS; i++)
		slots[i] = i % 100;

	for (i = 0; i < TIMES; i++) {
		start = now();
		for (round = 0; round < rounds; round++)
			sum += look_up_all(family, &how);
		took = now() - start;
		least = took < least ? took : least;
	}
	if (rounds)
		printf("%.2f\n", (double)least / rounds / PACKETS);
	/* The result must be used, or the compiler drops the loop. */
	return sum == 1;
}
