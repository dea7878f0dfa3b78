// SPDX-License-Identifier: GPL-2.0
/*
 * Changes: all of them or none, or with --dry-run what they would do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "color.h"
#include "columns.h"
#include "lbhashctl.h"
#include "nl.h"
#include "parse.h"
#include "print.h"
#include "service.h"

/* Of commands that have no other settings. */
const struct setting change_settings[] = {
	CHANGE_DRY_RUN,
	{}
};

/**
 * struct rehearsal - what the kernel says about requests
 * @changes: an object for each service
 * @known: has the names of the services that are there, where a request may
 *	make new ones; else NULL
 */
struct rehearsal {
	json_t *changes;
	const json_t *known;
};

static const struct print_field backends_view[] = {
	{ .key = "name", .flags = PRINT_NAME },
	{ .key = "before", .flags = PRINT_RIGHT },
	{ .key = "after", .flags = PRINT_RIGHT },
	{ .key = "gained", .flags = PRINT_RIGHT | PRINT_ALWAYS },
	{ .key = "lost", .flags = PRINT_RIGHT | PRINT_ALWAYS },
	{ .key = "entered", .flags = PRINT_RIGHT | PRINT_ALWAYS },
	{}
};

/**
 * change_read() - what a change does to the slots of a service
 * @into: object that gets the numbers
 * @nest: the attribute, NULL if they are to be null
 */
void change_read(json_t *into, const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_CHANGE_A_MAX + 1] = {};
	json_t *collateral = json_null();

	if (nest)
		nl_nested(nest, tb, LBHASH_CHANGE_A_MAX);
	if (tb[LBHASH_CHANGE_A_MOVED] && tb[LBHASH_CHANGE_A_NEEDED])
		collateral = json_integer(nl_uint(tb[LBHASH_CHANGE_A_MOVED]) -
					  nl_uint(tb[LBHASH_CHANGE_A_NEEDED]));
	json_object_set_new(into, "moved",
			    json_uint(tb[LBHASH_CHANGE_A_MOVED]));
	json_object_set_new(into, "needed",
			    json_uint(tb[LBHASH_CHANGE_A_NEEDED]));
	json_object_set_new(into, "collateral", collateral);
	json_object_set_new(into, "entered",
			    json_uint(tb[LBHASH_CHANGE_A_ENTERED]));
}

/**
 * change_print() - print what change_read() has read, after a number of slots
 * @numbers: the object
 * @move: what those slots do
 * @enter: what others do to transition
 */
void change_print(const json_t *numbers, const char *move, const char *enter)
{
	printf(" slots %s (", move);
	print_number(numbers, "needed");
	fputs(" needed, ", stdout);
	print_number(numbers, "collateral");
	fputs(" collateral), ", stdout);
	print_number(numbers, "entered");
	printf(" %s transition", enter);
}

static const char *outcome(const struct nlmsghdr *nlh, const char *name,
			   const json_t *known)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (genl->cmd == LBHASH_CMD_SERVICE_DEL)
		return "deleted";
	if (genl->cmd == LBHASH_CMD_SERVICE_NEW ||
	    (known && !json_object_get(known, name)))
		return "created";
	return "changed";
}

static json_t *new_change(const struct nlattr **tb, const char *what)
{
	json_t *o = json_object();

	json_object_set_new(o, "service", json_text(tb[LBHASH_A_NAME]));
	json_object_set_new(o, "outcome", json_string(what));
	json_object_set_new(o, "size", json_uint(tb[LBHASH_A_SIZE]));
	change_read(o, tb[LBHASH_A_CHANGE]);
	json_object_set_new(o, "transition_slots",
			    json_uint(tb[LBHASH_A_TRANSITION_SLOTS]));
	json_object_set_new(o, "backends", json_array());
	return o;
}

static json_t *backend_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];
	json_t *o = json_object();

	nl_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	json_object_set_new(o, "name", json_text(tb[LBHASH_BACKEND_A_NAME]));
	json_object_set_new(o, "before",
			    json_uint(tb[LBHASH_BACKEND_A_BEFORE]));
	json_object_set_new(o, "after", json_uint(tb[LBHASH_BACKEND_A_SLOTS]));
	json_object_set_new(o, "gained",
			    json_uint(tb[LBHASH_BACKEND_A_GAINED]));
	json_object_set_new(o, "lost", json_uint(tb[LBHASH_BACKEND_A_LOST]));
	json_object_set_new(o, "entered",
			    json_uint(tb[LBHASH_BACKEND_A_ENTERED]));
	return o;
}

