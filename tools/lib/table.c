// SPDX-License-Identifier: GPL-2.0
/*
 * The table of a service: slots per backend, and the ideal number of slots.
 */
#include <errno.h>
#include <linux/lbhash.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "backend.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "request.h"
#include "socket.h"
#include "table.h"

#define TABLE_TRIES	10

/**
 * struct pages - a table, as far as it has been read
 * @size: number of slots
 * @have: number of slots that have been read
 * @digest: digest of the table at the first page
 * @generation: generation of the service at the first page
 * @marks: marks of the owners, in slot order
 * @is_torn: the table changed between two pages
 */
struct pages {
	__u32 size;
	__u32 have;
	json_t *digest;
	__u64 generation;
	__u32 *marks;
	bool is_torn;
};

struct owner {
	__u32 mark;
	__u32 slots;
	const char *name;
};

/**
 * struct owners - the backends of a service
 * @count: number of backends
 * @weight: sum of the weights of those that are up
 * @all: the backends, sorted by mark
 */
struct owners {
	size_t count;
	__u64 weight;
	struct owner *all;
};

static int read_page(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	struct pages *pages = arg;
	__u64 generation;
	__u32 size, n = 0;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	size = lb_uint(tb[LBHASH_A_SIZE]);
	generation = lb_uint(tb[LBHASH_A_GENERATION]);
	if (!pages->marks) {
		pages->size = size;
		pages->generation = generation;
		pages->digest = lb_json_digest(tb[LBHASH_A_DIGEST]);
		pages->marks = calloc((size_t)size + 1, sizeof(__u32));
		if (!pages->digest || !pages->marks)
			return -ENOMEM;
	}
	if (tb[LBHASH_A_MARKS])
		n = mnl_attr_get_payload_len(tb[LBHASH_A_MARKS]) /
		    sizeof(*pages->marks);
	pages->is_torn = size != pages->size ||
			 generation != pages->generation ||
			 lb_uint(tb[LBHASH_A_FIRST_SLOT]) != pages->have ||
			 !n || n > size - pages->have;
	if (pages->is_torn)
		return 0;
	memcpy(pages->marks + pages->have,
	       mnl_attr_get_payload(tb[LBHASH_A_MARKS]),
	       n * sizeof(*pages->marks));
	pages->have += n;
	return 0;
}

static int read_pages(struct lb *lb, const char *service, struct pages *pages,
		      struct lb_error *error)
{
	struct lb_request *req;
	int rc;

	do {
		req = lb_request_start(LBHASH_CMD_TABLE_GET);
		lb_put_str(req, LBHASH_A_NAME, service);
		lb_put_u32(req, LBHASH_A_FIRST_SLOT, pages->have);
		rc = lb_do(lb, req, read_page, pages, error);
	} while (!rc && !pages->is_torn && pages->have < pages->size);
	return rc;
}

/* Weight for new connections: 0 unless the backend is up. */
static __u64 new_weight(const json_t *backend)
{
	const char *state = lb_json_string(backend, "state");

	return state && !strcmp(state, lb_state_names[LBHASH_STATE_UP]) ?
	       lb_json_number(backend, "weight") : 0;
}

static int compare_owners(const void *a, const void *b)
{
	const struct owner *left = a, *right = b;

	return (left->mark > right->mark) - (left->mark < right->mark);
}

static struct owner *find_owner(const struct owners *owners, __u32 mark)
{
	struct owner key = { .mark = mark };

	return bsearch(&key, owners->all, owners->count, sizeof(key),
		       compare_owners);
}

static int fill_owners(struct owners *owners, const json_t *backends)
{
	const json_t *backend;
	struct owner *o;
	size_t i;

	owners->count = json_array_size(backends);
	owners->weight = 0;
	owners->all = calloc(owners->count + 1, sizeof(*owners->all));
	if (!owners->all)
		return -ENOMEM;
	json_array_foreach(backends, i, backend) {
		o = &owners->all[i];
		o->mark = lb_json_number(backend, "mark");
		o->name = lb_json_string(backend, "name");
		owners->weight += new_weight(backend);
	}
	qsort(owners->all, owners->count, sizeof(*owners->all),
	      compare_owners);
	return 0;
}

