// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl backend
 */
#include <arpa/inet.h>
#include <string.h>

#include "backend.h"
#include "change.h"
#include "lbhashctl.h"
#include "nl.h"
#include "print.h"

const struct setting backend_settings[BACKEND_SETTINGS + 1] = {
	[BACKEND_MARK] = {
		.key = "mark", .value = "N",
		.help = "mark of the packets: not 0, unique in the service, within its mask",
		.json = "mark",
		.parse = parse_number,
		.offset = offsetof(struct backend, mark),
		.min = 1, .max = 0xffffffff,
		.flags = SETTING_INTEGER | SETTING_STRING | SETTING_HEX |
			 SETTING_REQUIRED,
	},
	[BACKEND_WEIGHT] = {
		.key = "weight", .value = "W",
		.help = "share of the slots, relative to other backends, 0..65535; 1 by default",
		.json = "weight",
		.parse = parse_number,
		.offset = offsetof(struct backend, weight),
		.max = LBHASH_WEIGHT_MAX, .flags = SETTING_INTEGER,
	},
	[BACKEND_STATE] = {
		.key = "state", .value = "up|drain|down",
		.help = "drain: takes no new connections; down: keeps no connections",
		.json = "state",
		.parse = parse_choice,
		.offset = offsetof(struct backend, state),
		.names = state_names, .flags = SETTING_STRING,
	},
	[BACKEND_ADDRESS] = {
		.key = "address", .value = "ADDR|none",
		.help = "next hop for --forward, one IPv4 and one IPv6 address; none: remove both",
		.json = "addresses",
		.parse = parse_address,
		.offset = offsetof(struct backend, addr),
		.flags = SETTING_STRING | SETTING_LIST,
	},
	[BACKEND_DRY_RUN] = CHANGE_DRY_RUN,
	{}
};

static const struct print_field backend_view[] = {
	{ .key = "name", .flags = PRINT_NAME },
	{ .key = "mark", .flags = PRINT_HEX },
	{ .key = "weight" },
	{ .key = "state", .flags = PRINT_STATE },
	{ .key = "slots" },
	{ .key = "addresses", .label = "address" },
	{}
};

/**
 * backend_put() - append a backend's name and the settings that it has
 * @msg: the request
 * @name: the name
 * @be: the settings, or NULL
 */
void backend_put(struct nl_msg *msg, const char *name,
		 const struct backend *be)
{
	size_t nest = nl_nest_start(msg, LBHASH_A_BACKEND);
	static const struct backend nothing;
	__u32 have;

	be = be ? be : &nothing;
	have = be->have;
	nl_put_str(msg, LBHASH_BACKEND_A_NAME, name);
	if (have & BIT(BACKEND_MARK))
		nl_put_u32(msg, LBHASH_BACKEND_A_MARK, be->mark);
	if (have & BIT(BACKEND_WEIGHT))
		nl_put_u32(msg, LBHASH_BACKEND_A_WEIGHT, be->weight);
	if (have & BIT(BACKEND_STATE))
		nl_put_u32(msg, LBHASH_BACKEND_A_STATE, be->state);
	if (have & BIT(BACKEND_ADDRESS) && be->addr.has4)
		nl_put_u32(msg, LBHASH_BACKEND_A_ADDR4,
			   be->addr.addr4.s_addr);
	if (have & BIT(BACKEND_ADDRESS) && be->addr.has6)
		nl_put(msg, LBHASH_BACKEND_A_ADDR6, &be->addr.addr6,
		       sizeof(be->addr.addr6));
	nl_nest_end(msg, nest);
}

static void append_address(json_t *array, int family,
			   const struct nlattr *attr, size_t len)
{
	static const struct in6_addr none;
	char text[INET6_ADDRSTRLEN];
	const void *addr;

	if (!attr || mnl_attr_get_payload_len(attr) != len)
		return;
	addr = mnl_attr_get_payload(attr);
	if (memcmp(addr, &none, len) && inet_ntop(family, addr, text,
						  sizeof(text)))
		json_array_append_new(array, json_string(text));
}

