// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of the modelled kernel. It stores what is applied, to be saved
 * again, and aborts on values that lbhashctl itself must refuse.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "../../kmod/netlink_gen.h"
#include "kernel.h"

#define PAGE		200	/* slots per message of a table */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- anything --------------------------------------------------------------*/

static void put_word(struct nlmsghdr *nlh, u16 type)
{
	static const char *const words[] = { "web", "s1", "a-b.c_d", "x" };

	mnl_attr_put_strz(nlh, type, words[kernel_dice(ARRAY_SIZE(words))]);
}

/* Put a number of random width. Its value is small, because lbhashctl allocates
 * memory for as many slots.
 */
static void put_number(struct nlmsghdr *nlh, u16 type)
{
	u64 value = kernel_dice(1024);

	mnl_attr_put(nlh, type, 1 << kernel_dice(4), &value);
}

static bool is_word(u16 type, u16 nest)
{
	switch (nest) {
	case 0:
		return type == LBHASH_A_NAME;
	case LBHASH_A_BACKEND:
		return type == LBHASH_BACKEND_A_NAME;
	case LBHASH_A_DECISION:
		return type >= LBHASH_DECISION_A_OWNER &&
		       type <= LBHASH_DECISION_A_BACKEND;
	default:
		return false;
	}
}

static bool is_nest(u16 type)
{
	return type == LBHASH_A_BACKEND || type == LBHASH_A_REASON ||
	       type == LBHASH_A_DECISION || type == LBHASH_A_CHANGE;
}

/* Put random attributes, as of older or newer modules: some are missing, some
 * are unknown to lbhashctl, some have another width.
 */
static void babble_in(struct nlmsghdr *nlh, u16 nest)
{
	static const u8 bytes[16];
	struct nlattr *inside;
	u16 type;

	for (type = 1; type <= LBHASH_A_MAX + 1; type++) {
		if (!is_word(type, nest) && !kernel_dice(3))
			continue;
		if (is_word(type, nest)) {
			put_word(nlh, type);
		} else if (!nest && is_nest(type)) {
			inside = mnl_attr_nest_start(nlh, type);
			babble_in(nlh, type);
			mnl_attr_nest_end(nlh, inside);
		} else if (!kernel_dice(8)) {
			mnl_attr_put(nlh, type, kernel_dice(sizeof(bytes)),
				     bytes);
		} else {
			put_number(nlh, type);
		}
	}
}

/**
 * kernel_babble() - send a message with random attributes
 * @cmd: LBHASH_CMD_* of the message
 */
void kernel_babble(u8 cmd)
{
	struct nlmsghdr *nlh = kernel_begin(cmd);

	babble_in(nlh, 0);
	kernel_end(nlh);
}

/* --- the configuration -----------------------------------------------------*/

static void keep(json_t *object, const char *key, const struct nlattr *attr,
		 u64 otherwise)
{
	if (attr)
		otherwise = kernel_number(attr);
	json_object_set_new(object, key, json_integer(otherwise));
}

static void keep_bytes(json_t *object, const char *key,
		       const struct nlattr *attr, const char *otherwise)
{
	if (attr)
		otherwise = kernel_hex(mnl_attr_get_payload(attr),
				       mnl_attr_get_payload_len(attr));
	json_object_set_new(object, key, json_string(otherwise));
}

static u64 kept(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	assert(json_is_integer(value));
	return json_integer_value(value);
}

static void put_kept_bytes(struct nlmsghdr *nlh, u16 type,
			   const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t i, size = strlen(text) / 2;
	char digits[3] = "";
	u8 bytes[16];

	for (i = 0; i < size; i++) {
		memcpy(digits, text + 2 * i, 2);
		bytes[i] = strtoul(digits, NULL, 16);
	}
	if (size)
		mnl_attr_put(nlh, type, size, bytes);
}

