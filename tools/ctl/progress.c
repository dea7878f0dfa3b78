// SPDX-License-Identifier: GPL-2.0
/*
 * How far a long command is: a line on standard error that is written over
 * again and again, if that is a terminal that can.
 */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "terminal.h"

/* Milliseconds: short commands say nothing, long ones not too often. */
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
 * progress() - say how far we are, if it is time to
 * @what: has been done
 * @done: to so many services
 * @all: of so many
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

/**
 * progress_end() - take the line away
 */
void progress_end(void)
{
	if (is_shown)
		fputs("\r\033[K", stderr);
	is_shown = false;
}
