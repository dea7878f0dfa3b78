// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of lbhashctl's output, with tools/ctl/print.c, view.c, columns.c
 * and table.c and tools/lib/table.c as they are: the input is JSON and a view
 * of it, the output is text. Prints TAP.
 */
#include <assert.h>
#include <stdarg.h>

#include "../../tools/lib/error.c"
#include "../../tools/lib/json.c"
#include "../../tools/lib/names.c"
#include "../../tools/lib/table.c"
#include "../../tools/ctl/color.c"
#include "../../tools/ctl/columns.c"
#include "../../tools/ctl/print.c"
#include "../../tools/ctl/table.c"
#include "../../tools/ctl/view.c"

static int number, failures;
static char *printed;
static size_t printed_size;
static FILE *real_stdout;

/* --- what these take from other files --------------------------------------*/

struct ctl ctl;

void *must_realloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	assert(new);
	return new;
}

char *must_print(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	assert(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	return text;
}

bool terminal_obeys(int fd)
{
	(void)fd;
	return false;
}

int fail(int code, const char *fmt, ...)
{
	(void)fmt;
	return code;
}

struct lb_request *lb_request_start(__u8 op)
{
	(void)op;
	return NULL;
}

void lb_put_str(struct lb_request *req, __u16 type, const char *value)
{
	(void)req;
	(void)type;
	(void)value;
}

void lb_put_u32(struct lb_request *req, __u16 type, __u32 value)
{
	(void)req;
	(void)type;
	(void)value;
}

int lb_do(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	  struct lb_error *error)
{
	(void)lb;
	(void)req;
	(void)cb;
	(void)arg;
	(void)error;
	return -1;
}

int lb_backends(struct lb *lb, const char *service, const char *name,
		json_t *into, struct lb_error *error)
{
	(void)lb;
	(void)service;
	(void)name;
	(void)into;
	(void)error;
	return -1;
}

struct lb *session(void)
{
	return NULL;
}

int session_result(int rc, const struct lb_error *error)
{
	(void)error;
	return rc ? REFUSED : DONE;
}

void lb_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb, __u16 max)
{
	(void)nlh;
	memset(tb, 0, (max + 1) * sizeof(*tb));
}

__u64 lb_uint(const struct nlattr *attr)
{
	return attr ? *(const __u32 *)(const void *)(attr + 1) : 0;
}

const char *lb_str(const struct nlattr *attr)
{
	return attr ? (const char *)(attr + 1) : NULL;
}

/* --- printing into memory --------------------------------------------------*/

static void begin(void)
{
	real_stdout = stdout;
	stdout = open_memstream(&printed, &printed_size);
	assert(stdout);
}

static void check(const char *what, const char *want)
{
	bool good;

	fclose(stdout);
	stdout = real_stdout;
	good = !strcmp(printed, want);
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	if (!good)
		fprintf(stderr, "%s: got\n%swant\n%s", what, printed, want);
	failures += !good;
	free(printed);
}

/* Parse JSON in which ' stands for ". */
static json_t *from(const char *json)
{
	char *text = strdup(json), *c;
	json_t *value;

	for (c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(text, JSON_DECODE_ANY, NULL);
	assert(value);
	free(text);
	return value;
}

/* --- views -----------------------------------------------------------------*/

static const struct view_field view[] = {
	{ .key = "name", .flags = VIEW_NAME },
	{ .key = "mark", .flags = VIEW_HEX },
	{ .key = "weight" },
	{ .key = "state", .label = "is", .flags = VIEW_STATE },
	{ .key = "seed", .flags = VIEW_VERBOSE },
	{ .key = "lost", .flags = VIEW_NONZERO },
	{ .key = "next", .label = "next hop" },
	{}
};

static void shows(const char *what, const char *json, const char *want)
{
	begin();
	print(from(json), view);
	check(what, want);
}

static void test_views(void)
{
	shows("a table",
	      "[{'name':'s1','mark':255,'weight':1,'state':'up','seed':'ab','lost':0,'next':['192.0.2.1','::1']},{'name':'server2','mark':2,'weight':65535,'state':'drain','seed':'cd','lost':0,'next':[]}]",
	      "name     mark  weight  is     next hop\n"
	      "s1       0xff       1  up     192.0.2.1 ::1\n"
	      "server2  0x2    65535  drain  -\n");
	shows("a column that counted something",
	      "[{'name':'a','lost':0},{'name':'b','lost':12}]",
	      "name  lost\na        0\nb       12\n");
	shows("a value that is not known", "[{'name':'a','weight':null},{'name':'b','weight':7}]",
	      "name  weight\na          -\nb          7\n");
	shows("an empty table", "[]", "");
	shows("a line", "{'name':'a','mark':16,'state':'up','lost':0,'next':['::1']}",
	      "a 0x10 is up next hop ::1\n");
	shows("a line of nothing but a name", "{'name':'a','weight':null}",
	      "a\n");
	shows("numbers of 64 bits", "[{'name':'a','weight':-1}]",
	      "name                weight\na     18446744073709551615\n");
	ctl.verbose = true;
	shows("a table with -v", "[{'name':'a','seed':'ab'}]",
	      "name  seed\na     ab\n");
	ctl.verbose = false;
	ctl.json = true;
	shows("JSON", "[{'name':'a','weight':null,'share':33.33}]",
	      "[{\"name\":\"a\",\"weight\":null,\"share\":33.33}]\n");
	ctl.pretty = true;
	shows("pretty JSON", "{'name':'a','next':[]}",
	      "{\n  \"name\": \"a\",\n  \"next\": []\n}\n");
	ctl.pretty = false;
	ctl.json = false;
	color_mode("always");
	shows("colours", "[{'name':'a','state':'down'},{'name':'b','state':'up'}]",
	      "\033[1mname\033[0m  \033[1mis\033[0m\n"
	      "\033[36ma\033[0m     \033[31mdown\033[0m\n"
	      "\033[36mb\033[0m     \033[32mup\033[0m\n");
	color_mode("never");
}

/* --- values ----------------------------------------------------------------*/

static void test_shares(void)
{
	static const struct {
		__u64 part, whole;
		const char *want;
	} shares[] = {
		{ 1, 3, "33.33%" }, { 2, 3, "66.67%" }, { 3, 3, "100.00%" },
		{ 0, 3, "0.00%" }, { 1, 65537, "0.00%" },
		{ 0xffffffffffffffff, 0xffffffffffffffff, "100.00%" },
		{ 0, 0, "-" },
	};
	json_t *share;
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		begin();
		share = columns_share(shares[i].part, shares[i].whole);
		text = view_text(share, 0);
		fputs(text, stdout);
		check(shares[i].want, shares[i].want);
		free(text);
		json_decref(share);
	}
}