/* lbhashctl must refuse marks that are not unique or not within the mask. */
static json_t *keep_backend(const struct nlattr *nest, u64 mask, json_t *marks)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];
	json_t *o = json_object();
	const char *name;
	char mark[16];

	kernel_attrs(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
		     tb, lbhash_backend_nl_policy, LBHASH_BACKEND_A_MAX);
	name = mnl_attr_get_str(tb[LBHASH_BACKEND_A_NAME]);
	json_object_set_new(o, "name", json_string(name));
	keep(o, "mark", tb[LBHASH_BACKEND_A_MARK], 0);
	keep(o, "weight", tb[LBHASH_BACKEND_A_WEIGHT], 1);
	keep(o, "state", tb[LBHASH_BACKEND_A_STATE], LBHASH_STATE_UP);
	keep_bytes(o, "addr4", tb[LBHASH_BACKEND_A_ADDR4], "");
	keep_bytes(o, "addr6", tb[LBHASH_BACKEND_A_ADDR6], "");

	snprintf(mark, sizeof(mark), "%x", (u32)kept(o, "mark"));
	assert(kept(o, "mark") && !(kept(o, "mark") & ~mask));
	assert(!json_object_get(marks, mark));
	json_object_set_new(marks, mark, json_true());
	assert(kept(o, "weight") <= LBHASH_WEIGHT_MAX);
	assert(strcmp(json_string_value(json_object_get(o, "addr4")),
		      "00000000"));
	assert(strcmp(json_string_value(json_object_get(o, "addr6")),
		      "00000000000000000000000000000000"));
	return o;
}

static json_t *keep_service(struct genl_info *info)
{
	static const char *const prefixes[] = {
		"src4", "dst4", "src6", "dst6"
	};
	json_t *o = json_object(), *backends = json_object();
	json_t *marks = json_object(), *backend;
	const struct nlattr **tb = info->attrs, *attr;
	const char *name;
	unsigned int i;

	keep(o, "size", tb[LBHASH_A_SIZE], LBHASH_SIZE_DEFAULT);
	keep(o, "fields", tb[LBHASH_A_FIELDS], 0x1f);
	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		keep(o, prefixes[i], tb[LBHASH_A_SRC4_PREFIX + i],
		     i < 2 ? 32 : 128);
	keep_bytes(o, "seed", tb[LBHASH_A_SEED],
		   "00000000000000000000000000000001");
	keep(o, "mask", tb[LBHASH_A_MASK], 0xffffffff);
	keep(o, "on_empty", tb[LBHASH_A_ON_EMPTY], LBHASH_ON_EMPTY_DROP);
	keep(o, "settle", tb[LBHASH_A_SETTLE], LBHASH_SETTLE_DEFAULT);
	keep(o, "track", tb[LBHASH_A_TRACK], LBHASH_TRACK_ALWAYS);
	keep(o, "deliver", tb[LBHASH_A_DELIVER], LBHASH_DELIVER_MARK);
	keep(o, "idle", tb[LBHASH_A_IDLE], LBHASH_IDLE_DEFAULT);
	keep(o, "udp_idle", tb[LBHASH_A_UDP_IDLE], LBHASH_UDP_IDLE_DEFAULT);
	keep(o, "settle_max", tb[LBHASH_A_SETTLE_MAX], 0);
	keep(o, "sample", tb[LBHASH_A_SAMPLE], 0);
	assert(kept(o, "size") >= LBHASH_SIZE_MIN);
	assert(kept(o, "size") <= LBHASH_SIZE_MAX);
	assert(kept(o, "settle") <= LBHASH_SETTLE_MAX);
	assert(kept(o, "idle") && kept(o, "idle") <= LBHASH_IDLE_MAX);
	assert(kept(o, "udp_idle") && kept(o, "udp_idle") <= LBHASH_IDLE_MAX);
	assert(kept(o, "settle_max") <= LBHASH_SETTLE_MAX);
	assert(kept(o, "sample") <= LBHASH_SAMPLE_MAX);
	assert(kept(o, "fields") & ~LBHASH_HASH_FIELD_SYMMETRIC);

	mnl_attr_for_each(attr, info->nlhdr, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_BACKEND)
			continue;
		backend = keep_backend(attr, kept(o, "mask"), marks);
		name = json_string_value(json_object_get(backend, "name"));
		assert(!json_object_get(backends, name));
		json_object_set_new(backends, name, backend);
	}
	json_object_set_new(o, "backends", backends);
	json_decref(marks);
	return o;
}

