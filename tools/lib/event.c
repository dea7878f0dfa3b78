// SPDX-License-Identifier: GPL-2.0
/*
 * Events, as JSON.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>

#include "attr.h"
#include "diff.h"
#include "event.h"
#include "json.h"
#include "names.h"
#include "socket.h"

struct listener {
	lb_event_t *report;
	void *arg;
};

/* Return: an object, NULL without memory. */
static json_t *event_json(const struct nlattr **tb)
{
	json_t *slots = lb_json_uint(tb[LBHASH_A_TRANSITION_SLOTS]), *o;

	o = json_pack("{s:o, s:o, s:o, s:o}",
		      "event", lb_json_choice(tb[LBHASH_A_CAUSE],
					      lb_event_names),
		      "service", lb_json_text(tb[LBHASH_A_NAME]),
		      "generation", lb_json_uint(tb[LBHASH_A_GENERATION]),
		      "backends", lb_json_uint(tb[LBHASH_A_BACKENDS]));
	if (lb_diff_read(o, tb[LBHASH_A_CHANGE])) {
		json_decref(slots);
		slots = NULL;
	}
	if (json_object_set_new(o, "transition_slots", slots)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int read_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	const struct listener *listener = arg;
	json_t *event;

	if (genl->cmd != LBHASH_CMD_CHANGE)
		return 0;
	lb_attrs(nlh, tb, LBHASH_A_MAX);
	event = event_json(tb);
	if (!event)
		return -ENOMEM;
	listener->report(event, listener->arg);
	return 0;
}

/**
 * lb_events() - read events, wait for one if there is none
 * @lb: from lb_new(), after lb_join()
 * @report: called for each event with an object, which it consumes
 * @arg: passed to @report
 * @error: set on failure
 *
 * Return: as lb_receive().
 */
int lb_events(struct lb *lb, lb_event_t *report, void *arg,
	      struct lb_error *error)
{
	struct listener listener = { .report = report, .arg = arg };

	return lb_receive(lb, read_event, &listener, error);
}
