// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl metrics: counters and gauges in the text format of Prometheus
 */
#include <stdio.h>
#include <string.h>

#include "../lib/backend.h"
#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/memory.h"
#include "../lib/names.h"
#include "../lib/service.h"
#include "../lib/stats.h"
#include "commands.h"
#include "ctl.h"
#include "print.h"
#include "session.h"
#include "versions.h"

/**
 * struct family - samples of one metric
 * @name: name of the metric; a table ends with a NULL one
 * @help: description for Prometheus
 * @key: key of the value in an object
 *
 * Counters end in _total, all others are gauges.
 */
struct family {
	const char *name;
	const char *help;
	const char *key;
};

/* From lb_services(). */
static const struct family service_families[] = {
	{ "lbhash_service_slots", "Slots of the table.", "size" },
	{ "lbhash_service_backends", "Backends of the service.", "backends" },
	{ "lbhash_service_rules", "iptables rules that refer to the service.",
	  "rules" },
	{ "lbhash_service_changes_total", "Changes of the service (its generation).",
	  "generation" },
	{ "lbhash_service_transition_slots",
	  "Slots that remember a previous owner.", "transition_slots" },
	{ "lbhash_service_settles_in_seconds",
	  "Time until the last slot in transition can settle.", "settles_in" },
	{ "lbhash_service_holding_connections",
	  "Connections that hold slots in transition.", "holding" },
	{}
};

/* From lb_stats(). */
static const struct family counter_families[] = {
	{ "lbhash_service_packets_total", "Packets that rules sent to the service.",
	  "packets" },
	{ "lbhash_service_bytes_total", "Bytes of these packets.", "bytes" },
	{}
};

static const struct family reason_family = {
	"lbhash_service_decisions_total",
	"Packets by reason of the decision.", NULL
};

/* From lb_backends(). */
static const struct family backend_families[] = {
	{ "lbhash_backend_weight", "Configured share of the slots.", "weight" },
	{ "lbhash_backend_slots", "Slots that the backend owns.", "slots" },
	{}
};

static const struct family state_family = {
	"lbhash_backend_state", "1 for the state that the backend is in.",
	"state"
};

/* From the backends in lb_stats(). */
static const struct family traffic_families[] = {
	{ "lbhash_backend_packets_total", "Packets that the backend was given.",
	  "packets" },
	{ "lbhash_backend_bytes_total", "Bytes of these packets.", "bytes" },
	{ "lbhash_backend_connections_total",
	  "Decisions that chose the backend for a connection.",
	  "connections" },
	{ "lbhash_backend_unforwarded_packets_total",
	  "Packets of rules with --forward that were left to routing.",
	  "unforwarded" },
	{ "lbhash_backend_unresolved_packets_total",
	  "Packets sent before the link address of the next hop was known.",
	  "unresolved" },
	{ "lbhash_backend_openers_given_total",
	  "SYNs and INITs that the flow memory remembered at the backend.",
	  "openers_given" },
	{ "lbhash_backend_openers_went_on_total",
	  "Connections of these that went on.", "openers_went_on" },
	{ "lbhash_backend_openers_repeated_total",
	  "Repetitions of these SYNs and INITs.", "openers_repeated" },
	{}
};

/* From lb_memory_totals(). */
static const struct family memory_families[] = {
	{ "lbhash_memory_limit_entries", "Most entries of the flow memory.",
	  "limit" },
	{ "lbhash_memory_entries", "Entries of the flow memory.", "entries" },
	{ "lbhash_memory_half_open_entries",
	  "Entries of connections whose handshake is not complete.",
	  "half_open" },
	{ "lbhash_memory_refused_total",
	  "Connections for which the flow memory had no room.", "refused" },
	{ "lbhash_memory_evicted_total",
	  "Entries that made room before they expired.", "evicted" },
	{ "lbhash_memory_failed_total",
	  "Failed allocations of the flow memory.", "failed" },
	{}
};

/**
 * struct running - the state of all services
 * @services: array from lb_services()
 * @backends: object from lb_backends(), an array per service
 * @stats: array from lb_stats()
 * @memory: object from lb_memory_totals(), or NULL
 */
struct running {
	json_t *services;
	json_t *backends;
	json_t *stats;
	json_t *memory;
};

static bool is_counter(const char *name)
{
	size_t len = strlen(name), tail = strlen("_total");

	return len > tail && !strcmp(name + len - tail, "_total");
}

/* Return: the array of samples of the new family. */
static json_t *add_family(json_t *families, const struct family *family)
{
	const char *type = is_counter(family->name) ? "counter" : "gauge";
	json_t *samples = json_array();
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(family->name));
	json_object_set_new(o, "help", json_string(family->help));
	json_object_set_new(o, "type", json_string(type));
	json_object_set_new(o, "samples", samples);
	json_array_append_new(families, o);
	return samples;
}

/* Null values are skipped. */
static void add_sample(json_t *samples, json_t *labels, json_t *value)
{
	if (json_is_integer(value))
		json_array_append_new(samples, json_pack("{s:O, s:O}",
							 "labels", labels,
							 "value", value));
	json_decref(labels);
}

static json_t *service_label(const json_t *object, const char *key)
{
	return json_pack("{s:O?}", "service", json_object_get(object, key));
}

static json_t *backend_labels(json_t *service, const json_t *backend)
{
	return json_pack("{s:O?, s:O?}", "service", service, "backend",
			 json_object_get(backend, "name"));
}

/* Add each family, with a sample for each service. */
static void add_services(json_t *families, const struct family *family,
			 const json_t *services, const char *name)
{
	json_t *samples, *service;
	size_t i;

	for (; family->name; family++) {
		samples = add_family(families, family);
		json_array_foreach(services, i, service)
			add_sample(samples, service_label(service, name),
				   json_object_get(service, family->key));
	}
}

