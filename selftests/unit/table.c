// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of the tables that packets read, kmod/table.c as it is: masks,
 * owners, marks and digests of a configuration, and the step from one table to
 * the next one. Prints TAP.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kmod/table.c"
#include "../../kmod/backend.c"
#include "../../kmod/flow.c"
#include "../../kmod/hash.c"
#include "../../kmod/maglev.c"
#include "../../kmod/transition.c"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MOST_MEMBERS	300

static int number, failures;

static void check(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++number);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	failures += !good;
}

/* --- what they take from other files -----------------------------------*/

struct lbhash_backend_stats __percpu *lbhash_stats_backend_alloc(void)
{
	return kzalloc(sizeof(struct lbhash_backend_stats), GFP_KERNEL);
}

void lbhash_nexthop_drop(struct lbhash_nexthop __rcu **place)
{
	(void)place;
}

/* --- services --------------------------------------------------------------*/

/**
 * struct service - a configuration under construction
 * @conf: attributes of the service
 * @n: number of members
 * @number: number of the transitions that begin with the next change, 0 without
 *	a flow memory
 * @members: backends, sorted by name
 */
struct service {
	struct lbhash_conf conf;
	u32 n, number;
	struct lbhash_member members[MOST_MEMBERS];
};

static int compare_members(const void *left, const void *right)
{
	const struct lbhash_member *a = left, *b = right;

	return strcmp(a->backend->name, b->backend->name);
}

static void add(struct service *service, const char *name, u32 mark,
		u16 weight)
{
	struct lbhash_backend *backend = lbhash_backend_alloc(name);

	assert(backend && service->n < MOST_MEMBERS);
	service->members[service->n++] = (struct lbhash_member){
		.mark = mark, .weight = weight, .backend = backend,
		.stats = backend->stats,
	};
	qsort(service->members, service->n, sizeof(*service->members),
	      compare_members);
}

static void take_away(struct service *service, const char *name)
{
	struct lbhash_member *m = lbhash_member_find(service->members,
						     service->n, name);

	assert(m);
	lbhash_backend_put(m->backend);
	service->n--;
	memmove(m, m + 1, (service->members + service->n - m) * sizeof(*m));
}

static struct lbhash_member *find(struct service *service, const char *name)
{
	return lbhash_member_find(service->members, service->n, name);
}

/* Begin with backends b0, b1, ... of weights 1 to @heaviest, all fields and
 * seed 00 01 02 ..
 */
static void begin(struct service *service, u32 size, u32 n, u32 heaviest)
{
	char name[LBHASH_NAMESIZE];
	u32 i;

	memset(service, 0, sizeof(*service));
	service->conf = (struct lbhash_conf){
		.size = size, .fields = 0x1f, .src4 = 32, .dst4 = 32,
		.src6 = 128, .dst6 = 128, .mask = ~0u, .udp_idle = 30,
	};
	for (i = 0; i < sizeof(service->conf.seed); i++)
		service->conf.seed[i] = i;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		add(service, name, i + 1, i % heaviest + 1);
	}
}

static void end(struct service *service)
{
	while (service->n)
		take_away(service, service->members[0].backend->name);
}

/* Does each member have the right count of its slots? */
static bool has_counts(const struct lbhash_table *table)
{
	u32 counts[MOST_MEMBERS] = { 0 }, i;
	u16 owner;

	for (i = 0; table->slots && i < table->size; i++) {
		owner = lbhash_slot_owner(table->slots[i]);
		if (owner != LBHASH_NONE)
			counts[owner]++;
	}
	for (i = 0; i < table->n; i++)
		if (counts[i] != table->members[i].slots)
			return false;
	return true;
}

static struct lbhash_table *build(const struct service *service,
				  const struct lbhash_table *old)
{
	struct lbhash_table *table;

	table = lbhash_table_build(&service->conf, service->members,
				   service->n, old, service->number);
	assert(table && has_counts(table));
	return table;
}

static const char *name_of(const struct lbhash_table *table, u16 index)
{
	return index == LBHASH_NONE ? "" :
	       table->members[index].backend->name;
}

