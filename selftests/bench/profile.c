// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU 7.2 plugin. It counts the instructions that the guest executes between
 * the two markers of source/lbhash_source.c, by address, and their cache
 * misses. Options: out=FILE, cache=on.
 *
 * At the second marker it writes to FILE a line
 *
 *   ADDRESS 1 EXECUTED L1-MISSES L2-MISSES
 *
 * for each instruction of the kernel; ADDRESS 0 stands for all of user space.
 * Each measurement overwrites FILE. The caches are modelled: 48 KiB with 12
 * ways and 1 MiB with 16 ways, lines of 64 bytes, LRU, indexed by virtual
 * address, without prefetching. They are cold at the first marker and stay warm
 * between measurements.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

EXPORT int qemu_plugin_version = 1;

/* --- caches --------------------------------------------------------------- */

enum { LINE = 64 };

/**
 * struct cache - model of a set-associative cache
 * @sets: number of sets, a power of two
 * @ways: lines per set
 * @lines: the cached lines, set after set, the most recently used one first
 */
struct cache {
	unsigned int sets, ways;
	uint64_t *lines;
};

static struct cache level1 = { .sets = 64, .ways = 12 };
static struct cache level2 = { .sets = 1024, .ways = 16 };

/* Load a line into the cache. Return: true if it was there already. */
static bool touch(struct cache *c, uint64_t line)
{
	uint64_t *set = c->lines + line % c->sets * c->ways;
	unsigned int i;
	bool found;

	for (i = 0; i < c->ways - 1 && set[i] != line; i++)
		;
	found = set[i] == line;
	memmove(set + 1, set, i * sizeof(*set));
	set[0] = line;
	return found;
}

/* --- instructions --------------------------------------------------------- */

/**
 * struct spot - the counters of an instruction
 * @address: virtual address; 0 for all of user space and for unused spots
 * @executed: executions since the machine was started
 * @before: @executed at the first marker
 * @misses: L1 and L2 misses since the first marker
 */
struct spot {
	uint64_t address;
	uint64_t executed;
	uint64_t before;
	uint64_t misses[2];
};

enum { SPOTS = 1 << 22 };

static struct spot *spots, userspace;
static bool measuring, model;
static const char *out = "profile.counts";

static struct spot *find_spot(uint64_t address)
{
	uint64_t i = address * 0x9e3779b97f4a7c15 % SPOTS;

	if (!(address >> 63))
		return &userspace;
	while (spots[i].address && spots[i].address != address)
		i = (i + 1) % SPOTS;
	spots[i].address = address;
	return &spots[i];
}

static void begin_spot(struct spot *s)
{
	s->before = s->executed;
	s->misses[0] = 0;
	s->misses[1] = 0;
}

static void begin(unsigned int cpu, void *data)
{
	size_t i;

	(void)cpu;
	(void)data;
	for (i = 0; i < SPOTS; i++)
		begin_spot(&spots[i]);
	begin_spot(&userspace);
	measuring = true;
}

static void write_spot(FILE *f, const struct spot *s)
{
	if (s->executed != s->before)
		fprintf(f, "%016lx 1 %lu %lu %lu\n", s->address,
			s->executed - s->before, s->misses[0], s->misses[1]);
}

static void end(unsigned int cpu, void *data)
{
	FILE *f = fopen(out, "w");
	size_t i;

	(void)cpu;
	(void)data;
	measuring = false;
	if (!f) {
		perror(out);
		exit(1);
	}
	write_spot(f, &userspace);
	for (i = 0; i < SPOTS; i++)
		write_spot(f, &spots[i]);
	fclose(f);
}

static void access_memory(unsigned int cpu, uint32_t info, uint64_t address,
			  void *data)
{
	struct spot *s = data;

	(void)cpu;
	(void)info;
	if (!measuring || touch(&level1, address / LINE))
		return;
	s->misses[0]++;
	if (!touch(&level2, address / LINE))
		s->misses[1]++;
}

/* Return: 1 or 2 for the first or second marker, 0 for other instructions. */
static int mark(const struct qemu_plugin_insn *insn)
{
	static const uint8_t nopl[] = { 0x0f, 0x1f, 0x80 };
	static const uint8_t displacement[] = { 0x50, 0xba, 0x1b };
	const uint8_t *bytes = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 7 ||
	    memcmp(bytes, nopl, sizeof(nopl)) != 0 ||
	    memcmp(bytes + 4, displacement, sizeof(displacement)) != 0)
		return 0;
	return bytes[3];
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *insn;
	struct spot *s;
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		s = find_spot(qemu_plugin_insn_vaddr(insn));
		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
							   &s->executed, 1);
		if (model)
			qemu_plugin_register_vcpu_mem_cb(insn, access_memory,
							 NO_REGISTERS,
							 READS_AND_WRITES, s);
		if (mark(insn) == 1)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin,
							       NO_REGISTERS,
							       NULL);
		if (mark(insn) == 2)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end,
							       NO_REGISTERS,
							       NULL);
	}
}

static void empty(struct cache *c)
{
	c->lines = calloc((size_t)c->sets * c->ways, sizeof(*c->lines));
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info,
			       int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
		else if (!strcmp(argv[i], "cache=on"))
			model = true;
	}
	spots = calloc(SPOTS, sizeof(*spots));
	empty(&level1);
	empty(&level2);
	if (!spots || !level1.lines || !level2.lines || !out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
