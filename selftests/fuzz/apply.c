// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: lbhashctl apply, from JSON to netlink messages, and save.
 *
 * An input begins with two bytes that seed the kernel's random numbers and a
 * byte that tells what the others are: a file, or instructions that build a
 * valid file, whose meaning is known, and possibly put one mistake into it,
 * whose place is known.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/lbhash.h>

#include "../../tools/lib/names.h"
#include "ctl.h"
#include "fuzz.h"
#include "kernel.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MOST_SERVICES	4
#define SOME_BACKENDS	5
#define MANY_BACKENDS	64	/* more than a message's initial buffer holds */

/**
 * struct file - a configuration file under construction
 * @root: its contents
 * @want: the expected services of the modelled kernel, after apply
 * @mistake: path of the mistake in the file, "" if there is none
 */
struct file {
	json_t *root;
	json_t *want;
	char mistake[64];
};

/* How often each property was checked. */
static struct {
	unsigned long applied, refused, mistakes, strange, saved;
} tested;

static json_t *copy_of_services(void)
{
	json_t *copy = json_deep_copy(kernel.services);

	assert(copy);
	return copy;
}

/* --- building --------------------------------------------------------------*/

static u32 take_u32(struct orders *orders)
{
	u32 value = take(orders) << 8 | take(orders);

	return value << 16 | take(orders) << 8 | take(orders);
}

/* Set a key in the file and in the expected services. */
static void set(json_t *in, const char *key, json_t *value, json_t *want,
		const char *want_key, json_t *meaning)
{
	json_object_set_new(in, key, value);
	json_object_set_new(want, want_key, meaning);
}

static json_t *marklike(struct orders *orders, u32 value)
{
	char text[16];

	switch (take_below(orders, 3)) {
	case 0:
		return json_integer(value);
	case 1:
		snprintf(text, sizeof(text), "%u", value);
		break;
	default:
		snprintf(text, sizeof(text), take(orders) & 1 ? "0x%x" :
			 "0X%08X", value);
	}
	return json_string(text);
}

/* Draw a name that is not in @names, of all characters that names may have. */
static const char *draw_name(struct orders *orders, const json_t *names)
{
	static const char chars[] = "abcxyzABCXYZ0189_.-";
	static char name[LBHASH_NAME_MAX + 1];
	u32 i, len = 1 + take_below(orders, LBHASH_NAME_MAX);

	for (i = 0; i < len; i++)
		name[i] = chars[take_below(orders, sizeof(chars) - 1)];
	name[len] = '\0';
	if (name[0] == '-')
		name[0] = 'a';
	while (json_object_get(names, name))
		snprintf(name, sizeof(name), "n%u", take(orders) + 256 *
			 (u32)json_object_size(names));
	return name;
}

/* Draw hash fields, in any order, with prefixes of one family or of both. */
static void draw_hash(struct orders *orders, json_t *in, json_t *want)
{
	static const char *const names[] = {
		"proto", "src", "dst", "sport", "dport", "symmetric"
	};
	static const char *const prefixes[] = {
		"src4", "dst4", "src6", "dst6"
	};
	u32 fields = 1 + take_below(orders, 31), i, n, first, prefix[4];
	char text[128] = "";
	size_t len = 0;

	if (take(orders) & 1)
		fields |= LBHASH_HASH_FIELD_SYMMETRIC;
	for (i = 0; i < 4; i++)
		prefix[i] = i < 2 ? 32 : 128;
	first = take(orders);
	for (n = 0; n < ARRAY_SIZE(names); n++) {
		i = (first + n) % ARRAY_SIZE(names);
		if (!(fields & 1u << i))
			continue;
		if ((i == 1 || i == 2) && take(orders) & 1) {
			prefix[i - 1] = 1 + take_below(orders, 32);
			len += snprintf(text + len, sizeof(text) - len,
					",%s/%u", names[i], prefix[i - 1]);
			if (take(orders) & 1)
				continue;
			prefix[i + 1] = 33 + take_below(orders, 96);
			len += snprintf(text + len, sizeof(text) - len,
					",%s/%u", names[i], prefix[i + 1]);
			continue;
		}
		len += snprintf(text + len, sizeof(text) - len, ",%s",
				names[i]);
	}
	set(in, "hash", json_string(text + 1), want, "fields",
	    json_integer(fields));
	for (i = 0; i < 4; i++)
		json_object_set_new(want, prefixes[i],
				    json_integer(prefix[i]));
}