/* --- the way of packets ----------------------------------------------------*/

/* At each hook; in OUTPUT nothing is sent. */
static void test_ways(void)
{
	static const struct {
		u32 track, deliver;
		u8 prerouting, output;
	} cases[] = {
		{ LBHASH_TRACK_ALWAYS, LBHASH_DELIVER_MARK, 0, 0 },
		{ LBHASH_TRACK_NEVER, LBHASH_DELIVER_MARK,
		  LBHASH_WAY_NEVER, LBHASH_WAY_NEVER },
		{ LBHASH_TRACK_CHANGED, LBHASH_DELIVER_NEXTHOP,
		  LBHASH_WAY_CHANGED | LBHASH_WAY_NEXTHOP,
		  LBHASH_WAY_CHANGED },
	};
	static struct service service;
	struct lbhash_table *table;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&service, 251, 2, 1);
		service.conf.track = cases[i].track;
		service.conf.deliver = cases[i].deliver;
		table = build(&service, NULL);
		check(table->way[NF_INET_PRE_ROUTING] == cases[i].prerouting &&
		      table->way[NF_INET_LOCAL_OUT] == cases[i].output,
		      "ways of track %u, deliver %u", cases[i].track,
		      cases[i].deliver);
		lbhash_table_free(table);
		end(&service);
	}
	check(lbhash_track_in(LBHASH_TRACK_CHANGED, false) ==
	      LBHASH_TRACK_ALWAYS &&
	      lbhash_track_in(LBHASH_TRACK_CHANGED, true) ==
	      LBHASH_TRACK_CHANGED &&
	      lbhash_track_in(LBHASH_TRACK_NEVER, false) == LBHASH_TRACK_NEVER,
	      "changed is always where conntrack has run");
}

/* --- masks -----------------------------------------------------------------*/

/* Return: the number of leading bits that are set, -1 if any others are set. */
static int leading_bits(const void *bytes, int size)
{
	const u8 *byte = bytes;
	int i, n = 0;
	bool set;

	for (i = 0; i < 8 * size; i++) {
		set = byte[i / 8] & 0x80 >> i % 8;
		if (set && n != i)
			return -1;
		n += set;
	}
	return n;
}

static bool has_prefixes(const struct lbhash_hash *hash, int src4,
			 int dst4, int src6, int dst6)
{
	return leading_bits(&hash->src4, 4) == src4 &&
	       leading_bits(&hash->dst4, 4) == dst4 &&
	       leading_bits(&hash->src6, 16) == src6 &&
	       leading_bits(&hash->dst6, 16) == dst6;
}

static bool has_masks(const struct lbhash_conf *conf)
{
	bool src = conf->fields & LBHASH_HASH_FIELD_SRC;
	bool dst = conf->fields & LBHASH_HASH_FIELD_DST;
	struct lbhash_hash hash = {};

	init_hash(&hash, conf);
	return has_prefixes(&hash, src ? conf->src4 : 0, dst ? conf->dst4 : 0,
			    src ? conf->src6 : 0, dst ? conf->dst6 : 0) &&
	       hash.sport == (conf->fields & LBHASH_HASH_FIELD_SPORT ?
			      0xffff : 0) &&
	       hash.dport == (conf->fields & LBHASH_HASH_FIELD_DPORT ?
			      0xffff : 0) &&
	       hash.proto == (conf->fields & LBHASH_HASH_FIELD_PROTO ?
			      0xff : 0) &&
	       hash.symmetric == !!(conf->fields &
				    LBHASH_HASH_FIELD_SYMMETRIC) &&
	       hash.no_address == (!src && !dst);
}

