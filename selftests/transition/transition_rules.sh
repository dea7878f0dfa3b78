#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules that track all connections and rules that track only changed slots
# replace each other while connections are open and backends come and go. Behind
# conntrack, the latter rules work like the former.
# by default on: 6.12
# checks: 44
. ./lib.sh
. ./lib/checks.bash
. ./transition/transition.bash

# replace TRACK: the rules for TCP
replace() {
	local tcp=(-p tcp --dport 80:81 -j LBHASH --service web --track "$1"
		${forward:+--forward})

	ipt -t raw -R PREROUTING 1 -d $VIP4 "${tcp[@]}" || fail "IPv4: $1"
	ip6t -t raw -R PREROUTING 1 -d $VIP6 "${tcp[@]}" || fail "IPv6: $1"
}

# Replace one kind of rule by the other while connections are open and backends
# come and go.
replaced_rules() {
	begin raw always
	clients
	snapshot
	check_eq 'track always: picked' 40 "${stat[picked]}"
	replace changed
	count
	all_well 'replaced by changed'
	snapshot
	check_eq 'track changed: stateless' \
		$((stat[packets] - before[packets])) \
		$((stat[stateless] - before[stateless]))
	change -b <(addition 4)
	count
	all_well 's4 came'
	snapshot
	check_eq 'known from their slots' \
		$((stat[packets] - before[packets])) \
		$((stat[stateless] - before[stateless]))
	replace always
	change backend set web s1 state drain
	all_well 's1 drains, replaced by always'
	check_eq entries 40 "$(entries)"
	replace changed
	lb conntrack -F 2>/dev/null
	count
	all_well 'replaced by changed, everything forgotten'
	snapshot
	check_eq 'known from their slots' \
		$((stat[packets] - before[packets])) \
		$((stat[stateless] - before[stateless]))
	no_clients
	count
}

# learned: connections hold slots open, after a packet of each
# shellcheck disable=SC2317 # called by wait_for
learned() {
	next_round v4
	next_round v6
	[ "$(shows holding)" -ge 5 ]
}

# late_changed AT REPLACE...: slots have been in transition for a while when the
# first rule says changed. Connections at previous owners hold them open all the
# same.
late_changed() {
	begin raw always
	# A change afterwards would have the same effect as the rule.
	ctl service set web settle "$(seconds 10)" idle "$(seconds 6)"
	clients
	change -b <(addition 4)
	"${@:2}"
	all_well "$1: replaced by changed"
	lb conntrack -F 2>/dev/null
	wait_for 90 learned
	all_well "$1: the settle time is over"
	no_clients
}

# reload: all rules go, and come back with changed
reload() {
	local track=changed

	flush_rules
	rules
}

# After conntrack has run it is too late to bypass it: all are tracked.
late_rules() {
	begin mangle changed
	clients
	snapshot
	check_eq "iptables-$IPT, mangle: picked" 40 "${stat[picked]}"
	check_eq "iptables-$IPT, mangle: entries" 40 "$(pins |
		awk '$3' | wc -l)"
	no_clients
	count
}

load_module
topology dsr 5 unmarked
start_servers
in_variant nft raw in_mode 'always forward' replaced_rules
route_by_marks lb
in_variant nft raw replaced_rules
in_variant nft raw late_changed 'while rules track' replace changed
in_variant legacy raw late_changed 'without a rule' reload
in_variant nft mangle late_rules
in_variant legacy mangle late_rules