static void draw_seed(struct orders *orders, json_t *in, json_t *want)
{
	char text[2 * LBHASH_SEED_LEN + 1], *c;
	u8 seed[LBHASH_SEED_LEN];
	u32 i;

	for (i = 0; i < sizeof(seed); i++)
		seed[i] = take(orders);
	memcpy(text, kernel_hex(seed, sizeof(seed)), sizeof(text));
	json_object_set_new(want, "seed", json_string(text));
	for (c = text; take(orders) & 1 && *c; c++)
		if (*c >= 'a')
			*c -= 'a' - 'A';
	json_object_set_new(in, "seed", json_string(text));
}

/* Draw at most one address of each family, in any order, never unspecified. */
static void draw_addresses(struct orders *orders, json_t *in, json_t *want)
{
	u8 bytes[16] = { 0x20, 1, 0xd, 0xb8 }, kinds = take_below(orders, 5);
	json_t *list = json_array();
	char text[INET6_ADDRSTRLEN];

	memset(bytes + 4, take(orders), 4 + take_below(orders, 9));
	if (kinds == 1 || kinds == 3 || kinds == 4) {
		inet_ntop(AF_INET, bytes, text, sizeof(text));
		json_array_append_new(list, json_string(text));
		json_object_set_new(want, "addr4",
				    json_string(kernel_hex(bytes, 4)));
	}
	if (kinds > 1) {
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
		json_array_insert_new(list, kinds == 3 ? json_array_size(list) :
				      0, json_string(text));
		json_object_set_new(want, "addr6",
				    json_string(kernel_hex(bytes, 16)));
	}
	json_object_set_new(in, "addresses", list);
}

/* Draw an unused mark within the mask. Return: the mark, 0 if there is none. */
static u32 draw_mark(struct orders *orders, u32 mask, const json_t *marks)
{
	u32 used = json_object_size(marks), mark, i;
	char text[16];

	for (i = 0; i < 4; i++) {
		mark = (take_u32(orders) + used + i) & mask;
		snprintf(text, sizeof(text), "%x", mark);
		if (mark && !json_object_get(marks, text))
			return mark;
	}
	return 0;
}

static void draw_backend(struct orders *orders, u32 mask, json_t *list,
			 json_t *backends, json_t *marks)
{
	static const char *const states[] = { "up", "drain", "down" };
	u32 mark = draw_mark(orders, mask, marks), number, skip = take(orders);
	const char *name = draw_name(orders, backends);
	json_t *in, *want;
	char text[16];

	if (!mark)
		return;
	snprintf(text, sizeof(text), "%x", mark);
	json_object_set_new(marks, text, json_true());
	in = json_object();
	want = json_pack("{s:i, s:i, s:s, s:s}", "weight", 1, "state", 0,
			 "addr4", "", "addr6", "");
	if (!(skip & 1)) {
		number = take(orders) << 8 | take(orders);
		set(in, "weight", json_integer(number), want, "weight",
		    json_integer(number));
	}
	set(in, "name", json_string(name), want, "name", json_string(name));
	if (!(skip & 2)) {
		number = take_below(orders, 3);
		set(in, "state", json_string(states[number]), want, "state",
		    json_integer(number));
	}
	if (!(skip & 4))
		draw_addresses(orders, in, want);
	set(in, "mark", marklike(orders, mark), want, "mark",
	    json_integer(mark));
	json_array_append_new(list, in);
	json_object_set_new(backends, name, want);
}

/* Settings of the flow memory, each there or not. */
static void draw_memory(struct orders *orders, json_t *in, json_t *want)
{
	static const struct {
		const char *key;
		u32 min, max;
	} numbers[] = {
		{ "idle", 1, LBHASH_IDLE_MAX },
		{ "udp_idle", 1, LBHASH_IDLE_MAX },
		{ "settle_max", 0, LBHASH_SETTLE_MAX },
		{ "sample", 0, LBHASH_SAMPLE_MAX },
	};
	u32 skip = take(orders), i, number;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (skip & 1 << i)
			continue;
		number = numbers[i].min + take_u32(orders) %
			 (numbers[i].max - numbers[i].min + 1);
		set(in, numbers[i].key, json_integer(number), want,
		    numbers[i].key, json_integer(number));
	}
}

