// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl table
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "columns.h"
#include "lbhashctl.h"
#include "nl.h"
#include "print.h"
#include "service.h"

#define TABLE_TRIES	10

static const struct print_field backends_view[] = {
	{ .key = "name", .label = "backend", .flags = PRINT_NAME },
	{ .key = "ideal" },
	{ .key = "slots" },
	{ .key = "spread", .flags = PRINT_RIGHT },
	{ .key = "share", .flags = PRINT_RIGHT },
	{ .key = "bar", .label = "", .flags = PRINT_BAR },
	{}
};

/**
 * struct pages - a table, as far as it has been read
 * @size: slots
 * @have: slots read
 * @digest: of the table that the pages are of
 * @generation: of the service at the first page
 * @marks: marks of the owners, in slot order
 * @torn: the table changed between two pages
 */
struct pages {
	__u32 size;
	__u32 have;
	json_t *digest;
	__u64 generation;
	__u32 *marks;
	bool torn;
};

struct owner {
	__u32 mark;
	__u32 slots;
	const char *name;
};

/**
 * struct owners - the backends of a service, sorted by mark
 * @count: how many
 * @weight: of all those that take new connections
 * @all: they
 */
struct owners {
	size_t count;
	__u64 weight;
	struct owner *all;
};

static void read_page(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	struct pages *pages = arg;
	__u64 generation;
	__u32 size, n = 0;

	nl_attrs(nlh, tb, LBHASH_A_MAX);
	size = nl_uint(tb[LBHASH_A_SIZE]);
	generation = nl_uint(tb[LBHASH_A_GENERATION]);
	if (!pages->marks) {
		pages->size = size;
		pages->generation = generation;
		pages->digest = json_digest(tb[LBHASH_A_DIGEST]);
		pages->marks = must_realloc(NULL,
					    (size + 1) * sizeof(__u32));
	}
	if (tb[LBHASH_A_MARKS])
		n = mnl_attr_get_payload_len(tb[LBHASH_A_MARKS]) /
		    sizeof(*pages->marks);
	pages->torn = size != pages->size || generation != pages->generation ||
		      nl_uint(tb[LBHASH_A_FIRST_SLOT]) != pages->have ||
		      !n || n > size - pages->have;
	if (pages->torn)
		return;
	memcpy(pages->marks + pages->have,
	       mnl_attr_get_payload(tb[LBHASH_A_MARKS]),
	       n * sizeof(*pages->marks));
	pages->have += n;
}

static int read_pages(const char *service, struct pages *pages)
{
	struct nl_msg *msg;
	int rc;

	do {
		msg = nl_request(LBHASH_CMD_TABLE_GET);
		nl_put_str(msg, LBHASH_A_NAME, service);
		nl_put_u32(msg, LBHASH_A_FIRST_SLOT, pages->have);
		rc = nl_do(msg, read_page, pages);
	} while (!rc && !pages->torn && pages->have < pages->size);
	return rc;
}

/* Share of the slots that a backend ought to have. */
static __u64 new_weight(const json_t *backend)
{
	const char *state;

	state = json_string_value(json_object_get(backend, "state"));
	return state && !strcmp(state, state_names[LBHASH_STATE_UP]) ?
	       json_number(backend, "weight") : 0;
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

static void fill_owners(struct owners *owners, const json_t *backends)
{
	const json_t *backend;
	struct owner *o;
	size_t i;

	owners->count = json_array_size(backends);
	owners->weight = 0;
	owners->all = must_realloc(NULL, (owners->count + 1) *
					 sizeof(*owners->all));
	json_array_foreach(backends, i, backend) {
		o = &owners->all[i];
		o->mark = json_number(backend, "mark");
		o->slots = 0;
		o->name = json_string_value(json_object_get(backend, "name"));
		owners->weight += new_weight(backend);
	}
	qsort(owners->all, owners->count, sizeof(*owners->all),
	      compare_owners);
}

/* Return: false if a slot has an owner that is not among them. */
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
	struct owner *o = find_owner(owners, json_number(backend, "mark"));
	__u32 slots = o ? o->slots : 0;
	json_t *new = json_object();
	__u64 hundredths;

	json_object_set(new, "name", json_object_get(backend, "name"));
	json_object_set_new(new, "slots", json_integer(slots));
	hundredths = divide(new_weight(backend) * pages->size * 100,
			    owners->weight);
	json_object_set_new(new, "ideal", json_real(hundredths / 100.0));
	return new;
}