static void test_masks(void)
{
	struct lbhash_hash hash = {};
	struct lbhash_conf conf = {};
	u32 fields, bits, wrong = 0;

	for (fields = 1; fields < 64; fields++) {
		for (bits = 1; bits <= 128; bits++) {
			conf.fields = fields;
			conf.src4 = (bits - 1) % 32 + 1;
			conf.dst4 = 32 - (bits - 1) % 32;
			conf.src6 = bits;
			conf.dst6 = 129 - bits;
			wrong += !has_masks(&conf);
		}
	}
	check(!wrong, "fields and prefix lengths become masks");
	for (bits = 0; bits < sizeof(conf.seed); bits++)
		conf.seed[bits] = bits;
	init_hash(&hash, &conf);
	check(hash.key.key[0] == 0x0706050403020100 &&
	      hash.key.key[1] == 0x0f0e0d0c0b0a0908,
	      "the seed begins with its lowest byte");
}

/* --- digests ---------------------------------------------------------------*/

/* Some of the digests of maglev.c, the unit test. */
static void test_digests(void)
{
	static const struct {
		u32 size, n, heaviest;
		u64 digest;
	} golden[] = {
		{ 251, 3, 2, 0x86694683c4d1c757 },
		{ 251, 300, 7, 0x36788ee451f8d977 },
		{ 4093, 100, 1, 0x593040a80ea13fa9 },
		{ 65537, 100, 3, 0xf3adbb51fd5236d5 },
		{ 114689, 5, 4, 0xe25bfb3c0a4d1286 },
	};
	static struct service service;
	struct lbhash_table *table;
	u64 digest;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(golden); i++) {
		begin(&service, golden[i].size, golden[i].n,
		      golden[i].heaviest);
		table = build(&service, NULL);
		digest = lbhash_table_digest(table);
		check(digest == golden[i].digest,
		      "%u slots and %u backends: digest %016llx",
		      golden[i].size, golden[i].n,
		      (unsigned long long)digest);
		lbhash_table_free(table);
		end(&service);
	}
}

static u64 digest_after(const struct service *service,
			const struct lbhash_table *old)
{
	struct lbhash_table *table = build(service, old);
	u64 digest = lbhash_table_digest(table);

	lbhash_table_free(table);
	return digest;
}

/* Some changes move slots, others do not. A table that follows another one has
 * the owners that it has alone.
 */
static void test_owners(void)
{
	static struct service service;
	struct lbhash_table *old;
	u64 digest;

	begin(&service, 251, 9, 3);
	old = build(&service, NULL);
	digest = lbhash_table_digest(old);
	find(&service, "b3")->mark = 77;
	find(&service, "b4")->addr4 = 1;
	service.conf.dst6 = 1;
	service.conf.mask = 0xff;
	check(digest_after(&service, old) == digest &&
	      digest_after(&service, NULL) == digest,
	      "marks, addresses and fields leave owners as they are");
	find(&service, "b3")->weight = 77;
	check(digest_after(&service, old) != digest &&
	      digest_after(&service, old) == digest_after(&service, NULL),
	      "weights do not");
	find(&service, "b3")->weight = 1;
	find(&service, "b3")->state = LBHASH_STATE_DRAIN;
	check(digest_after(&service, old) != digest &&
	      digest_after(&service, old) == digest_after(&service, NULL),
	      "states do not");
	find(&service, "b3")->state = LBHASH_STATE_UP;
	service.conf.seed[15]++;
	check(digest_after(&service, old) != digest &&
	      digest_after(&service, old) == digest_after(&service, NULL),
	      "the seed does not");
	service.conf.seed[15]--;
	take_away(&service, "b8");
	check(digest_after(&service, old) != digest, "backends do not");
	add(&service, "b8", 9, 3);
	check(digest_after(&service, old) == digest,
	      "a backend that was made anew gets the same slots");
	lbhash_table_free(old);
	end(&service);
}

/* --- comparing -------------------------------------------------------------*/

