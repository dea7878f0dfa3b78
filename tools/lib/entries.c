// SPDX-License-Identifier: GPL-2.0
/*
 * Entries of the flow memory: read at one balancer, inserted at another one.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "entries.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "names.h"
#include "request.h"
#include "service.h"
#include "socket.h"

/* In one request: less than 64 KiB. */
#define ENTRIES_AT_ONCE	500

/* --- reading ---------------------------------------------------------------*/

/**
 * struct page - the entries of a service, as far as they have been read
 * @entries: array of them
 * @next: position of the next ones; 0 at the end
 */
struct page {
	json_t *entries;
	__u64 next;
};

static json_t *flags_json(const struct nlattr *attr)
{
	const char *const *names = lb_entry_flag_names;
	json_t *flags = json_array();
	unsigned int i;

	for (i = 0; names[i]; i++)
		if (lb_uint(attr) & BIT(i) &&
		    lb_json_append(flags, json_string(names[i]))) {
			json_decref(flags);
			return NULL;
		}
	return flags;
}

static json_t *entry_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_ENTRY_A_MAX + 1];

	lb_nested(nest, tb, LBHASH_ENTRY_A_MAX);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "backend", lb_json_text(tb[LBHASH_ENTRY_A_BACKEND]),
			 "slot", lb_json_uint(tb[LBHASH_ENTRY_A_SLOT]),
			 "print", lb_json_digest(tb[LBHASH_ENTRY_A_PRINT]),
			 "sequence", lb_json_uint(tb[LBHASH_ENTRY_A_SEQUENCE]),
			 "bytes", lb_json_uint(tb[LBHASH_ENTRY_A_BYTES]),
			 "age", lb_json_uint(tb[LBHASH_ENTRY_A_AGE]),
			 "flags", flags_json(tb[LBHASH_ENTRY_A_FLAGS]));
}

static int read_page(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	struct page *page = arg;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	page->next = lb_uint(tb[LBHASH_A_POSITION]);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == LBHASH_A_ENTRY &&
		    lb_json_append(page->entries, entry_json(attr)))
			return -ENOMEM;
	return 0;
}

static int read_entries(struct lb *lb, const char *service, json_t *entries,
			struct lb_error *error)
{
	struct page page = { .entries = entries };
	struct lb_request *req;
	int rc;

	do {
		req = lb_request_start(LBHASH_CMD_ENTRY_GET);
		lb_put_str(req, LBHASH_A_NAME, service);
		lb_put(req, LBHASH_A_POSITION, &page.next, sizeof(page.next));
		rc = lb_do(lb, req, read_page, &page, error);
	} while (!rc && page.next);
	return rc;
}

static int append_service(struct lb *lb, const char *name, json_t *services,
			  struct lb_error *error)
{
	json_t *entries = json_array();
	int rc;

	rc = read_entries(lb, name, entries, error);
	if (!rc && json_array_size(entries) &&
	    lb_json_append(services, json_pack("{s:s, s:O}", "service", name,
					       "entries", entries)))
		rc = lb_error_memory(error);
	json_decref(entries);
	return rc;
}

/**
 * lb_entries_dump() - read the entries of the flow memory
 * @lb: from lb_new()
 * @into: out, an object with the key and the entries of all services that have
 *	some, a new reference; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_entries_dump(struct lb *lb, json_t **into, struct lb_error *error)
{
	json_t *found = json_array(), *services = json_array(), *key, *service;
	const char *name;
	size_t i;
	int rc;

	*into = NULL;
	rc = lb_memory_key(lb, &key, error);
	if (!rc)
		rc = lb_services(lb, NULL, found, error);
	json_array_foreach(found, i, service) {
		name = lb_json_string(service, "name");
		if (!rc && name)
			rc = append_service(lb, name, services, error);
	}
	if (!rc) {
		*into = json_pack("{s:O, s:O}", "key", key,
				  "services", services);
		if (!*into)
			rc = lb_error_memory(error);
	}
	json_decref(key);
	json_decref(found);
	json_decref(services);
	return rc;
}

/* --- inserting -------------------------------------------------------------*/

static int refuse(struct lb_error *error, const char *path, const char *why)
{
	lb_error_set(error, EINVAL, "%s", why);
	return lb_error_prefix(error, "%s: ", path);
}

static int read_flags(const json_t *list, __u32 *flags)
{
	const char *name;
	json_t *value;
	unsigned int bit;
	size_t i;

	*flags = 0;
	json_array_foreach((json_t *)list, i, value) {
		name = json_string_value(value);
		for (bit = 0; lb_entry_flag_names[bit]; bit++)
			if (name && !strcmp(name, lb_entry_flag_names[bit]))
				break;
		if (!lb_entry_flag_names[bit])
			return -EINVAL;
		*flags |= BIT(bit);
	}
	return 0;
}

static const struct {
	const char *key;
	__u16 attr;
} numbers[] = {
	{ "slot", LBHASH_ENTRY_A_SLOT },
	{ "sequence", LBHASH_ENTRY_A_SEQUENCE },
	{ "bytes", LBHASH_ENTRY_A_BYTES },
	{ "age", LBHASH_ENTRY_A_AGE },
};

#define NUMBERS	(sizeof(numbers) / sizeof(*numbers))

static bool has_numbers(const json_t *entry)
{
	const json_t *value;
	unsigned int i;

	for (i = 0; i < NUMBERS; i++) {
		value = json_object_get(entry, numbers[i].key);
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > 0xffffffff)
			return false;
	}
	return true;
}

