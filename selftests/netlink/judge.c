// SPDX-License-Identifier: GPL-2.0
/*
 * Judges answers. An answer must be complete, in order, about the request and
 * equal to the model; a refusal must have one of the predicted errors and, if
 * it is the module's, a sentence.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nlfuzz.h"

/* --- what was tested ----------------------------------------------------- */

#define ERRORS_MAX	132

static struct {
	uint64_t done[256], refused[256];
	uint64_t errors[ERRORS_MAX];
	uint64_t changes, rehearsals, unchanged, dumps, events, sentences;
	uint64_t compared;
	uint64_t messages, no_requests;
	uint64_t failed, unanswered, untold;
} tested;

static void count(const struct verdict *v, int error)
{
	tested.messages++;
	if (!v->request)
		tested.no_requests++;
	else if (v->op && error)
		tested.refused[v->op->cmd]++;
	else if (v->op)
		tested.done[v->op->cmd]++;
	if (error)
		tested.errors[error]++;
	tested.dumps += v->dump && !error;
	tested.changes += v->changes && !v->dry_run;
	tested.rehearsals += v->changes && v->dry_run;
	tested.unchanged += v->same && !v->dry_run;
}

/* judged() - number of messages so far */
uint64_t judged(void)
{
	return tested.messages;
}

/* report() - print the counts of what was tested, a line each */
void report(void)
{
	unsigned int i;

	for (i = 0; i < spec_n_ops; i++)
		printf("%s: %ju done, %ju refused\n", spec_ops[i].name,
		       (uintmax_t)tested.done[spec_ops[i].cmd],
		       (uintmax_t)tested.refused[spec_ops[i].cmd]);
	for (i = 0; i < ERRORS_MAX; i++)
		if (tested.errors[i])
			printf("%s: %ju\n", strerrorname_np(i),
			       (uintmax_t)tested.errors[i]);
	printf("changes: %ju\nrehearsals: %ju\nevents: %ju\n",
	       (uintmax_t)tested.changes, (uintmax_t)tested.rehearsals,
	       (uintmax_t)tested.events);
	printf("unchanged: %ju\n", (uintmax_t)tested.unchanged);
	printf("dumps: %ju\nsentences: %ju\nno requests: %ju\ncompared: %ju\n",
	       (uintmax_t)tested.dumps, (uintmax_t)tested.sentences,
	       (uintmax_t)tested.no_requests, (uintmax_t)tested.compared);
	if (options.failures)
		printf("failed: %ju\nunanswered: %ju\nuntold: %ju\n",
		       (uintmax_t)tested.failed,
		       (uintmax_t)tested.unanswered,
		       (uintmax_t)tested.untold);
}

/* --- the shape of an answer ---------------------------------------------- */

static const struct nlmsghdr *must_answer(const struct nlmsghdr *nlh)
{
	const struct nlmsghdr *answer = wire_next_answer();

	if (!answer)
		complain("no answer");
	if (answer->nlmsg_seq != nlh->nlmsg_seq)
		complain("an answer to %#x", answer->nlmsg_seq);
	if (answer->nlmsg_pid != portid)
		complain("an answer for port %#x", answer->nlmsg_pid);
	return answer;
}

static bool is_last(const struct nlmsghdr *answer)
{
	return answer->nlmsg_type == NLMSG_ERROR ||
	       answer->nlmsg_type == NLMSG_DONE;
}

/* Parse the attributes of an ack or of the end of a dump. */
static void parse_ack(const struct nlattr **tb, const struct nlmsghdr *answer)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);
	size_t offset = sizeof(*err);
	const struct nlattr *attr;

	memset(tb, 0, (NLMSGERR_ATTR_MAX + 1) * sizeof(*tb));
	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (answer->nlmsg_type == NLMSG_DONE)
		offset = sizeof(int);
	else if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (answer->nlmsg_len < NLMSG_HDRLEN + offset)
		complain("an ack of %u bytes", answer->nlmsg_len);
	mnl_attr_for_each(attr, answer, offset)
		if (mnl_attr_get_type(attr) <= NLMSGERR_ATTR_MAX)
			tb[mnl_attr_get_type(attr)] = attr;
}

