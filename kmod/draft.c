// SPDX-License-Identifier: GPL-2.0
/*
 * Drafts. To change a service, its configuration is copied into a draft, edited
 * there, and checked as a whole; service.c builds and publishes a table from
 * it.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ipv6.h>

#include "draft.h"
#include "maglev.h"
#include "refuse.h"

/**
 * lbhash_draft_default - start a draft with default attributes, no backends
 * @draft: out, for lbhash_draft_free()
 * @name: name of the service, from which the seed derives
 * @base: table of the service, NULL for a new service
 *
 * The seed is two SipHash-2-4 of the name under constant keys, so balancers
 * with the same names agree without further configuration.
 */
void lbhash_draft_default(struct lbhash_draft *draft, const char *name,
			  const struct lbhash_table *base)
{
	static const siphash_key_t low = { { 0x6c6268617368, 0 } };
	static const siphash_key_t high = { { 0x6c6268617368, 1 } };
	size_t len = strlen(name);
	__le64 seed[2];

	*draft = (struct lbhash_draft){ .base = base, .conf = {
		.size = LBHASH_SIZE_DEFAULT,
		.fields = LBHASH_HASH_FIELD_PROTO | LBHASH_HASH_FIELD_SRC |
			  LBHASH_HASH_FIELD_DST | LBHASH_HASH_FIELD_SPORT |
			  LBHASH_HASH_FIELD_DPORT,
		.src4 = 32,
		.dst4 = 32,
		.src6 = 128,
		.dst6 = 128,
		.mask = 0xffffffff,
		.on_empty = LBHASH_ON_EMPTY_DROP,
		.settle = LBHASH_SETTLE_DEFAULT,
		.track = LBHASH_TRACK_ALWAYS,
		.deliver = LBHASH_DELIVER_MARK,
		.idle = LBHASH_IDLE_DEFAULT,
		.udp_idle = LBHASH_UDP_IDLE_DEFAULT,
	} };
	seed[0] = cpu_to_le64(siphash(name, len, &low));
	seed[1] = cpu_to_le64(siphash(name, len, &high));
	memcpy(draft->conf.seed, seed, sizeof(seed));
}

static int reserve(struct lbhash_draft *draft, u32 room)
{
	struct lbhash_member *members;

	members = kvmalloc_array(room, sizeof(*members), LBHASH_GFP);
	if (!members)
		return -ENOMEM;
	if (draft->n)
		memcpy(members, draft->members, draft->n * sizeof(*members));
	kvfree(draft->members);
	draft->members = members;
	draft->room = room;
	return 0;
}

/**
 * lbhash_draft_copy - start a draft with a service's present configuration
 * @draft: out, for lbhash_draft_free(), after failure as well
 * @table: table of the service
 * @spare: number of backends to reserve room for
 *
 * Return: 0 or -ENOMEM.
 */
int lbhash_draft_copy(struct lbhash_draft *draft,
		      const struct lbhash_table *table, u32 spare)
{
	u32 i;

	*draft = (struct lbhash_draft){ .conf = table->conf, .base = table };
	if (reserve(draft, (table->n + spare) ?: 1))
		return -ENOMEM;
	for (i = 0; i < table->n; i++) {
		draft->members[i] = table->members[i];
		refcount_inc(&draft->members[i].backend->ref);
	}
	draft->n = table->n;
	draft->sorted = table->n;
	return 0;
}

static int compare_members(const void *left, const void *right)
{
	const struct lbhash_member *a = left, *b = right;

	return strcmp(a->backend->name, b->backend->name);
}

/**
 * lbhash_draft_find - find a backend that existed before the draft
 * @draft: draft whose first members are those of the service
 * @name: name to look for
 *
 * Return: the member, valid until a member is added or removed, or NULL.
 */
struct lbhash_member *lbhash_draft_find(struct lbhash_draft *draft,
					const char *name)
{
	return lbhash_member_find(draft->members, draft->sorted, name);
}

/**
 * lbhash_draft_add - add a backend: no mark, weight 1, up, no address
 * @draft: draft that gets the backend
 * @name: valid name; lbhash_draft_check() refuses duplicates
 *
 * If the service has a backend of that name, its counters and routes are kept.
 *
 * Return: the member, valid until a member is added or removed, or NULL without
 * memory.
 */