/* Append an entry to a request. */
static int put_entry(struct lb_request *req, const json_t *entry,
		     const char *path, struct lb_error *error)
{
	const json_t *list = json_object_get(entry, "flags");
	const char *backend = lb_json_string(entry, "backend");
	const char *text = lb_json_string(entry, "print");
	unsigned int i;
	__u32 flags;
	__u64 print;
	size_t nest;
	char *end;

	if (!backend || !text || json_object_size(entry) != NUMBERS + 3)
		return refuse(error, path,
			      "must have backend, slot, print, sequence, bytes, age and flags");
	if (lb_parse_name(backend, error))
		return lb_error_prefix(error, "%s: backend ", path);
	print = strtoull(text, &end, 16);
	if (strlen(text) != 16 || *end || strspn(text, "+- "))
		return refuse(error, path, "print must be 16 hex digits");
	if (!has_numbers(entry))
		return refuse(error, path, "numbers must be 0..4294967295");
	if (!json_is_array(list) || read_flags(list, &flags))
		return refuse(error, path,
			      "flags must be a list of open, flow, single, fin, rst");
	nest = lb_nest_start(req, LBHASH_A_ENTRY);
	lb_put_str(req, LBHASH_ENTRY_A_BACKEND, backend);
	lb_put(req, LBHASH_ENTRY_A_PRINT, &print, sizeof(print));
	lb_put_u32(req, LBHASH_ENTRY_A_FLAGS, flags);
	for (i = 0; i < NUMBERS; i++)
		lb_put_u32(req, numbers[i].attr,
			   lb_json_number(entry, numbers[i].key));
	lb_nest_end(req, nest);
	return 0;
}

/**
 * struct sums - what became of entries
 * @inserted: number of those that were inserted
 * @skipped: number of those that meant nothing here, or had no room
 */
struct sums {
	__u64 inserted;
	__u64 skipped;
};

static int add_sums(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	struct sums *sums = arg;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	sums->inserted += lb_uint(tb[LBHASH_A_ENTRIES]);
	sums->skipped += lb_uint(tb[LBHASH_A_SKIPPED]);
	return 0;
}

/* Insert the entries of a service from @first on, as many as a request takes.
 */
static int insert_some(struct lb *lb, const struct lb_memory *memory,
		       const char *service, const json_t *entries, size_t first,
		       const char *path, struct sums *sums,
		       struct lb_error *error)
{
	struct lb_request *req = lb_request_start(LBHASH_CMD_ENTRY_NEW);
	size_t i, n = json_array_size(entries);
	char at[128];
	int rc = 0;

	lb_put_str(req, LBHASH_A_NAME, service);
	lb_put(req, LBHASH_A_MEMORY_KEY, memory->key, sizeof(memory->key));
	for (i = first; !rc && i < n && i < first + ENTRIES_AT_ONCE; i++) {
		snprintf(at, sizeof(at), "%s.entries[%zu]", path, i);
		rc = put_entry(req, json_array_get(entries, i), at, error);
	}
	if (!rc)
		return lb_do(lb, req, add_sums, sums, error);
	lb_request_free(req);
	return rc;
}

static int insert_service(struct lb *lb, const struct lb_memory *memory,
			  const json_t *object, const char *path, json_t *into,
			  struct lb_error *error)
{
	const json_t *entries = json_object_get(object, "entries");
	const char *name = lb_json_string(object, "service");
	struct sums sums = {};
	size_t i;
	int rc;

	if (!name || !json_is_array(entries) || json_object_size(object) != 2)
		return refuse(error, path,
			      "must have service, and entries, a list");
	rc = lb_parse_name(name, error);
	if (rc)
		return lb_error_prefix(error, "%s: service ", path);
	for (i = 0; !rc && i < json_array_size(entries); i += ENTRIES_AT_ONCE)
		rc = insert_some(lb, memory, name, entries, i, path, &sums,
				 error);
	if (!rc)
		rc = lb_json_append(into, json_pack("{s:s, s:I, s:I}",
						    "service", name,
						    "inserted",
						    (json_int_t)sums.inserted,
						    "skipped",
						    (json_int_t)sums.skipped)) ?
		     lb_error_memory(error) : 0;
	return rc;
}

/* Make the key of the entries that of the memory, which may have it. */
static int take_key(struct lb *lb, const char *text, struct lb_memory *memory,
		    struct lb_error *error)
{
	const struct lb_field *field = &lb_memory_fields[LB_MEMORY_KEY];

	memory->have = BIT(LB_MEMORY_KEY);
	if (field->parse(field, text, memory, error))
		return lb_error_prefix(error, "key: ");
	return lb_do(lb, lb_memory_request(memory), NULL, NULL, error);
}

/**
 * lb_entries_insert() - insert entries that were read at another balancer
 * @lb: from lb_new()
 * @dump: object from lb_entries_dump(); its key becomes that of the memory
 * @into: array that gets an object for each service, with two numbers
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_entries_insert(struct lb *lb, const json_t *dump, json_t *into,
		      struct lb_error *error)
{
	json_t *services = json_object_get(dump, "services"), *service;
	const char *key = lb_json_string(dump, "key");
	struct lb_memory memory = {};
	char path[64];
	size_t i;
	int rc;

	if (!key || !json_is_array(services) || json_object_size(dump) != 2) {
		lb_error_set(error, EINVAL,
			     "must be an object with key, and services, a list");
		error->is_complete = true;
		return -EINVAL;
	}
	rc = take_key(lb, key, &memory, error);
	json_array_foreach(services, i, service) {
		if (rc)
			break;
		snprintf(path, sizeof(path), "services[%zu]", i);
		rc = insert_service(lb, &memory, service, path, into, error);
	}
	return rc;
}
