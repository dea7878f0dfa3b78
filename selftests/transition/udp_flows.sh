#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Flows without handshake while backends change, --track changed and always. For
# udp-idle seconds after a change unknown flows may be old ones and go home; from
# then on they are new and go to the owner, long before slots settle. A flow that
# goes on stays where it is, through three changes before anything settles.
#
# udp-idle is 12 seconds here, and 30 by default.
# by default on: 6.12
# checks: 35
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./transition/transition.bash
FLOWS=50 ALL=100

# begin_flows BLOCK WHERE: a datagram of each new flow arrives there
begin_flows() {
	look udp "$1"
	arrive "$1: new flows" udp "$2"
	cut -d ' ' -f 10 "$T/look" >"$T/first.$1"
	blocks+=("$1")
}

# moved: the number of flows whose datagram does not arrive where their first one
# did
moved() {
	local block n=0

	for block in "${blocks[@]}"; do
		look udp "$block"
		send send udp
		n=$((n + $(cut -d ' ' -f 10 "$T/look" |
			paste -d ' ' "$T/first.$block" - | awk '$1 != $2' |
			wc -l)))
	done
	echo $n
}

# go_on AT: all flows do
go_on() { check_eq "$1: flows that moved" 0 "$(moved)"; }

# aged: unknown flows count as new ones; all others go on meanwhile
# shellcheck disable=SC2317 # called by wait_for
aged() {
	[ "$(moved)" -eq 0 ] || fail 'a flow has moved'
	look udp 9000
	[ "$(number_of 'backend == owner')" -eq $ALL ]
}

# age AT: from udp-idle on, new flows are the owner's
age() {
	wait_for 60 aged
	check_flows "$1: what lookup says" 'backend == owner &&
		reason == "picked"'
}

# at SERVER: flows of the block that arrived there
at() { number_of "at == \"$1\""; }

flows_go_on() {
	local blocks=()

	echo "# iptables-$IPT, $TABLE, track $track${forward:+ forward}"
	fresh 3
	check_eq 'udp-idle by default' 30 "$(shows udp_idle)"
	ctl service set web udp-idle "$(seconds 12)" idle 3600
	balance -p udp --dport 81
	ctl -j -v table web | jq -r '.slots[]' >"$T/slots"
	begin_flows 1000 owner

	change -b <(addition 4)
	go_on 's4 comes'
	begin_flows 2000 home
	check_eq 's4 comes: new flows at s4' 0 "$(at s4)"
	age 's4 comes'
	begin_flows 3000 owner
	check_ge 's4 comes, later: new flows at s4' 15 "$(at s4)"

	change backend set web s1 state drain
	go_on 's1 drains'
	begin_flows 4000 backend
	check_flows 's1 drains: at the owner in slots that changed before' \
		'at == (was != home ? owner : home)'
	change backend set web s2 weight 3
	go_on 's2 weighs more'
	age 's2 weighs more'
	begin_flows 5000 owner
	check_eq 'in the end: new flows at s1' 0 "$(at s1)"
	check_ge 'in the end: new flows at s4' 10 "$(at s4)"
	check_eq 'slots in transition' "$(slots 'changes > 0')" \
		"$(shows transition_slots)"
	[ "$track" = always ] || check_eq entries 0 "$(lb conntrack -C)"
}

load_module
topology dsr 4 unmarked
keep_udp lb
start_packets transition/transition 4
in_variant nft raw in_mode 'changed forward' flows_go_on
route_by_marks lb
in_variant legacy raw in_mode always flows_go_on
