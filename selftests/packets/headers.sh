#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ports are found behind IPv6 extension headers and IPv4 options. A packet with
# them goes where a plain packet of its flow goes, and an ACK with them is adopted.
# A packet whose headers do not lead to a transport header is malformed: it gets
# no mark, so it has no route.
# boot: pieces
# by default on: 6.12
# checks: 65
. ./lib.sh
. ./lib/packets.bash

dress() {
	local family sent malformed all=0 absurd=0 acks=0

	fresh 3
	balance any
	for family in 4 6; do
		echo "# IPv$family"
		ask plain "$family"
		lb conntrack -F 2>"$T/log"
		ask dressed "$family"
		sent=$(got sent)
		malformed=$(got malformed)
		acks=$((acks + $(got acks)))
		all=$((all + 2 * sent + $(got acks) + malformed))
		absurd=$((absurd + malformed))
		check_eq 'servers used' 3 "$(got servers)"
		check_eq "packets lost out of 2 x $sent" 0 "$(got lost)"
		check_eq 'packets that went where no plain one goes' 0 \
			"$(got moved)"
		check_eq 'ACKs that went elsewhere than their SYN' 0 \
			"$(got astray)"
		check_eq "malformed packets that passed out of $malformed" 0 \
			"$(got passed)"
	done
	snapshot
	check_eq 'counted as malformed' "$absurd" "${stat[malformed]}"
	check_eq 'packets' "$all" "${stat[packets]}"
	[ "$track" = always ] || acks=0
	check_eq 'connections adopted by the ACK' "$acks" "${stat[adopted]}"
}

# variant FLAVOUR TABLE MODE
variant() { in_variant "$1" "$2" in_mode "$3" dress; }

load_module
topology dsr 3 unmarked
start_packets packets/headers
variant nft raw 'changed forward'
route_by_marks lb
variant legacy raw never
variant nft raw always
variant legacy mangle always
variant nft mangle never
