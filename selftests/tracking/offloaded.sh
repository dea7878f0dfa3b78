#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A flowtable took two-way connections over and has let go of them: conntrack then
# knows no window of either end, as of one-way connections. A stranger's SYN from
# their ports changes nothing, and no translation is lost.
# timeout: 600
# checks: 24
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash
. ./lib/flowtable.bash

N=8

# shellcheck disable=SC2317 # called by wait_for
let_go() {
	[ "$(entries_of 4 OFFLOAD) $(entries_of 6 OFFLOAD)" = '0 0' ]
}

# IPv4 is masqueraded, IPv6 is routed back through the balancer.
masqueraded() {
	local family packets

	fresh 2
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	ipt -t nat -A POSTROUTING -p tcp -j MASQUERADE || fail MASQUERADE
	start_flowtable
	for family in 4 6; do
		start_client "v$family" "$family" -h -n $N -k 3 -p "$first_port"
		check_eq "IPv$family, offloaded" $N "$(entries_of "$family" OFFLOAD)"
	done
	snapshot
	packets=${stat[packets]}
	for family in 4 6; do
		next_round "v$family"
		check_client 'offloaded' "v$family" $N
	done
	snapshot
	check_eq 'packets that met a rule' "$packets" "${stat[packets]}"
	end_flowtable
	wait_for 20 let_go
	for family in 4 6; do
		spoof syn "$family" "$first_port" $N
		next_round "v$family"
		check_client 'after SYNs' "v$family" $N
		check_eq "IPv$family, entries" $N "$(entries_of "$family" ASSURED)"
		stop_client "v$family"
	done
	check_counters 'in the end' picked $((2 * N)) reopened 0 adopted 0
}

load_module
topology twoway 2
only_from_front
start_servers
start_packets tracking/strangers 2
for_each_variant masqueraded
