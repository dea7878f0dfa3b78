// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl monitor
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "change.h"
#include "lbhashctl.h"
#include "nl.h"
#include "print.h"

/* In the order of enum lbhash_cause. */
static const char *const event_names[] = {
	"service-new", "service-set", "service-apply", "service-del",
	"backend-new", "backend-set", "backend-del", "settled", NULL
};

static json_t *event_json(const struct nlattr **tb)
{
	json_t *o = json_object();

	json_object_set_new(o, "event", json_name(tb[LBHASH_A_CAUSE],
						  event_names));
	json_object_set_new(o, "service", json_text(tb[LBHASH_A_NAME]));
	json_object_set_new(o, "generation",
			    json_uint(tb[LBHASH_A_GENERATION]));
	json_object_set_new(o, "backends", json_uint(tb[LBHASH_A_BACKENDS]));
	change_read(o, tb[LBHASH_A_CHANGE]);
	json_object_set_new(o, "transition_slots",
			    json_uint(tb[LBHASH_A_TRANSITION_SLOTS]));
	return o;
}

static void print_text(const json_t *event)
{
	const char *service, *what;
	__u64 backends;

	service = json_string_value(json_object_get(event, "service"));
	what = json_string_value(json_object_get(event, "event"));
	printf("%s: %s", service ? service : "?",
	       what ? what : "something new");
	if (!json_is_null(json_object_get(event, "moved"))) {
		backends = json_number(event, "backends");
		printf(", generation %llu, %llu backend%s, %llu slots moved (%llu needed, %llu collateral), %llu entered transition",
		       json_number(event, "generation"), backends,
		       backends == 1 ? "" : "s", json_number(event, "moved"),
		       json_number(event, "needed"),
		       json_number(event, "collateral"),
		       json_number(event, "entered"));
	}
	if (!json_is_null(json_object_get(event, "transition_slots")))
		printf(", %llu in transition",
		       json_number(event, "transition_slots"));
	putchar('\n');
}

static void print_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	json_t *event;

	(void)arg;
	if (genl->cmd != LBHASH_CMD_CHANGE)
		return;
	nl_attrs(nlh, tb, LBHASH_A_MAX);
	event = event_json(tb);
	if (!ctl.json) {
		print_text(event);
		json_decref(event);
	} else {
		print(event, NULL);
	}
}

/* Prints events until a signal comes, and what was queued before it. */
static int follow(int events, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = events, .events = POLLIN },
	};
	int rc = DONE;

	while (!rc) {
		if (fflush(stdout))
			return fail(REFUSED, "standard output: %s",
				    strerror(errno));
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return fail(REFUSED, "poll: %s", strerror(errno));
		if (fds[1].revents)
			rc = nl_events(print_event);
		else if (fds[0].revents)
			break;
	}
	return rc;
}

static int monitor(const struct command *cmd, char **argv)
{
	struct signalfd_siginfo signal;
	sigset_t stop, before;
	int events, signals;
	int rc;

	(void)cmd;
	(void)argv;
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &before);
	signals = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return fail(REFUSED, "signalfd: %s", strerror(errno));
	rc = nl_join(&events);
	if (!rc) {
		if (ctl.verbose)
			puts(ctl.json ? "{\"event\":\"listening\"}" :
			     "listening");
		rc = follow(events, signals);
		nl_leave();
	}
	/* The signals were for this command; a batch goes on. */
	while (read(signals, &signal, sizeof(signal)) > 0)
		;
	close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

const struct command monitor_commands[] = {
	{ .args = "", .run = monitor },
	{}
};
