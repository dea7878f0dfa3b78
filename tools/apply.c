// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl apply, save, flush: the whole configuration at once
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "change.h"
#include "lbhashctl.h"
#include "nl.h"
#include "parse.h"
#include "print.h"
#include "service.h"

#define SAVE_TRIES	10

/* Where in the file we are, for errors: "services[2].backends[0].mark". */
struct place {
	const char *file;
	char path[256];
};

/* Requests that are made as a whole or not at all. */
struct batch {
	struct nl_msg **msgs;
	size_t count;
	size_t room;
};

static void batch_add(struct batch *batch, struct nl_msg *msg)
{
	if (batch->count == batch->room) {
		batch->room = 2 * batch->room + 16;
		batch->msgs = must_realloc(batch->msgs, batch->room *
					   sizeof(*batch->msgs));
	}
	batch->msgs[batch->count++] = msg;
}

/* Return: @rc, or what the kernel said if that is DONE. */
static int batch_run(struct batch *batch, const json_t *known, int rc)
{
	size_t i;

	if (!rc)
		rc = change_all(batch->msgs, batch->count, known);
	for (i = 0; i < batch->count; i++)
		nl_free(batch->msgs[i]);
	free(batch->msgs);
	return rc;
}

static void batch_delete(struct batch *batch, const json_t *services,
			 const json_t *keep)
{
	const json_t *service;
	const char *name;
	size_t i;

	json_array_foreach(services, i, service) {
		name = json_string_value(json_object_get(service, "name"));
		if (name && !json_object_get(keep, name))
			batch_add(batch, service_del_request(name));
	}
}

/* An object with the services' names as keys. */
static json_t *names_of(const json_t *services)
{
	json_t *names = json_object();
	const json_t *service;
	const char *name;
	size_t i;

	json_array_foreach(services, i, service) {
		name = json_string_value(json_object_get(service, "name"));
		if (name)
			json_object_set_new(names, name, json_true());
	}
	return names;
}

static int bad(const struct place *at, const char *why)
{
	return fail(USAGE, "%s: %s: %s", at->file, at->path, why);
}

/* Steps into a part of the file; Return: the way back, for leave(). */
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

static const char *wanted(const struct setting *set)
{
	if (!(set->flags & SETTING_INTEGER))
		return "must be a string";
	if (!(set->flags & SETTING_STRING))
		return "must be a whole number";
	return "must be a whole number or a string";
}

static const char *read_value(const struct setting *set, const json_t *value,
			      void *into)
{
	char number[32];

	if (json_is_integer(value) && set->flags & SETTING_INTEGER) {
		snprintf(number, sizeof(number), "%lld",
			 (long long)json_integer_value(value));
		return set->parse(set, number, into);
	}
	if (json_is_string(value) && set->flags & SETTING_STRING)
		return set->parse(set, json_string_value(value), into);
	return wanted(set);
}

static int read_list(struct place *at, const struct setting *set,
		     const json_t *list, void *into)
{
	const char *why = NULL;
	const json_t *value;
	size_t i, back;

	if (!json_is_array(list))
		return bad(at, "must be a list of strings");
	json_array_foreach(list, i, value) {
		back = enter(at, "[%zu]", i);
		why = read_value(set, value, into);
		if (why)
			return bad(at, why);
		leave(at, back);
	}
	return DONE;
}

/* Keys that no setting has must be @name or @list, which the caller reads. */
static int read_settings(struct place *at, const struct setting *settings,
			 json_t *object, const char *list, void *into)
{
	const struct setting *set;
	__u32 *have = into;
	const char *key, *why;
	json_t *value;
	size_t back;

	json_object_foreach(object, key, value) {
		if (!strcmp(key, "name") || (list && !strcmp(key, list)))
			continue;
		for (set = settings; set->key; set++)
			if (set->json && !strcmp(key, set->json))
				break;
		back = enter(at, ".%.64s", key);
		if (!set->key)
			return bad(at, "unknown key");
		if (set->flags & SETTING_LIST) {
			if (read_list(at, set, value, into))
				return USAGE;
		} else {
			why = read_value(set, value, into);
			if (why)
				return bad(at, why);
		}
		leave(at, back);
		*have |= BIT(set - settings);
	}
	key = parse_missing(settings, *have);
	if (key) {
		enter(at, ".%s", key);
		return bad(at, "is missing");
	}
	return DONE;
}

