// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation failures in tools/lib: each operation is repeated with its first
 * allocation failing, then its second one, and so on until none fails. It must
 * return -ENOMEM with a sentence and print nothing; AddressSanitizer detects
 * leaks.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <linux/lbhash.h>

#include "../../tools/lib/backend.h"
#include "../../tools/lib/commit.h"
#include "../../tools/lib/config.h"
#include "../../tools/lib/entries.h"
#include "../../tools/lib/error.h"
#include "../../tools/lib/lookup.h"
#include "../../tools/lib/memory.h"
#include "../../tools/lib/service.h"
#include "../../tools/lib/socket.h"
#include "../../tools/lib/stats.h"
#include "../../tools/lib/table.h"
#include "alloc.h"
#include "kernel.h"

static const char present[] = {
	"{\"services\":[{\"name\":\"web\",\"size\":251,\"backends\":[{\"name\":\"s1\",\"mark\":1,\"addresses\":[\"192.0.2.1\",\"::1\"]},{\"name\":\"s2\",\"mark\":2,\"state\":\"drain\"}]},{\"name\":\"old\",\"size\":251}]}"
};

/* More backends than the initial buffer of a request holds. */
#define BACKENDS	160

static char wanted[BACKENDS * 64];

static unsigned long failures;

static void write_wanted(void)
{
	size_t len;
	int i;

	len = sprintf(wanted, "{\"memory\":512,\"services\":[{\"name\":\"new\",\"hash\":\"src/24,dst\"},{\"name\":\"web\",\"mask\":255,\"backends\":[");
	for (i = 1; i <= BACKENDS; i++)
		len += sprintf(wanted + len,
			       "%s{\"name\":\"s%d\",\"mark\":%d,\"addresses\":[\"::%d\"]}",
			       i > 1 ? "," : "", i, i, i);
	sprintf(wanted + len, "]}]}");
}

static int list_services(struct lb *lb, struct lb_error *error)
{
	json_t *into = json_array();
	int rc = into ? lb_services(lb, NULL, into, error) : -ENOMEM;

	json_decref(into);
	return into ? rc : lb_error_memory(error);
}

static int list_backends(struct lb *lb, struct lb_error *error)
{
	json_t *into = json_object();
	int rc = into ? lb_backends(lb, NULL, NULL, into, error) : -ENOMEM;

	json_decref(into);
	return into ? rc : lb_error_memory(error);
}

static int read_stats(struct lb *lb, struct lb_error *error)
{
	json_t *into = json_array();
	int rc = into ? lb_stats(lb, NULL, into, error) : -ENOMEM;

	json_decref(into);
	return into ? rc : lb_error_memory(error);
}

static int read_table(struct lb *lb, struct lb_error *error)
{
	json_t *table;
	int rc = lb_table(lb, "web", true, &table, error);

	assert(!table == !!rc);
	json_decref(table);
	return rc;
}

static int look_up(struct lb *lb, struct lb_error *error)
{
	static const struct lb_flow flow = {
		.proto = 6,
		.src = { .family = AF_INET, .has_port = true, .port = 1 },
		.dst = { .family = AF_INET },
	};
	json_t *decision;
	int rc = lb_lookup(lb, "web", &flow, &decision, error);

	assert(!decision == !!rc);
	json_decref(decision);
	return rc;
}

static int save(struct lb *lb, struct lb_error *error)
{
	json_t *config;
	int rc = lb_config_save(lb, &config, error);

	assert(!config == !!rc);
	json_decref(config);
	return rc;
}

static int read_memory(struct lb *lb, struct lb_error *error)
{
	json_t *memory;
	int rc = lb_memory_read(lb, &memory, error);

	assert(!memory == !!rc);
	json_decref(memory);
	return rc;
}

static int dump_entries(struct lb *lb, struct lb_error *error)
{
	json_t *dump;
	int rc = lb_entries_dump(lb, &dump, error);

	assert(!dump == !!rc);
	json_decref(dump);
	return rc;
}