static void draw_service(struct orders *orders, struct file *file)
{
	json_t *in = json_object(), *list = json_array();
	json_t *backends = json_object(), *marks = json_object(), *want;
	const char *name = draw_name(orders, file->want);
	u32 skip = take(orders), mask = 0xffffffff, number, n;

	want = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}",
			 "size", LBHASH_SIZE_DEFAULT, "fields", 0x1f,
			 "src4", 32, "dst4", 32, "src6", 128, "dst6", 128,
			 "seed", "00000000000000000000000000000001",
			 "mask", (json_int_t)mask, "on_empty", 0,
			 "settle", LBHASH_SETTLE_DEFAULT,
			 "track", LBHASH_TRACK_ALWAYS,
			 "deliver", LBHASH_DELIVER_MARK,
			 "idle", LBHASH_IDLE_DEFAULT,
			 "udp_idle", LBHASH_UDP_IDLE_DEFAULT,
			 "settle_max", 0, "sample", 0);
	json_object_set_new(file->want, name, want);
	if (!(skip & 1)) {
		number = LBHASH_SIZE_MIN + take_u32(orders) %
			 (LBHASH_SIZE_MAX - LBHASH_SIZE_MIN + 1);
		set(in, "size", json_integer(number), want, "size",
		    json_integer(number));
	}
	if (!(skip & 2))
		draw_hash(orders, in, want);
	json_object_set_new(in, "name", json_string(name));
	if (!(skip & 4))
		draw_seed(orders, in, want);
	if (!(skip & 8)) {
		mask = take_u32(orders);
		mask = mask ? mask : 1;
		set(in, "mask", marklike(orders, mask), want, "mask",
		    json_integer(mask));
	}
	if (!(skip & 16)) {
		number = take_below(orders, 2);
		set(in, "on_empty", json_string(number ? "continue" : "drop"),
		    want, "on_empty", json_integer(number));
	}
	if (!(skip & 32)) {
		number = take_u32(orders) % (LBHASH_SETTLE_MAX + 1);
		set(in, "settle", json_integer(number), want, "settle",
		    json_integer(number));
	}
	if (!(skip & 64)) {
		number = take_below(orders, LBHASH_TRACK_CHANGED + 1);
		set(in, "track", json_string(lb_track_names[number]), want,
		    "track", json_integer(number));
	}
	if (!(skip & 128)) {
		number = take_below(orders, LBHASH_DELIVER_NEXTHOP + 1);
		set(in, "deliver", json_string(lb_deliver_names[number]), want,
		    "deliver", json_integer(number));
	}
	draw_memory(orders, in, want);
	n = take_below(orders, SOME_BACKENDS + 1);
	if (take(orders) == 255)
		n = MANY_BACKENDS;
	for (; n; n--)
		draw_backend(orders, mask, list, backends, marks);
	set(in, "backends", list, want, "backends", backends);
	json_array_append_new(json_object_get(file->root, "services"), in);
	json_decref(marks);
}

static void draw_file(struct orders *orders, struct file *file)
{
	u32 n = take_below(orders, MOST_SERVICES + 1);

	file->root = json_pack("{s:[]}", "services");
	file->want = json_object();
	file->mistake[0] = '\0';
	while (n--)
		draw_service(orders, file);
}

/* --- mistakes --------------------------------------------------------------*/

/**
 * struct mistake - a mistake in an object
 * @key: the key that is wrong
 * @value: its value as JSON, NULL to remove the key
 * @deeper: index into the value at which the error must point, or ""
 */
struct mistake {
	const char *key, *value, *deeper;
};

static const struct mistake in_services[] = {
	{ "name", NULL, "" }, { "name", "1", "" }, { "name", "\"\"", "" },
	{ "name", "\"-a\"", "" }, { "name", "\"a b\"", "" },
	{ "name", "\"aaaaaaaaaabbbbbbbbbbccccccccccdd\"", "" },
	{ "colour", "1", "" }, { "", "1", "" }, { "Size", "300", "" },
	{ "disruptive", "true", "" }, { "dry-run", "true", "" },
	{ "size", "250", "" }, { "size", "1048574", "" },
	{ "size", "\"300\"", "" }, { "size", "300.5", "" },
	{ "size", "-300", "" }, { "size", "4294967596", "" },
	{ "size", "9223372036854775807", "" }, { "size", "null", "" },
	{ "hash", "\"src,src\"", "" }, { "hash", "\"symmetric\"", "" },
	{ "hash", "\"src/0\"", "" }, { "hash", "\"src/129\"", "" },
	{ "hash", "\"src,dst/8,dst/9\"", "" }, { "hash", "\"\"", "" },
	{ "hash", "\"proto/8\"", "" }, { "hash", "[\"src\"]", "" },
	{ "hash", "\"src,\"", "" }, { "hash", "31", "" },
	{ "seed", "\"00\"", "" }, { "seed", "0", "" },
	{ "seed", "\"0123456789abcdef0123456789abcdeg\"", "" },
	{ "seed", "\"0123456789abcdef0123456789abcdef0\"", "" },
	{ "mask", "0", "" }, { "mask", "4294967296", "" },
	{ "mask", "\"0x\"", "" }, { "mask", "\"+1\"", "" },
	{ "mask", "\" 1\"", "" }, { "mask", "true", "" },
	{ "on_empty", "\"pass\"", "" }, { "on_empty", "1", "" },
	{ "settle", "604801", "" }, { "settle", "\"600\"", "" },
	{ "track", "\"sometimes\"", "" }, { "track", "2", "" },
	{ "track", "null", "" }, { "deliver", "\"nat\"", "" },
	{ "deliver", "0", "" },
	{ "idle", "0", "" }, { "idle", "604801", "" },
	{ "udp_idle", "0", "" }, { "udp_idle", "\"30\"", "" },
	{ "udp-idle", "30", "" }, { "settle_max", "604801", "" },
	{ "settle_max", "null", "" }, { "sample", "1048574", "" },
	{ "sample", "-1", "" },
	{ "backends", "{}", "" }, { "backends", "\"\"", "" },
	{ "backends", "[7]", "[0]" },
};

