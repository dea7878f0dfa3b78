#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
#
# A host that masquerades what it sends, and balances with --track changed:
# conntrack and NAT are in use, and the service's packets pass them by. No
# connection breaks when a backend is added or drained, and servers see clients'
# own addresses.
# by default on: 6.12
# checks: 22
. ./lib.sh
. ./lib/checks.bash
. ./transition/churn.bash

# masquerade: whatever leaves lb towards servers; others are
masquerade() {
	ipt -t nat -A POSTROUTING -o lan -j MASQUERADE || fail IPv4
	ip6t -t nat -A POSTROUTING -o lan -j MASQUERADE || fail IPv6
	cl ping -qc 1 -W "$(seconds 20)" 10.2.0.101 >/dev/null
	cl ping -qc 1 -W "$(seconds 20)" 2001:db8:2::101 >/dev/null
	check_eq 'entries of others, which are masqueraded' 2 "$(
		lb conntrack -L --src-nat -f ipv4 2>/dev/null |
			cat - <(lb conntrack -L --src-nat -f ipv6 2>/dev/null) |
			grep -c icmp)"
}

# whole AT N
whole() {
	everybody
	check_eq "$1: connections, broken" "$2, 0" "$(
		)$(connections open | wc -l), $undue"
	check_eq "$1: entries of theirs" 0 "$(lb conntrack -L -p tcp 2>/dev/null |
		wc -l)"
}

beside() {
	fresh 3
	masquerade
	balance -p tcp
	connect old 20 -h
	reset_counts
	ctl -b <(addition 4) || fail s4
	check_ge 'slots in transition' 1000 "$(transition_slots)"
	whole 's4 comes' 40
	connect young 20 -h
	whole 's4 comes, new connections' 80
	ctl backend set web s1 state drain
	whole 's1 drains' 80
	check_ge 'new connections at s4' 5 "$(
		)$(connections open | grep -c '^young.* s4$')"
	ctl service set web settle 1 idle "$(seconds 4)"
	wait_for 60 remembered
	whole 'when they are remembered' 80
	disconnect old
	disconnect young
	ctl service set web idle 1
	wait_for 60 settled
}

# remembered: connections hold slots open, after a packet of each
# shellcheck disable=SC2317 # called by wait_for
remembered() {
	everybody
	[ "$(ctl -j service show web | jq '.[0].holding')" -ge 10 ]
}

load_module
topology dsr 4 unmarked
start_servers
ip -n cl route add 10.2.0.101 via 10.1.0.1 src 192.0.2.1
ip -n cl -6 route add 2001:db8:2::101 via 2001:db8:1::1 src 2001:db8:c::1
in_variant nft raw in_mode 'changed forward' beside
route_by_marks lb
in_variant legacy raw in_mode changed beside
