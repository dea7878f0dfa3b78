// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/lbhash.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/lbhash.h>

/* Common nested types */
const struct nla_policy lbhash_backend_nl_policy[LBHASH_BACKEND_A_OPENERS_REPEATED + 1] = {
	[LBHASH_BACKEND_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_BACKEND_A_MARK] = NLA_POLICY_MIN(NLA_U32, 1),
	[LBHASH_BACKEND_A_WEIGHT] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_STATE] = NLA_POLICY_MAX(NLA_U32, 2),
	[LBHASH_BACKEND_A_ADDR4] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_ADDR6] = NLA_POLICY_EXACT_LEN(16),
	[LBHASH_BACKEND_A_SLOTS] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_PACKETS] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_BYTES] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_CONNECTIONS] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_BEFORE] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_GAINED] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_LOST] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_ENTERED] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_UNFORWARDED] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_UNRESOLVED] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_REMEMBERED] = { .type = NLA_U32, },
	[LBHASH_BACKEND_A_OPENERS_GIVEN] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_OPENERS_WENT_ON] = { .type = NLA_U64, },
	[LBHASH_BACKEND_A_OPENERS_REPEATED] = { .type = NLA_U64, },
};

const struct nla_policy lbhash_entry_nl_policy[LBHASH_ENTRY_A_FLAGS + 1] = {
	[LBHASH_ENTRY_A_BACKEND] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_ENTRY_A_SLOT] = { .type = NLA_U32, },
	[LBHASH_ENTRY_A_PRINT] = { .type = NLA_U64, },
	[LBHASH_ENTRY_A_SEQUENCE] = { .type = NLA_U32, },
	[LBHASH_ENTRY_A_BYTES] = { .type = NLA_U32, },
	[LBHASH_ENTRY_A_AGE] = { .type = NLA_U32, },
	[LBHASH_ENTRY_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1f),
};

const struct nla_policy lbhash_flow_nl_policy[LBHASH_FLOW_A_DPORT + 1] = {
	[LBHASH_FLOW_A_PROTO] = { .type = NLA_U8, },
	[LBHASH_FLOW_A_SRC4] = { .type = NLA_U32, },
	[LBHASH_FLOW_A_DST4] = { .type = NLA_U32, },
	[LBHASH_FLOW_A_SRC6] = NLA_POLICY_EXACT_LEN(16),
	[LBHASH_FLOW_A_DST6] = NLA_POLICY_EXACT_LEN(16),
	[LBHASH_FLOW_A_SPORT] = { .type = NLA_U16, },
	[LBHASH_FLOW_A_DPORT] = { .type = NLA_U16, },
};

