// SPDX-License-Identifier: GPL-2.0
/*
 * nlfuzz [option]...
 *
 *   --seed N          messages are drawn with this (1)
 *   --count N         so many (1000)
 *   --failures        in each message an allocation of the kernel's fails
 *   --unprivileged    nothing that wants CAP_NET_ADMIN may succeed
 *   --verbose         show messages and what was expected
 *
 * Fuzzes the namespace that it runs in, from the configuration that is there.
 * Two runs from the same configuration send the same. Exit 1 at the first
 * message after which something is not as it has to be.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nlfuzz.h"

#define COMPARE_EVERY	2000
#define SHOW_MAX	2048

struct options options = { .seed = 1, .count = 1000, .capable = true };

/* What is being sent: for complaints. */
static struct {
	const struct datagram *dg;
	const struct verdict *verdict;
} now;

void die(const char *what)
{
	fprintf(stderr, "nlfuzz: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void show_verdict(const struct verdict *v)
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

static void show_datagram(void)
{
	size_t i;

	printf("# message %ju:", (uintmax_t)judged());
	for (i = 0; i < now.dg->len && i < SHOW_MAX; i++)
		printf(i % 4 ? "%02x" : " %02x", now.dg->data[i]);
	printf(i < now.dg->len ? " .. (%zu bytes)\n" : "\n", now.dg->len);
}

/**
 * complain() - a promise is broken
 * @format: which
 */
void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# seed %ju\n", (uintmax_t)options.seed);
	if (now.dg)
		show_datagram();
	if (now.verdict) {
		printf("# expected: ");
		show_verdict(now.verdict);
	}
	exit(1);
}

/* The next message of a datagram as the kernel sees them, NULL at the end. */
static const struct nlmsghdr *next_message(const struct datagram *dg,
					   size_t *at)
{
	const struct nlmsghdr *nlh = (void *)(dg->data + *at);

	if (*at + NLMSG_HDRLEN > dg->len || nlh->nlmsg_len < NLMSG_HDRLEN ||
	    nlh->nlmsg_len > dg->len - *at)
		return NULL;
	*at += NLMSG_ALIGN(nlh->nlmsg_len);
	return nlh;
}

/*
 * Messages to other families are not ours to judge, and what happens between
 * the parts of a dump is another test's.
 */
static bool is_for_us(const struct datagram *dg)
{
	const struct nlmsghdr *nlh;
	bool dumping = false;
	size_t at = 0;

	while ((nlh = next_message(dg, &at))) {
		if (dumping)
			return false;
		if (!(nlh->nlmsg_flags & NLM_F_REQUEST) ||
		    nlh->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		if (nlh->nlmsg_type != family && nlh->nlmsg_type < 0x1000)
			return false;
		dumping |= (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	}
	return true;
}

static void handle(const struct datagram *dg)
{
	const struct nlmsghdr *nlh;
	struct verdict v;
	size_t at = 0;

	wire_send(dg->data, dg->len);
	now.verdict = &v;
	while ((nlh = next_message(dg, &at))) {
		predict(nlh, &v);
		if (options.verbose)
			show_verdict(&v);
		judge(nlh, &v);
		judge_event(&v);
		commit(&v);
	}
	now.verdict = NULL;
	judge_silence();
	judge_event(NULL);
}

/* Only the first message of a datagram can be told from the others. */
static bool is_single(const struct datagram *dg)
{
	size_t at = 0;

	return next_message(dg, &at) && !next_message(dg, &at);
}

/* A message takes at most as many allocations. */
#define FAIL_MAX	64

static void handle_failing(const struct datagram *dg)
{
	const struct nlmsghdr *nlh = (void *)dg->data;
	enum failure failure;
	struct verdict v;
	bool memory;

	predict(nlh, &v);
	now.verdict = &v;
	failure = wire_send_failing(dg->data, dg->len, 1 + below(FAIL_MAX));
	memory = wire_error() == ENOMEM || wire_error() == ENOBUFS;
	if (failure == NO_FAILURE || (failure == FAILED && !memory)) {
		judge(nlh, &v);
		judge_event(&v);
		commit(&v);
		judge_silence();
	} else {
		judge_failure(&v, failure != ANSWER_LOST);
	}
	now.verdict = NULL;
	judge_event(NULL);
}

static void fuzz(void)
{
	static struct datagram dg;
	uint64_t compare_at = COMPARE_EVERY;

	adopt();
	dice_start(options.seed);
	while (judged() < options.count) {
		wire_cap(percent(90));
		make_datagram(&dg);
		if (!is_for_us(&dg) ||
		    (options.failures && !is_single(&dg)))
			continue;
		now.dg = &dg;
		if (options.verbose)
			show_datagram();
		if (options.failures)
			handle_failing(&dg);
		else
			handle(&dg);
		now.dg = NULL;
		if (judged() >= compare_at) {
			compare_all();
			compare_at += COMPARE_EVERY;
		}
	}
	compare_all();
}

static void parse_options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "failures", no_argument, NULL, 'f' },
		{ "unprivileged", no_argument, NULL, 'u' },
		{ "verbose", no_argument, NULL, 'v' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (c) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			options.count = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			options.failures = true;
			break;
		case 'u':
			options.capable = false;
			break;
		case 'v':
			options.verbose = true;
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	wire_open();
	fuzz();
	report();
	return 0;
}