struct lbhash_member *lbhash_draft_add(struct lbhash_draft *draft,
				       const char *name)
{
	struct lbhash_member *m, *known = NULL;
	struct lbhash_backend *backend;

	if (draft->n == draft->room && reserve(draft, 2 * draft->room + 16))
		return NULL;
	if (draft->base)
		known = lbhash_member_find(draft->base->members,
					   draft->base->n, name);
	if (known) {
		backend = known->backend;
		refcount_inc(&backend->ref);
	} else {
		backend = lbhash_backend_alloc(name);
		if (!backend)
			return NULL;
	}

	m = &draft->members[draft->n++];
	*m = (struct lbhash_member){
		.backend = backend,
		.stats = backend->stats,
		.weight = 1,
		.state = LBHASH_STATE_UP,
	};
	return m;
}

/**
 * lbhash_draft_remove - remove a backend
 * @draft: draft that owns the member
 * @member: member, from lbhash_draft_find()
 */
void lbhash_draft_remove(struct lbhash_draft *draft,
			 struct lbhash_member *member)
{
	struct lbhash_member *end = draft->members + draft->n;

	lbhash_backend_put(member->backend);
	memmove(member, member + 1, (end - member - 1) * sizeof(*member));
	draft->n--;
	draft->sorted--;
}

/* Remove all backends. */
void lbhash_draft_clear(struct lbhash_draft *draft)
{
	u32 i;

	for (i = 0; i < draft->n; i++)
		lbhash_backend_put(draft->members[i].backend);
	draft->n = 0;
	draft->sorted = 0;
}

/* Release a draft. */
void lbhash_draft_free(struct lbhash_draft *draft)
{
	lbhash_draft_clear(draft);
	kvfree(draft->members);
}

static int check_names(const struct lbhash_draft *draft,
		       struct lbhash_refusal *why)
{
	u32 i;

	for (i = 1; i < draft->n; i++)
		if (!compare_members(&draft->members[i - 1],
				     &draft->members[i]))
			return lbhash_refuse(why, -EEXIST, NULL,
					     "backend %s exists already",
					     draft->members[i].backend->name);
	return 0;
}

/* Of two members with one mark, the name of the one that had it before. */
static const char *first_with_mark(const struct lbhash_draft *draft,
				   const struct lbhash_member *a,
				   const struct lbhash_member *b)
{
	const struct lbhash_member *before = NULL;

	if (draft->base)
		before = lbhash_table_by_mark(draft->base, a->mark);
	if (before && before->backend == b->backend)
		return b->backend->name;
	return a->backend->name;
}

static int check_mark(const struct lbhash_draft *draft, u16 index, u16 *marks,
		      u32 bits, struct lbhash_refusal *why)
{
	const struct lbhash_member *m = &draft->members[index];
	u16 *at;

	if (!m->mark)
		return lbhash_refuse(why, -EINVAL, NULL,
				     "backend %s has no mark",
				     m->backend->name);
	if (m->mark & ~draft->conf.mask)
		return lbhash_refuse(why, -EINVAL, NULL,
				     "mark %u is outside mask 0x%x",
				     m->mark, draft->conf.mask);
	at = lbhash_marks_at(marks, bits, draft->members, m->mark);
	if (*at != LBHASH_NONE)
		return lbhash_refuse(why, -EEXIST, NULL,
				     "mark %u is taken by backend %s", m->mark,
				     first_with_mark(draft,
						     &draft->members[*at], m));
	*at = index;
	return 0;
}

static int check_marks(const struct lbhash_draft *draft,
		       struct lbhash_refusal *why)
{
	u32 i, bits;
	int err = 0;
	u16 *marks;

	marks = lbhash_marks_alloc(draft->n, &bits, LBHASH_GFP);
	if (!marks)
		return lbhash_refuse_memory(why);
	for (i = 0; i < draft->n && !err; i++)
		err = check_mark(draft, i, marks, bits, why);
	kvfree(marks);
	return err;
}