/* LBHASH_CMD_SERVICE_NEW - do */
const struct nla_policy lbhash_service_new_nl_policy[LBHASH_A_SAMPLE + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_SIZE] = { .type = NLA_U32, },
	[LBHASH_A_FIELDS] = NLA_POLICY_MASK(NLA_U32, 0x3f),
	[LBHASH_A_SRC4_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 32),
	[LBHASH_A_DST4_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 32),
	[LBHASH_A_SRC6_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 128),
	[LBHASH_A_DST6_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 128),
	[LBHASH_A_SEED] = NLA_POLICY_EXACT_LEN(LBHASH_SEED_LEN),
	[LBHASH_A_MASK] = NLA_POLICY_MIN(NLA_U32, 1),
	[LBHASH_A_ON_EMPTY] = NLA_POLICY_MAX(NLA_U32, 1),
	[LBHASH_A_SETTLE] = { .type = NLA_U32, },
	[LBHASH_A_TRACK] = NLA_POLICY_MAX(NLA_U32, 2),
	[LBHASH_A_DELIVER] = NLA_POLICY_MAX(NLA_U32, 1),
	[LBHASH_A_IDLE] = { .type = NLA_U32, },
	[LBHASH_A_UDP_IDLE] = { .type = NLA_U32, },
	[LBHASH_A_SETTLE_MAX] = { .type = NLA_U32, },
	[LBHASH_A_SAMPLE] = { .type = NLA_U32, },
	[LBHASH_A_DISRUPTIVE] = { .type = NLA_FLAG, },
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_SERVICE_SET - do */
const struct nla_policy lbhash_service_set_nl_policy[LBHASH_A_SAMPLE + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_SIZE] = { .type = NLA_U32, },
	[LBHASH_A_FIELDS] = NLA_POLICY_MASK(NLA_U32, 0x3f),
	[LBHASH_A_SRC4_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 32),
	[LBHASH_A_DST4_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 32),
	[LBHASH_A_SRC6_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 128),
	[LBHASH_A_DST6_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 128),
	[LBHASH_A_SEED] = NLA_POLICY_EXACT_LEN(LBHASH_SEED_LEN),
	[LBHASH_A_MASK] = NLA_POLICY_MIN(NLA_U32, 1),
	[LBHASH_A_ON_EMPTY] = NLA_POLICY_MAX(NLA_U32, 1),
	[LBHASH_A_SETTLE] = { .type = NLA_U32, },
	[LBHASH_A_TRACK] = NLA_POLICY_MAX(NLA_U32, 2),
	[LBHASH_A_DELIVER] = NLA_POLICY_MAX(NLA_U32, 1),
	[LBHASH_A_IDLE] = { .type = NLA_U32, },
	[LBHASH_A_UDP_IDLE] = { .type = NLA_U32, },
	[LBHASH_A_SETTLE_MAX] = { .type = NLA_U32, },
	[LBHASH_A_SAMPLE] = { .type = NLA_U32, },
	[LBHASH_A_DISRUPTIVE] = { .type = NLA_FLAG, },
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_SERVICE_APPLY - do */
const struct nla_policy lbhash_service_apply_nl_policy[LBHASH_A_SAMPLE + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_SIZE] = { .type = NLA_U32, },
	[LBHASH_A_FIELDS] = NLA_POLICY_MASK(NLA_U32, 0x3f),
	[LBHASH_A_SRC4_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 32),
	[LBHASH_A_DST4_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 32),
	[LBHASH_A_SRC6_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 128),
	[LBHASH_A_DST6_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 1, 128),
	[LBHASH_A_SEED] = NLA_POLICY_EXACT_LEN(LBHASH_SEED_LEN),
	[LBHASH_A_MASK] = NLA_POLICY_MIN(NLA_U32, 1),
	[LBHASH_A_ON_EMPTY] = NLA_POLICY_MAX(NLA_U32, 1),
	[LBHASH_A_SETTLE] = { .type = NLA_U32, },
	[LBHASH_A_TRACK] = NLA_POLICY_MAX(NLA_U32, 2),
	[LBHASH_A_DELIVER] = NLA_POLICY_MAX(NLA_U32, 1),
	[LBHASH_A_IDLE] = { .type = NLA_U32, },
	[LBHASH_A_UDP_IDLE] = { .type = NLA_U32, },
	[LBHASH_A_SETTLE_MAX] = { .type = NLA_U32, },
	[LBHASH_A_SAMPLE] = { .type = NLA_U32, },
	[LBHASH_A_DISRUPTIVE] = { .type = NLA_FLAG, },
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
	[LBHASH_A_BACKEND] = NLA_POLICY_NESTED(lbhash_backend_nl_policy),
};

/* LBHASH_CMD_SERVICE_DEL - do */
const struct nla_policy lbhash_service_del_nl_policy[LBHASH_A_DRY_RUN + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_SERVICE_GET - do */
const struct nla_policy lbhash_service_get_nl_policy[LBHASH_A_NAME + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
};

/* LBHASH_CMD_BACKEND_NEW - do */
const struct nla_policy lbhash_backend_new_nl_policy[LBHASH_A_BACKEND + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_BACKEND] = NLA_POLICY_NESTED(lbhash_backend_nl_policy),
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_BACKEND_SET - do */
const struct nla_policy lbhash_backend_set_nl_policy[LBHASH_A_BACKEND + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_BACKEND] = NLA_POLICY_NESTED(lbhash_backend_nl_policy),
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_BACKEND_DEL - do */
const struct nla_policy lbhash_backend_del_nl_policy[LBHASH_A_BACKEND + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_BACKEND] = NLA_POLICY_NESTED(lbhash_backend_nl_policy),
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_BACKEND_GET - do */
const struct nla_policy lbhash_backend_get_nl_policy[LBHASH_A_BACKEND + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_BACKEND] = NLA_POLICY_NESTED(lbhash_backend_nl_policy),
};

/* LBHASH_CMD_STATS_GET - do */
const struct nla_policy lbhash_stats_get_nl_policy[LBHASH_A_NAME + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
};

/* LBHASH_CMD_TABLE_GET - do */
const struct nla_policy lbhash_table_get_nl_policy[LBHASH_A_FIRST_SLOT + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_FIRST_SLOT] = { .type = NLA_U32, },
};

/* LBHASH_CMD_LOOKUP - do */
const struct nla_policy lbhash_lookup_nl_policy[LBHASH_A_FLOW + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_FLOW] = NLA_POLICY_NESTED(lbhash_flow_nl_policy),
};

/* LBHASH_CMD_MEMORY_GET - do */
const struct nla_policy lbhash_memory_get_nl_policy[LBHASH_A_NAME + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
};

/* LBHASH_CMD_MEMORY_SET - do */
const struct nla_policy lbhash_memory_set_nl_policy[LBHASH_A_MEMORY_KEY + 1] = {
	[LBHASH_A_LIMIT] = { .type = NLA_U32, },
	[LBHASH_A_MEMORY_KEY] = NLA_POLICY_EXACT_LEN(LBHASH_MEMORY_KEY_LEN),
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* LBHASH_CMD_ENTRY_GET - do */
const struct nla_policy lbhash_entry_get_nl_policy[LBHASH_A_POSITION + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_POSITION] = { .type = NLA_U64, },
};