static void judge_sentence(const char *sentence)
{
	size_t i, len = sentence ? strlen(sentence) : 0;

	if (len < 8)
		complain("a refusal without a sentence");
	for (i = 0; i < len; i++)
		if (!isprint((unsigned char)sentence[i]))
			complain("a sentence with unprintable bytes");
	if (isupper((unsigned char)sentence[0]) || sentence[len - 1] == '.')
		complain("no sentence: %s", sentence);
	tested.sentences++;
}

/* The attribute that netlink blames must be the predicted one. */
static void judge_blame(const struct nlattr *offset, const struct verdict *v)
{
	uint32_t blamed = offset ? mnl_attr_get_u32(offset) : 0;

	if (blamed != v->blamed)
		complain("byte %u is blamed instead of %u", blamed, v->blamed);
}

static bool may_fail_with(const struct verdict *v, int error)
{
	unsigned int i;

	for (i = 0; i < v->n_errors; i++)
		if (v->errors[i] == error)
			return true;
	return false;
}

static void judge_last(const struct nlmsghdr *nlh, const struct verdict *v,
		       const struct nlmsghdr *answer)
{
	int error = -*(const int *)mnl_nlmsg_get_payload(answer);
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);
	bool ends_dump = v->dump && (!error || v->own);
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	const char *sentence = NULL;

	parse_ack(tb, answer);
	if (tb[NLMSGERR_ATTR_MSG])
		sentence = mnl_attr_get_str(tb[NLMSGERR_ATTR_MSG]);
	if (error < 0 || error >= ERRORS_MAX)
		complain("no such error: %d", error);
	if (error && !v->n_errors)
		complain("refused (%s, %s)", strerrorname_np(error),
			 sentence ?: "without a word");
	if (!error && v->n_errors)
		complain("not refused");
	if (error && !may_fail_with(v, error))
		complain("refused with %s (%s)", strerrorname_np(error),
			 sentence ?: "without a word");
	if (v->own && error)
		judge_sentence(sentence);
	if (v->parse)
		judge_blame(tb[NLMSGERR_ATTR_OFFS], v);
	if (!error && !sentence != !v->warns)
		complain(v->warns ? "no warning" : "a warning: %s", sentence);
	if (answer->nlmsg_type == NLMSG_ERROR &&
	    memcmp(&err->msg, nlh, sizeof(*nlh)))
		complain("an ack of something else");
	if (answer->nlmsg_type != (ends_dump ? NLMSG_DONE : NLMSG_ERROR))
		complain("another kind of end");
	count(v, error);
}

/* --- dumps --------------------------------------------------------------- */

static void judge_dump(const struct nlmsghdr *nlh, const struct verdict *v)
{
	struct shown *shown = must_alloc((model.n + 1) * sizeof(*shown));
	const struct nlmsghdr *answer;
	unsigned int n;

	for (;;) {
		answer = must_answer(nlh);
		if (is_last(answer))
			break;
		judge_part(answer, v, shown);
	}
	judge_last(nlh, v, answer);
	if (!v->n_errors) {
		for (n = 0; shown[n].svc; n++)
			judge_sum(&shown[n], v);
		same("", "services", v->name[0] ? 1 : model.n, n);
	}
	free(shown);
}

/* --- all together -------------------------------------------------------- */

/* Return: the next message of the answer; NULL if only the last one is left. */
static const struct nlmsghdr *more_answer(const struct nlmsghdr *nlh)
{
	const struct nlmsghdr *answer = wire_answer();

	if (!answer || is_last(answer) || answer->nlmsg_seq != nlh->nlmsg_seq)
		return NULL;
	return wire_next_answer();
}

static void judge_dry_run(const struct nlmsghdr *nlh, const struct verdict *v)
{
	const struct nlmsghdr *answer;
	struct shown shown = { };

	while ((answer = more_answer(nlh)))
		judge_rehearsal(answer, v, &shown);
	if (shown.messages) {
		judge_rehearsals(v, &shown);
		return;
	}
	judge_last(nlh, v, must_answer(nlh));
	complain("a dry run without an answer");
}

static void judge_get(const struct nlmsghdr *nlh, const struct verdict *v)
{
	const struct nlmsghdr *answer = must_answer(nlh);

	if (is_last(answer)) {
		judge_last(nlh, v, answer);
		complain("done without an answer");
	}
	judge_reply(answer, v);
}

