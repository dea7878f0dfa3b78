// SPDX-License-Identifier: GPL-2.0
/*
 * The LBHASH extension as a former iptables has it: revision 0 only, and
 * silent where a rule tracks always.
 */
#include <xtables.h>
#include <linux/netfilter/xt_lbhash.h>

/* The default is the value that show() does not print. */
#define XT_LBHASH_TRACK_SERVICE	XT_LBHASH_TRACK_ALWAYS
#define xtables_register_targets(targets, n) \
	xtables_register_target(&(targets)[0])

#include "../../xtables-ext/libxt_LBHASH.c"
