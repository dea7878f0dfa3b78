// SPDX-License-Identifier: GPL-2.0
/*
 * The digest of a service's table, computed from its configuration alone: the
 * kernel must reach the same table by any sequence of changes. This uses the
 * module's maglev.c, which has a unit test.
 */
#include <stdlib.h>

#include "nlfuzz.h"
#include "../../kmod/maglev.c"

static uint64_t half(const uint8_t *seed)
{
	uint64_t number = 0;
	int i;

	for (i = 7; i >= 0; i--)
		number = number << 8 | seed[i];
	return number;
}

static void fill(u32 *slots, const struct service *svc,
		 struct lbhash_maglev_entry *entries, u32 n)
{
	siphash_key_t key = { { half(svc->seed), half(svc->seed + 8) } };
	void *scratch;

	scratch = must_alloc(lbhash_maglev_scratch(entries, n, svc->size));
	lbhash_maglev_permute(entries, n, svc->size, &key);
	lbhash_maglev_fill(slots, svc->size, entries, n, scratch);
	free(scratch);
}

static uint64_t compute(const struct service *svc)
{
	struct lbhash_maglev_entry *entries;
	static const siphash_key_t key;
	uint64_t digest = 0, *names;
	const struct backend *b;
	u32 *slots, i, n = 0;

	if (!service_actives(svc))
		return 0;
	entries = must_alloc(svc->n * sizeof(*entries));
	names = must_alloc(svc->n * sizeof(*names));
	slots = must_alloc(svc->size * sizeof(*slots));
	for (i = 0; i < svc->n; i++) {
		b = &svc->backends[i];
		names[i] = siphash(b->name, strlen(b->name), &key);
		if (!backend_is_active(b))
			continue;
		entries[n].name = b->name;
		entries[n].weight = b->weight;
		entries[n++].id = i;
	}
	fill(slots, svc, entries, n);
	for (i = 0; i < svc->size; i++)
		digest = siphash_2u64(digest,
				      names[lbhash_slot_owner(slots[i])], &key);
	free(slots);
	free(names);
	free(entries);
	return digest;
}

uint64_t service_digest(struct service *svc)
{
	if (!svc->has_digest)
		svc->digest = compute(svc);
	svc->has_digest = true;
	return svc->digest;
}

/* default_seed() - the seed of a service that was created without one */
void default_seed(uint8_t *seed, const char *name)
{
	siphash_key_t key = { { 0x6c6268617368, 0 } };
	uint64_t number;
	int i;

	for (i = 0; i < LBHASH_SEED_LEN; i++) {
		key.key[1] = i / 8;
		number = siphash(name, strlen(name), &key);
		seed[i] = number >> (i % 8 * 8);
	}
}