static int insert_entries(struct lb *lb, struct lb_error *error)
{
	json_t *dump, *done;
	int rc;

	alloc.is_paused = true;
	dump = json_pack("{s:s, s:[{s:s, s:[{s:s, s:i, s:s, s:i, s:i, s:i, s:[s, s]}]}]}",
			 "key", "00000000000000000000000000000000",
			 "services", "service", "web", "entries",
			 "backend", "s1", "slot", 7, "print", "0123456789abcdef",
			 "sequence", 1, "bytes", 0, "age", 2,
			 "flags", "open", "fin");
	alloc.is_paused = false;
	assert(dump);
	done = json_array();
	rc = done ? lb_entries_insert(lb, dump, done, error) :
		    lb_error_memory(error);
	json_decref(done);
	json_decref(dump);
	return rc;
}

static int plan(struct lb *lb, struct lb_commit *commit, const char *text,
		struct lb_error *error)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	json_t *config, *names = json_object();
	int rc;

	assert(in);
	/* jansson's parser reports some failed allocations as syntax errors. */
	alloc.is_paused = true;
	rc = lb_config_load(in, &config, error);
	alloc.is_paused = false;
	if (!rc)
		rc = lb_config_read(config, true, commit, names, error);
	if (!rc)
		rc = lb_config_prune(lb, names, commit, error);
	fclose(in);
	json_decref(config);
	json_decref(names);
	return rc;
}

static int apply(struct lb *lb, struct lb_error *error)
{
	struct lb_commit commit = {};
	int rc = plan(lb, &commit, wanted, error);

	if (!rc)
		rc = lb_commit_run(lb, &commit, error);
	lb_commit_clear(&commit);
	return rc;
}

static int rehearse(struct lb *lb, struct lb_error *error)
{
	json_t *changes = json_array();
	struct lb_commit commit = {};
	int rc = plan(lb, &commit, wanted, error);

	if (!rc)
		rc = lb_commit_dry_run(lb, &commit, changes, error);
	lb_commit_clear(&commit);
	json_decref(changes);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(struct lb *lb, struct lb_error *error);
} operations[] = {
	{ "services", list_services }, { "backends", list_backends },
	{ "stats", read_stats }, { "table", read_table },
	{ "lookup", look_up }, { "save", save }, { "apply", apply },
	{ "dry run", rehearse }, { "memory", read_memory },
	{ "dump", dump_entries }, { "insertion", insert_entries },
};

/* The modelled kernel has the same services at each repetition. */
static void start(void)
{
	struct lb_error error = {};
	struct lb_commit commit = {};
	struct lb *lb;

	kernel_start(1);
	lb = lb_new(NULL, NULL);
	assert(lb && !plan(lb, &commit, present, &error));
	assert(!lb_commit_run(lb, &commit, &error));
	lb_commit_clear(&commit);
	lb_free(lb);
}

/* Return: false if all allocations succeeded. */
static bool fails(unsigned int op, unsigned long nth)
{
	struct lb_error error = {};
	struct lb *lb;
	int rc;

	start();
	alloc.has_failed = false;
	alloc.until = nth;
	lb = lb_new(NULL, NULL);
	rc = lb ? operations[op].run(lb, &error) : lb_error_memory(&error);
	alloc.until = 0;
	lb_free(lb);
	if (alloc.has_failed && (rc != -ENOMEM || error.code != ENOMEM ||
				 strcmp(error.sentence, "out of memory"))) {
		printf("%s: allocation %lu failed, and it returned %d, %s\n",
		       operations[op].name, nth, rc, error.sentence);
		exit(EXIT_FAILURE);
	}
	if (!alloc.has_failed)
		assert(!rc);
	return alloc.has_failed;
}

int main(void)
{
	unsigned long nth;
	unsigned int op;

	json_set_alloc_funcs(fuzz_malloc, free);
	json_object_seed(1);
	write_wanted();
	for (op = 0; op < sizeof(operations) / sizeof(*operations); op++) {
		for (nth = 1; fails(op, nth); nth++)
			failures++;
		assert(nth > 10);
	}
	kernel_start(0);
	printf("ok - %u operations, %lu failures\n", op, failures);
	return 0;
}