/* Has a request been refused that the model does not know enough about? */
static bool is_refused(const struct nlmsghdr *nlh)
{
	const struct nlmsghdr *answer = wire_answer();

	return answer && answer->nlmsg_seq == nlh->nlmsg_seq &&
	       answer->nlmsg_type == NLMSG_ERROR &&
	       *(const int *)mnl_nlmsg_get_payload(answer);
}

/**
 * judge() - read the answers to a message and judge them
 * @nlh: the message
 * @v: the prediction, settled if it was unsure
 */
void judge(const struct nlmsghdr *nlh, struct verdict *v)
{
	const struct nlmsghdr *answer;

	if (v->unsure && !v->n_errors && is_refused(nlh))
		v->errors[v->n_errors++] = EBUSY;

	if (v->dump && !v->n_errors) {
		judge_dump(nlh, v);
		return;
	}
	if (v->request && !v->n_errors && (v->changes || v->same) &&
	    v->dry_run)
		judge_dry_run(nlh, v);
	else if (v->request && !v->n_errors && !v->changes && !v->same &&
		 !v->silent)
		judge_get(nlh, v);
	if (!v->n_errors && !(nlh->nlmsg_flags & NLM_F_ACK)) {
		count(v, 0);
		return;
	}
	answer = must_answer(nlh);
	if (!is_last(answer))
		complain("more than one answer");
	judge_last(nlh, v, answer);
}

/* judge_silence() - no answer may be left */
void judge_silence(void)
{
	const struct nlmsghdr *answer = wire_answer();

	if (answer)
		complain("an unexpected answer of type %u, to %#x",
			 answer->nlmsg_type, answer->nlmsg_seq);
}

static uint32_t cause_of(const struct verdict *v)
{
	switch (v->op->cmd) {
	case LBHASH_CMD_SERVICE_NEW:
		return LBHASH_CAUSE_SERVICE_NEW;
	case LBHASH_CMD_SERVICE_SET:
		return LBHASH_CAUSE_SERVICE_SET;
	case LBHASH_CMD_SERVICE_APPLY:
		return LBHASH_CAUSE_SERVICE_APPLY;
	case LBHASH_CMD_SERVICE_DEL:
		return LBHASH_CAUSE_SERVICE_DEL;
	case LBHASH_CMD_BACKEND_NEW:
		return LBHASH_CAUSE_BACKEND_NEW;
	case LBHASH_CMD_BACKEND_SET:
		return LBHASH_CAUSE_BACKEND_SET;
	default:
		return LBHASH_CAUSE_BACKEND_DEL;
	}
}

/* The next event; those of settled slots come at any time and are skipped. */
static const struct nlmsghdr *next_event(const struct nlattr **tb)
{
	const struct nlmsghdr *event;

	do {
		event = wire_event();
		if (!event)
			return NULL;
		parse_message(tb, event);
		read_name(tb, LBHASH_A_NAME);
	} while (read_u32(tb, LBHASH_A_CAUSE) == LBHASH_CAUSE_SETTLED);
	return event;
}

/**
 * judge_event() - check that a change has exactly one event
 * @v: the prediction, before commit(); NULL if no event may be left
 */
void judge_event(const struct verdict *v)
{
	const struct nlattr *tb[ATTRS_MAX];
	const struct nlmsghdr *event;

	if (v && (!v->changes || v->dry_run))
		return;
	event = next_event(tb);
	if (!v && event)
		complain("an unexpected event of service %s",
			 read_name(tb, LBHASH_A_NAME));
	if (!v)
		return;
	if (!event && options.failures) {
		tested.untold++;
		return;
	}
	if (!event)
		complain("no event");
	if (strcmp(read_name(tb, LBHASH_A_NAME), v->name))
		complain("an event of service %s",
			 read_name(tb, LBHASH_A_NAME));
	same(v->name, "cause", cause_of(v), read_u32(tb, LBHASH_A_CAUSE));
	if (v->draft) {
		same(v->name, "generation", v->draft->generation,
		     read_u64(tb, LBHASH_A_GENERATION));
		same(v->name, "backends", v->draft->n,
		     read_u32(tb, LBHASH_A_BACKENDS));
	}
	tested.events++;
}

