// SPDX-License-Identifier: GPL-2.0
/*
 * The table that packets read: members, slots and marks of a service in one
 * immutable piece. Built aside, published by service.c, freed after a grace
 * period.
 */
#include <linux/bsearch.h>
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "maglev.h"
#include "stats.h"
#include "table.h"

/**
 * lbhash_backend_alloc - a backend that no table knows yet
 * @name: its name
 *
 * Context: may sleep.
 * Return: it with one reference, the caller's, or NULL.
 */
struct lbhash_backend *lbhash_backend_alloc(const char *name)
{
	struct lbhash_backend *backend;

	backend = kzalloc(sizeof(*backend), GFP_KERNEL_ACCOUNT);
	if (!backend)
		return NULL;
	backend->stats = lbhash_stats_backend_alloc();
	if (!backend->stats) {
		kfree(backend);
		return NULL;
	}
	refcount_set(&backend->ref, 1);
	strscpy(backend->name, name, sizeof(backend->name));
	return backend;
}

/**
 * lbhash_backend_put - give a reference back
 * @backend: a backend
 */
void lbhash_backend_put(struct lbhash_backend *backend)
{
	if (!refcount_dec_and_test(&backend->ref))
		return;
	free_percpu(backend->stats);
	kfree(backend);
}

static int compare_name(const void *name, const void *member)
{
	const struct lbhash_member *m = member;

	return strcmp(name, m->backend->name);
}

/**
 * lbhash_member_find - find a member by its name
 * @members: sorted by name
 * @n: number of them
 * @name: name
 *
 * Return: the member or NULL.
 */
struct lbhash_member *lbhash_member_find(struct lbhash_member *members, u32 n,
					 const char *name)
{
	return bsearch(name, members, n, sizeof(*members), compare_name);
}

/* Weight for new connections. */
static u16 active_weight(const struct lbhash_member *member)
{
	return member->state == LBHASH_STATE_UP ? member->weight : 0;
}

static void init_flow_hash(struct lbhash_flow_hash *hash,
			   const struct lbhash_conf *conf)
{
	static const struct in6_addr ones = { .s6_addr32 = {
		htonl(~0), htonl(~0), htonl(~0), htonl(~0)
	} };
	u32 fields = conf->fields;
	__le64 seed[2];

	memcpy(seed, conf->seed, sizeof(seed));
	hash->key.key[0] = le64_to_cpu(seed[0]);
	hash->key.key[1] = le64_to_cpu(seed[1]);
	if (fields & LBHASH_HASH_FIELD_SRC) {
		hash->src4 = inet_make_mask(conf->src4);
		ipv6_addr_prefix(&hash->src6, &ones, conf->src6);
	}
	if (fields & LBHASH_HASH_FIELD_DST) {
		hash->dst4 = inet_make_mask(conf->dst4);
		ipv6_addr_prefix(&hash->dst6, &ones, conf->dst6);
	}
	if (fields & LBHASH_HASH_FIELD_SPORT)
		hash->sport = htons(0xffff);
	if (fields & LBHASH_HASH_FIELD_DPORT)
		hash->dport = htons(0xffff);
	if (fields & LBHASH_HASH_FIELD_PROTO)
		hash->proto = 0xff;
	hash->symmetric = fields & LBHASH_HASH_FIELD_SYMMETRIC;
	hash->no_address = !(fields & (LBHASH_HASH_FIELD_SRC |
				       LBHASH_HASH_FIELD_DST));
}

/* At most half full, so that a search ends after a step or two. */
static int build_marks(struct lbhash_table *table)
{
	u32 bits = ilog2(roundup_pow_of_two(2 * table->n + 2));
	u32 i, at;

	table->marks = kvmalloc_array(1u << bits, sizeof(*table->marks),
				      GFP_KERNEL_ACCOUNT);
	if (!table->marks)
		return -ENOMEM;
	memset(table->marks, 0xff, sizeof(*table->marks) << bits);
	table->marks_bits = bits;

	for (i = 0; i < table->n; i++) {
		at = hash_32(table->members[i].mark, bits);
		while (table->marks[at] != LBHASH_NO_OWNER)
			at = (at + 1) & ((1u << bits) - 1);
		table->marks[at] = i;
	}
	return 0;
}

static bool same_slots(const struct lbhash_table *a,
		       const struct lbhash_table *b)
{
	u32 i;

	if (a->n != b->n || a->size != b->size ||
	    memcmp(a->conf.seed, b->conf.seed, sizeof(a->conf.seed)))
		return false;
	for (i = 0; i < a->n; i++)
		if (a->members[i].backend != b->members[i].backend ||
		    active_weight(&a->members[i]) !=
		    active_weight(&b->members[i]))
			return false;
	return true;
}

