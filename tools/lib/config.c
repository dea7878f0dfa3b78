// SPDX-License-Identifier: GPL-2.0
/*
 * The whole configuration: from JSON to requests, and from the kernel to JSON.
 */
#include <errno.h>
#include <linux/lbhash.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backend.h"
#include "commit.h"
#include "config.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "request.h"
#include "service.h"
#include "value.h"

#define SAVE_TRIES	10

/**
 * struct place - a place in the file, for errors
 * @path: as in "services[2].backends[0].mark"
 * @error: set by refuse()
 */
struct place {
	char path[256];
	struct lb_error *error;
};

static int refuse(const struct place *at, const char *why)
{
	lb_error_set(at->error, EINVAL, "%s", why);
	return lb_error_prefix(at->error, "%s: ", at->path);
}

/* Step into a part of the file. Return: the way back, for leave(). */
__printf(2, 3)
static size_t enter(struct place *at, const char *fmt, ...)
{
	size_t len = strlen(at->path);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(at->path + len, sizeof(at->path) - len, fmt, ap);
	va_end(ap);
	return len;
}

static void leave(struct place *at, size_t len)
{
	at->path[len] = '\0';
}

static const char *wanted(const struct lb_field *field)
{
	if (!(field->flags & FIELD_INTEGER))
		return "must be a string";
	if (!(field->flags & FIELD_STRING))
		return "must be a whole number";
	return "must be a whole number or a string";
}

static int read_value(const struct place *at, const struct lb_field *field,
		      const json_t *value, void *into)
{
	const char *text = NULL;
	char number[32];

	if (json_is_integer(value) && field->flags & FIELD_INTEGER) {
		snprintf(number, sizeof(number), "%lld",
			 (long long)json_integer_value(value));
		text = number;
	} else if (json_is_string(value) && field->flags & FIELD_STRING) {
		text = json_string_value(value);
	}
	if (!text)
		return refuse(at, wanted(field));
	if (!field->parse(field, text, into, at->error))
		return 0;
	return lb_error_prefix(at->error, "%s: ", at->path);
}

static int read_list(struct place *at, const struct lb_field *field,
		     const json_t *list, void *into)
{
	const json_t *value;
	size_t i, back;
	int rc;

	if (!json_is_array(list))
		return refuse(at, "must be a list of strings");
	json_array_foreach(list, i, value) {
		back = enter(at, "[%zu]", i);
		rc = read_value(at, field, value, into);
		if (rc)
			return rc;
		leave(at, back);
	}
	return 0;
}

static const struct lb_field *find_field(const struct lb_field *fields,
					 const char *key)
{
	for (; fields->key; fields++)
		if (!strcmp(key, fields->key))
			return fields;
	return NULL;
}

/* The first field that is required and not set. */
static const char *find_missing(const struct lb_field *fields, __u32 have)
{
	unsigned int i;

	for (i = 0; fields[i].key; i++)
		if (fields[i].flags & FIELD_REQUIRED && !(have & BIT(i)))
			return fields[i].key;
	return NULL;
}

/* Keys that are no field must be name or @list, which the caller reads. */
static int read_fields(struct place *at, const struct lb_field *fields,
		       const json_t *object, const char *list, void *into)
{
	const struct lb_field *field;
	__u32 *have = into;
	const char *key;
	json_t *value;
	size_t back;
	int rc;

	json_object_foreach((json_t *)object, key, value) {
		if (!strcmp(key, "name") || (list && !strcmp(key, list)))
			continue;
		field = find_field(fields, key);
		back = enter(at, ".%.64s", key);
		if (!field)
			return refuse(at, "unknown key");
		rc = (field->flags & FIELD_LIST) ?
		     read_list(at, field, value, into) :
		     read_value(at, field, value, into);
		if (rc)
			return rc;
		leave(at, back);
		*have |= BIT(field - fields);
	}
	key = find_missing(fields, *have);
	if (!key)
		return 0;
	enter(at, ".%s", key);
	return refuse(at, "is missing");
}

