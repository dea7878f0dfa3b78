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
#include "color.h"
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

static enum color color_of_event(const char *event)
{
	if (strstr(event, "-new"))
		return GOOD;
	if (strstr(event, "-del"))
		return BAD;
	return strcmp(event, "settled") ? WARNING : PLAIN;
}

static void print_line(const json_t *event)
{
	const char *service, *what;
	enum color color;

	service = json_string_value(json_object_get(event, "service"));
	what = json_string_value(json_object_get(event, "event"));
	color = color_of_event(what ? what : "");
	print_name(service ? service : "?");
	fputs(": ", stdout);
	color_begin(color);
	fputs(what ? what : "something new", stdout);
	color_end(color);
	if (!json_is_null(json_object_get(event, "moved"))) {
		fputs(", generation ", stdout);
		print_number(event, "generation");
		fputs(", ", stdout);
		print_number(event, "backends");
		printf(" backend%s, ", json_number(event, "backends") == 1 ?
		       "" : "s");
		print_number(event, "moved");
		change_print(event, "moved", "entered");
	}
	if (!json_is_null(json_object_get(event, "transition_slots"))) {
		fputs(", ", stdout);
		print_number(event, "transition_slots");
		fputs(" in transition", stdout);
	}
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
		print_line(event);
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
	{ .args = "",
	  .help = "print a line for every change until interrupted",
	  .run = monitor },
	{}
};
