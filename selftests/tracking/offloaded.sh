#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A flowtable took two-way connections over and has let go of them: conntrack then
# knows no window of either end, as of one-way connections. A stranger's SYN from
# their ports changes nothing, and no translation is lost. Of IPv4 only.
# timeout: 600
# checks: 10
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash
. ./lib/flowtable.bash

N=8

# shellcheck disable=SC2317 # called by wait_for
let_go() { [ "$(entries_of 4 OFFLOAD)" -eq 0 ]; }

masqueraded() {
	fresh 2
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	ipt -t nat -A POSTROUTING -p tcp -j MASQUERADE || fail MASQUERADE
	start_flowtable
	start_client v4 4 -h -n $N -k 3 -p "$first_port"
	check_eq 'offloaded' $N "$(entries_of 4 OFFLOAD)"
	end_flowtable
	wait_for 20 let_go
	spoof syn 4 "$first_port" $N
	next_round v4
	check_client 'after SYNs' v4 $N
	check_eq 'entries' $N "$(entries_of 4 ASSURED)"
	stop_client v4
	check_counters 'in the end' picked $N reopened 0 adopted 0
}

load_module
topology twoway 2
start_servers
start_packets tracking/strangers 2
for_each_variant masqueraded