static void ask(struct nlmsghdr *nlh, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *genl = (struct genlmsghdr *)(nlh + 1);

	memset(nlh, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl->cmd = cmd;
	genl->version = LBHASH_GENL_VERSION;
	wire_send(nlh, nlh->nlmsg_len);
}

/* Has the kernel made the change? */
static bool is_done(const struct verdict *v)
{
	uint32_t request[(NLMSG_HDRLEN + GENL_HDRLEN) / 4];
	const struct nlmsghdr *answer;
	struct seen_service seen;
	bool gone = true, done = false;

	ask((void *)request, LBHASH_CMD_SERVICE_GET, NLM_F_DUMP);
	while ((answer = wire_next_answer()) && !is_last(answer)) {
		read_service(answer, &seen);
		if (strcmp(seen.svc.name, v->name))
			continue;
		gone = false;
		done = v->draft &&
		       seen.svc.generation == v->draft->generation;
	}
	return v->draft ? done : gone;
}

/* Make the kernel's flow memory that of the model. */
static void adopt_memory(void)
{
	uint32_t request[(NLMSG_HDRLEN + GENL_HDRLEN) / 4];
	const struct nlattr *tb[ATTRS_MAX];
	const struct nlmsghdr *answer;

	ask((void *)request, LBHASH_CMD_MEMORY_GET, 0);
	answer = wire_next_answer();
	if (!answer || is_last(answer))
		complain("no flow memory");
	parse_message(tb, answer);
	model.limit = read_u32(tb, LBHASH_A_LIMIT);
	if (tb[LBHASH_A_MEMORY_KEY])
		memcpy(model.key,
		       mnl_attr_get_payload(tb[LBHASH_A_MEMORY_KEY]),
		       sizeof(model.key));
}

/**
 * judge_failure() - judge after an allocation failed in the kernel
 * @v: the prediction; the model follows if the change was made nevertheless
 * @answered: the refusal was received, so the change must not have been made
 */
void judge_failure(struct verdict *v, bool answered)
{
	bool changes = v->request && !v->n_errors && v->changes && !v->dry_run;
	bool done = changes && is_done(v);

	tested.messages++;
	tested.failed += answered;
	tested.unanswered += !answered;
	if (done && answered)
		complain("refused for lack of memory, but done");
	if (done)
		judge_event(v);
	else
		v->changes = false;
	commit(v);
	if (v->silent)
		adopt_memory();
}

/* adopt() - make the kernel's present configuration the model */
void adopt(void)
{
	uint32_t request[(NLMSG_HDRLEN + GENL_HDRLEN) / 4];
	const struct nlattr *tb[ATTRS_MAX], *attr;
	const struct nlmsghdr *answer;
	struct seen_service service;
	struct seen_backend seen;
	struct service *svc;

	adopt_memory();
	ask((void *)request, LBHASH_CMD_SERVICE_GET, NLM_F_DUMP);
	while ((answer = wire_next_answer()) && !is_last(answer)) {
		read_service(answer, &service);
		/* The digest can be computed only from the seed. */
		service.svc.digest = service.digest;
		service.svc.has_digest = !service.has_seed;
		model_put(service_copy(&service.svc));
	}
	ask((void *)request, LBHASH_CMD_BACKEND_GET, NLM_F_DUMP);
	while ((answer = wire_next_answer()) && !is_last(answer)) {
		parse_message(tb, answer);
		mnl_attr_for_each(attr, answer, GENL_HDRLEN) {
			if (mnl_attr_get_type(attr) != LBHASH_A_BACKEND)
				continue;
			read_backend(attr, &seen);
			svc = must_know(read_name(tb, LBHASH_A_NAME));
			*service_add(svc, seen.backend.name) = seen.backend;
		}
	}
}

/* compare_all() - compare the kernel's configuration with the model */
void compare_all(void)
{
	static const uint8_t cmds[] = {
		LBHASH_CMD_SERVICE_GET, LBHASH_CMD_BACKEND_GET,
		LBHASH_CMD_STATS_GET, LBHASH_CMD_MEMORY_GET
	};
	uint32_t request[(NLMSG_HDRLEN + GENL_HDRLEN) / 4];
	struct verdict v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		ask((void *)request, cmds[i], NLM_F_DUMP);
		predict((void *)request, &v);
		judge((void *)request, &v);
		judge_silence();
	}
	judge_event(NULL);
	tested.compared++;
}
