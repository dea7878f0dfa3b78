// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl with a module of another version: attributes that the module does
 * not report are absent or null, those that lbhashctl does not know are
 * ignored, and an error names what the module does not support. This is a test,
 * not a fuzzer.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <linux/lbhash.h>
#include <linux/types.h>

#include "ctl.h"
#include "kernel.h"

#define MOST_WORDS	16

static unsigned int checks;

static void replace(char *text, char what, char by)
{
	for (; *text; text++)
		if (*text == what)
			*text = by;
}

/* Run a command line with this standard input. In the input and in the output,
 * ' stands for ".
 */
static int run(const char *line, const char *in)
{
	const char *words[MOST_WORDS + 1] = { NULL };
	char *copy = strdup(line), *next = copy, *file = strdup(in);
	size_t n;
	int rc;

	for (n = 0; n < MOST_WORDS && next; n++)
		words[n] = strsep(&next, " ");
	replace(file, '\'', '"');
	rc = ctl_run(words, file, strlen(file));
	replace(ctl_out, '"', '\'');
	free(file);
	free(copy);
	checks++;
	return rc;
}

static void must(bool is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "%s:\n%s%s", what, ctl_out, ctl_err);
	abort();
}

/* The command must print this JSON. */
static void prints(const char *line, const char *want)
{
	must(run(line, "") == CTL_DONE, line);
	must(!strncmp(ctl_out, want, strlen(want)), line);
	must(!strcmp(ctl_out + strlen(want), "\n"), line);
}

static void says(int code, const char *line, const char *want)
{
	must(run(line, "") == code, line);
	must(!strcmp(ctl_err, want), line);
}

/* The module does not know @what: an attribute, or the command itself. */
static void refuses(const char *line, const char *what, const char *module)
{
	bool is_attr = strstr(what, "Unknown");
	char want[256];

	snprintf(want, sizeof(want),
		 "lbhashctl: %s: the module %s lbhashctl %s; load a matching module%s\n",
		 what, module, VERSION, is_attr ? ", or omit it" : "");
	says(CTL_REFUSED, line, want);
}

/* The output must contain @with, and must not contain @without. */
static void shows(const char *line, const char *with, const char *without)
{
	must(run(line, "") == CTL_DONE, line);
	must(!!strstr(ctl_out, with), line);
	must(!without || !strstr(ctl_out, without), line);
}

static void applies(const char *file)
{
	must(run("apply -", file) == CTL_DONE, file);
}

static void start(void)
{
	kernel_start(1);
	ctl_module = NULL;
	applies("{'services':[{'name':'web','size':251,'backends':[{'name':'s1','mark':1}]}]}");
}

/* The older module has names, size, seed, marks and weights only. */
static void with_old_module(void)
{
	char *saved;

	start();
	kernel.older = true;
	ctl_module = "0.0.9\n";
	prints("-j version",
	       "{'lbhashctl':'" VERSION "','xt_lbhash':'0.0.9'}");
	prints("-j service show",
	       "[{'name':'web','size':251,'hash':null,'seed':'00000000000000000000000000000001','mask':null,'on_empty':null,'settle':null,'track':null,'deliver':null,'idle':null,'udp_idle':null,'settle_max':null,'sample':null,'digest':null,'generation':null,'rules':null,'backends':null,'transition_slots':null,'settles_in':null,'holding':null}]");
	shows("service show", "web    251\n", "settle");
	prints("-j backend show web",
	       "[{'name':'s1','mark':1,'weight':1,'state':null,'addresses':[],'slots':null}]");
	shows("backend show web", "s1    0x1        1\n", "state");
	/* Metrics are only printed for attributes that the module has. */
	shows("metrics", "lbhash_service_slots{service='web'} 251\n",
	      "lbhash_service_rules");
	shows("metrics", "lbhash_backend_weight{service='web',backend='s1'} 1\n",
	      "lbhash_backend_slots");

	refuses("service set web settle 5", "settle: Unknown attribute type",
		"0.0.9 is older than");
	refuses("backend set web s1 state drain",
		"state: Unknown attribute type", "0.0.9 is older than");
	must(run("apply -", "{'services':[{'name':'web','mask':255}]}") ==
	     CTL_REFUSED, "apply");
	must(!!strstr(ctl_err, "service web: mask: Unknown attribute type: "),
	     "apply");
	must(run("service set web size 509", "") == CTL_DONE, "what it knows");

	/* Attributes that are not reported are not saved: null is not valid. */
	prints("-j save",
	       "{'services':[{'name':'web','size':251,'seed':'00000000000000000000000000000001','backends':[{'name':'s1','mark':1,'weight':1,'addresses':[]}]}]}");
	saved = strdup(ctl_out);
	applies(saved);
	free(saved);

	kernel.lacks = LBHASH_CMD_LOOKUP;
	refuses("lookup web proto tcp src ::1 dst ::2",
		"lookup web: not supported by the module", "0.0.9 is older than");
	kernel.lacks = LBHASH_CMD_STATS_GET;
	refuses("stats", "stats: not supported by the module",
		"0.0.9 is older than");
	kernel.lacks = LBHASH_CMD_SERVICE_SET;
	ctl_module = NULL;
	refuses("service set web size 509",
		"service set web: not supported by the module", "does not match");
	ctl_module = VERSION "\n";
	refuses("service set web size 509",
		"service set web: not supported by the module", VERSION " is a different build than");
}

/* A newer module sends unknown attributes, and states without a name. */
static void with_new_module(void)
{
	char *before;

	start();
	must(run("-j service show", "") == CTL_DONE, "before");
	before = strdup(ctl_out);
	kernel.newer = true;
	ctl_module = "99.0\n";
	must(run("-j service show", "") == CTL_DONE, "attributes to ignore");
	must(!strcmp(ctl_out, before), "attributes to ignore");
	free(before);
	prints("-j backend show web",
	       "[{'name':'s1','mark':1,'weight':1,'state':77,'addresses':[],'slots':1}]");
	shows("backend show web", " 77 ", NULL);
	shows("metrics", "lbhash_backend_weight{service='web',backend='s1'} 1\n",
	      "lbhash_backend_state");
	must(run("save", "") == CTL_DONE, "save");
	shows("-j version", "'xt_lbhash':'99.0'", NULL);
	kernel.lacks = LBHASH_CMD_STATS_GET;
	refuses("stats", "stats: not supported by the module",
		"99.0 is newer than");
}

/* No valid name needs escaping in metrics, but the format must be right anyway.
 */
static void escapes(void)
{
	json_t *service;

	start();
	service = json_incref(json_object_get(kernel.services, "web"));
	json_object_clear(kernel.services);
	json_object_set_new(kernel.services, "a\"b\\c\nd", service);
	shows("metrics", "lbhash_service_slots{service='a\\'b\\\\c\\nd'} 251\n",
	      "\nd");
}

int main(void)
{
	with_old_module();
	with_new_module();
	escapes();
	kernel_start(0);
	ctl_forget();
	printf("ok - %u commands\n", checks);
	return 0;
}
