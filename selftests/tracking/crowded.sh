#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Strangers' pairs of a SYN and the ACK that fits it fill three quarters of
# conntrack's table with connections that look established. New clients still
# connect, behind the setup guide's firewall: what conntrack has no room for is
# UNTRACKED and not INVALID.
# timeout: 600
# checks: 22
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash
. ./lib/firewall.bash

N=24

# set_max N: entries, in every namespace; only the first one can set it
set_max() {
	sysctl -qw net.netfilter.nf_conntrack_max="$1" || fail "no maximum $1"
}

# states_of FAMILY: INVALID packets that the firewall dropped, UNTRACKED ones
# that it accepted
states_of() {
	local ipt=ipt

	[ "$1" = 4 ] || ipt=ip6t
	"$ipt" -nvxL FORWARD | awk '
		/ctstate INVALID/ { invalid = $1 }
		/ctstate .*UNTRACKED/ { untracked = $1 }
		END { print invalid + 0, untracked + 0 }'
}

new_clients() {
	local family invalid untracked

	set_max 262144
	fresh 3
	guide_firewall
	let_markers_pass
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	set_max 400
	spoof pair 4 $((first_port + 100)) 160 320
	spoof pair 6 $((first_port + 100)) 160 320
	check_ge 'entries that look established' 280 $(($(
		)$(entries_of 4 ASSURED) + $(entries_of 6 ASSURED)))
	for family in 4 6; do
		start_client "v$family" "$family" -h -n $N -k 3 -p "$first_port"
		check_client 'crowded' "v$family" $N
		read -r invalid untracked <<<"$(states_of "$family")"
		check_eq "IPv$family, INVALID" 0 "$invalid"
		check_ge "IPv$family, UNTRACKED" $N "$untracked"
	done
	set_max 262144
	for family in 4 6; do
		next_round "v$family"
		check_client 'room again' "v$family" $N
		stop_client "v$family"
	done
	no_firewall
}

load_module
topology dsr 3
start_servers
ignore_strangers
start_packets tracking/strangers 3
for_each_variant new_clients