static void test_comparable(void)
{
	static struct service service;
	struct lbhash_table *a, *b;
	u8 *bytes;
	u32 i;

	begin(&service, 251, 2, 1);
	a = build(&service, NULL);
	b = build(&service, NULL);
	check(lbhash_table_is_comparable(a, b), "equal tables are comparable");
	b->conf.mask = 1;
	b->conf.on_empty++;
	b->conf.settle++;
	b->conf.track++;
	b->conf.deliver++;
	check(lbhash_table_is_comparable(a, b),
	      "tables of other masks and times are");
	bytes = (u8 *)&b->conf;
	for (i = offsetof(struct lbhash_conf, fields);
	     i < offsetof(struct lbhash_conf, mask); i++) {
		bytes[i] ^= 1;
		if (lbhash_table_has_same_hash(a, b) ||
		    lbhash_table_is_comparable(a, b))
			break;
		bytes[i] ^= 1;
	}
	check(i == offsetof(struct lbhash_conf, mask),
	      "fields, prefix lengths and seed all count");
	b->size++;
	check(!lbhash_table_is_comparable(a, b) &&
	      lbhash_table_has_same_hash(a, b), "so does the number of slots");
	lbhash_table_free(a);
	lbhash_table_free(b);
	end(&service);
}

/* Connections stay with a backend unless it is deleted, replaced by another one
 * of its name, or down.
 */
static void test_map(void)
{
	static struct service service;
	struct lbhash_table *from, *to;
	u16 map[5];
	u16 all[5];

	begin(&service, 251, 5, 1);
	from = build(&service, NULL);
	take_away(&service, "b0");
	take_away(&service, "b2");
	add(&service, "b2", 3, 1);
	find(&service, "b3")->state = LBHASH_STATE_DOWN;
	find(&service, "b4")->state = LBHASH_STATE_DRAIN;
	add(&service, "a", 9, 1);
	to = build(&service, from);
	lbhash_table_map(from, to, true, map);
	lbhash_table_map(from, to, false, all);
	check(map[0] == LBHASH_NONE && map[2] == LBHASH_NONE &&
	      map[3] == LBHASH_NONE, "deleted, replaced and down: no heir");
	check(!strcmp(name_of(to, map[1]), "b1") &&
	      !strcmp(name_of(to, map[4]), "b4"),
	      "up and drained: themselves, with other indices");
	check(all[0] == LBHASH_NONE && all[2] == LBHASH_NONE &&
	      !strcmp(name_of(to, all[1]), "b1") &&
	      !strcmp(name_of(to, all[3]), "b3") &&
	      !strcmp(name_of(to, all[4]), "b4"),
	      "usable or not: down, too");
	lbhash_table_free(from);
	lbhash_table_free(to);
	end(&service);
}

/* --- from table to table ---------------------------------------------------*/

/* Are the slots whose owner has changed, and no others, in transition, with
 * their previous owner, and in the list in ascending order?
 */
static bool remembers(const struct lbhash_table *old,
		      const struct lbhash_table *new, u32 since)
{
	u32 i, n = 0;

	for (i = 0; i < new->size; i++) {
		const char *was, *is;
		u32 slot = new->slots[i];

		was = name_of(old, lbhash_slot_owner(old->slots[i]));
		is = name_of(new, lbhash_slot_owner(slot));
		if (lbhash_slot_in_transition(slot) == !strcmp(was, is))
			return false;
		if (!lbhash_slot_in_transition(slot))
			continue;
		if (strcmp(was, name_of(new, lbhash_slot_previous(slot))) ||
		    n == new->transitions || new->list[n].slot != i ||
		    new->list[n++].since != since)
			return false;
	}
	return n == new->transitions;
}

static u32 count(const struct lbhash_table *table, bool (*what)(u32 slot))
{
	u32 i, n = 0;

	for (i = 0; i < table->size; i++)
		n += what(table->slots[i]);
	return n;
}

static void test_change(void)
{
	static const u32 sizes[] = { 251, 16381, 16411, 65537, 114689 };
	static struct service service;
	struct lbhash_table *old, *new, settled;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		begin(&service, sizes[i], 9, 3);
		old = build(&service, NULL);
		seconds = 100 + i;
		add(&service, "a", 99, 2);
		new = build(&service, old);
		check(remembers(old, new, seconds) &&
		      new->transitions > sizes[i] / 15 &&
		      new->transitions < sizes[i] / 5,
		      "one of ten comes: %u of %u slots in transition",
		      new->transitions, sizes[i]);
		check(!lbhash_table_copy_settled(&settled, new) &&
		      !settled.transitions && !settled.list &&
		      count(&settled, lbhash_slot_is_settled) == sizes[i] &&
		      has_counts(&settled) && new->transitions,
		      "a copy has the owners alone");
		kvfree(settled.slots);
		lbhash_table_settle(new);
		check(!new->transitions && !new->list &&
		      count(new, lbhash_slot_is_settled) == sizes[i],
		      "... until they are forgotten");
		lbhash_table_free(old);
		lbhash_table_free(new);
		end(&service);
	}
}