/* Return: the object's name, unique in @names; or NULL after an error. */
static const char *read_name(struct place *at, const json_t *object,
			     json_t *names)
{
	const char *name, *why;
	const json_t *value;
	size_t back;

	if (!json_is_object(object)) {
		bad(at, "must be an object");
		return NULL;
	}
	back = enter(at, ".name");
	value = json_object_get(object, "name");
	name = json_string_value(value);
	if (!value)
		why = "is missing";
	else if (!name)
		why = "must be a string";
	else if (json_object_get(names, name))
		why = "is there twice";
	else
		why = parse_name(name);
	if (why) {
		bad(at, why);
		return NULL;
	}
	leave(at, back);
	json_object_set_new(names, name, json_true());
	return name;
}

static int read_mark(struct place *at, const struct backend *be,
		     __u32 mask, const char *name, json_t *marks)
{
	const char *other;
	char mark[16], why[128];

	snprintf(mark, sizeof(mark), "0x%x", be->mark);
	other = json_string_value(json_object_get(marks, mark));
	if (!other && !(be->mark & ~mask)) {
		json_object_set_new(marks, mark, json_string(name));
		return DONE;
	}
	if (other)
		snprintf(why, sizeof(why), "%s is the mark of %s", mark, other);
	else
		snprintf(why, sizeof(why), "%s does not fit the mask 0x%x",
			 mark, mask);
	enter(at, ".mark");
	return bad(at, why);
}

static int read_backends(struct place *at, const json_t *list, __u32 mask,
			 struct nl_msg *msg)
{
	json_t *names = json_object(), *marks = json_object();
	size_t i, back, start = enter(at, ".backends");
	const char *name;
	json_t *object;
	int rc = DONE;

	if (list && !json_is_array(list))
		rc = bad(at, "must be a list of objects");
	json_array_foreach(list, i, object) {
		struct backend be = {};

		back = enter(at, "[%zu]", i);
		name = read_name(at, object, names);
		rc = name ? read_settings(at, backend_settings, object, NULL,
					  &be) : USAGE;
		if (!rc && be.addr.none) {
			enter(at, ".addresses");
			rc = bad(at, "none is no address; leave the list empty");
		}
		if (!rc)
			rc = read_mark(at, &be, mask, name, marks);
		if (rc)
			break;
		backend_put(msg, name, &be);
		leave(at, back);
	}
	json_decref(names);
	json_decref(marks);
	if (!rc)
		leave(at, start);
	return rc;
}

static int read_service(struct place *at, json_t *object, __u32 flags,
			json_t *names, struct batch *batch)
{
	struct service svc = { .mask = 0xffffffff };
	struct nl_msg *msg;
	const char *name;

	name = read_name(at, object, names);
	if (!name || read_settings(at, service_settings, object, "backends",
				   &svc))
		return USAGE;
	svc.have |= flags;
	msg = nl_request(LBHASH_CMD_SERVICE_APPLY);
	snprintf(msg->about, sizeof(msg->about), "service %s: ", name);
	service_put(msg, name, &svc);
	batch_add(batch, msg);
	return read_backends(at, json_object_get(object, "backends"),
			     svc.mask, msg);
}

static int read_services(const char *file, const json_t *root, __u32 flags,
			 json_t *names, struct batch *batch)
{
	struct place at = { .file = file, .path = "services" };
	const json_t *list = json_object_get(root, "services");
	json_t *object;
	size_t i, back;
	int rc = DONE;

	if (!json_is_array(list) || json_object_size(root) != 1)
		return fail(USAGE,
			    "%s: must be an object with one key, services, a list",
			    file);
	json_array_foreach(list, i, object) {
		back = enter(&at, "[%zu]", i);
		rc = read_service(&at, object, flags, names, batch);
		if (rc)
			break;
		leave(&at, back);
	}
	return rc;
}

static json_t *load(const char *file)
{
	bool is_stdin = !strcmp(file, "-");
	json_error_t error;
	json_t *root;
	FILE *in;

	in = is_stdin ? stdin : fopen(file, "r");
	if (!in) {
		fail(USAGE, "%s: %s", file, strerror(errno));
		return NULL;
	}
	errno = 0;
	root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
	if (ferror(in))
		fail(USAGE, "%s: %s", file, strerror(errno));
	else if (!root)
		fail(USAGE, "%s: line %d column %d: %s", file, error.line,
		     error.column, error.text);
	if (!is_stdin)
		fclose(in);
	return root;
}

static const struct setting apply_settings[] = {
	{
		.key = "disruptive",
		.help = "allow changes that move connections",
	},
	CHANGE_DRY_RUN,
	{}
};