static void show_service(const char *name, const json_t *o)
{
	struct nlmsghdr *nlh = kernel_begin(LBHASH_CMD_SERVICE_GET);

	mnl_attr_put_strz(nlh, LBHASH_A_NAME, name);
	mnl_attr_put_u32(nlh, LBHASH_A_SIZE, kept(o, "size"));
	mnl_attr_put_u32(nlh, LBHASH_A_FIELDS, kept(o, "fields"));
	mnl_attr_put_u8(nlh, LBHASH_A_SRC4_PREFIX, kept(o, "src4"));
	mnl_attr_put_u8(nlh, LBHASH_A_DST4_PREFIX, kept(o, "dst4"));
	mnl_attr_put_u8(nlh, LBHASH_A_SRC6_PREFIX, kept(o, "src6"));
	mnl_attr_put_u8(nlh, LBHASH_A_DST6_PREFIX, kept(o, "dst6"));
	put_kept_bytes(nlh, LBHASH_A_SEED, o, "seed");
	mnl_attr_put_u32(nlh, LBHASH_A_MASK, kept(o, "mask"));
	mnl_attr_put_u32(nlh, LBHASH_A_ON_EMPTY, kept(o, "on_empty"));
	mnl_attr_put_u32(nlh, LBHASH_A_SETTLE, kept(o, "settle"));
	mnl_attr_put_u32(nlh, LBHASH_A_TRACK, kept(o, "track"));
	mnl_attr_put_u32(nlh, LBHASH_A_DELIVER, kept(o, "deliver"));
	mnl_attr_put_u32(nlh, LBHASH_A_IDLE, kept(o, "idle"));
	mnl_attr_put_u32(nlh, LBHASH_A_UDP_IDLE, kept(o, "udp_idle"));
	mnl_attr_put_u32(nlh, LBHASH_A_SETTLE_MAX, kept(o, "settle_max"));
	mnl_attr_put_u32(nlh, LBHASH_A_SAMPLE, kept(o, "sample"));
	mnl_attr_put_u64(nlh, LBHASH_A_DIGEST, 1);
	mnl_attr_put_u64(nlh, LBHASH_A_GENERATION, kernel.changes);
	mnl_attr_put_u32(nlh, LBHASH_A_RULES, 0);
	mnl_attr_put_u32(nlh, LBHASH_A_BACKENDS,
			 json_object_size(json_object_get(o, "backends")));
	kernel_end(nlh);
}

static void show_backends(const char *name, const json_t *service)
{
	struct nlmsghdr *nlh = kernel_begin(LBHASH_CMD_BACKEND_GET);
	struct nlattr *nest;
	const char *key;
	json_t *o;

	mnl_attr_put_strz(nlh, LBHASH_A_NAME, name);
	json_object_foreach(json_object_get(service, "backends"), key, o) {
		nest = mnl_attr_nest_start(nlh, LBHASH_A_BACKEND);
		mnl_attr_put_strz(nlh, LBHASH_BACKEND_A_NAME, key);
		mnl_attr_put_u32(nlh, LBHASH_BACKEND_A_MARK, kept(o, "mark"));
		mnl_attr_put_u32(nlh, LBHASH_BACKEND_A_WEIGHT,
				 kept(o, "weight"));
		mnl_attr_put_u32(nlh, LBHASH_BACKEND_A_STATE,
				 kept(o, "state"));
		put_kept_bytes(nlh, LBHASH_BACKEND_A_ADDR4, o, "addr4");
		put_kept_bytes(nlh, LBHASH_BACKEND_A_ADDR6, o, "addr6");
		mnl_attr_put_u32(nlh, LBHASH_BACKEND_A_SLOTS, 1);
		mnl_attr_nest_end(nlh, nest);
	}
	kernel_end(nlh);
}

/* --- operations ------------------------------------------------------------*/

static int is_dry_run(const struct genl_info *info)
{
	if (!info->attrs[LBHASH_A_DRY_RUN]) {
		kernel.changes++;
		return false;
	}
	kernel_babble(info->cmd);
	return true;
}

/* Changes of parts of a service are checked but not stored. */
static int look_at(struct sk_buff *skb, struct genl_info *info)
{
	(void)skb;
	is_dry_run(info);
	return 0;
}

static int say_something(struct sk_buff *skb, struct genl_info *info)
{
	(void)skb;
	kernel_babble(info->cmd);
	return 0;
}

int lbhash_nl_service_apply_doit(struct sk_buff *skb, struct genl_info *info)
{
	json_t *service = keep_service(info);

	(void)skb;
	if (!is_dry_run(info))
		json_object_set(kernel.services, kernel_name(info), service);
	json_decref(service);
	return 0;
}

int lbhash_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	(void)skb;
	if (!is_dry_run(info))
		json_object_del(kernel.services, kernel_name(info));
	return 0;
}

int lbhash_nl_service_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	const char *name;
	json_t *service;

	(void)skb;
	(void)cb;
	json_object_foreach(kernel.services, name, service)
		show_service(name, service);
	return 0;
}

int lbhash_nl_backend_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	const char *name;
	json_t *service;

	(void)skb;
	(void)cb;
	json_object_foreach(kernel.services, name, service)
		show_backends(name, service);
	return 0;
}

int lbhash_nl_stats_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	u32 n = kernel_dice(4);

	(void)skb;
	(void)cb;
	while (n--)
		kernel_babble(LBHASH_CMD_STATS_GET);
	return 0;
}

