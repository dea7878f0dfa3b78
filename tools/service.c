// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl service
 */
#include <stdio.h>

#include "change.h"
#include "lbhashctl.h"
#include "nl.h"
#include "parse.h"
#include "print.h"
#include "service.h"

const struct setting service_settings[SERVICE_SETTINGS + 1] = {
	[SERVICE_SIZE] = {
		.key = "size", .value = "N",
		.help = "slots of the table, 251..1048573, rounded up to a prime; 65537 by default",
		.json = "size",
		.parse = parse_number,
		.offset = offsetof(struct service, size),
		.min = LBHASH_SIZE_MIN, .max = LBHASH_SIZE_MAX,
		.flags = SETTING_INTEGER,
	},
	[SERVICE_HASH] = {
		.key = "hash", .value = "FIELDS",
		.help = "fields that are hashed: proto,src[/BITS],dst[/BITS],sport,dport,symmetric",
		.json = "hash",
		.parse = parse_hash,
		.offset = offsetof(struct service, hash),
		.flags = SETTING_STRING,
	},
	[SERVICE_SEED] = {
		.key = "seed", .value = "HEX",
		.help = "key of the hash, 32 hex digits; derived from the name by default",
		.json = "seed",
		.parse = parse_seed,
		.offset = offsetof(struct service, seed),
		.flags = SETTING_STRING,
	},
	[SERVICE_MASK] = {
		.key = "mask", .value = "M",
		.help = "bits of the mark that belong to the service; all by default",
		.json = "mask",
		.parse = parse_number,
		.offset = offsetof(struct service, mask),
		.min = 1, .max = 0xffffffff,
		.flags = SETTING_INTEGER | SETTING_STRING | SETTING_HEX,
	},
	[SERVICE_ON_EMPTY] = {
		.key = "on-empty", .value = "drop|continue",
		.help = "drop packets that no backend can take, or continue with the next rule",
		.json = "on_empty", .parse = parse_choice,
		.offset = offsetof(struct service, on_empty),
		.names = on_empty_names, .flags = SETTING_STRING,
	},
	[SERVICE_SETTLE] = {
		.key = "settle", .value = "SECS",
		.help = "minimum time that a slot remembers its previous owner; 600 by default",
		.json = "settle",
		.parse = parse_number,
		.offset = offsetof(struct service, settle),
		.max = LBHASH_SETTLE_MAX, .flags = SETTING_INTEGER,
	},
	[SERVICE_DISRUPTIVE] = {
		.key = "disruptive",
		.help = "allow a change of size, hash or seed that moves connections",
	},
	[SERVICE_DRY_RUN] = CHANGE_DRY_RUN,
	{}
};

static const struct print_field service_view[] = {
	{ .key = "name", .flags = PRINT_NAME },
	{ .key = "size" },
	{ .key = "hash" },
	{ .key = "seed", .flags = PRINT_VERBOSE },
	{ .key = "mask", .flags = PRINT_HEX },
	{ .key = "on_empty", .label = "on-empty" },
	{ .key = "settle" },
	{ .key = "backends" },
	{ .key = "rules" },
	{ .key = "generation", .flags = PRINT_VERBOSE },
	{ .key = "digest" },
	{ .key = "transition_slots", .label = "transition",
	  .flags = PRINT_NONZERO },
	{ .key = "settles_in", .label = "settles-in" },
	{ .key = "holding", .flags = PRINT_NONZERO },
	{}
};

/**
 * service_put() - append a service's name and the settings that it has
 * @msg: the request
 * @name: the name
 * @svc: the settings
 */
void service_put(struct nl_msg *msg, const char *name,
		 const struct service *svc)
{
	unsigned int i;

	nl_put_str(msg, LBHASH_A_NAME, name);
	if (svc->have & BIT(SERVICE_SIZE))
		nl_put_u32(msg, LBHASH_A_SIZE, svc->size);
	if (svc->have & BIT(SERVICE_HASH)) {
		nl_put_u32(msg, LBHASH_A_FIELDS, svc->hash.fields);
		for (i = 0; i < PREFIXES; i++)
			nl_put_u8(msg, LBHASH_A_SRC4_PREFIX + i,
				  svc->hash.prefix[i]);
	}
	if (svc->have & BIT(SERVICE_SEED))
		nl_put(msg, LBHASH_A_SEED, svc->seed, sizeof(svc->seed));
	if (svc->have & BIT(SERVICE_MASK))
		nl_put_u32(msg, LBHASH_A_MASK, svc->mask);
	if (svc->have & BIT(SERVICE_ON_EMPTY))
		nl_put_u32(msg, LBHASH_A_ON_EMPTY, svc->on_empty);
	if (svc->have & BIT(SERVICE_SETTLE))
		nl_put_u32(msg, LBHASH_A_SETTLE, svc->settle);
	if (svc->have & BIT(SERVICE_DISRUPTIVE))
		nl_put_flag(msg, LBHASH_A_DISRUPTIVE);
}

