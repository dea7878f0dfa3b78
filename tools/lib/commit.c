// SPDX-License-Identifier: GPL-2.0
/*
 * Changes that are made together or not at all, and what they would do.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>

#include "attr.h"
#include "commit.h"
#include "diff.h"
#include "error.h"
#include "json.h"
#include "request.h"
#include "socket.h"

/**
 * struct rehearsal - what the kernel says about requests
 * @changes: array that gets an object for each service
 * @known: as in struct lb_commit
 */
struct rehearsal {
	json_t *changes;
	const json_t *known;
};

/* Add a request, which is consumed; running fails if it is NULL. */
void lb_commit_add(struct lb_commit *commit, struct lb_request *req)
{
	if (!req) {
		commit->is_failed = true;
		return;
	}
	if (commit->last)
		commit->last->next = req;
	else
		commit->first = req;
	commit->last = req;
	commit->count++;
}

/* Free the requests and the names of services. */
void lb_commit_clear(struct lb_commit *commit)
{
	struct lb_request *req = commit->first, *next;

	for (; req; req = next) {
		next = req->next;
		lb_request_free(req);
	}
	json_decref(commit->known);
	commit->first = NULL;
	commit->last = NULL;
	commit->count = 0;
	commit->is_failed = false;
	commit->known = NULL;
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

/* Return: an object, NULL without memory. */
static json_t *new_change(const struct nlattr **tb, const char *what)
{
	json_t *slots, *o;

	o = json_pack("{s:o, s:s, s:o}",
		      "service", lb_json_text(tb[LBHASH_A_NAME]),
		      "outcome", what,
		      "size", lb_json_uint(tb[LBHASH_A_SIZE]));
	slots = lb_json_uint(tb[LBHASH_A_TRANSITION_SLOTS]);
	if (lb_diff_read(o, tb[LBHASH_A_CHANGE])) {
		json_decref(slots);
		slots = NULL;
	}
	if (json_object_set_new(o, "transition_slots", slots) ||
	    json_object_set_new(o, "backends", json_array())) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *backend_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];

	lb_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", lb_json_text(tb[LBHASH_BACKEND_A_NAME]),
			 "before", lb_json_uint(tb[LBHASH_BACKEND_A_BEFORE]),
			 "after", lb_json_uint(tb[LBHASH_BACKEND_A_SLOTS]),
			 "gained", lb_json_uint(tb[LBHASH_BACKEND_A_GAINED]),
			 "lost", lb_json_uint(tb[LBHASH_BACKEND_A_LOST]),
			 "entered", lb_json_uint(tb[LBHASH_BACKEND_A_ENTERED]));
}

/* Backends that do not fit one message continue in those that follow it. */
static int append_change(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	const struct rehearsal *rehearsal = arg;
	json_t *changes = rehearsal->changes, *o;
	const char *name, *what;
	int rc = 0;

	lb_attrs(nlh, tb, LBHASH_A_MAX);
	name = lb_str(tb[LBHASH_A_NAME]);
	if (!name)
		return 0;
	if (tb[LBHASH_A_CHANGE]) {
		what = outcome(nlh, name, rehearsal->known);
		rc = lb_json_append(changes, new_change(tb, what));
	}
	o = json_array_get(changes, json_array_size(changes) - 1);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (o && !rc && mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			rc = lb_json_append(json_object_get(o, "backends"),
					    backend_json(attr));
	return rc;
}

static int check(const struct lb_commit *commit, struct lb_error *error)
{
	return commit->is_failed ? lb_error_memory(error) : 0;
}

static void report(const struct lb_commit *commit, const char *verb,
		   size_t done)
{
	if (commit->progress)
		commit->progress(verb, done, commit->count,
				 commit->arg);
}

/* Send each request as a dry run; without @cb only to hear refusals. */
static int rehearse(struct lb *lb, const struct lb_commit *commit,
		    lb_cb_t *cb, void *arg, struct lb_error *error)
{
	int rc = check(commit, error);
	struct lb_request *req;
	size_t done = 0, len;

	for (req = commit->first; !rc && req; req = req->next) {
		report(commit, "checked", done++);
		len = req->nlh->nlmsg_len;
		lb_put_flag(req, LBHASH_A_DRY_RUN);
		req->is_silent = !cb;
		rc = lb_send(lb, req, cb, arg, error);
		req->is_silent = false;
		req->nlh->nlmsg_len = len;
	}
	report(commit, NULL, done);
	return rc;
}

static int sort(json_t *changes)
{
	json_t *change;
	int bad;
	size_t i;

	bad = lb_json_sort(changes, "service");
	json_array_foreach(changes, i, change)
		bad |= lb_json_sort(json_object_get(change, "backends"),
				    "name");
	return bad;
}

/**
 * lb_commit_dry_run() - ask the kernel what changes would do
 * @lb: from lb_new()
 * @commit: the changes; its requests are not consumed
 * @into: array that gets an object for each service
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_commit_dry_run(struct lb *lb, const struct lb_commit *commit,
		      json_t *into, struct lb_error *error)
{
	struct rehearsal rehearsal = {
		.changes = into, .known = commit->known
	};
	int rc;

	rc = rehearse(lb, commit, append_change, &rehearsal, error);
	if (!rc && sort(into))
		rc = lb_error_memory(error);
	return rc;
}

/**
 * lb_commit_run() - make changes, but none if the kernel refuses one
 * @lb: from lb_new()
 * @commit: the changes; its requests are not consumed
 * @error: set on failure
 *
 * If there is more than one, all are checked before the first is made. A change
 * by another program in between may still make one fail.
 *
 * Return: 0 or a negative errno.
 */
int lb_commit_run(struct lb *lb, const struct lb_commit *commit,
		  struct lb_error *error)
{
	int rc = check(commit, error);
	struct lb_request *req;
	size_t done = 0;

	if (!rc && commit->count > 1)
		rc = rehearse(lb, commit, NULL, NULL, error);
	for (req = commit->first; !rc && req; req = req->next) {
		report(commit, "changed", done++);
		rc = lb_send(lb, req, NULL, NULL, error);
	}
	report(commit, NULL, done);
	return rc;
}
