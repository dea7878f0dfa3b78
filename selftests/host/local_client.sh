#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Clients on the balancer itself: mangle OUTPUT marks their packets, and the
# kernel routes them again. They are balanced and pinned like those of other
# clients, which send at the same time.
# checks: 46
. ./lib.sh
. ./lib/checks.bash

# start_local NAME 4|6 OPTION...: as start_client, but on lb
start_local() {
	local vip=VIP$2

	"$flows" client "$T/$1.flows" lb "${!vip}" "${@:3}" &
	client_pid[$1]=$!
	wait_for 60 test -e "$T/$1.flows"
}

# owned NAME PROTO: its connections are at the owners that lookup names
owned() {
	awk '/^conn / { print $2, $3, $4 }' "$T/$1.flows" >"$T/answers"
	check_owners "$1" 20 "$T/answers" "$2"
}

all_open() {
	local name

	for name in t4 t6 u4 u6; do
		next_round "$name"
		check_client "$1" "$name" 20
	done
}

variant() {
	local name n hit

	fresh 3
	rule mangle OUTPUT -j LBHASH --service web
	start_local t4 4 -h -n 20
	start_local t6 6 -h -n 20
	start_local u4 4 -u -h -n 20
	start_local u6 6 -u -h -n 20
	for name in t4 t6; do
		owned "$name" tcp
	done
	for name in u4 u6; do
		owned "$name" udp
	done
	check_counters 'on lb' picked 80 repicked 0
	n=$(ctl -j stats web | jq '[.[0].backends[] | select(.packets)] | length')
	check_eq 'backends in use' 3 "$n"

	# Pinned through one change, and through a drain.
	ctl backend add web s4 mark 4
	all_open 's4 came'
	ctl backend set web s2 state drain
	all_open 's2 drains'
	check_counters 'on lb' picked 80 repicked 0 adopted 0 stateless 0 \
		empty 0

	# New connections follow both changes, also those from outside.
	rule "$TABLE" PREROUTING -j LBHASH --service web
	start_local n4 4 -n 20
	owned n4 tcp
	start_client o6 6 -n 20
	owned o6 tcp
	check_eq 'on s2' 0 "$(cat "$T"/[no]?.flows | grep -c ' s2 ')"

	# UDP does not depend on the server of its first datagram.
	hit=$(cat "$T"/u?.flows | grep -c ' s1 ')
	check_ge 'sockets of s1' 3 "$hit"
	ctl backend set web s1 state down
	for name in u4 u6; do
		next_round "$name"
		check_eq "s1 is down, $name: broken" 0 \
			"$(flows_of "$name" broken)"
	done
	check_eq 'moved' "$hit" $(($(flows_of u4 moved) + $(flows_of u6 moved)))
	check_counters 's1 is down' repicked "$hit"

	for name in t4 t6 u4 u6; do
		stop_client "$name"
	done
}

load_module
topology twoway 4
start_servers
# Without a mark some route is needed, or there is no packet to mark.
ip -n lb route add "$VIP4" via 10.2.0.104
ip -n lb route add "$VIP6" via 2001:db8:2::104
keep_udp lb
IPT=legacy TABLE=raw
variant
flush_rules
IPT=nft TABLE=mangle
variant