/* LBHASH_CMD_ENTRY_NEW - do */
const struct nla_policy lbhash_entry_new_nl_policy[LBHASH_A_ENTRY + 1] = {
	[LBHASH_A_NAME] = { .type = NLA_NUL_STRING, .len = LBHASH_NAME_MAX, },
	[LBHASH_A_MEMORY_KEY] = NLA_POLICY_EXACT_LEN(LBHASH_MEMORY_KEY_LEN),
	[LBHASH_A_ENTRY] = NLA_POLICY_NESTED(lbhash_entry_nl_policy),
	[LBHASH_A_DRY_RUN] = { .type = NLA_FLAG, },
};

/* Ops table for lbhash */
const struct genl_ops lbhash_nl_ops[16] = {
	{
		.cmd		= LBHASH_CMD_SERVICE_NEW,
		.doit		= lbhash_nl_service_new_doit,
		.policy		= lbhash_service_new_nl_policy,
		.maxattr	= LBHASH_A_SAMPLE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_SERVICE_SET,
		.doit		= lbhash_nl_service_set_doit,
		.policy		= lbhash_service_set_nl_policy,
		.maxattr	= LBHASH_A_SAMPLE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_SERVICE_APPLY,
		.doit		= lbhash_nl_service_apply_doit,
		.policy		= lbhash_service_apply_nl_policy,
		.maxattr	= LBHASH_A_SAMPLE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_SERVICE_DEL,
		.doit		= lbhash_nl_service_del_doit,
		.policy		= lbhash_service_del_nl_policy,
		.maxattr	= LBHASH_A_DRY_RUN,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_SERVICE_GET,
		.doit		= lbhash_nl_service_get_doit,
		.dumpit		= lbhash_nl_service_get_dumpit,
		.policy		= lbhash_service_get_nl_policy,
		.maxattr	= LBHASH_A_NAME,
	},
	{
		.cmd		= LBHASH_CMD_BACKEND_NEW,
		.doit		= lbhash_nl_backend_new_doit,
		.policy		= lbhash_backend_new_nl_policy,
		.maxattr	= LBHASH_A_BACKEND,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_BACKEND_SET,
		.doit		= lbhash_nl_backend_set_doit,
		.policy		= lbhash_backend_set_nl_policy,
		.maxattr	= LBHASH_A_BACKEND,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_BACKEND_DEL,
		.doit		= lbhash_nl_backend_del_doit,
		.policy		= lbhash_backend_del_nl_policy,
		.maxattr	= LBHASH_A_BACKEND,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_BACKEND_GET,
		.doit		= lbhash_nl_backend_get_doit,
		.dumpit		= lbhash_nl_backend_get_dumpit,
		.policy		= lbhash_backend_get_nl_policy,
		.maxattr	= LBHASH_A_BACKEND,
	},
	{
		.cmd		= LBHASH_CMD_STATS_GET,
		.doit		= lbhash_nl_stats_get_doit,
		.dumpit		= lbhash_nl_stats_get_dumpit,
		.policy		= lbhash_stats_get_nl_policy,
		.maxattr	= LBHASH_A_NAME,
	},
	{
		.cmd		= LBHASH_CMD_TABLE_GET,
		.doit		= lbhash_nl_table_get_doit,
		.policy		= lbhash_table_get_nl_policy,
		.maxattr	= LBHASH_A_FIRST_SLOT,
	},
	{
		.cmd		= LBHASH_CMD_LOOKUP,
		.doit		= lbhash_nl_lookup_doit,
		.policy		= lbhash_lookup_nl_policy,
		.maxattr	= LBHASH_A_FLOW,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_MEMORY_GET,
		.doit		= lbhash_nl_memory_get_doit,
		.dumpit		= lbhash_nl_memory_get_dumpit,
		.policy		= lbhash_memory_get_nl_policy,
		.maxattr	= LBHASH_A_NAME,
	},
	{
		.cmd		= LBHASH_CMD_MEMORY_SET,
		.doit		= lbhash_nl_memory_set_doit,
		.policy		= lbhash_memory_set_nl_policy,
		.maxattr	= LBHASH_A_MEMORY_KEY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_ENTRY_GET,
		.doit		= lbhash_nl_entry_get_doit,
		.policy		= lbhash_entry_get_nl_policy,
		.maxattr	= LBHASH_A_POSITION,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBHASH_CMD_ENTRY_NEW,
		.doit		= lbhash_nl_entry_new_doit,
		.policy		= lbhash_entry_new_nl_policy,
		.maxattr	= LBHASH_A_ENTRY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group lbhash_nl_mcgrps[] = {
	[LBHASH_NLGRP_CONFIG] = { "config", },
};