static const struct mistake in_backends[] = {
	{ "name", NULL, "" }, { "name", "{}", "" }, { "name", "\"a/b\"", "" },
	{ "colour", "\"red\"", "" }, { "slots", "3", "" },
	{ "mark", NULL, "" }, { "mark", "0", "" }, { "mark", "-1", "" },
	{ "mark", "\"0x100000000\"", "" }, { "mark", "\"\"", "" },
	{ "mark", "1.0", "" }, { "weight", "65536", "" },
	{ "weight", "-1", "" }, { "weight", "\"1\"", "" },
	{ "state", "\"UP\"", "" }, { "state", "0", "" },
	{ "addresses", "\"192.0.2.1\"", "" }, { "addresses", "[1]", "[0]" },
	{ "addresses", "[\"192.0.2.1\", \"192.0.2.2\"]", "[1]" },
	{ "addresses", "[\"::1\", \"192.0.2.1\", \"::2\"]", "[2]" },
	{ "addresses", "[\"0.0.0.0\"]", "[0]" },
	{ "addresses", "[\"::\"]", "[0]" },
	{ "addresses", "[\"::1\", \"none\"]", "[1]" },
	{ "addresses", "[\"none\"]", "" },
	{ "addresses", "[\"192.0.2.1/32\"]", "[0]" },
};

static void make_mistake(struct file *file, const struct mistake *m,
			 json_t *object)
{
	size_t len = strlen(file->mistake);
	json_t *value;

	snprintf(file->mistake + len, sizeof(file->mistake) - len, ".%s%s",
		 m->key, m->deeper);
	if (!m->value) {
		json_object_del(object, m->key);
		return;
	}
	value = json_loads(m->value, JSON_DECODE_ANY, NULL);
	assert(value);
	json_object_set_new(object, m->key, value);
}

/* Give element @i of the list the name or mark of the first one. */
static void make_double(struct file *file, json_t *list, size_t i,
			const char *key)
{
	size_t len = strlen(file->mistake);

	json_object_set(json_array_get(list, i), key,
			json_object_get(json_array_get(list, 0), key));
	snprintf(file->mistake + len, sizeof(file->mistake) - len, ".%s", key);
}

static void mistake_in_backend(struct orders *orders, struct file *file,
			       json_t *list)
{
	size_t i = take_below(orders, json_array_size(list));
	size_t len = strlen(file->mistake);
	u8 which = take(orders);

	snprintf(file->mistake + len, sizeof(file->mistake) - len,
		 ".backends[%zu]", i);
	if (i && which < 32)
		make_double(file, list, i, which & 1 ? "name" : "mark");
	else
		make_mistake(file, &in_backends[which %
						ARRAY_SIZE(in_backends)],
			     json_array_get(list, i));
}

static void mistake_in_service(struct orders *orders, struct file *file)
{
	json_t *services = json_object_get(file->root, "services"), *list;
	size_t i = take_below(orders, json_array_size(services));
	u8 which = take(orders);

	snprintf(file->mistake, sizeof(file->mistake), "services[%zu]", i);
	list = json_object_get(json_array_get(services, i), "backends");
	if (which & 1 && json_array_size(list))
		mistake_in_backend(orders, file, list);
	else if (i && which < 16)
		make_double(file, services, i, "name");
	else
		make_mistake(file, &in_services[which / 2 %
						ARRAY_SIZE(in_services)],
			     json_array_get(services, i));
}