/* A table has words for the flow memory while slots are in transition. */
static void test_moves(void)
{
	static struct service service;
	struct lbhash_table *old, *new, *next;
	u32 i, wrong = 0;

	begin(&service, 251, 3, 1);
	service.number = 7;
	old = build(&service, NULL);
	check(!old->moves, "no words without a transition");
	add(&service, "b3", 4, 1);
	new = build(&service, old);
	for (i = 0; i < 251; i++)
		wrong += lbhash_move_number(new->moves->move[i]) !=
			 (lbhash_slot_in_transition(new->slots[i]) ? 7 : 0);
	check(!wrong, "the number of the change, in slots in transition");
	add(&service, "b4", 5, 1);
	service.number = 8;
	next = build(&service, new);
	for (i = 0; i < 251; i++)
		wrong += lbhash_move_number(next->moves->move[i]) !=
			 (!lbhash_slot_in_transition(next->slots[i]) ? 0 :
			  lbhash_slot_in_transition(new->slots[i]) ? 7 : 8);
	check(!wrong, "or of the change before");
	check(next->aged && lbhash_table_age(next, ktime_get_seconds()) ==
			    next->conf.udp_idle &&
	      !lbhash_table_is_aged(next, next->list[0].slot),
	      "all transitions have just begun");
	check(lbhash_table_age(next, ktime_get_seconds() +
			       next->conf.udp_idle) == U32_MAX &&
	      lbhash_table_is_aged(next, next->list[0].slot) &&
	      !old->aged && !lbhash_table_is_aged(old, 0),
	      "flows are new after some time, in transition only");
	lbhash_table_settle(next);
	check(!next->moves && !next->aged, "... until they settle");
	lbhash_table_free(next);
	service.number = 0;
	next = build(&service, new);
	check(!next->moves, "no words where the memory is not used");
	lbhash_table_free(next);
	lbhash_table_free(new);
	lbhash_table_free(old);
	end(&service);
}

/* With a new size, settled slots stay settled. If any slot is in transition,
 * all slots close: their connections may be with any backend.
 */
static void test_resize(void)
{
	static struct service service;
	struct lbhash_table *old, *settled, *closing;

	begin(&service, 251, 3, 1);
	old = build(&service, NULL);
	service.conf.size = 509;
	settled = build(&service, old);
	check(!settled->transitions &&
	      count(settled, lbhash_slot_is_settled) == 509,
	      "another size: settled slots stay settled");
	add(&service, "b3", 4, 1);
	closing = build(&service, settled);
	lbhash_table_free(old);
	old = closing;
	service.conf.size = 251;
	closing = build(&service, old);
	check(closing->transitions == 251 &&
	      count(closing, lbhash_slot_is_closing) == 251 &&
	      closing->list[250].slot == 250,
	      "another size while some are in transition: all close");
	lbhash_table_free(old);
	lbhash_table_free(settled);
	lbhash_table_free(closing);
	end(&service);
}

/* A drained backend gets no new connections and keeps its old ones; one that is
 * down does neither.
 */
