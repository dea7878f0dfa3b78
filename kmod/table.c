// SPDX-License-Identifier: GPL-2.0
/*
 * Tables: members, slots and marks of a service in one piece that packets read.
 * A table is built aside, published by service.c as a whole, and freed after a
 * grace period.
 */
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <net/ipv6.h>

#include "maglev.h"
#include "table.h"

static const siphash_key_t digest_key;

/* The weight that counts for new connections. */
static u16 active_weight(const struct lbhash_member *member)
{
	return lbhash_member_is_open(member) ? member->weight : 0;
}

static void init_hash(struct lbhash_hash *hash,
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

/**
 * lbhash_marks_alloc - allocate an empty index of members by their marks
 * @n: number of members
 * @bits: out, binary logarithm of the length
 * @gfp: allocation flags
 *
 * The index gets at most half full, so that searches end after a step or two.
 *
 * Return: the index, for kvfree(), or NULL without memory.
 */
u16 *lbhash_marks_alloc(u32 n, u32 *bits, gfp_t gfp)
{
	u16 *marks;

	*bits = ilog2(roundup_pow_of_two(2 * n + 2));
	marks = kvmalloc_array(1u << *bits, sizeof(*marks), gfp);
	if (marks)
		memset(marks, 0xff, sizeof(*marks) << *bits);
	return marks;
}

static int build_indices(struct lbhash_table *table)
{
	u32 i;

	table->marks = lbhash_marks_alloc(table->n, &table->marks_bits,
					  LBHASH_GFP_KEPT);
	table->ids = lbhash_marks_alloc(table->n, &table->marks_bits,
					LBHASH_GFP_KEPT);
	if (!table->marks || !table->ids)
		return -ENOMEM;
	for (i = 0; i < table->n; i++) {
		*lbhash_marks_at(table->marks, table->marks_bits,
				 table->members, table->members[i].mark) = i;
		*lbhash_ids_at(table->ids, table->marks_bits,
			       table->members, table->members[i].id) = i;
	}
	return 0;
}

/**
 * lbhash_table_has_same_hash - do two tables hash flows alike?
 * @a: table of a service, published or not
 * @b: another table of the service
 *
 * Return: true if every flow has the same hash in both.
 */
bool lbhash_table_has_same_hash(const struct lbhash_table *a,
				const struct lbhash_table *b)
{
	return a->conf.fields == b->conf.fields &&
	       a->conf.src4 == b->conf.src4 && a->conf.dst4 == b->conf.dst4 &&
	       a->conf.src6 == b->conf.src6 && a->conf.dst6 == b->conf.dst6 &&
	       !memcmp(a->conf.seed, b->conf.seed, sizeof(a->conf.seed));
}

/**
 * lbhash_table_is_comparable - do the slots of two tables correspond?
 * @a: table of a service, published or not
 * @b: another table of the service
 *
 * Return: true if every flow has the same slot in both.
 */
bool lbhash_table_is_comparable(const struct lbhash_table *a,
				const struct lbhash_table *b)
{
	return a->size == b->size && lbhash_table_has_same_hash(a, b);
}

/**
 * lbhash_table_map - find the backends of one table in another one
 * @from: table of a service
 * @to: table of the same service
 * @usable: only those that keep their connections
 * @indices: out, for each member of @from its index in @to, or LBHASH_NONE if
 *	there is no such member
 */
void lbhash_table_map(const struct lbhash_table *from,
		      const struct lbhash_table *to, bool usable, u16 *indices)
{
	const struct lbhash_member *member;
	u32 i, at = 0;

	for (i = 0; i < from->n; i++) {
		indices[i] = LBHASH_NONE;
		member = lbhash_member_seek(to->members, to->n, &at,
					    from->members[i].backend->name);
		if (member && member->backend == from->members[i].backend &&
		    (!usable || lbhash_member_is_usable(member)))
			indices[i] = member - to->members;
	}
}

static bool has_same_owners(const struct lbhash_table *a,
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

/* A change of marks, addresses or masks moves no slot. */
static void copy_owners(struct lbhash_table *table,
			const struct lbhash_table *old)
{
	u32 i;

	lbhash_for_each_slot(i, table->size) {
		table->slots[i] = lbhash_slot(lbhash_slot_owner(old->slots[i]),
					      LBHASH_NONE);
	}
	for (i = 0; i < table->n; i++)
		table->members[i].slots = old->members[i].slots;
	table->digest = old->digest;
}

static int compute_owners(struct lbhash_table *table, u32 active)
{
	struct lbhash_maglev_entry *entries;
	int err = -ENOMEM;
	void *scratch;
	u32 i, n = 0;

	entries = kvcalloc(active, sizeof(*entries), LBHASH_GFP);
	if (!entries)
		return -ENOMEM;
	for (i = 0; i < table->n; i++) {
		if (!active_weight(&table->members[i]))
			continue;
		entries[n].name = table->members[i].backend->name;
		entries[n].weight = active_weight(&table->members[i]);
		entries[n].id = i;
		n++;
	}
	scratch = kvmalloc(lbhash_maglev_scratch(entries, n, table->size),
			   LBHASH_GFP);
	if (scratch) {
		lbhash_maglev_permute(entries, n, table->size,
				      &table->hash.key);
		lbhash_maglev_fill(table->slots, table->size, entries, n,
				   scratch);
		for (i = 0; i < n; i++)
			table->members[entries[i].id].slots = entries[i].slots;
		err = 0;
	}
	kvfree(scratch);
	kvfree(entries);
	return err;
}

static size_t slots_bytes(const struct lbhash_table *table)
{
	return table->size * sizeof(*table->slots);
}

/* kvmalloc() would round up to a power of two, twice as much for the default of
 * 65537 slots. Contiguous memory needs fewer TLB entries.
 */
static u32 *alloc_slots(const struct lbhash_table *table)
{
	gfp_t gfp = LBHASH_GFP_KEPT;
	u32 *slots;

	if (slots_bytes(table) < PAGE_SIZE)
		return kmalloc(slots_bytes(table), gfp);
	slots = alloc_pages_exact(slots_bytes(table), gfp | __GFP_NORETRY);
	return slots ?: __vmalloc(slots_bytes(table), gfp);
}

static void free_slots(const struct lbhash_table *table)
{
	if (slots_bytes(table) < PAGE_SIZE || is_vmalloc_addr(table->slots))
		kvfree(table->slots);
	else if (table->slots)
		free_pages_exact(table->slots, slots_bytes(table));
}

/* Fill slots with owners; without owners, if connections can only be kept. */
static int fill_slots(struct lbhash_table *table,
		      const struct lbhash_table *old)
{
	u32 i, active = 0, usable = 0;

	for (i = 0; i < table->n; i++) {
		active += !!active_weight(&table->members[i]);
		usable += lbhash_member_is_usable(&table->members[i]);
	}
	if (!active && !(usable && old && lbhash_table_has_slots(old)))
		return 0;

	table->slots = alloc_slots(table);
	if (!table->slots)
		return -ENOMEM;
	if (!active) {
		memset(table->slots, 0xff, slots_bytes(table));
		return 0;
	}
	if (!old || !lbhash_table_has_slots(old) ||
	    !has_same_owners(table, old))
		return compute_owners(table, active);
	copy_owners(table, old);
	return 0;
}

/* Of the exact size, and not contiguous if large: packets do not read it. */
static int alloc_list(struct lbhash_table *table)
{
	size_t bytes = table->transitions * sizeof(*table->list);

	if (!bytes)
		return 0;
	table->list = bytes > PAGE_SIZE ?
		__vmalloc(bytes, LBHASH_GFP_KEPT) :
		kmalloc(bytes, LBHASH_GFP_KEPT);
	return table->list ? 0 : -ENOMEM;
}

/* Not contiguous if large: a transition is short. */
static struct lbhash_moves *alloc_moves(const struct lbhash_table *table)
{
	struct lbhash_moves *moves;
	size_t bytes = struct_size(moves, move, table->size);
	gfp_t gfp = LBHASH_GFP_KEPT | __GFP_ZERO;

	return bytes > PAGE_SIZE ? __vmalloc(bytes, gfp) : kmalloc(bytes, gfp);
}

static int build_moves(struct lbhash_table *table,
		       const struct lbhash_moves *was, u32 number)
{
	struct lbhash_moves *moves;

	if (!number || !table->transitions)
		return 0;
	moves = alloc_moves(table);
	if (!moves)
		return -ENOMEM;
	lbhash_transition_moves(moves->move, was ? was->move : NULL,
				table->list, table->transitions, number);
	rcu_assign_pointer(table->moves, moves);
	return 0;
}

/* Number the transitions, those that go on as in the old table. */
static int carry_moves(struct lbhash_table *table,
		       const struct lbhash_table *old, u32 number)
{
	const struct lbhash_moves *was = NULL;

	/* Writers of @old are excluded, as they are while it is replaced. */
	if (lbhash_table_is_comparable(table, old))
		was = rcu_dereference_raw(old->moves);
	return build_moves(table, was, number);
}

static int build_aged(struct lbhash_table *table)
{
	struct lbhash_aged *aged;

	if (!table->transitions)
		return 0;
	aged = kvzalloc(struct_size(aged, slots, BITS_TO_LONGS(table->size)),
			LBHASH_GFP_KEPT);
	if (!aged)
		return -ENOMEM;
	RCU_INIT_POINTER(table->aged, aged);
	lbhash_table_age(table, ktime_get_seconds());
	return 0;
}

static int carry_lists(struct lbhash_table *table,
		       const struct lbhash_table *old,
		       const struct lbhash_heirs *heirs)
{
	bool comparable = lbhash_table_is_comparable(table, old);
	u32 now = ktime_get_seconds();

	table->transitions = comparable ?
		lbhash_transition_carry(table->slots, table->size, old->slots,
					old->list, heirs) : table->size;
	if (alloc_list(table))
		return -ENOMEM;
	if (!comparable)
		table->transitions =
			lbhash_transition_close_all(table->slots, table->size,
						    table->list, now);
	else if (table->transitions)
		lbhash_transition_list(table->list, table->slots, table->size,
				       old->slots, old->list, heirs, now);
	return 0;
}

/* Carry transitions over from the old table. */
static int carry_slots(struct lbhash_table *table,
		       const struct lbhash_table *old, u32 number)
{
	struct lbhash_heirs heirs;
	int err = -ENOMEM;
	u16 *map;
	u32 i;

	if (!lbhash_table_has_slots(table) || !lbhash_table_has_slots(old) ||
	    (!lbhash_table_is_comparable(table, old) && !old->transitions))
		return 0;
	map = kvmalloc_array(old->n ?: 1, 2 * sizeof(*map), LBHASH_GFP);
	if (!map)
		return -ENOMEM;
	lbhash_table_map(old, table, false, map);
	lbhash_table_map(old, table, true, map + old->n);
	heirs.at = map;
	heirs.usable = map + old->n;
	heirs.any = LBHASH_NONE;
	for (i = 0; i < old->n && heirs.any == LBHASH_NONE; i++)
		heirs.any = heirs.usable[i];

	if (!carry_lists(table, old, &heirs) && !build_aged(table))
		err = carry_moves(table, old, number);
	kvfree(map);
	return err;
}

/**
 * lbhash_table_build - build a table
 * @conf: attributes of the service; the size is a prime
 * @members: backends, sorted by name, with unique marks under the mask
 * @n: length of @members, 0..65534
 * @old: table to be replaced, or NULL
 * @number: number of the transitions that begin with this change; 0 if the
 *	service's connections are not remembered in the flow memory
 *
 * The table takes its own references to the backends.
 *
 * Context: may sleep; 2 to 5 ms for 65537 slots and 100 members.
 * Return: the table, or NULL without memory.
 */
struct lbhash_table *lbhash_table_build(const struct lbhash_conf *conf,
					const struct lbhash_member *members,
					u32 n, const struct lbhash_table *old,
					u32 number)
{
	struct lbhash_table *table;
	u32 i;

	table = kzalloc(sizeof(*table), LBHASH_GFP_KEPT);
	if (!table)
		return NULL;
	table->conf = *conf;
	table->mask = conf->mask;
	table->size = conf->size;
	memset(table->way, lbhash_way_of(conf->track), sizeof(table->way));
	if (conf->deliver == LBHASH_DELIVER_NEXTHOP)
		table->way[NF_INET_PRE_ROUTING] |= LBHASH_WAY_NEXTHOP;
	init_hash(&table->hash, conf);

	table->members = kvmalloc_array(n ?: 1, sizeof(*members),
					LBHASH_GFP_KEPT);
	if (!table->members)
		goto err_free;
	for (i = 0; i < n; i++) {
		table->members[i] = members[i];
		table->members[i].slots = 0;
		table->members[i].id = members[i].backend->id;
		refcount_inc(&members[i].backend->ref);
	}
	table->n = n;

	if (build_indices(table) || fill_slots(table, old))
		goto err_free;
	if (old && carry_slots(table, old, number))
		goto err_free;
	return table;

err_free:
	lbhash_table_free(table);
	return NULL;
}

/**
 * lbhash_table_free - free a table that was not published
 * @table: table, possibly half built
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
	kvfree(table->ids);
	kvfree(rcu_dereference_raw(table->moves));
	kvfree(rcu_dereference_raw(table->aged));
	free_slots(table);
	kvfree(table->list);
	kfree(table);
}

static void free_after_grace_period(struct rcu_head *rcu)
{
	lbhash_table_free(container_of(rcu, struct lbhash_table, rcu));
}

/**
 * lbhash_table_free_rcu - free a table after a grace period
 * @table: table that is no longer published
 */
void lbhash_table_free_rcu(struct lbhash_table *table)
{
	call_rcu(&table->rcu, free_after_grace_period);
}

/**
 * lbhash_table_digest - compute the fingerprint of the slots
 * @table: table, which remembers the result
 *
 * A chain of SipHash-2-4 with a zero key over the hashes of the owners' names,
 * slot by slot. Equal tables have equal digests on all machines.
 *
 * Context: may sleep, &lbhash_net.mutex held if the table is published.
 * Return: the digest, 0 for an empty table.
 */
u64 lbhash_table_digest(struct lbhash_table *table)
{
	u64 digest = 0;
	u32 i, owner;

	if (table->digest || lbhash_table_is_empty(table))
		return table->digest;

	lbhash_for_each_slot(i, table->size) {
		owner = lbhash_slot_owner(table->slots[i]);
		digest = siphash_2u64(digest,
				      table->members[owner].backend->hash,
				      &digest_key);
	}
	table->digest = digest;
	return digest;
}

/**
 * lbhash_table_age - find slots whose unknown flows are new ones by now
 * @table: table, published or not
 * @now: present time in seconds
 *
 * Context: may sleep, &lbhash_net.mutex held if the table is published.
 * Return: seconds until it has to be called again, U32_MAX for never.
 */
u32 lbhash_table_age(struct lbhash_table *table, u32 now)
{
	struct lbhash_aged *aged = rcu_dereference_raw(table->aged);
	const struct lbhash_times times = {
		.now = now,
		.udp_idle = table->conf.udp_idle,
	};

	return aged ? lbhash_transition_age(aged->slots, table->list,
					    table->transitions, &times) :
		      U32_MAX;
}

/**
 * lbhash_table_trim - free what describes transitions if there are none
 * @table: table, published or not
 *
 * Context: &lbhash_net.mutex held.
 */
void lbhash_table_trim(struct lbhash_table *table)
{
	struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	struct lbhash_aged *aged = rcu_dereference_raw(table->aged);

	if (table->transitions)
		return;
	kvfree(table->list);
	table->list = NULL;
	RCU_INIT_POINTER(table->aged, NULL);
	if (aged)
		kvfree_rcu(aged, rcu);
	if (table->sampled)
		return;
	RCU_INIT_POINTER(table->moves, NULL);
	if (moves)
		kvfree_rcu(moves, rcu);
}

/**
 * lbhash_table_number - number the transitions of a table
 * @table: table, published or not, which has no words of slots in transition
 * @number: number of the transitions, not 0
 *
 * Context: may sleep, &lbhash_net.mutex held if the table is published.
 * Return: 0 or -ENOMEM.
 */
int lbhash_table_number(struct lbhash_table *table, u32 number)
{
	return build_moves(table, NULL, number);
}

/**
 * lbhash_table_settle - settle all slots at once
 * @table: table, published or not, of a service without connections
 *
 * Context: &lbhash_net.mutex held.
 */
void lbhash_table_settle(struct lbhash_table *table)
{
	u32 i;

	lbhash_for_each_slot(i, table->transitions) {
		u32 *slot = &table->slots[table->list[i].slot];

		WRITE_ONCE(*slot, lbhash_slot(lbhash_slot_owner(*slot),
					      LBHASH_NONE));
	}
	WRITE_ONCE(table->transitions, 0);
	lbhash_table_trim(table);
}

/**
 * lbhash_table_sample - sample settled slots
 * @table: published table; one in &lbhash_conf.sample of its slots is sampled
 *	unless it is in transition
 * @generation: of the service; entries of another one are void
 *
 * Packets of these slots take the way of those in transition, so that all
 * others pay nothing. Without memory for their words nothing is sampled.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_table_sample(struct lbhash_table *table, u64 generation)
{
	u32 number = LBHASH_MOVE_SAMPLE | generation % LBHASH_MOVE_SAMPLE;
	struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	u32 i, owner, sample = table->conf.sample;

	if (!sample || lbhash_table_is_empty(table))
		return;
	if (!moves) {
		moves = alloc_moves(table);
		if (!moves)
			return;
		rcu_assign_pointer(table->moves, moves);
	}
	table->sampled = true;
	for (i = 0; i < table->size; i += sample) {
		if (i / sample % LBHASH_SLOTS_AT_ONCE == 0)
			cond_resched();
		if (lbhash_slot_in_transition(table->slots[i]))
			continue;
		owner = lbhash_slot_owner(table->slots[i]);
		WRITE_ONCE(moves->move[i], lbhash_move(number));
		WRITE_ONCE(table->slots[i], lbhash_slot(owner, owner));
	}
}

/**
 * lbhash_table_end_sample - sample no slots any more
 * @table: published table
 *
 * To be called before another table is built from it: all of its slots in
 * transition are in @list then.
 *
 * Context: &lbhash_net.mutex held, may sleep.
 */
void lbhash_table_end_sample(struct lbhash_table *table)
{
	struct lbhash_moves *moves = rcu_dereference_raw(table->moves);
	u32 i, owner;

	if (!table->sampled)
		return;
	lbhash_for_each_slot(i, table->size) {
		if (!lbhash_move_is_sample(moves->move[i]))
			continue;
		owner = lbhash_slot_owner(table->slots[i]);
		WRITE_ONCE(table->slots[i], lbhash_slot(owner, LBHASH_NONE));
		WRITE_ONCE(moves->move[i], 0);
	}
	table->sampled = false;
	lbhash_table_trim(table);
}

/**
 * lbhash_table_copy_settled - copy a table as if all slots were settled
 * @copy: out; only its slots are its own, for kvfree()
 * @table: table
 *
 * For lbhash_table_build(): no connection is at a previous owner.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lbhash_table_copy_settled(struct lbhash_table *copy,
			      const struct lbhash_table *table)
{
	u32 i;

	*copy = *table;
	copy->transitions = 0;
	copy->list = NULL;
	RCU_INIT_POINTER(copy->moves, NULL);
	RCU_INIT_POINTER(copy->aged, NULL);
	if (!lbhash_table_has_slots(table))
		return 0;
	copy->slots = kvmalloc_array(table->size, sizeof(*copy->slots),
				     LBHASH_GFP);
	if (!copy->slots)
		return -ENOMEM;
	lbhash_for_each_slot(i, table->size) {
		u16 owner = lbhash_slot_owner(table->slots[i]);

		copy->slots[i] = lbhash_slot(owner, LBHASH_NONE);
	}
	return 0;
}
