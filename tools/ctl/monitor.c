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

#include "../lib/error.h"
#include "../lib/event.h"
#include "../lib/json.h"
#include "../lib/socket.h"
#include "color.h"
#include "commands.h"
#include "ctl.h"
#include "diff.h"
#include "fail.h"
#include "print.h"
#include "session.h"
#include "view.h"

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

	service = lb_json_string(event, "service");
	what = lb_json_string(event, "event");
	color = color_of_event(what ? what : "");
	view_print_name(service ? service : "?");
	fputs(": ", stdout);
	color_begin(color);
	fputs(what ? what : "unknown event", stdout);
	color_end(color);
	if (!json_is_null(json_object_get(event, "moved"))) {
		fputs(", generation ", stdout);
		view_print_number(event, "generation");
		fputs(", ", stdout);
		view_print_number(event, "backends");
		printf(" backend%s, ", lb_json_number(event, "backends") == 1 ?
		       "" : "s");
		view_print_number(event, "moved");
		diff_print(event, "moved", "entered");
	}
	if (!json_is_null(json_object_get(event, "transition_slots"))) {
		fputs(", ", stdout);
		view_print_number(event, "transition_slots");
		fputs(" in transition", stdout);
	}
	putchar('\n');
}

static void print_event(json_t *event, void *arg)
{
	(void)arg;
	if (ctl.json) {
		print(event, NULL);
		return;
	}
	print_line(event);
	json_decref(event);
}

/* Lost events are reported; reading goes on. */
static int read_events(void)
{
	struct lb_error error = {};
	int rc = lb_events(session(), print_event, NULL, &error);

	if (rc != -ENOBUFS)
		return session_result(rc, &error);
	session_warn(&error, NULL);
	return DONE;
}

/* Print events until a signal, and those that were queued before it. */
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
			rc = read_events();
		else if (fds[0].revents)
			break;
	}
	return rc;
}

static int monitor(const struct command *cmd, char **argv)
{
	struct signalfd_siginfo signal;
	struct lb_error error = {};
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
	rc = lb_join(session(), &events, &error);
	rc = session_result(rc, &error);
	if (!rc) {
		if (ctl.verbose)
			puts(ctl.json ? "{\"event\":\"listening\"}" :
			     "listening");
		rc = follow(events, signals);
		if (lb_leave(session(), &error))
			session_result(-error.code, &error);
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