static int remember(json_t *names, const char *name, struct lb_error *error)
{
	return json_object_set_new(names, name, json_true()) ?
	       lb_error_memory(error) : 0;
}

/* The name of an object must be unique in @names, to which it is added. */
static int read_name(struct place *at, const json_t *object, json_t *names,
		     const char **name)
{
	const json_t *value;
	size_t back;

	if (!json_is_object(object))
		return refuse(at, "must be an object");
	back = enter(at, ".name");
	value = json_object_get(object, "name");
	*name = json_string_value(value);
	if (!value)
		return refuse(at, "is missing");
	if (!*name)
		return refuse(at, "must be a string");
	if (json_object_get(names, *name))
		return refuse(at, "must be unique");
	if (lb_parse_name(*name, at->error))
		return lb_error_prefix(at->error, "%s: ", at->path);
	leave(at, back);
	return remember(names, *name, at->error);
}

static int check_mark(struct place *at, __u32 mark, __u32 mask,
		      const char *name, json_t *marks)
{
	char text[16], why[128];
	const char *other;

	snprintf(text, sizeof(text), "0x%x", mark);
	other = lb_json_string(marks, text);
	if (!other && !(mark & ~mask))
		return json_object_set_new(marks, text, json_string(name)) ?
		       lb_error_memory(at->error) : 0;
	if (other)
		snprintf(why, sizeof(why), "%s is taken by backend %s", text,
			 other);
	else
		snprintf(why, sizeof(why), "%s is outside mask 0x%x",
			 text, mask);
	enter(at, ".mark");
	return refuse(at, why);
}

static int read_backend(struct place *at, const json_t *object, __u32 mask,
			json_t *names, json_t *marks, struct lb_request *req)
{
	struct lb_backend be = {};
	const char *name = NULL;
	int rc;

	rc = read_name(at, object, names, &name);
	if (!rc)
		rc = read_fields(at, lb_backend_fields, object, NULL, &be);
	if (rc)
		return rc;
	if (be.addr.none) {
		enter(at, ".addresses");
		return refuse(at, "must not contain none; for no address use an empty list");
	}
	rc = check_mark(at, be.mark, mask, name, marks);
	if (!rc)
		lb_backend_put(req, name, &be);
	return rc;
}

static int read_backends(struct place *at, const json_t *list, __u32 mask,
			 struct lb_request *req)
{
	json_t *names = json_object(), *marks = json_object();
	size_t i, back, start = enter(at, ".backends");
	const json_t *object;
	int rc = 0;

	if (!names || !marks)
		rc = lb_error_memory(at->error);
	else if (list && !json_is_array(list))
		rc = refuse(at, "must be a list of objects");
	json_array_foreach(list, i, object) {
		if (rc)
			break;
		back = enter(at, "[%zu]", i);
		rc = read_backend(at, object, mask, names, marks, req);
		if (!rc)
			leave(at, back);
	}
	json_decref(names);
	json_decref(marks);
	if (!rc)
		leave(at, start);
	return rc;
}

static int read_service(struct place *at, const json_t *object, __u32 flags,
			json_t *names, struct lb_commit *commit)
{
	struct lb_service svc = { .mask = 0xffffffff };
	struct lb_request *req;
	const char *name = NULL;
	int rc;

	rc = read_name(at, object, names, &name);
	if (!rc)
		rc = read_fields(at, lb_service_fields, object, "backends",
				 &svc);
	if (rc)
		return rc;
	svc.have |= flags;
	req = lb_service_request(LBHASH_CMD_SERVICE_APPLY, name, &svc);
	if (req)
		snprintf(req->about, sizeof(req->about), "service %s", name);
	rc = read_backends(at, json_object_get(object, "backends"), svc.mask,
			   req);
	lb_commit_add(commit, req);
	return rc;
}