/* Return: false if the owner of a slot is unknown. */
static bool count_slots(const struct pages *pages, struct owners *owners)
{
	struct owner *o;
	__u32 i;

	for (i = 0; i < pages->size; i++) {
		if (!pages->marks[i])
			continue;
		o = find_owner(owners, pages->marks[i]);
		if (!o)
			return false;
		o->slots++;
	}
	return true;
}

static __u64 divide(__u64 dividend, __u64 divisor)
{
	return divisor ? (dividend + divisor / 2) / divisor : 0;
}

static json_t *backend_json(const json_t *backend, const struct pages *pages,
			    const struct owners *owners)
{
	__u32 mark = lb_json_number(backend, "mark");
	struct owner *o = find_owner(owners, mark);
	__u64 hundredths;

	hundredths = divide(new_weight(backend) * pages->size * 100,
			    owners->weight);
	return json_pack("{s:O*, s:I, s:f}",
			 "name", json_object_get(backend, "name"),
			 "slots", (json_int_t)(o ? o->slots : 0),
			 "ideal", hundredths / 100.0);
}

/* Return: an array of names, null for slots without an owner. */
static json_t *slots_json(const struct pages *pages,
			  const struct owners *owners)
{
	json_t *slots = json_array(), *slot;
	struct owner *o;
	__u32 i;

	for (i = 0; i < pages->size; i++) {
		o = pages->marks[i] ? find_owner(owners, pages->marks[i]) :
		    NULL;
		slot = o ? json_string(o->name) : json_null();
		if (lb_json_append(slots, slot)) {
			json_decref(slots);
			return NULL;
		}
	}
	return slots;
}

static json_t *backends_json(const json_t *backends, const struct pages *pages,
			     const struct owners *owners)
{
	json_t *list = json_array();
	const json_t *backend;
	size_t i;

	json_array_foreach(backends, i, backend)
		if (lb_json_append(list, backend_json(backend, pages,
						      owners))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *table_json(const char *service, const struct pages *pages,
			  const json_t *backends, const struct owners *owners,
			  bool with_slots)
{
	json_t *table;

	table = json_pack("{s:s, s:I, s:O*, s:o}", "service", service,
			  "size", (json_int_t)pages->size,
			  "digest", pages->digest,
			  "backends", backends_json(backends, pages, owners));
	if (with_slots && json_object_set_new(table, "slots",
					      slots_json(pages, owners))) {
		json_decref(table);
		return NULL;
	}
	return table;
}

/*
 * The table has marks, the backends have names. Return: 0 without a table if
 * they are not of the same moment.
 */
static int try_table(struct lb *lb, const char *service, bool with_slots,
		     json_t **table, struct lb_error *error)
{
	json_t *found = json_object(), *backends = NULL;
	struct owners owners = {};
	struct pages pages = {};
	int rc;

	rc = read_pages(lb, service, &pages, error);
	if (!rc && !pages.is_torn)
		rc = lb_backends(lb, service, NULL, found, error);
	if (!rc && !pages.is_torn) {
		backends = json_object_get(found, service);
		if (fill_owners(&owners, backends))
			rc = lb_error_memory(error);
	}
	if (!rc && !pages.is_torn && count_slots(&pages, &owners)) {
		*table = table_json(service, &pages, backends, &owners,
				    with_slots);
		if (!*table)
			rc = lb_error_memory(error);
	}
	free(owners.all);
	free(pages.marks);
	json_decref(pages.digest);
	json_decref(found);
	return rc;
}

/**
 * lb_table() - read the table of a service
 * @lb: from lb_new()
 * @service: name of the service
 * @with_slots: name the owner of each slot
 * @table: out, an object; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno, -EAGAIN if the table never stopped changing.
 */
int lb_table(struct lb *lb, const char *service, bool with_slots,
	     json_t **table, struct lb_error *error)
{
	unsigned int tries;
	int rc = 0;

	*table = NULL;
	for (tries = 0; !rc && !*table; tries++) {
		if (tries == TABLE_TRIES)
			return lb_error_set(error, EAGAIN,
					    "the table changes faster than it can be read");
		rc = try_table(lb, service, with_slots, table, error);
	}
	return rc;
}
