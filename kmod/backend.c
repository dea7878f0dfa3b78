// SPDX-License-Identifier: GPL-2.0
/*
 * Backends: what outlives a change of the set, and what each table knows.
 */
#include <linux/bsearch.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "backend.h"
#include "lbhash.h"
#include "nexthop.h"
#include "stats.h"

/* All zero, as that of a table's digest: equal on all machines. */
static const siphash_key_t name_key;

static atomic_t last_id;

/**
 * lbhash_backend_alloc - allocate a backend
 * @name: name of the backend, already validated
 *
 * Context: may sleep.
 * Return: the backend with one reference, the caller's, or NULL.
 */
struct lbhash_backend *lbhash_backend_alloc(const char *name)
{
	struct lbhash_backend *backend;

	backend = kzalloc(sizeof(*backend), LBHASH_GFP_KEPT);
	if (!backend)
		return NULL;
	backend->stats = lbhash_stats_backend_alloc();
	if (!backend->stats) {
		kfree(backend);
		return NULL;
	}
	refcount_set(&backend->ref, 1);
	backend->id = atomic_inc_return(&last_id);
	strscpy(backend->name, name, sizeof(backend->name));
	backend->hash = siphash(name, strlen(name), &name_key);
	return backend;
}

/**
 * lbhash_backend_put - drop a reference; the last one frees the backend
 * @backend: backend, used by no packet if this is its last reference
 *
 * Context: any but hard interrupts.
 */
void lbhash_backend_put(struct lbhash_backend *backend)
{
	if (!refcount_dec_and_test(&backend->ref))
		return;
	lbhash_nexthop_drop(&backend->nexthop4);
	lbhash_nexthop_drop(&backend->nexthop6);
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
 * @members: array sorted by name
 * @n: length of @members
 * @name: name to find
 *
 * Return: the member or NULL.
 */
struct lbhash_member *lbhash_member_find(struct lbhash_member *members, u32 n,
					 const char *name)
{
	return bsearch(name, members, n, sizeof(*members), compare_name);
}

/**
 * lbhash_member_seek - find members one after the other, in the order of names
 * @members: array sorted by name
 * @n: length of @members
 * @at: position of the search, 0 before the first call
 * @name: name to find, not less than in the previous call
 *
 * Return: the member or NULL.
 */
struct lbhash_member *lbhash_member_seek(struct lbhash_member *members, u32 n,
					 u32 *at, const char *name)
{
	int order;

	for (; *at < n; ++*at) {
		order = strcmp(members[*at].backend->name, name);
		if (order >= 0)
			return order ? NULL : &members[*at];
	}
	return NULL;
}