static void test_states(void)
{
	static struct service service;
	struct lbhash_table *old, *new;

	begin(&service, 251, 2, 1);
	old = build(&service, NULL);
	find(&service, "b0")->state = LBHASH_STATE_DRAIN;
	new = build(&service, old);
	check(new->members[0].slots == 0 && new->members[1].slots == 251 &&
	      new->transitions == old->members[0].slots,
	      "who drains has no slots, but is remembered");
	lbhash_table_free(new);
	find(&service, "b1")->state = LBHASH_STATE_DRAIN;
	new = build(&service, old);
	check(lbhash_table_is_empty(new) && new->transitions == 251 &&
	      !lbhash_table_digest(new), "all drain: slots without owners");
	lbhash_table_free(new);
	find(&service, "b0")->state = LBHASH_STATE_DOWN;
	find(&service, "b1")->state = LBHASH_STATE_DOWN;
	new = build(&service, old);
	check(lbhash_table_is_empty(new) && !new->slots && !new->transitions,
	      "all are down: no slots at all");
	lbhash_table_free(new);
	find(&service, "b1")->state = LBHASH_STATE_UP;
	find(&service, "b1")->weight = 0;
	new = build(&service, NULL);
	check(lbhash_table_is_empty(new), "weight 0 takes no connections");
	lbhash_table_free(new);
	lbhash_table_free(old);
	end(&service);
}

/* --- looking up ------------------------------------------------------------*/

static void test_marks(void)
{
	static struct service service;
	const struct lbhash_member *m;
	struct lbhash_table *table;
	u32 i, wrong = 0;

	begin(&service, 251, 257, 1);
	for (i = 0; i < service.n; i++)
		service.members[i].mark = (i + 1) << i % 5 * 4;
	table = build(&service, NULL);
	for (i = 0; i < service.n; i++) {
		m = lbhash_table_by_mark(table, service.members[i].mark);
		wrong += !m || m->mark != service.members[i].mark;
		m = lbhash_table_by_mark(table, service.members[i].mark |
					 0x80000000);
		wrong += !!m;
	}
	check(!wrong, "257 members are found by their marks, and no others");
	check(!lbhash_table_by_mark(table, 0), "mark 0 is nobody's");
	lbhash_table_free(table);
	end(&service);
	begin(&service, 251, 0, 1);
	table = build(&service, NULL);
	check(!lbhash_table_by_mark(table, 1) && lbhash_table_is_empty(table),
	      "nobody is found where there is nobody");
	lbhash_table_free(table);
}

static void test_names(void)
{
	static const char *const sought[] = { "a", "b0", "b10", "b2", "c" };
	static struct service service;
	struct lbhash_member *m;
	u32 i, at = 0, found = 0;

	begin(&service, 251, 12, 1);
	for (i = 0; i < ARRAY_SIZE(sought); i++) {
		m = lbhash_member_seek(service.members, service.n, &at,
				       sought[i]);
		if (m && !strcmp(m->backend->name, sought[i]))
			found |= 1 << i;
	}
	check(found == 0xe, "members are found one after the other");
	check(!find(&service, "b") && find(&service, "b11") &&
	      !find(&service, "b12"), "and by their names");
	end(&service);
}

/* --- without memory --------------------------------------------------------*/

/* Whichever allocation fails, no memory is lost: AddressSanitizer detects
 * leaks.
 */
static void test_no_memory(void)
{
	static struct service service;
	struct lbhash_table *old, *new = NULL;
	long left;
	u32 i;

	begin(&service, 65537, 5, 1);
	old = build(&service, NULL);
	add(&service, "a", 9, 1);
	for (left = 0; !new && left < 50; left++) {
		allocations_left = left;
		new = lbhash_table_build(&service.conf, service.members,
					 service.n, old, 7);
	}
	allocations_left = -1;
	check(new && left > 5, "a table is there after %ld failures", left - 1);
	check(remembers(old, new, seconds), "... and it is whole");
	lbhash_table_free(new);
	lbhash_table_free(old);
	for (i = 0; i < service.n; i++)
		if (service.members[i].backend->ref.refs != 1)
			break;
	check(i == service.n, "no backend is kept");
	for (left = 0; left < 2; left++) {
		allocations_left = left;
		check(!lbhash_backend_alloc("b"), "no backend after %ld", left);
	}
	allocations_left = -1;
	end(&service);
}

int main(void)
{
	test_ways();
	test_masks();
	test_digests();
	test_owners();
	test_comparable();
	test_map();
	test_change();
	test_moves();
	test_resize();
	test_states();
	test_marks();
	test_names();
	test_no_memory();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