static json_t *hash_json(const struct nlattr **tb)
{
	char text[HASH_TEXT_MAX];
	struct hash hash = {};
	unsigned int i;

	if (!tb[LBHASH_A_FIELDS])
		return json_null();
	hash.fields = nl_uint(tb[LBHASH_A_FIELDS]);
	for (i = 0; i < PREFIXES; i++)
		hash.prefix[i] = nl_uint(tb[LBHASH_A_SRC4_PREFIX + i]);
	hash_to_text(&hash, text);
	return json_string(text);
}

static json_t *seed_json(const struct nlattr *attr)
{
	char text[2 * LBHASH_SEED_LEN + 1];
	const __u8 *seed;
	unsigned int i;

	if (!attr || mnl_attr_get_payload_len(attr) != LBHASH_SEED_LEN)
		return json_null();
	seed = mnl_attr_get_payload(attr);
	for (i = 0; i < LBHASH_SEED_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", seed[i]);
	return json_string(text);
}

static void append_service(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	json_t *o = json_object();

	nl_attrs(nlh, tb, LBHASH_A_MAX);
	json_object_set_new(o, "name", json_text(tb[LBHASH_A_NAME]));
	json_object_set_new(o, "size", json_uint(tb[LBHASH_A_SIZE]));
	json_object_set_new(o, "hash", hash_json(tb));
	json_object_set_new(o, "seed", seed_json(tb[LBHASH_A_SEED]));
	json_object_set_new(o, "mask", json_uint(tb[LBHASH_A_MASK]));
	json_object_set_new(o, "on_empty", json_name(tb[LBHASH_A_ON_EMPTY],
						     on_empty_names));
	json_object_set_new(o, "settle", json_uint(tb[LBHASH_A_SETTLE]));
	json_object_set_new(o, "digest", json_digest(tb[LBHASH_A_DIGEST]));
	json_object_set_new(o, "generation",
			    json_uint(tb[LBHASH_A_GENERATION]));
	json_object_set_new(o, "rules", json_uint(tb[LBHASH_A_RULES]));
	json_object_set_new(o, "backends", json_uint(tb[LBHASH_A_BACKENDS]));
	json_object_set_new(o, "transition_slots",
			    json_uint(tb[LBHASH_A_TRANSITION_SLOTS]));
	json_object_set_new(o, "settles_in",
			    json_uint(tb[LBHASH_A_SETTLES_IN]));
	json_object_set_new(o, "holding", json_uint(tb[LBHASH_A_HOLDING]));
	json_array_append_new(arg, o);
}

/**
 * service_list() - ask for one service or all
 * @name: the service, or NULL
 * @into: array that gets an object for each, sorted by name
 *
 * Return: DONE, or REFUSED after an error message.
 */
int service_list(const char *name, json_t *into)
{
	struct nl_msg *msg = nl_request(LBHASH_CMD_SERVICE_GET);
	int rc;

	if (name) {
		nl_put_str(msg, LBHASH_A_NAME, name);
		return nl_do(msg, append_service, into);
	}
	rc = nl_dump(msg, append_service, into);
	sort_by(into, "name");
	return rc;
}

/**
 * service_del_request() - the request to delete a service
 * @name: the service
 *
 * Return: the request.
 */
struct nl_msg *service_del_request(const char *name)
{
	struct nl_msg *msg = nl_request(LBHASH_CMD_SERVICE_DEL);

	nl_put_str(msg, LBHASH_A_NAME, name);
	return msg;
}

static int service_change(const struct command *cmd, char **argv)
{
	struct service svc = {};
	struct nl_msg *msg;
	int rc;

	rc = parse_settings(cmd->settings, argv + 1, &svc);
	if (rc)
		return rc;
	if (cmd->partial && !svc.have)
		return misuse("%s: nothing to change", ctl.what);
	msg = nl_request(cmd->op);
	service_put(msg, argv[0], &svc);
	return cmd->partial ? change_one(msg) :
	       change_add(msg, cmd->op, LBHASH_CMD_SERVICE_SET);
}

static int service_del(const struct command *cmd, char **argv)
{
	__u32 nothing = 0;
	int rc;

	rc = parse_settings(cmd->settings, argv + 1, &nothing);
	return rc ? rc : change_del(service_del_request(argv[0]), NULL);
}

static int service_show(const struct command *cmd, char **argv)
{
	json_t *services = json_array();
	int rc;

	(void)cmd;
	rc = service_list(argv[0], services);
	if (!rc)
		return print(services, service_view);
	json_decref(services);
	return rc;
}

const struct command service_commands[] = {
	{ .name = "add", .args = "NAME",
	  .help = "create a service",
	  .settings = service_settings,
	  .op = LBHASH_CMD_SERVICE_NEW, .exist_ok = true,
	  .run = service_change },
	{ .name = "set", .args = "NAME",
	  .help = "change the given settings, keep the others",
	  .settings = service_settings,
	  .op = LBHASH_CMD_SERVICE_SET, .partial = true,
	  .run = service_change },
	{ .name = "del", .args = "NAME",
	  .help = "delete a service that no rule refers to",
	  .settings = change_settings,
	  .exist_ok = true, .run = service_del },
	{ .name = "show", .args = "[NAME]",
	  .help = "show one service, or all",
	  .run = service_show },
	{}
};