static int fill_slots(struct lbhash_table *table)
{
	struct lbhash_maglev_entry *entries;
	u32 i, active = 0, n_rounds;
	int err = -ENOMEM;
	u16 *rounds;

	entries = kvcalloc(table->n, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	for (i = 0; i < table->n; i++) {
		if (!active_weight(&table->members[i]))
			continue;
		entries[active].name = table->members[i].backend->name;
		entries[active].weight = active_weight(&table->members[i]);
		entries[active].id = i;
		active++;
	}
	if (!active) {
		err = 0;
		goto out_entries;
	}

	n_rounds = lbhash_maglev_rounds(entries, active);
	rounds = kvmalloc_array(n_rounds, 2 * sizeof(*rounds), GFP_KERNEL);
	if (!rounds)
		goto out_entries;
	table->slots = kvmalloc_array(table->size, sizeof(*table->slots),
				      GFP_KERNEL_ACCOUNT);
	if (!table->slots)
		goto out_rounds;

	lbhash_maglev_permute(entries, active, table->size, &table->hash.key);
	lbhash_maglev_fill(table->slots, table->size, entries, active, rounds,
			   n_rounds);
	for (i = 0; i < table->size; i++)
		table->members[table->slots[i]].slots++;
	err = 0;
out_rounds:
	kvfree(rounds);
out_entries:
	kvfree(entries);
	return err;
}

/* A change of marks, addresses or masks leaves every slot where it was. */
static int copy_slots(struct lbhash_table *table,
		      const struct lbhash_table *old)
{
	u32 i;

	if (!old->slots)
		return 0;
	table->slots = kvmalloc_array(table->size, sizeof(*table->slots),
				      GFP_KERNEL_ACCOUNT);
	if (!table->slots)
		return -ENOMEM;
	memcpy(table->slots, old->slots, table->size * sizeof(*table->slots));
	table->digest = old->digest;
	for (i = 0; i < table->n; i++)
		table->members[i].slots = old->members[i].slots;
	return 0;
}

/**
 * lbhash_table_build - make a table
 * @conf: attributes of the service; @conf->size is a prime
 * @members: sorted by name, marks unique and under the mask
 * @n: number of members, 0..65534
 * @old: table to take the slots from if they are the same, or NULL
 *
 * The new table takes references of its own to the backends.
 *
 * Context: may sleep; 2 to 5 ms for 65537 slots and 100 members.
 * Return: the table, or NULL without memory.
 */
struct lbhash_table *lbhash_table_build(const struct lbhash_conf *conf,
					const struct lbhash_member *members,
					u32 n, const struct lbhash_table *old)
{
	struct lbhash_table *table;
	int err;
	u32 i;

	table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->conf = *conf;
	table->mask = conf->mask;
	table->size = conf->size;
	init_flow_hash(&table->hash, conf);

	table->members = kvmalloc_array(n ?: 1, sizeof(*members),
					GFP_KERNEL_ACCOUNT);
	if (!table->members)
		goto err_free;
	for (i = 0; i < n; i++) {
		table->members[i] = members[i];
		table->members[i].slots = 0;
		refcount_inc(&members[i].backend->ref);
	}
	table->n = n;

	if (build_marks(table))
		goto err_free;
	if (old && same_slots(table, old))
		err = copy_slots(table, old);
	else
		err = fill_slots(table);
	if (err)
		goto err_free;
	return table;

err_free:
	lbhash_table_free(table);
	return NULL;
}

/**
 * lbhash_table_free - free a table that no packet can see
 * @table: a table, whole or half built
 *
 * Context: any but hard interrupts.
 */
void lbhash_table_free(struct lbhash_table *table)
{
	u32 i;

	for (i = 0; i < table->n; i++)
		lbhash_backend_put(table->members[i].backend);
	kvfree(table->members);
	kvfree(table->marks);
	kvfree(table->slots);
	kfree(table);
}

static void free_after_grace_period(struct rcu_head *rcu)
{
	lbhash_table_free(container_of(rcu, struct lbhash_table, rcu));
}

/**
 * lbhash_table_free_rcu - free a table that packets may still be reading
 * @table: a table that is no longer published
 */
void lbhash_table_free_rcu(struct lbhash_table *table)
{
	call_rcu(&table->rcu, free_after_grace_period);
}

/**
 * lbhash_table_digest - fingerprint of the slots
 * @table: a table
 *
 * A chain of SipHash-2-4 with a zero key over the hashes of the owners' names,
 * slot by slot. Equal tables have equal digests on all machines.
 *
 * Context: callers exclude each other; may sleep.
 * Return: the digest, 0 for a table without slots.
 */
u64 lbhash_table_digest(struct lbhash_table *table)
{
	static const siphash_key_t key;
	u64 digest = 0;
	u64 *names;
	u32 i;

	if (!table->slots || table->digest)
		return table->digest;

	names = kvmalloc_array(table->n, sizeof(*names), GFP_KERNEL);
	if (!names)
		return 0;
	for (i = 0; i < table->n; i++) {
		const char *name = table->members[i].backend->name;

		names[i] = siphash(name, strlen(name), &key);
	}
	for (i = 0; i < table->size; i++)
		digest = siphash_2u64(digest, names[table->slots[i]], &key);
	kvfree(names);

	table->digest = digest;
	return digest;
}

/**
 * lbhash_table_slot - slot of a flow
 * @table: a table
 * @flow: a flow
 *
 * Return: the slot's number.
 */
u32 lbhash_table_slot(const struct lbhash_table *table,
		      const struct lbhash_flow *flow)
{
	return reciprocal_scale(lbhash_flow_hash(flow, &table->hash),
				table->size);
}

/**
 * lbhash_table_owner - who owns a slot
 * @table: a table
 * @slot: less than the table's size
 *
 * Return: the owner, or NULL if no backend takes connections.
 */
const struct lbhash_member *
lbhash_table_owner(const struct lbhash_table *table, u32 slot)
{
	if (unlikely(!table->slots))
		return NULL;
	return &table->members[table->slots[slot]];
}

/**
 * lbhash_table_by_mark - whose mark is it
 * @table: a table
 * @mark: a mark under the service's mask
 *
 * Return: the member, whatever its state, or NULL.
 */
const struct lbhash_member *
lbhash_table_by_mark(const struct lbhash_table *table, u32 mark)
{
	u32 bits = table->marks_bits;
	u32 at = hash_32(mark, bits);
	u16 found;

	for (;;) {
		found = table->marks[at];
		if (found == LBHASH_NO_OWNER)
			return NULL;
		if (table->members[found].mark == mark)
			return &table->members[found];
		at = (at + 1) & ((1u << bits) - 1);
	}
}
