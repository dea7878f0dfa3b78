#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Protocols other than TCP, UDP and SCTP: every packet of a source reaches one
# backend, chosen by addresses, and by ports where the protocol has them.
# boot: pieces
# by default on: 6.12
# checks: 150
. ./lib.sh
. ./lib/packets.bash

# send FAMILY PROTOCOL
send() {
	local name="IPv$1 $2, iptables-$IPT, $TABLE, track $track" sent

	ask send "$1" "$2"
	sent=$(got sent)
	check_eq "$name: lost of $sent packets" 0 "$(got lost)"
	check_eq "$name: moved" 0 "$(got moved)"
	check_eq "$name: servers" 3 "$(got servers)"
	check_eq "$name: sources whose packets go where lookup says" 24 \
		"$(got home)"
	total=$((total + sent))
}

# variant FLAVOUR TABLE TRACK
variant() {
	local name

	IPT=$1 TABLE=$2 track=$3 total=0
	fresh 3
	rule "$TABLE" PREROUTING -j LBHASH --service web --track "$track"
	for name in icmp gre esp udplite dccp unknown; do
		send 4 "$name"
	done
	for name in ipv6-icmp gre esp udplite dccp unknown; do
		send 6 "$name"
	done
	snapshot
	check_eq 'packets' "$total" "${stat[packets]}"
	check_eq 'malformed' 0 "${stat[malformed]}"
	flush_rules
}

load_module
topology dsr 3
start_packets packets/protocols
variant legacy raw never
variant nft raw always
variant legacy mangle always
