// SPDX-License-Identifier: GPL-2.0
/*
 * nlfuzz [option]...
 *
 *   --seed N          seed of the random messages (1)
 *   --count N         number of messages (1000)
 *   --failures        for each message an allocation in the kernel fails
 *   --unprivileged    nothing that needs CAP_NET_ADMIN may succeed
 *   --verbose         show each message and its prediction
 *
 * Fuzzes the network namespace that it runs in, starting from the configuration
 * there. Two runs with the same seed and configuration send the same messages.
 * Exits with 1 at the first answer or event that was not predicted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nlfuzz.h"

#define COMPARE_EVERY	2000

/* Return: the next message of a datagram, as the kernel splits it, or NULL. */
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
 * Answers of other families cannot be predicted, nor dumps during which the
 * configuration changes.
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
	now_expecting(&v);
	while ((nlh = next_message(dg, &at))) {
		predict(nlh, &v);
		if (options.verbose)
			show_verdict(&v);
		judge(nlh, &v);
		judge_event(&v);
		commit(&v);
	}
	now_expecting(NULL);
	judge_silence();
	judge_event(NULL);
}

/* An error can be attributed to a message only if it is the only message. */
static bool is_single(const struct datagram *dg)
{
	size_t at = 0;

	return next_message(dg, &at) && !next_message(dg, &at);
}

/* Maximum number of allocations that are tried per message. */
#define FAIL_MAX	64

static void handle_failing(const struct datagram *dg)
{
	const struct nlmsghdr *nlh = (void *)dg->data;
	enum failure failure;
	struct verdict v;
	bool memory;

	predict(nlh, &v);
	now_expecting(&v);
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
	now_expecting(NULL);
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
		now_sending(&dg, judged());
		if (options.verbose)
			show_datagram(&dg, judged());
		if (options.failures)
			handle_failing(&dg);
		else
			handle(&dg);
		now_sending(NULL, 0);
		if (judged() >= compare_at) {
			compare_all();
			compare_at += COMPARE_EVERY;
		}
	}
	compare_all();
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
