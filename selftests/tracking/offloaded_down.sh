#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A flowtable has taken over one-way connections, whose packets meet no rule from
# then on. When their backend goes down or is removed, they are balanced again
# within two seconds, and no packet goes to it any more; the connections of other
# backends stay where they are.
# timeout: 600
# by default on: 6.12
# checks: 24
. ./lib.sh
. ./lib/checks.bash
. ./lib/strangers.bash
. ./lib/flowtable.bash

N=12

# offloaded MARK: connections of that backend that the flowtable has
offloaded() {
	lb conntrack -L -p tcp --mark "$1" 2>/dev/null | grep -c OFFLOAD
}

# shellcheck disable=SC2317 # called by wait_for
none_offloaded() { [ "$(offloaded 1)" -eq 0 ]; }

# lost COMMAND...: so the backend goes
lost() {
	local n at_others

	fresh 3
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	start_flowtable
	for family in 4 6; do
		start_client "v$family" "$family" -h -n $N -k 3 -p "$first_port"
	done
	n=$(cat "$T"/v[46].flows | grep -cw s1)
	# Not every kernel takes all of them over.
	check_ge 'offloaded to s1' 1 "$(offloaded 1)"
	at_others=$(($(offloaded 2) + $(offloaded 3)))
	check_ge 'offloaded to others' 1 "$at_others"

	ctl "$@" || fail "$*"
	wait_for 2 none_offloaded
	ok "none is offloaded to s1 any more"
	check_eq 'still offloaded to others' "$at_others" \
		$(($(offloaded 2) + $(offloaded 3)))
	servers_report
	for family in 4 6; do
		next_round "v$family"
		stop_client "v$family"
	done
	check_eq 'connections that go on' $((2 * N - n)) \
		$(($(flows_of v4 ok) + $(flows_of v6 ok)))
	servers_report
	check_eq 'packets to s1' 0 "$(awk '$4 == "s1" { n += $5 }
		END { print n + 0 }' "$T/servers.flows")"
	end_flowtable
}

variant() {
	lost backend set web s1 state down
	lost backend del web s1
}

load_module
topology dsr 3
only_from_front
start_servers
for_each_variant variant
