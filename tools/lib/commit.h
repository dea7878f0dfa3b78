/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_COMMIT_H
#define _LB_COMMIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct lb;
struct lb_error;
struct lb_request;

/**
 * struct lb_commit - changes of services that are made together or not at all
 * @first: the requests in the order of lb_commit_add(), one per service, linked
 *	by their next; their operations know LBHASH_A_DRY_RUN
 * @last: where to link the next one, NULL means @first
 * @count: number of requests
 * @is_failed: memory ran out while they were collected
 * @known: object whose keys are the services that exist, where requests may
 *	create others with LBHASH_CMD_SERVICE_APPLY; else NULL
 * @progress: called before each of the requests, or NULL; the verb is what
 *	happens to them, "checked" or "changed", and NULL when that is over
 * @arg: passed to @progress
 *
 * Starts zeroed, but for @progress.
 */
struct lb_commit {
	struct lb_request *first;
	struct lb_request *last;
	size_t count;
	bool is_failed;
	json_t *known;
	void (*progress)(const char *verb, size_t done, size_t all, void *arg);
	void *arg;
};

void lb_commit_add(struct lb_commit *commit, struct lb_request *req);
int lb_commit_dry_run(struct lb *lb, const struct lb_commit *commit,
		      json_t *into, struct lb_error *error);
int lb_commit_run(struct lb *lb, const struct lb_commit *commit,
		  struct lb_error *error);
void lb_commit_clear(struct lb_commit *commit);

#endif /* _LB_COMMIT_H */