/* Backends that do not fit one message go on in those that follow it. */
static void append_change(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	const struct rehearsal *rehearsal = arg;
	json_t *changes = rehearsal->changes, *o;
	const char *name, *what;

	nl_attrs(nlh, tb, LBHASH_A_MAX);
	name = nl_str(tb[LBHASH_A_NAME]);
	if (!name)
		return;
	if (tb[LBHASH_A_CHANGE]) {
		what = outcome(nlh, name, rehearsal->known);
		json_array_append_new(changes, new_change(tb, what));
	}
	o = json_array_get(changes, json_array_size(changes) - 1);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			json_array_append_new(json_object_get(o, "backends"),
					      backend_json(attr));
}

/* Where slots mean something else, all who have any are. */
static bool is_affected(const json_t *backend)
{
	if (json_is_null(json_object_get(backend, "gained")))
		return json_number(backend, "before") ||
		       json_number(backend, "after");
	return json_number(backend, "before") !=
	       json_number(backend, "after") ||
	       json_number(backend, "gained") ||
	       json_number(backend, "lost") ||
	       json_number(backend, "entered");
}

static void print_backends(const json_t *backends)
{
	json_t *affected = json_array(), *backend;
	size_t i;

	json_array_foreach(backends, i, backend)
		if (is_affected(backend))
			json_array_append(affected, backend);
	columns_print(affected, backends_view, "  ");
	json_decref(affected);
}

static void print_moves(const json_t *change)
{
	fputs(": ", stdout);
	print_number(change, "moved");
	fputs(" of ", stdout);
	print_number(change, "size");
	change_print(change, "move", "enter");
	putchar('\n');
}

static void print_change(const json_t *change)
{
	const char *what = json_string_value(json_object_get(change,
							     "outcome"));

	print_name(json_string_value(json_object_get(change, "service")));
	if (!strcmp(what, "deleted"))
		puts(": deleted");
	else if (!strcmp(what, "created"))
		printf(": created, %llu slots\n", json_number(change, "size"));
	else
		print_moves(change);
	print_backends(json_object_get(change, "backends"));
}

static int print_changes(json_t *changes)
{
	const json_t *change;
	size_t i;

	sort_by(changes, "service");
	json_array_foreach(changes, i, change)
		sort_by(json_object_get(change, "backends"), "name");
	if (ctl.json)
		return print(changes, NULL);
	json_array_foreach(changes, i, change)
		print_change(change);
	json_decref(changes);
	return DONE;
}

/**
 * change_all() - make changes, all or none; or say what they would do
 * @msgs: the requests, one a service
 * @count: how many
 * @known: has the names of all services, if the requests make new ones with
 *	LBHASH_CMD_SERVICE_APPLY
 *
 * Return: DONE, or REFUSED after an error message.
 */
int change_all(struct nl_msg **msgs, size_t count, const json_t *known)
{
	struct rehearsal rehearsal = { .known = known };
	int rc;

	if (!ctl.dry_run)
		return nl_do_all(msgs, count);
	rehearsal.changes = json_array();
	rc = nl_rehearse(msgs, count, append_change, &rehearsal);
	if (!rc)
		return print_changes(rehearsal.changes);
	json_decref(rehearsal.changes);
	return rc;
}

/**
 * change_one() - make a change, or say what it would do
 * @msg: the request, consumed
 *
 * Return: DONE, or REFUSED after an error message.
 */
int change_one(struct nl_msg *msg)
{
	int rc = change_all(&msg, 1, NULL);

	nl_free(msg);
	return rc;
}

static int change_forgiving(struct nl_msg *msg, int forgiven)
{
	msg->forgiven = forgiven;
	return change_all(&msg, 1, NULL);
}

/**
 * change_add() - add something; with --exist-ok it may be there, and is set
 * @msg: the request to add it, consumed
 * @add: its operation
 * @set: the one that sets it; takes the same attributes
 *
 * Return: DONE, or REFUSED after an error message.
 */
int change_add(struct nl_msg *msg, __u8 add, __u8 set)
{
	int rc = change_forgiving(msg, ctl.exist_ok ? EEXIST : 0);

	if (rc == FORGIVEN) {
		nl_set_op(msg, set);
		rc = change_forgiving(msg, ENOENT);
	}
	/* Gone meanwhile; or there is something else, which it tells. */
	if (rc == FORGIVEN) {
		nl_set_op(msg, add);
		rc = change_forgiving(msg, 0);
	}
	nl_free(msg);
	return rc;
}

/**
 * change_del() - delete something; with --exist-ok it need not be there
 * @msg: the request, consumed
 * @service: what has to be there all the same, or NULL
 *
 * Return: DONE, or REFUSED after an error message.
 */
int change_del(struct nl_msg *msg, const char *service)
{
	json_t *found;
	int rc = change_forgiving(msg, ctl.exist_ok ? ENOENT : 0);

	nl_free(msg);
	if (rc != FORGIVEN)
		return rc;
	found = json_array();
	rc = service ? service_list(service, found) : DONE;
	json_decref(found);
	if (rc || !ctl.dry_run)
		return rc;
	return print_changes(json_array());
}