static u32 first_mark(const json_t *service)
{
	json_t *backends = json_object_get(service, "backends");
	void *first = json_object_iter(backends);

	return first ? kept(json_object_iter_value(first), "mark") : 0;
}

/* The first backend owns all slots of the modelled table. */
int lbhash_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	json_t *service = json_object_get(kernel.services, kernel_name(info));
	u32 marks[PAGE], first, size, n, i;
	struct nlmsghdr *nlh;

	if (!service || kernel.babbles)
		return say_something(skb, info);
	first = kernel_number(info->attrs[LBHASH_A_FIRST_SLOT]);
	size = kept(service, "size");
	n = size < first ? 0 : size - first < PAGE ? size - first : PAGE;
	for (i = 0; i < n; i++)
		marks[i] = first_mark(service);
	nlh = kernel_begin(info->cmd);
	mnl_attr_put_strz(nlh, LBHASH_A_NAME, kernel_name(info));
	mnl_attr_put_u32(nlh, LBHASH_A_SIZE, size);
	mnl_attr_put_u64(nlh, LBHASH_A_GENERATION, kernel.changes);
	mnl_attr_put_u64(nlh, LBHASH_A_DIGEST, 1);
	mnl_attr_put_u32(nlh, LBHASH_A_FIRST_SLOT, first);
	mnl_attr_put(nlh, LBHASH_A_MARKS, n * sizeof(*marks), marks);
	kernel_end(nlh);
	return 0;
}

int lbhash_nl_memory_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	static const u8 key[LBHASH_MEMORY_KEY_LEN];
	struct nlmsghdr *nlh;

	if (kernel.babbles)
		return say_something(skb, info);
	nlh = kernel_begin(info->cmd);
	mnl_attr_put_u32(nlh, LBHASH_A_LIMIT, kernel.limit);
	mnl_attr_put_u32(nlh, LBHASH_A_ENTRIES, 0);
	mnl_attr_put(nlh, LBHASH_A_MEMORY_KEY, sizeof(key), key);
	kernel_end(nlh);
	return 0;
}

int lbhash_nl_memory_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct nlmsghdr *nlh;
	const char *name;
	json_t *service;

	(void)skb;
	(void)cb;
	json_object_foreach(kernel.services, name, service) {
		if (kernel.babbles) {
			kernel_babble(LBHASH_CMD_MEMORY_GET);
			continue;
		}
		nlh = kernel_begin(LBHASH_CMD_MEMORY_GET);
		mnl_attr_put_strz(nlh, LBHASH_A_NAME, name);
		kernel_end(nlh);
	}
	return 0;
}

int lbhash_nl_memory_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *limit = info->attrs[LBHASH_A_LIMIT];

	(void)skb;
	if (!is_dry_run(info) && limit)
		kernel.limit = kernel_number(limit);
	return 0;
}

/* Two pages of one entry each. */
int lbhash_nl_entry_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	u64 position = kernel_number(info->attrs[LBHASH_A_POSITION]);
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	if (kernel.babbles && kernel_dice(2))
		return say_something(skb, info);
	nlh = kernel_begin(info->cmd);
	mnl_attr_put_strz(nlh, LBHASH_A_NAME, kernel_name(info));
	nest = mnl_attr_nest_start(nlh, LBHASH_A_ENTRY);
	mnl_attr_put_strz(nlh, LBHASH_ENTRY_A_BACKEND, "s1");
	mnl_attr_put_u32(nlh, LBHASH_ENTRY_A_SLOT, 7);
	mnl_attr_put_u64(nlh, LBHASH_ENTRY_A_PRINT, position);
	mnl_attr_put_u32(nlh, LBHASH_ENTRY_A_FLAGS, 9);
	mnl_attr_nest_end(nlh, nest);
	if (!position)
		mnl_attr_put_u64(nlh, LBHASH_A_POSITION, 1);
	kernel_end(nlh);
	return 0;
}

#define DOIT(name, verb)						\
	int lbhash_nl_##name##_doit(struct sk_buff *skb,		\
				    struct genl_info *info)		\
	{								\
		return verb(skb, info);					\
	}

DOIT(service_new, look_at)
DOIT(service_set, look_at)
DOIT(service_get, say_something)
DOIT(backend_new, look_at)
DOIT(backend_set, look_at)
DOIT(backend_del, look_at)
DOIT(backend_get, say_something)
DOIT(stats_get, say_something)
DOIT(lookup, say_something)
DOIT(entry_new, look_at)