static int apply(const struct command *cmd, char **argv)
{
	json_t *running = json_array(), *names = json_object(), *known, *root;
	struct batch batch = {};
	__u32 disruptive = 0;
	int rc;

	rc = parse_settings(cmd->settings, argv + 1, &disruptive);
	root = rc ? NULL : load(argv[0]);
	if (root)
		rc = read_services(argv[0], root,
				   disruptive ? BIT(SERVICE_DISRUPTIVE) : 0,
				   names, &batch);
	else
		rc = USAGE;
	if (!rc)
		rc = service_list(NULL, running);
	if (!rc)
		batch_delete(&batch, running, names);
	known = names_of(running);
	rc = batch_run(&batch, known, rc);
	json_decref(known);
	json_decref(running);
	json_decref(names);
	json_decref(root);
	return rc;
}

static void forget(const json_t *services, const char *const *keys)
{
	json_t *service;
	size_t i;

	for (; *keys; keys++)
		json_array_foreach(services, i, service)
			json_object_del(service, *keys);
}

/* As service_list(), without what changes by itself. */
static int list_services(json_t *services)
{
	static const char *const passing[] = {
		"transition_slots", "settles_in", "holding", NULL
	};
	int rc = service_list(NULL, services);

	forget(services, passing);
	return rc;
}

/* The services, as long as nobody changes them while we read the backends. */
static int snapshot(json_t *services, json_t *backends)
{
	json_t *again = json_array();
	unsigned int tries;
	int rc = DONE;

	for (tries = 0; !rc; tries++) {
		json_array_clear(services);
		json_object_clear(backends);
		json_array_clear(again);
		rc = list_services(services);
		if (!rc)
			rc = backend_list(NULL, backends);
		if (!rc)
			rc = list_services(again);
		if (rc || json_equal(services, again))
			break;
		if (tries == SAVE_TRIES)
			rc = fail(REFUSED,
				  "%s: the configuration changes faster than it can be read",
				  ctl.what);
	}
	json_decref(again);
	return rc;
}

/* What an older module does not tell takes its default when applied. */
static void forget_nulls(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value)
		if (json_is_null(value))
			json_object_del(object, key);
}

static int save(const struct command *cmd, char **argv)
{
	static const char *const state[] = {
		"digest", "generation", "rules", NULL
	};
	json_t *services = json_array(), *backends = json_object();
	json_t *service, *members, *member;
	const char *name;
	size_t i, j;
	int rc;

	(void)cmd;
	(void)argv;
	rc = snapshot(services, backends);
	forget(services, state);
	json_array_foreach(services, i, service) {
		name = json_string_value(json_object_get(service, "name"));
		if (!rc && json_is_null(json_object_get(service, "seed")))
			rc = fail(REFUSED, "%s: the seed is for CAP_NET_ADMIN only",
				  name);
		members = name ? json_object_get(backends, name) : NULL;
		json_array_foreach(members, j, member) {
			json_object_del(member, "slots");
			forget_nulls(member);
		}
		forget_nulls(service);
		json_object_set_new(service, "backends",
				    members ? json_incref(members) :
				    json_array());
	}
	json_decref(backends);
	if (!rc)
		return print_file(json_pack("{s:o}", "services", services));
	json_decref(services);
	return rc;
}

static int flush(const struct command *cmd, char **argv)
{
	struct batch batch = {};
	struct nl_msg *msg;
	__u32 nothing = 0;
	json_t *services;
	int rc;

	if (argv[0]) {
		rc = parse_settings(cmd->settings, argv + 1, &nothing);
		if (rc)
			return rc;
		msg = nl_request(LBHASH_CMD_BACKEND_DEL);
		nl_put_str(msg, LBHASH_A_NAME, argv[0]);
		return change_one(msg);
	}
	services = json_array();
	rc = service_list(NULL, services);
	if (!rc)
		batch_delete(&batch, services, NULL);
	rc = batch_run(&batch, NULL, rc);
	json_decref(services);
	return rc;
}

const struct command apply_commands[] = {
	{ .args = "FILE|-",
	  .help = "replace the configuration with the file; an invalid file changes nothing",
	  .settings = apply_settings, .run = apply },
	{}
};

const struct command save_commands[] = {
	{ .args = "", .help = "print the configuration as JSON", .run = save },
	{}
};

const struct command flush_commands[] = {
	{ .args = "[SERVICE]",
	  .help = "delete the backends of a service, or all services",
	  .settings = change_settings, .run = flush },
	{}
};