/* --- properties ------------------------------------------------------------*/

static int apply(const char *text, size_t size)
{
	static const char *const words[] = { "apply", "-", NULL };

	return ctl_run(words, text, size);
}

/* The kernel may have services already, which apply must delete or replace. */
static void start_kernel(struct orders *orders)
{
	static const char before[] =
		"{\"services\":[{\"name\":\"b\"},{\"name\":\"a\",\"mask\":1}]}";
	u32 random = take(orders) << 8 | take(orders);

	kernel_start(random);
	if (random & 1)
		assert(apply(before, strlen(before)) == CTL_DONE);
	kernel.refuses = random & 2 ? 4 : 0;
}

/* Applying what save prints must give the same configuration, over the present
 * one and over an empty one.
 */
static void check_save(void)
{
	static const char *const words[] = { "save", NULL };
	json_t *want = copy_of_services();
	char *saved;

	kernel.refuses = 0;
	assert(ctl_run(words, "", 0) == CTL_DONE);
	saved = strdup(ctl_out);
	assert(apply(saved, strlen(saved)) == CTL_DONE);
	assert(json_equal(kernel.services, want));
	json_object_clear(kernel.services);
	assert(apply(saved, strlen(saved)) == CTL_DONE);
	assert(json_equal(kernel.services, want));
	free(saved);
	json_decref(want);
	tested.saved++;
}

/* A file that lbhashctl or the kernel refuses must change nothing. */
static void check_unchanged(const json_t *before, unsigned int changes)
{
	assert(json_equal(kernel.services, before));
	assert(kernel.changes == changes);
}

/* Does the error name a place: a line, a path, or the file as a whole? */
static bool names_a_place(const char *error)
{
	static const char me[] = "lbhashctl: -: ";

	if (strncmp(error, me, strlen(me)))
		return false;
	error += strlen(me);
	return !strncmp(error, "services[", 9) ||
	       !strncmp(error, "line ", 5) ||
	       !strncmp(error, "memory: ", 8) ||
	       !strcmp(error, "must be an object whose keys are services, a list, and perhaps memory\n");
}

static void check_text(const char *text, size_t size)
{
	json_t *before = copy_of_services();
	unsigned int changes = kernel.changes;

	switch (apply(text, size)) {
	case CTL_DONE:
		check_save();
		break;
	case CTL_USAGE:
		assert(names_a_place(ctl_err));
		check_unchanged(before, changes);
		tested.strange++;
		break;
	default:
		assert(kernel.refused);
		check_unchanged(before, changes);
	}
	json_decref(before);
}

/* A valid file must become the configuration; for a file with one mistake, the
 * error must name its place.
 */
static void check_file(struct orders *orders, bool wrong)
{
	json_t *before = copy_of_services();
	unsigned int changes = kernel.changes;
	struct file file;
	char *text;
	int rc;

	draw_file(orders, &file);
	if (wrong && json_object_size(file.want))
		mistake_in_service(orders, &file);
	text = json_dumps(file.root, take(orders) & 1 ? JSON_COMPACT :
			  JSON_INDENT(1));
	rc = apply(text, strlen(text));
	if (*file.mistake) {
		assert(rc == CTL_USAGE);
		assert(!strncmp(ctl_err, "lbhashctl: -: ", 14));
		assert(!strncmp(ctl_err + 14, file.mistake,
				strlen(file.mistake)));
		assert(ctl_err[14 + strlen(file.mistake)] == ':');
		check_unchanged(before, changes);
		tested.mistakes++;
	} else if (kernel.refused) {
		assert(rc == CTL_REFUSED);
		check_unchanged(before, changes);
		tested.refused++;
	} else {
		assert(rc == CTL_DONE);
		assert(json_equal(kernel.services, file.want));
		tested.applied++;
		check_save();
	}
	free(text);
	json_decref(file.root);
	json_decref(file.want);
	json_decref(before);
}

static void report(void)
{
	printf("tested: applied %lu refused %lu mistakes %lu", tested.applied,
	       tested.refused, tested.mistakes);
	printf(" strange %lu saved %lu\n", tested.strange, tested.saved);
}

int fuzz_init(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	json_object_seed(1);
	return atexit(report);
}

int fuzz_one(const u8 *data, size_t size)
{
	struct orders orders = { .data = data, .size = size };
	u8 kind;

	start_kernel(&orders);
	kind = take_below(&orders, 3);
	if (kind == 0)
		check_text((const char *)orders.data, orders.size);
	else
		check_file(&orders, kind == 1);
	ctl_forget();
	kernel_start(0);
	return 0;
}