static void add_reasons(json_t *families, const json_t *stats)
{
	json_t *samples = add_family(families, &reason_family);
	json_t *service, *labels, *packets;
	const char *reason;
	size_t i;

	json_array_foreach(stats, i, service)
		json_object_foreach(json_object_get(service, "reasons"),
				    reason, packets) {
			labels = service_label(service, "service");
			json_object_set_new(labels, "reason",
					    json_string(reason));
			add_sample(samples, labels, packets);
		}
}

static void add_backends(json_t *families, json_t *backends)
{
	json_t *samples, *service, *list, *backend;
	const struct family *family;
	const char *name;
	size_t i;

	for (family = backend_families; family->name; family++) {
		samples = add_family(families, family);
		json_object_foreach(backends, name, list) {
			service = json_string(name);
			json_array_foreach(list, i, backend)
				add_sample(samples,
					   backend_labels(service, backend),
					   json_object_get(backend,
							   family->key));
			json_decref(service);
		}
	}
}

static void add_state(json_t *samples, const char *service,
		      const json_t *backend)
{
	const char *state, *const *name;
	json_t *value, *labels;

	state = lb_json_string(backend, "state");
	for (name = lb_state_names; state && *name; name++) {
		value = json_integer(!strcmp(state, *name));
		labels = json_pack("{s:s, s:O?, s:s}", "service", service,
				   "backend", json_object_get(backend, "name"),
				   "state", *name);
		add_sample(samples, labels, value);
		json_decref(value);
	}
}

static void add_states(json_t *families, json_t *backends)
{
	json_t *samples = add_family(families, &state_family);
	json_t *list, *backend;
	const char *name;
	size_t i;

	json_object_foreach(backends, name, list)
		json_array_foreach(list, i, backend)
			add_state(samples, name, backend);
}

static void add_traffic(json_t *families, const json_t *stats)
{
	json_t *samples, *service, *name, *backend;
	const struct family *family;
	size_t i, j;

	for (family = traffic_families; family->name; family++) {
		samples = add_family(families, family);
		json_array_foreach(stats, i, service) {
			name = json_object_get(service, "service");
			json_array_foreach(json_object_get(service, "backends"),
					   j, backend)
				add_sample(samples,
					   backend_labels(name, backend),
					   json_object_get(backend,
							   family->key));
		}
	}
}

/* A module that has no flow memory has no samples. */
static void add_memory(json_t *families, const json_t *memory)
{
	const struct family *family;

	for (family = memory_families; family->name; family++)
		add_sample(add_family(families, family), json_object(),
			   json_object_get(memory, family->key));
}

static void add_versions(json_t *families)
{
	static const struct family info = {
		"lbhash_build_info", "Versions of lbhashctl and the module.",
		NULL
	};
	json_t *one = json_integer(1);

	add_sample(add_family(families, &info), versions_json(), one);
	json_decref(one);
}

static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			putchar('\\');
		if (*text == '\n')
			fputs("\\n", stdout);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_sample(const char *name, const json_t *sample)
{
	const char *label, *gap = "{";
	json_t *value;

	fputs(name, stdout);
	json_object_foreach(json_object_get(sample, "labels"), label, value) {
		printf("%s%s=", gap, label);
		print_quoted(json_is_string(value) ? json_string_value(value) :
			     "");
		gap = ",";
	}
	printf("%s %llu\n", *gap == ',' ? "}" : "",
	       lb_json_number(sample, "value"));
}

/* Families without samples are skipped. */
static void print_family(const json_t *family)
{
	const json_t *samples = json_object_get(family, "samples"), *sample;
	const char *name;
	size_t i;

	if (!json_array_size(samples))
		return;
	name = lb_json_string(family, "name");
	printf("# HELP %s %s\n", name,
	       lb_json_string(family, "help"));
	printf("# TYPE %s %s\n", name,
	       lb_json_string(family, "type"));
	json_array_foreach(samples, i, sample)
		print_sample(name, sample);
}

static json_t *list_families(const struct running *running)
{
	json_t *families = json_array();

	add_versions(families);
	add_services(families, service_families, running->services, "name");
	add_services(families, counter_families, running->stats, "service");
	add_reasons(families, running->stats);
	add_backends(families, running->backends);
	add_states(families, running->backends);
	add_traffic(families, running->stats);
	add_memory(families, running->memory);
	return families;
}

/* An older module has none. */
static int read_memory(json_t **memory, struct lb_error *error)
{
	int rc = lb_memory_totals(session(), memory, error);

	return error->is_unknown ? 0 : rc;
}

static int metrics(const struct command *cmd, char **argv)
{
	struct running running = {
		json_array(), json_object(), json_array(), NULL
	};
	json_t *families = NULL, *family;
	struct lb_error error = {};
	size_t i;
	int rc;

	(void)cmd;
	(void)argv;
	rc = lb_services(session(), NULL, running.services, &error);
	if (!rc)
		rc = lb_backends(session(), NULL, NULL, running.backends,
				 &error);
	if (!rc)
		rc = lb_stats(session(), NULL, running.stats, &error);
	if (!rc)
		rc = read_memory(&running.memory, &error);
	rc = session_result(rc, &error);
	if (!rc)
		families = list_families(&running);
	json_decref(running.services);
	json_decref(running.backends);
	json_decref(running.stats);
	json_decref(running.memory);
	if (rc)
		return rc;
	if (ctl.json)
		return print(families, NULL);
	json_array_foreach(families, i, family)
		print_family(family);
	json_decref(families);
	return DONE;
}

const struct command metrics_commands[] = {
	{ .args = "",
	  .help = "print them in the text format of Prometheus",
	  .run = metrics },
	{}
};
