#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# UDP sockets that keep sending keep their backend while others come and go.
# When it goes down, the very next datagram arrives elsewhere.
# timeout: 900
# boot: udp
# checks: 144
. ./lib.sh
. ./lib/checks.bash

SOCKETS=10

# round NAME MOVED: every socket sends once more, and MOVED of them have moved
round() {
	next_round client
	check_eq "$1: sockets that moved" "$2" "$(flows_of client moved)"
	check_eq "$1: datagrams lost" 0 "$(flows_of client resent)"
}

affinity() {
	local family=$1 on_s1

	fresh 3
	balance -p udp
	start_client client "$family" -u -n $SOCKETS -p 40000 -h
	on_s1=$(grep -cw s1 "$T/client.flows")
	check_ge "IPv$family sockets on s1" 1 "$on_s1"
	round "IPv$family, nothing happens" 0

	ctl backend add web s4 mark 4
	round "one comes" 0
	ctl backend set web s4 state drain
	ctl backend add web s5 mark 5 weight 3
	round "one drains, one comes" 0
	ctl backend del web s4
	round "one goes" 0
	snapshot
	check_eq picked $SOCKETS "${stat[picked]}"

	ctl backend set web s1 state down
	round "s1 is down" "$on_s1"
	check_eq "sockets on s1" 0 "$(grep -cw s1 "$T/client.flows")"
	snapshot
	check_eq repicked "$on_s1" "${stat[repicked]}"
	ctl backend set web s1 state up
	round "s1 is back" "$on_s1"
	snapshot
	check_eq picked $SOCKETS "${stat[picked]}"
	check_eq "all packets" $((7 * SOCKETS)) "${stat[packets]}"
	stop_client client
}

both_families() {
	affinity 4
	affinity 6
}

load_module
topology dsr 5
start_servers
keep_udp lb
for_all_variants both_families