static json_t *backend_json(const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_BACKEND_A_MAX + 1];
	json_t *addresses = json_array();
	json_t *o = json_object();

	nl_nested(nest, tb, LBHASH_BACKEND_A_MAX);
	append_address(addresses, AF_INET, tb[LBHASH_BACKEND_A_ADDR4],
		       sizeof(struct in_addr));
	append_address(addresses, AF_INET6, tb[LBHASH_BACKEND_A_ADDR6],
		       sizeof(struct in6_addr));
	json_object_set_new(o, "name", json_text(tb[LBHASH_BACKEND_A_NAME]));
	json_object_set_new(o, "mark", json_uint(tb[LBHASH_BACKEND_A_MARK]));
	json_object_set_new(o, "weight",
			    json_uint(tb[LBHASH_BACKEND_A_WEIGHT]));
	json_object_set_new(o, "state", json_name(tb[LBHASH_BACKEND_A_STATE],
						  state_names));
	json_object_set_new(o, "addresses", addresses);
	json_object_set_new(o, "slots", json_uint(tb[LBHASH_BACKEND_A_SLOTS]));
	return o;
}

static void append_backends(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[LBHASH_A_MAX + 1];
	const char *service;
	json_t *backends;

	nl_attrs(nlh, tb, LBHASH_A_MAX);
	service = nl_str(tb[LBHASH_A_NAME]);
	if (!service)
		return;
	backends = json_object_get(arg, service);
	if (!backends) {
		backends = json_array();
		json_object_set_new(arg, service, backends);
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			json_array_append_new(backends, backend_json(attr));
}

/**
 * backend_list() - ask for the backends of one service or of all
 * @service: the service, or NULL
 * @into: object that gets an array for each service that has any, under its
 *   name; sorted by the names of the backends
 *
 * Return: DONE, or REFUSED after an error message.
 */
int backend_list(const char *service, json_t *into)
{
	struct nl_msg *msg = nl_request(LBHASH_CMD_BACKEND_GET);
	json_t *backends;
	const char *name;
	int rc;

	if (service)
		nl_put_str(msg, LBHASH_A_NAME, service);
	rc = nl_dump(msg, append_backends, into);
	json_object_foreach(into, name, backends)
		sort_by(backends, "name");
	return rc;
}

static int backend_change(const struct command *cmd, char **argv)
{
	struct backend be = {};
	const char *missing;
	struct nl_msg *msg;
	int rc;

	rc = parse_settings(cmd->settings, argv + 2, &be);
	if (rc)
		return rc;
	missing = parse_missing(cmd->settings, be.have);
	if (missing && !cmd->partial)
		return misuse("%s: %s is missing", ctl.what, missing);
	if (!be.have)
		return misuse("%s: nothing to change", ctl.what);
	msg = nl_request(cmd->op);
	nl_put_str(msg, LBHASH_A_NAME, argv[0]);
	backend_put(msg, argv[1], &be);
	return cmd->partial ? change_one(msg) :
	       change_add(msg, cmd->op, LBHASH_CMD_BACKEND_SET);
}

static int backend_del(const struct command *cmd, char **argv)
{
	struct nl_msg *msg;
	__u32 nothing = 0;
	int rc;

	rc = parse_settings(cmd->settings, argv + 2, &nothing);
	if (rc)
		return rc;
	msg = nl_request(cmd->op);
	nl_put_str(msg, LBHASH_A_NAME, argv[0]);
	backend_put(msg, argv[1], NULL);
	return change_del(msg, argv[0]);
}

static int backend_show(const struct command *cmd, char **argv)
{
	json_t *backends, *found = json_object();
	struct nl_msg *msg;
	int rc;

	if (argv[1]) {
		msg = nl_request(cmd->op);
		nl_put_str(msg, LBHASH_A_NAME, argv[0]);
		backend_put(msg, argv[1], NULL);
		rc = nl_do(msg, append_backends, found);
	} else {
		rc = backend_list(argv[0], found);
	}
	if (!rc) {
		backends = json_object_get(found, argv[0]);
		rc = print(backends ? json_incref(backends) : json_array(),
			   backend_view);
	}
	json_decref(found);
	return rc;
}

const struct command backend_commands[] = {
	{ .name = "add", .args = "SERVICE NAME",
	  .help = "add a backend to a service",
	  .settings = backend_settings,
	  .op = LBHASH_CMD_BACKEND_NEW, .exist_ok = true,
	  .run = backend_change },
	{ .name = "set", .args = "SERVICE NAME",
	  .help = "change the given settings, keep the others",
	  .settings = backend_settings,
	  .op = LBHASH_CMD_BACKEND_SET, .partial = true,
	  .run = backend_change },
	{ .name = "del", .args = "SERVICE NAME",
	  .help = "delete a backend; its connections are reassigned",
	  .settings = change_settings,
	  .op = LBHASH_CMD_BACKEND_DEL, .exist_ok = true,
	  .run = backend_del },
	{ .name = "show", .args = "SERVICE [NAME]",
	  .help = "show one backend of a service, or all",
	  .op = LBHASH_CMD_BACKEND_GET, .run = backend_show },
	{}
};
