// SPDX-License-Identifier: GPL-2.0
/*
 * Progress of a long command: a line on standard error that is overwritten, if
 * that is a terminal with cursor control.
 */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "terminal.h"

/* Milliseconds: before the first line, and between two of them. */
#define PATIENCE	500
#define INTERVAL	100

static bool is_shown;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/**
 * progress() - show the progress, if it is time for it
 * @what: verb, as in "checked"
 * @done: services that are done
 * @all: services in total
 */
void progress(const char *what, size_t done, size_t all)
{
	static long long next;

	if (!terminal_obeys(STDERR_FILENO))
		return;
	if (!next)
		next = now() + PATIENCE;
	if (now() < next)
		return;
	next = now() + INTERVAL;
	fprintf(stderr, "\r%s %zu of %zu services\033[K", what, done, all);
	fflush(stderr);
	is_shown = true;
}

/* Erase the line. */
void progress_end(void)
{
	if (is_shown)
		fputs("\r\033[K", stderr);
	is_shown = false;
}