/* The size of the flow memory stays as it is if there is none. */
static int read_memory(const json_t *config, struct lb_commit *commit,
		       struct lb_error *error)
{
	const struct lb_field *field = &lb_memory_fields[LB_MEMORY_LIMIT];
	const json_t *value = json_object_get(config, field->key);
	struct lb_memory memory = { .have = BIT(LB_MEMORY_LIMIT) };
	struct place at = { .path = "memory", .error = error };
	struct lb_request *req;
	int rc;

	if (!value)
		return 0;
	rc = read_value(&at, field, value, &memory);
	if (rc)
		return rc;
	req = lb_memory_request(&memory);
	if (req)
		snprintf(req->about, sizeof(req->about), "memory");
	lb_commit_add(commit, req);
	return 0;
}

static bool has_strange_keys(const json_t *config)
{
	size_t known = 1 + !!json_object_get(config, "memory");

	return json_object_size(config) != known;
}

/**
 * lb_config_load() - read JSON text
 * @in: file with the text, read to its end
 * @config: out, the JSON, a new reference; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_config_load(FILE *in, json_t **config, struct lb_error *error)
{
	json_error_t where;

	errno = 0;
	*config = json_loadf(in, JSON_REJECT_DUPLICATES, &where);
	if (*config && !ferror(in))
		return 0;
	if (ferror(in))
		lb_error_set(error, errno ? errno : EIO, "%s",
			     strerror(errno));
	else if (!*where.text ||
		 json_error_code(&where) == json_error_out_of_memory)
		lb_error_memory(error);
	else
		lb_error_set(error, EINVAL, "line %d column %d: %s",
			     where.line, where.column, where.text);
	json_decref(*config);
	*config = NULL;
	return -error->code;
}

/**
 * lb_config_read() - make requests from a configuration
 * @config: JSON from lb_config_load()
 * @is_disruptive: permit changes that move connections
 * @commit: gets a request for each service, and one for the flow memory
 * @names: object whose keys become the names of these services
 * @error: set on failure; the sentence says where in @config
 *
 * No request is sent.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int lb_config_read(const json_t *config, bool is_disruptive,
		   struct lb_commit *commit, json_t *names,
		   struct lb_error *error)
{
	struct place at = { .path = "services", .error = error };
	const json_t *list = json_object_get(config, "services");
	const json_t *object;
	size_t i, back;
	int rc;

	if (!json_is_array(list) || has_strange_keys(config))
		return lb_error_set(error, EINVAL,
				    "must be an object whose keys are services, a list, and perhaps memory");
	rc = read_memory(config, commit, error);
	if (rc)
		return rc;
	json_array_foreach(list, i, object) {
		back = enter(&at, "[%zu]", i);
		rc = read_service(&at, object, is_disruptive ?
				  BIT(LB_SERVICE_DISRUPTIVE) : 0, names,
				  commit);
		if (rc)
			break;
		leave(&at, back);
	}
	return rc;
}

/**
 * lb_config_prune() - add requests that delete services
 * @lb: from lb_new()
 * @names: object whose keys are the services to keep; NULL for none
 * @commit: gets the requests, and the names of all services that exist
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_config_prune(struct lb *lb, const json_t *names,
		    struct lb_commit *commit, struct lb_error *error)
{
	json_t *services = json_array();
	const json_t *service;
	const char *name;
	size_t i;
	int rc;

	rc = lb_services(lb, NULL, services, error);
	commit->known = json_object();
	if (!rc && !commit->known)
		rc = lb_error_memory(error);
	json_array_foreach(services, i, service) {
		name = lb_json_string(service, "name");
		if (rc || !name)
			continue;
		rc = remember(commit->known, name, error);
		if (!json_object_get(names, name))
			lb_commit_add(commit,
				      lb_service_request(LBHASH_CMD_SERVICE_DEL,
							 name, NULL));
	}
	json_decref(services);
	return rc;
}

/* --- saving ----------------------------------------------------------------*/