static int check_ranges(const struct lbhash_conf *conf,
			struct lbhash_refusal *why)
{
	const struct {
		const char *name;
		u32 value, min, max;
	} ranges[] = {
		{ "size", conf->size, LBHASH_SIZE_MIN, LBHASH_SIZE_MAX },
		{ "settle", conf->settle, 0, LBHASH_SETTLE_MAX },
		{ "idle", conf->idle, 1, LBHASH_IDLE_MAX },
		{ "udp-idle", conf->udp_idle, 1, LBHASH_IDLE_MAX },
		{ "settle-max", conf->settle_max, 0, LBHASH_SETTLE_MAX },
		{ "sample", conf->sample, 0, LBHASH_SAMPLE_MAX },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (ranges[i].value < ranges[i].min ||
		    ranges[i].value > ranges[i].max)
			return lbhash_refuse(why, -ERANGE, NULL,
					     "%s %u is not in %u..%u",
					     ranges[i].name, ranges[i].value,
					     ranges[i].min, ranges[i].max);
	if (conf->settle_max && conf->settle_max < conf->settle)
		return lbhash_refuse(why, -ERANGE, NULL,
				     "settle-max %u is less than settle %u",
				     conf->settle_max, conf->settle);
	return 0;
}

static int check_fields(const struct lbhash_conf *conf,
			struct lbhash_refusal *why)
{
	bool src = conf->fields & LBHASH_HASH_FIELD_SRC;
	bool dst = conf->fields & LBHASH_HASH_FIELD_DST;
	bool sport = conf->fields & LBHASH_HASH_FIELD_SPORT;
	bool dport = conf->fields & LBHASH_HASH_FIELD_DPORT;

	if (!(conf->fields & ~LBHASH_HASH_FIELD_SYMMETRIC))
		return lbhash_refuse(why, -EINVAL, NULL,
				     "hash needs at least one field");
	if (!(conf->fields & LBHASH_HASH_FIELD_SYMMETRIC))
		return 0;
	if (src != dst || sport != dport ||
	    conf->src4 != conf->dst4 || conf->src6 != conf->dst6)
		return lbhash_refuse(why, -EINVAL, NULL,
				     "symmetric hash needs src with dst, sport with dport, equal prefixes");
	return 0;
}

/**
 * lbhash_draft_check - check a draft as a whole
 * @draft: draft; its members are sorted, its size becomes a prime
 * @why: out, set unless 0 is returned
 *
 * Context: may sleep.
 * Return: 0; -EINVAL, -EEXIST, -ERANGE or -E2BIG for a bad draft; -ENOMEM.
 */
int lbhash_draft_check(struct lbhash_draft *draft, struct lbhash_refusal *why)
{
	int err;

	if (draft->n > LBHASH_BACKENDS_MAX)
		return lbhash_refuse(why, -E2BIG, NULL,
				     "a service has at most %u backends",
				     LBHASH_BACKENDS_MAX);
	err = check_ranges(&draft->conf, why);
	if (err)
		return err;
	draft->conf.size = lbhash_maglev_prime(draft->conf.size);
	if (draft->sorted != draft->n)
		sort(draft->members, draft->n, sizeof(*draft->members),
		     compare_members, NULL);
	err = check_names(draft, why);
	if (!err)
		err = check_marks(draft, why);
	if (!err)
		err = check_fields(&draft->conf, why);
	return err;
}

static bool is_same_member(const struct lbhash_member *a,
			   const struct lbhash_member *b)
{
	return a->backend == b->backend && a->mark == b->mark &&
	       a->weight == b->weight && a->state == b->state &&
	       a->addr4 == b->addr4 && ipv6_addr_equal(&a->addr6, &b->addr6);
}

/**
 * lbhash_draft_is_base - does a draft leave its service as it is?
 * @draft: draft, after lbhash_draft_check()
 *
 * Return: true if the service exists and has this very configuration.
 */
bool lbhash_draft_is_base(const struct lbhash_draft *draft)
{
	const struct lbhash_table *base = draft->base;
	u32 i;

	if (!base || base->n != draft->n ||
	    memcmp(&base->conf, &draft->conf, sizeof(base->conf)))
		return false;
	for (i = 0; i < draft->n; i++)
		if (!is_same_member(&base->members[i], &draft->members[i]))
			return false;
	return true;
}
