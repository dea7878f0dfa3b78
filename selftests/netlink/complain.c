// SPDX-License-Identifier: GPL-2.0
/*
 * Ends a run after a wrong answer, or after an error of the program itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nlfuzz.h"

#define SHOW_MAX	2048

static struct {
	const struct datagram *dg;
	uint64_t number;
	const struct verdict *verdict;
} now;

/**
 * now_sending() - set the datagram that complaints show
 * @dg: the datagram, NULL for none
 * @number: number of its first message
 */
void now_sending(const struct datagram *dg, uint64_t number)
{
	now.dg = dg;
	now.number = number;
}

/* now_expecting() - set the prediction that complaints show, NULL for none */
void now_expecting(const struct verdict *v)
{
	now.verdict = v;
}

void die(const char *what)
{
	fprintf(stderr, "nlfuzz: %s: %s\n", what, strerror(errno));
	exit(2);
}

void show_verdict(const struct verdict *v)
{
	unsigned int i;

	printf("%s%s \"%s\"%s: ", v->op ? v->op->name : "nothing",
	       v->dump ? " (dump)" : "", v->name,
	       v->dry_run ? " (dry run)" : "");
	if (!v->request)
		printf("not a request");
	else if (!v->n_errors)
		printf(v->changes ? "change" : "done");
	for (i = 0; i < v->n_errors; i++)
		printf("%s%s", i ? " or " : "", strerrorname_np(v->errors[i]));
	printf("\n");
}

void show_datagram(const struct datagram *dg, uint64_t number)
{
	size_t i;

	printf("# message %ju:", (uintmax_t)number);
	for (i = 0; i < dg->len && i < SHOW_MAX; i++)
		printf(i % 4 ? "%02x" : " %02x", dg->data[i]);
	printf(i < dg->len ? " .. (%zu bytes)\n" : "\n", dg->len);
}

/**
 * complain() - end the run because of a wrong answer
 * @format: what is wrong, as for printf()
 */
void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# seed %ju\n", (uintmax_t)options.seed);
	if (now.dg)
		show_datagram(now.dg, now.number);
	if (now.verdict) {
		printf("# expected: ");
		show_verdict(now.verdict);
	}
	exit(1);
}
