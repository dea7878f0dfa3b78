// SPDX-License-Identifier: GPL-2.0
/*
 * Changes: made together or not at all, or with --dry-run what they would do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/commit.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/request.h"
#include "../lib/service.h"
#include "columns.h"
#include "commit.h"
#include "ctl.h"
#include "diff.h"
#include "print.h"
#include "progress.h"
#include "session.h"
#include "view.h"

/* The kernel refused with an errno that is forgiven; beside the exit codes. */
#define FORGIVEN	(-1)

/* Of commands that have no other settings. */
const struct setting commit_settings[] = {
	SETTING_DRY_RUN,
	{}
};

static const struct view_field backends_view[] = {
	{ .key = "name", .flags = VIEW_NAME },
	{ .key = "before", .flags = VIEW_RIGHT },
	{ .key = "after", .flags = VIEW_RIGHT },
	{ .key = "gained", .flags = VIEW_RIGHT | VIEW_ALWAYS },
	{ .key = "lost", .flags = VIEW_RIGHT | VIEW_ALWAYS },
	{ .key = "entered", .flags = VIEW_RIGHT | VIEW_ALWAYS },
	{}
};

/* --- what changes would do -------------------------------------------------*/

/* Slots of another table cannot be compared: every backend with any counts. */
static bool is_affected(const json_t *backend)
{
	if (json_is_null(json_object_get(backend, "gained")))
		return lb_json_number(backend, "before") ||
		       lb_json_number(backend, "after");
	return lb_json_number(backend, "before") !=
	       lb_json_number(backend, "after") ||
	       lb_json_number(backend, "gained") ||
	       lb_json_number(backend, "lost") ||
	       lb_json_number(backend, "entered");
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
	view_print_number(change, "moved");
	fputs(" of ", stdout);
	view_print_number(change, "size");
	diff_print(change, "move", "enter");
	putchar('\n');
}

static void print_change(const json_t *change)
{
	const char *what = lb_json_string(change, "outcome");

	view_print_name(lb_json_string(change, "service"));
	if (!strcmp(what, "deleted"))
		puts(": deleted");
	else if (!strcmp(what, "created"))
		printf(": created, %llu slots\n",
		       lb_json_number(change, "size"));
	else
		print_moves(change);
	print_backends(json_object_get(change, "backends"));
}

static int print_changes(json_t *changes)
{
	const json_t *change;
	size_t i;

	if (ctl.json)
		return print(changes, NULL);
	json_array_foreach(changes, i, change)
		print_change(change);
	json_decref(changes);
	return DONE;
}

/* --- making them -----------------------------------------------------------*/

static void show_progress(const char *verb, size_t done, size_t all, void *arg)
{
	(void)arg;
	if (verb)
		progress(verb, done, all);
	else
		progress_end();
}

/* As commit_run(). Return: an exit code, or FORGIVEN for that errno. */
static int run(struct lb_commit *commit, int forgiven)
{
	struct lb_error error = {};
	json_t *changes;
	int rc;

	commit->progress = show_progress;
	changes = ctl.dry_run ? json_array() : NULL;
	if (changes)
		rc = lb_commit_dry_run(session(), commit, changes, &error);
	else
		rc = lb_commit_run(session(), commit, &error);
	if (!rc)
		return changes ? print_changes(changes) : DONE;
	json_decref(changes);
	if (error.code == forgiven)
		return FORGIVEN;
	return session_result(rc, &error);
}

/* Make changes, or print what they would do. Return: an exit code. */
int commit_run(struct lb_commit *commit)
{
	return run(commit, 0);
}

/* As commit_run(), of one request, which is consumed. */
int commit_one(struct lb_request *req)
{
	struct lb_commit commit = {};
	int rc;

	lb_commit_add(&commit, req);
	rc = run(&commit, 0);
	lb_commit_clear(&commit);
	return rc;
}

/**
 * commit_add() - add something; with --exist-ok set it if it exists
 * @req: the request to add it, consumed
 * @add: its operation
 * @set: the one that sets it, with the same attributes
 *
 * Return: an exit code.
 */
int commit_add(struct lb_request *req, __u8 add, __u8 set)
{
	struct lb_commit commit = {};
	int rc;

	lb_commit_add(&commit, req);
	rc = run(&commit, ctl.exist_ok ? EEXIST : 0);
	if (rc == FORGIVEN) {
		lb_request_set_op(req, set);
		rc = run(&commit, ENOENT);
	}
	/* Gone meanwhile; or something else exists: the kernel says what. */
	if (rc == FORGIVEN) {
		lb_request_set_op(req, add);
		rc = run(&commit, 0);
	}
	lb_commit_clear(&commit);
	return rc;
}

/**
 * commit_del() - delete something; with --exist-ok it need not exist
 * @req: the request, consumed
 * @service: the service that has to exist nonetheless, or NULL
 *
 * Return: an exit code.
 */
int commit_del(struct lb_request *req, const char *service)
{
	struct lb_commit commit = {};
	struct lb_error error = {};
	json_t *found;
	int rc;

	lb_commit_add(&commit, req);
	rc = run(&commit, ctl.exist_ok ? ENOENT : 0);
	lb_commit_clear(&commit);
	if (rc != FORGIVEN)
		return rc;
	found = json_array();
	rc = service ? lb_services(session(), service, found, &error) : 0;
	json_decref(found);
	if (rc || !ctl.dry_run)
		return session_result(rc, &error);
	return print_changes(json_array());
}