static void drop_keys(const json_t *services, const char *const *keys)
{
	json_t *service;
	size_t i;

	for (; *keys; keys++)
		json_array_foreach(services, i, service)
			json_object_del(service, *keys);
}

/* The services, without what changes by itself. */
static int list_services(struct lb *lb, json_t *services,
			 struct lb_error *error)
{
	static const char *const passing[] = {
		"transition_slots", "settles_in", "holding", NULL
	};
	int rc = lb_services(lb, NULL, services, error);

	drop_keys(services, passing);
	return rc;
}

/* Services and backends of one moment: read again until they fit together. */
static int snapshot(struct lb *lb, json_t *services, json_t *backends,
		    struct lb_error *error)
{
	json_t *again = json_array();
	unsigned int tries;
	int rc = 0;

	for (tries = 0; !rc; tries++) {
		json_array_clear(services);
		json_object_clear(backends);
		json_array_clear(again);
		rc = list_services(lb, services, error);
		if (!rc)
			rc = lb_backends(lb, NULL, NULL, backends, error);
		if (!rc)
			rc = list_services(lb, again, error);
		if (rc || json_equal(services, again))
			break;
		if (tries == SAVE_TRIES)
			rc = lb_error_set(error, EAGAIN,
					  "the configuration changes faster than it can be read");
	}
	json_decref(again);
	return rc;
}

/* What an older module does not report takes its default when applied. */
static void drop_nulls(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value)
		if (json_is_null(value))
			json_object_del(object, key);
}

/* Turn what lb_services() reads into what lb_config_read() takes. */
static int make_service(json_t *service, const json_t *backends,
			struct lb_error *error)
{
	const char *name = lb_json_string(service, "name");
	json_t *members, *member;
	size_t i;

	if (json_is_null(json_object_get(service, "seed"))) {
		lb_error_set(error, EPERM, "reading the seed needs CAP_NET_ADMIN");
		return lb_error_prefix(error, "%s: ", name ? name : "?");
	}
	members = name ? json_object_get(backends, name) : NULL;
	json_array_foreach(members, i, member) {
		json_object_del(member, "slots");
		drop_nulls(member);
	}
	drop_nulls(service);
	members = members ? json_incref(members) : json_array();
	return json_object_set_new(service, "backends", members) ?
	       lb_error_memory(error) : 0;
}

/* Add the size of the flow memory, unless an older module has none. */
static int add_memory(struct lb *lb, json_t *config, struct lb_error *error)
{
	json_t *memory, *limit;
	int rc;

	rc = lb_memory_totals(lb, &memory, error);
	if (rc && error->is_unknown)
		return 0;
	if (rc)
		return rc;
	limit = json_object_get(memory, "limit");
	if (!json_is_null(limit) && json_object_set(config, "memory", limit))
		rc = lb_error_memory(error);
	json_decref(memory);
	return rc;
}

/**
 * lb_config_save() - read the configuration, as lb_config_read() takes it
 * @lb: from lb_new()
 * @config: out, the configuration, a new reference; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno; -EPERM if the seeds are hidden.
 */
int lb_config_save(struct lb *lb, json_t **config, struct lb_error *error)
{
	static const char *const state[] = {
		"digest", "generation", "rules", NULL
	};
	json_t *services = json_array(), *backends = json_object(), *service;
	size_t i;
	int rc;

	*config = NULL;
	rc = snapshot(lb, services, backends, error);
	drop_keys(services, state);
	json_array_foreach(services, i, service)
		if (!rc)
			rc = make_service(service, backends, error);
	if (!rc) {
		*config = json_object();
		rc = add_memory(lb, *config, error);
		if (!rc && json_object_set(*config, "services", services))
			rc = lb_error_memory(error);
	}
	if (rc) {
		json_decref(*config);
		*config = NULL;
	}
	json_decref(services);
	json_decref(backends);
	return rc;
}
