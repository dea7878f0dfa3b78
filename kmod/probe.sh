#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Probe a kernel's headers by compiling a line for each feature: the version does
# not show what a distribution has backported.
#
#   probe.sh COMPILER FLAGS... >probed.h
#
# Each line that compiles defines LBHASH_HAVE_NAME, for compat.h. If even an
# empty line does not compile, the script fails.
set -u

# A warning does not fail a probe, even if the kernel is built with -Werror.
compiler=(
	"$@" -DKBUILD_MODNAME='"probe"' -Wno-error
	-Werror=implicit-function-declaration -Werror=incompatible-pointer-types
)

compiles() {
	"${compiler[@]}" -fsyntax-only -x c - <<-END
		#include <linux/netlink.h>
		#include <net/genetlink.h>
		#include <net/inet_dscp.h>
		#include <net/netfilter/nf_conntrack_timeout.h>
		#include <net/route.h>

		void probe(struct genl_family *family,
			   struct netlink_callback *cb,
			   struct netlink_ext_ack *extack, int mask);
		void probe(struct genl_family *family,
			   struct netlink_callback *cb,
			   struct netlink_ext_ack *extack, int mask)
		{
			$1;
		}
	END
}

# probe NAME STATEMENT
probe() {
	if compiles "$2" 2>/dev/null; then
		echo "#define LBHASH_HAVE_$1 1"
	else
		echo "/* no $1 */"
	fi
}

compiles '' || {
	echo "probe.sh: the headers of the kernel do not compile" >&2
	exit 1
}

# The type of the first argument of pre_doit and post_doit.
probe GENL_SPLIT_OPS \
	'family->pre_doit((const struct genl_split_ops *)NULL, NULL, NULL)'
# Where the attributes of a dump are.
probe GENL_DUMP_INFO 'cb->data = genl_dumpit_info(cb)->info.attrs'
# An extended ack with room for its sentence.
probe EXTACK_TEXT 'NL_SET_ERR_MSG_FMT(extack, "%d", mask)'
# Whether an entry holds its timeout policy.
probe CT_TIMEOUT_PUT 'nf_ct_timeout_put(NULL)'
# What a lookup of a route calls the type of service, and what of it counts.
probe FLOWI4_DSCP 'mask = sizeof(((struct flowi4 *)NULL)->flowi4_dscp)'
probe IPTOS_RT_MASK 'mask = IPTOS_RT_MASK'
# What it takes to route a packet that has come in.
probe ROUTE_INPUT_DSCP 'enum skb_drop_reason (*route)(struct sk_buff *, __be32,
	__be32, dscp_t, struct net_device *) = ip_route_input_noref; (void)route'
