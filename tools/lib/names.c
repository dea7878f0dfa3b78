// SPDX-License-Identifier: GPL-2.0
/*
 * Names of values that are numbers in netlink.
 */
#include <stddef.h>

#include "names.h"

const char *const lb_hash_field_names[] = {
	"proto", "src", "dst", "sport", "dport", "symmetric", NULL
};

const char *const lb_on_empty_names[] = { "drop", "continue", NULL };

const char *const lb_track_names[] = { "always", "never", "changed", NULL };

const char *const lb_deliver_names[] = { "mark", "nexthop", NULL };

const char *const lb_state_names[] = { "up", "drain", "down", NULL };

const char *const lb_reason_names[] = {
	"pinned", "picked", "previous", "repicked", "adopted", "reopened",
	"stateless", "related", "empty", "malformed", NULL
};

/* Of enum lbhash_cause. */
const char *const lb_event_names[] = {
	"service-new", "service-set", "service-apply", "service-del",
	"backend-new", "backend-set", "backend-del", "settled", "memory",
	NULL
};

/* Of the bits of enum lbhash_entry_flag. */
const char *const lb_entry_flag_names[] = {
	"open", "flow", "single", "fin", "rst", NULL
};