static json_t *slots_json(const struct pages *pages,
			  const struct owners *owners)
{
	json_t *slots = json_array();
	struct owner *o;
	__u32 i;

	for (i = 0; i < pages->size; i++) {
		o = pages->marks[i] ? find_owner(owners, pages->marks[i]) :
		    NULL;
		json_array_append_new(slots, o ? json_string(o->name) :
				      json_null());
	}
	return slots;
}

static json_t *table_json(const char *service, const struct pages *pages,
			  const json_t *backends, const struct owners *owners)
{
	json_t *o = json_object(), *list = json_array();
	const json_t *backend;
	size_t i;

	json_array_foreach(backends, i, backend)
		json_array_append_new(list, backend_json(backend, pages,
							 owners));
	json_object_set_new(o, "service", json_string(service));
	json_object_set_new(o, "size", json_integer(pages->size));
	json_object_set(o, "digest", pages->digest);
	json_object_set_new(o, "backends", list);
	if (ctl.verbose)
		json_object_set_new(o, "slots", slots_json(pages, owners));
	return o;
}

/* The table has marks, the backends have names: both must be of one moment. */
static int read_table(const char *service, json_t **table)
{
	json_t *found = json_object(), *backends;
	struct owners owners = {};
	struct pages pages = {};
	int rc;

	rc = read_pages(service, &pages);
	if (!rc && !pages.torn)
		rc = backend_list(service, found);
	if (!rc && !pages.torn) {
		backends = json_object_get(found, service);
		fill_owners(&owners, backends);
		if (count_slots(&pages, &owners))
			*table = table_json(service, &pages, backends,
					    &owners);
	}
	free(owners.all);
	free(pages.marks);
	json_decref(pages.digest);
	json_decref(found);
	return rc;
}

/* How far the slots of backends that take connections are from the ideal. */
static void add_spread(const json_t *table, double *least, double *most)
{
	json_t *backends = json_object_get(table, "backends"), *backend;
	__u64 size = json_number(table, "size"), slots;
	double ideal, spread;
	char text[32];
	size_t i;

	json_array_foreach(backends, i, backend) {
		slots = json_number(backend, "slots");
		json_object_set_new(backend, "share",
				    columns_share(slots, size));
		ideal = json_number_value(json_object_get(backend, "ideal"));
		if (ideal <= 0)
			continue;
		spread = 100 * ((double)slots - ideal) / ideal;
		snprintf(text, sizeof(text), "%+.2f%%", spread);
		json_object_set_new(backend, "spread", json_string(text));
		*least = spread < *least ? spread : *least;
		*most = spread > *most ? spread : *most;
	}
	columns_add_bars(backends, "slots");
}

static void print_table(json_t *table)
{
	double least = 0, most = 0;
	json_t *slot;
	char *text;
	size_t i;

	add_spread(table, &least, &most);
	print_name(json_string_value(json_object_get(table, "service")));
	fputs(": ", stdout);
	print_number(table, "size");
	fputs(" slots, digest ", stdout);
	print_number(table, "digest");
	printf(", spread %+.2f%% to %+.2f%%\n", least, most);
	columns_print(json_object_get(table, "backends"), backends_view, "  ");
	json_array_foreach(json_object_get(table, "slots"), i, slot) {
		text = print_text(slot, 0);
		printf("  slot %zu %s\n", i, text);
		free(text);
	}
}

static int show_table(const struct command *cmd, char **argv)
{
	json_t *found = NULL;
	unsigned int tries;
	int rc = DONE;

	(void)cmd;
	for (tries = 0; !rc && !found; tries++) {
		if (tries == TABLE_TRIES)
			return fail(REFUSED,
				    "%s: the table changes faster than it can be read",
				    ctl.what);
		rc = read_table(argv[0], &found);
	}
	if (rc || ctl.json)
		return rc ? rc : print(found, NULL);
	print_table(found);
	json_decref(found);
	return DONE;
}

const struct command table_commands[] = {
	{ .args = "SERVICE",
	  .help = "show slots and share of each backend, and their distance from the ideal",
	  .run = show_table },
	{}
};
