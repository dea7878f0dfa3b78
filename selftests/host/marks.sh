#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Marks are shared. A service owns the bits of its mask, in the packet and in
# the connection, and changes no others; two services use the mark of one
# connection without conflict; 0 is never a backend.
# checks: 31
. ./lib.sh
. ./lib/checks.bash

# Bits that other rules set in the mark of the packet and of the connection.
packet=0x5a0000a5 connection=0x81000018
seed=0

# backends SERVICE SHIFT: three, with the marks 1..3 shifted by SHIFT bits
backends() {
	local n

	for n in 1 2 3; do
		ctl backend add "$1" "s$n" mark "$((n << $2))" || fail "mark"
	done
}

# Each service has its own backends, so that errors of one do not hide the
# other's.
services() {
	flush_rules
	ctl flush
	lb conntrack -F 2>/dev/null
	ctl service add web size 4099 mask 0x00ff0000 || fail 'service web'
	ctl service add other size 4099 mask 0x0000ff00 || fail 'service other'
	backends web 16
	backends other 8
}

# Before LBHASH and after it, in both families.
rules() {
	local n

	rule raw PREROUTING -j MARK --set-mark "$packet"
	rule "$TABLE" PREROUTING -j LBHASH --service web
	[ "$#" = 0 ] || rule "$TABLE" PREROUTING -j LBHASH --service "$1"
	rule mangle PREROUTING -m conntrack --ctstate NEW \
		-j CONNMARK --set-xmark "$connection/0xff0000ff"
	for n in 1 2 3; do
		rule mangle FORWARD -m mark --mark "$((packet | n << 16))"
		rule mangle FORWARD -m mark --mark \
			"$((packet | n << 16))/0xffff00ff"
	done
	rule mangle FORWARD
}

# forwarded: packets whose mark is exactly right; those whose mark is right
# outside the bits of the second service; all
forwarded() {
	{
		ipt -t mangle -nvxL FORWARD
		ip6t -t mangle -nvxL FORWARD
	} | awk '
		/match/ && /\/0x/ { some += $1; all_of_it = 1 }
		/match/ && !/\/0x/ { exact += $1 }
		/^ *[0-9]/ && !/match/ { all += $1 }
		END { print exact + 0, some + 0, all + 0 }'
}

# ct_marks MASK: these bits of all entries, with the number of each
ct_marks() {
	lb conntrack -L 2>/dev/null | grep -o 'mark=[0-9]*' | cut -d= -f2 |
		while read -r mark; do
			printf '0x%08x\n' $((mark & $1))
		done | sort | uniq -c | awk '{ print $1 "x" $2 }' | xargs
}

# Never the same ports twice: a server may still know them.
start() {
	seed=$((seed + 1))
	start_client v4 4 -h -n 12 -r "$seed"
	start_client v6 6 -h -n 12 -r "$seed"
}

next() {
	next_round v4
	next_round v6
}

stop() {
	local name

	for name in v4 v6; do
		stop_client "$name"
		check_client "$1" "$name" 12
	done
}

one_service() {
	local exact some all

	services
	rules
	start
	read -r exact some all <<<"$(forwarded)"
	check_ge 'packets' 96 "$all"
	check_eq 'packets with all other bits in place' "$all" "$exact"
	check_eq 'entries with all other bits in place' "24x$(
		)$(printf '0x%08x' $connection)" "$(ct_marks 0xff00ffff)"
	check_counters 'bits of others are no pin' picked 24 repicked 0

	# Only the service's own bits change.
	ctl backend set web s1 state drain
	ctl backend set web s2 state drain
	ctl backend set web s1 state down
	ctl backend set web s2 state down
	kill -USR1 "${client_pid[v4]}" "${client_pid[v6]}"
	wait_for 30 repicked_all
	check_eq 'entries, picked again' "24x0x81030018" \
		"$(ct_marks 0xffffffff)"
	stop_broken
}

# shellcheck disable=SC2317 # called by wait_for
repicked_all() { [ "$(ct_marks 0x00ff0000)" = 24x0x00030000 ]; }

# Their connections broke when they were sent to another server.
stop_broken() {
	local name

	for name in v4 v6; do
		stop_client "$name"
	done
}

first_pins() { pins | awk '{ print $1, $2, int($3 / 65536) }'; }

two_services() {
	local before exact some all

	services
	rules other
	start
	read -r exact some all <<<"$(forwarded)"
	check_eq 'packets that follow the first service' "$all" "$some"
	check_eq 'packets that the second left alone' 0 "$exact"
	check_eq 'others own the rest' "24x$(printf '0x%08x' $connection)" \
		"$(ct_marks 0xff0000ff)"

	# The second service loses its connections; the first is not affected.
	before=$(first_pins)
	ctl backend del other s1
	ctl backend del other s2
	ctl backend del other s3
	ctl backend add other s9 mark 0x900
	next
	check_eq 'entries moved by the second' 24x0x00000900 \
		"$(ct_marks 0x0000ff00)"
	check_same 'pins of the first' "$before" "$(first_pins)"
	check_counters 'the first' picked 24 repicked 0
	check_eq 'second: picked, repicked' '24 24' "$(
		ctl -j stats other |
			jq -r '.[0].reasons | "\(.picked) \(.repicked)"')"
	stop 'two services'
}

# refused SENTENCE COMMAND...
refused() {
	local said

	said=$(ctl "${@:2}" 2>&1) && fail "accepted: ${*:2}"
	case $said in
	*"$1"*) ok "refused: $1" ;;
	*) fail "${*:2}: $said" ;;
	esac
}

variant() {
	one_service
	two_services
}

load_module
topology dsr 3
start_servers
for n in 1 2 3; do
	for family in -4 -6; do
		ip "$family" -n lb rule add pref $((100 + n)) \
			fwmark "$((n << 16))/0xff0000" lookup $((100 + n))
	done
done
for_each_variant variant

services
refused 'mark 0' backend add web s4 mark 0
refused 'outside mask' backend add web s4 mark 0x01000000
refused 'outside mask' backend add web s4 mark 0x00040001
