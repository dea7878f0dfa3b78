// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl as a function: it takes words and standard input, and returns exit
 * code, output and errors. Properties that hold for every call are checked
 * here.
 */
#include "redirect.h"
#include "../../tools/ctl/lbhashctl.c"

#include <assert.h>
#include <ctype.h>
#include <sched.h>

#include "ctl.h"
#include "kernel.h"

char *ctl_out, *ctl_err;
const char *ctl_module;

static const char *input;
static size_t input_size;

static FILE *open_input(void)
{
	FILE *in = fmemopen((void *)input, input_size, "r");

	assert(in);
	return in;
}

FILE *fopen(const char *name, const char *mode)
{
	assert(!strcmp(mode, "r"));
	if (ctl_module && !strcmp(name, "/sys/module/xt_lbhash/version"))
		return fmemopen((void *)ctl_module, strlen(ctl_module), "r");
	if (!strcmp(name, CTL_FILE))
		return open_input();
	errno = ENOENT;
	return NULL;
}

int setns(int fd, int type)
{
	(void)fd;
	(void)type;
	errno = EPERM;
	return -1;
}

/* Free the output and the errors of the last run. */
void ctl_forget(void)
{
	free(ctl_out);
	free(ctl_err);
	ctl_out = NULL;
	ctl_err = NULL;
}

/* Each word has memory of its own, so that AddressSanitizer sees its end. */
static int call(const char *const *words)
{
	char *argv[CTL_WORDS + 2] = { strdup("lbhashctl") };
	char *all[CTL_WORDS + 2];
	int argc, rc, i;

	for (argc = 1; words[argc - 1]; argc++) {
		assert(argc <= CTL_WORDS);
		argv[argc] = strdup(words[argc - 1]);
	}
	memcpy(all, argv, sizeof(all));
	memset(&ctl, 0, sizeof(ctl));
	always_dry_run = false;
	always_exist_ok = false;
	color_mode("auto");
	/* getopt may have stopped in the middle of a word: reset its state. */
	optind = 0;
	getopt(1, argv, "+");
	rc = lbhashctl_main(argc, argv);
	for (i = 0; i < argc; i++)
		free(all[i]);
	return rc;
}

/* An error is a line of printable characters; warnings may precede it. Without
 * a command, or with options only, the usage is printed instead.
 */
static void check_errors(const char *const *words, int rc)
{
	static const char me[] = "lbhashctl: ";
	const char *line, *end;

	if (!strncmp(ctl_err, "usage: ", 7)) {
		assert(rc == USAGE && (!words[0] || words[0][0] == '-'));
		return;
	}
	assert(!rc || *ctl_err);
	for (line = ctl_err; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert(end && end > line + strlen(me));
		assert(!strncmp(line, me, strlen(me)));
		for (line += strlen(me); line < end; line++)
			assert(!iscntrl((unsigned char)*line));
	}
}

/* --exist-ok may be any word, also of a batch. The input has no terminating
 * zero byte.
 */
static bool may_forgive(const char *const *words)
{
	static const char option[] = "--exist-ok";

	for (; *words; words++)
		if (!strncmp(*words, "--ex", 4))
			return true;
	return memmem(input, input_size, option, strlen(option));
}

/* lbhashctl must report a refusal of the kernel, with its sentence if any. */
static void check_refusal(const char *const *words, int rc)
{
	if (!kernel.refused)
		return;
	if ((kernel.error == ENOENT || kernel.error == EEXIST) &&
	    may_forgive(words))
		return;
	assert(rc == REFUSED);
	assert(strstr(ctl_err, *kernel.refusal ? kernel.refusal :
		      kernel.error == EOPNOTSUPP ?
		      "not supported by the module" :
		      strerror(kernel.error)));
}

/**
 * ctl_run() - run lbhashctl
 * @words: arguments without the program's name, NULL-terminated
 * @in: contents of standard input and of CTL_FILE
 * @size: length of @in
 *
 * Return: its exit code.
 */
int ctl_run(const char *const *words, const char *in, size_t size)
{
	FILE *old_in = stdin, *old_out = stdout, *old_err = stderr;
	size_t out_size, err_size;
	int rc;

	ctl_forget();
	input = in;
	input_size = size;
	stdin = open_input();
	stdout = open_memstream(&ctl_out, &out_size);
	stderr = open_memstream(&ctl_err, &err_size);
	assert(stdout && stderr);
	rc = call(words);
	fclose(stdin);
	fclose(stdout);
	fclose(stderr);
	stdin = old_in;
	stdout = old_out;
	stderr = old_err;

	assert(rc == DONE || rc == USAGE || rc == REFUSED);
	check_errors(words, rc);
	check_refusal(words, rc);
	return rc;
}