static void test_bars(void)
{
	json_t *rows = from("[{'n':40},{'n':0},{'n':20},{'n':1},{'n':3}]");
	json_t *row;
	size_t i;

	begin();
	columns_add_bars(rows, "n");
	json_array_foreach(rows, i, row)
		printf("%s|", json_string_value(json_object_get(row, "bar")));
	check("bars", "####################||##########|#|##|");
	json_decref(rows);
	rows = from("[{'n':0}]");
	columns_add_bars(rows, "n");
	begin();
	print(rows, view);
	check("no bars of nothing", "");
}

/* A netlink attribute whose payload is a number. */
struct number {
	struct nlattr attr;
	__u32 value;
};

static void test_numbers(void)
{
	struct number n = { .value = 1 };
	json_t *list = json_array();

	json_array_append_new(list, lb_json_choice(&n.attr, lb_state_names));
	json_array_append_new(list, lb_json_choice(NULL, lb_state_names));
	json_array_append_new(list, lb_json_digest(&n.attr));
	json_array_append_new(list, lb_json_digest(NULL));
	json_array_append_new(list, lb_json_uint(&n.attr));
	json_array_append_new(list, lb_json_uint(NULL));
	n.value = 3;
	json_array_append_new(list, lb_json_choice(&n.attr, lb_state_names));
	begin();
	ctl.json = true;
	print(list, NULL);
	ctl.json = false;
	check("numbers and their names",
	      "[\"drain\",null,\"0000000000000001\",null,1,null,3]\n");
}

static void test_sort(void)
{
	json_t *array = from("[{'k':'b10'},{'k':'b2'},{},{'k':'a'},{'k':'b1'}]");

	assert(!lb_json_sort(array, "k"));
	begin();
	ctl.json = true;
	print(array, NULL);
	ctl.json = false;
	check("an array in order",
	      "[{},{\"k\":\"a\"},{\"k\":\"b1\"},{\"k\":\"b10\"},{\"k\":\"b2\"}]\n");
}

/* --- lbhashctl table -------------------------------------------------------*/

/* A table of ten slots: s3 is drained, and the last slot has no owner. */
static void test_table(void)
{
	static __u32 marks[] = { 1, 2, 1, 2, 1, 1, 2, 1, 3, 0 };
	json_t *list = from("[{'name':'s1','mark':1,'weight':3,'state':'up'},{'name':'s2','mark':2,'weight':4,'state':'up'},{'name':'s3','mark':3,'weight':9,'state':'drain'}]");
	struct pages pages = {
		.size = ARRAY_SIZE(marks), .marks = marks,
		.digest = json_string("00000000000000ff"),
	};
	struct owners owners = {};
	json_t *table;

	assert(!fill_owners(&owners, list));
	assert(count_slots(&pages, &owners));
	table = table_json("web", &pages, list, &owners, false);
	begin();
	print_table(table);
	check("lbhashctl table",
	      "web: 10 slots, digest 00000000000000ff, spread -47.46% to +16.55%\n"
	      "  backend  ideal  slots   spread   share\n"
	      "  s1        4.29      5  +16.55%  50.00%  ####################\n"
	      "  s2        5.71      3  -47.46%  30.00%  ############\n"
	      "  s3        0.00      1        -  10.00%  ####\n");
	json_decref(table);
	table = slots_json(&pages, &owners);
	begin();
	ctl.json = true;
	print(table, NULL);
	ctl.json = false;
	check("its slots",
	      "[\"s1\",\"s2\",\"s1\",\"s2\",\"s1\",\"s1\",\"s2\",\"s1\",\"s3\",null]\n");
	marks[9] = 4;
	begin();
	fputs(count_slots(&pages, &owners) ? "" : "unknown", stdout);
	check("a slot of an owner that is not there", "unknown");
	free(owners.all);
	json_decref(pages.digest);
	json_decref(list);
}

int main(void)
{
	test_views();
	test_shares();
	test_bars();
	test_numbers();
	test_sort();
	test_table();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
