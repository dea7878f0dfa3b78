#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# When slots get another owner, connections from before the change stay where
# they were, new ones go to the new owner, and the balancer keeps previous
# owners as long as a connection needs them. Every kind of packet is sent and
# its receiver checked.
# checks: 224
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./transition/transition.bash

# no_entries: the flow memory needs none
no_entries() {
	[ "$track" = always ] ||
		check_eq 'entries in the end' 0 "$(entries)"
}

# --- the decision ------------------------------------------------------------

settled_slots() {
	look tcp 1000
	check_flows 'settled: no previous owner' \
		'previous == "-" && reason == "picked" && pinned == "-"'
	rule filter FORWARD -m conntrack --ctstate UNTRACKED
	count
	arrive 'settled: SYN' syn owner
	look tcp 2000
	arrive 'settled: middle of a connection' middle owner
	if [ "$track" = changed ]; then
		check_counts settled stateless $((2 * ALL))
		check_eq 'settled: entries' 0 "$(entries)"
	else
		check_counts settled picked $((2 * ALL))
		check_eq 'settled: entries' $((2 * ALL)) "$(entries)"
	fi
	check_eq 'settled: UNTRACKED' $((2 * ALL - $(entries))) "$(
		{ ipt -nvxL FORWARD; ip6t -nvxL FORWARD; } |
		awk '/ctstate/ { n += $1 } END { print n }')"
	ipt -F FORWARD
	ip6t -F FORWARD
}

new_connections() {
	local n

	look tcp 3000
	n=$(number_of 'previous != "-"')
	check_ge 'flows in transition' 10 "$n"
	check_flows 'new TCP goes to the owner' \
		'backend == owner && reason == "picked"'
	count
	arrive SYN syn owner
	check_counts SYN picked "$(tracked "$n")" \
		stateless $((ALL - $(tracked "$n")))
	arrive 'its ACK' ack owner
	arrive 'its data' data owner
	blame 'about it' owner
	check_counts 'with ACK, data, error' picked "$(tracked "$n")" \
		adopted "$(tracked "$n")" pinned "$(tracked "$n")" \
		related $ALL stateless $((3 * (ALL - $(tracked "$n"))))
	look tcp 3000
	check_eq 'pinned to the owner' "$(tracked "$n")" \
		"$(number_of 'pinned == owner && reason == "pinned"')"
	check_eq 'not pinned' $((ALL - $(tracked "$n"))) \
		"$(number_of 'pinned == "-" && reason == "picked"')"
}

# others BLOCK PROTO KIND: packets that do not show a new connection
others() {
	local n

	look "$2" "$1"
	n=$(remembered "$2" "$(number_of 'previous != "-"')")
	check_ge 'flows in transition' 10 "$(number_of 'previous != "-"')"
	[ "$2" = tcp ] || check_flows 'what lookup says' 'backend == home &&
		reason == (previous == "-" ? "picked" : "previous")'
	count
	arrive "$3" "$3" home
	arrive 'once more' "$3" home
	blame 'about it' home
	check_counts "$3" previous "$n" picked $(($(tracked "$n") - n)) \
		pinned "$(tracked "$n")" related $ALL \
		stateless $((2 * (ALL - $(tracked "$n"))))
	look "$2" "$1"
	check_eq 'pinned to the previous owner' "$n" "$(number_of '
		pinned == previous && backend == pinned && reason == "pinned"')"
}

# Only an error about them arrives.
unknown() {
	look tcp 6000
	count
	blame 'about unknown connections' home
	check_counts 'ICMP errors' related $ALL
}

# still_there: all earlier connections are where they were; a new block of old
# connections reaches its first owners
still_there() {
	look tcp 3000
	arrive "$1: those that began at the new owner" data \
		'pinned == "-" ? home : pinned'
	look tcp 4000
	arrive "$1: those pinned to their previous owner" middle home
	look udp 5000
	arrive "$1: UDP" udp home
	look tcp "$2"
	check_flows "$1: the previous owner is the oldest" \
		'previous == (owner == home ? "-" : home)'
	arrive "$1: unknown until now" middle home
	check_slots "$1" 'owner != home' 'changes > 0'
}

# previous_gone NAME BLOCK PICKED: unknown connections of s1, the previous owner
# that is unusable, go to the owner; PICKED is a condition for those that are
# remembered there.
previous_gone() {
	local n

	look tcp "$2"
	count
	arrive "$1: unknown until now" middle 'home == "s1" ? owner : home'
	n=$(number_of 'home != "s1" && owner != home')
	if [ "$track" = always ]; then
		check_counts "$1" previous "$n" picked $((ALL - n))
	else
		n=$(number_of "$3")
		check_counts "$1" picked "$n" stateless $((ALL - n))
	fi
	look tcp 4000
	count
	arrive "$1: those pinned at first" middle \
		'home == "s1" ? owner : home'
}

# It may return.
previous_down() {
	check_slots 's1 is down' 'owner != home' 'changes > 0'
	look tcp 9000
	check_flows 's1 is down: it is a previous owner' \
		'previous == (owner == home ? "-" : home)'
	previous_gone 's1 is down' 9000 'home == "s1" && owner != home'
}

# A slot that changed once has no previous owner left, a slot that changed twice
# settles soon.
previous_deleted() {
	check_slots 's1 is gone' 'home != "s1" && owner != home' \
		'home != "s1" && changes > 0 || changes > 1'
	look tcp 10000
	check_flows 's1 is gone: it is no previous owner' 'previous ==
		(home == "s1" || owner == home ? "-" : home)'
	previous_gone 's1 is gone' 10000 0
}

decisions() {
	local n

	begin "$TABLE" "$track"
	keep_udp lb
	settled_slots

	change -b <(addition 4)
	n=$(slots 'changes > 0')
	check_ge 'slots that changed' 500 "$n"
	check_eq 'slots in transition' "$n" "$(shows transition_slots)"
	look tcp 1000
	arrive 'begun before' data home
	look tcp 2000
	check_flows 'the previous owner is who was it before' \
		'previous == (owner == home ? "-" : home)'
	new_connections
	others 4000 tcp middle
	others 5000 udp udp
	unknown

	change backend set web s1 state drain
	still_there 's1 drains' 7000
	change backend set web s2 weight 3
	still_there 's2 weighs more' 8000

	change backend set web s1 state down
	previous_down
	if [ "$track" = always ]; then
		n=$(number_of 'home == "s1"')
		check_counts 's1 is down' repicked "$n" pinned $((ALL - n))
	fi
	change backend del web s1
	previous_deleted
	no_entries
}

# --- comings and goings ------------------------------------------------------

# A backend that goes down loses its connections. No others are lost, not even
# those that began while it was down, at the interim owners of its slots.
flap() {
	local n

	begin "$TABLE" "$track"
	change backend set web s1 state down
	look tcp 1000
	check_flows 'down: what lookup says' '
		previous == (owner == home || home == "s1" ? "-" : home)'
	arrive 'down: old connections' middle 'home == "s1" ? owner : home'
	look tcp 2000
	arrive 'down: new connections' syn owner
	change backend set web s1 state up
	look tcp 3000
	check_flows 'up: what lookup says' '
		previous == (home == "s1" ? was : "-")'
	n=$(number_of 'home == "s1"')
	check_ge 'flows of s1' 10 "$n"
	count
	arrive 'up: new connections' syn owner
	snapshot
	check_ge 'up: picked' "$n" $((stat[picked] - before[picked]))
	look tcp 2000
	arrive 'up: begun when it was down' data was
	look tcp 1000
	arrive 'up: begun before' middle 'home == "s1" ? was : home'
	change backend set web s1 state down
	look tcp 2000
	arrive 'down again: begun when it was down' data owner
	look tcp 3000
	arrive 'down again: begun when it was up' ack \
		'home == "s1" ? owner : home'
	change backend set web s1 state up
	look tcp 2000
	arrive 'up again: begun when it was down' data was
	no_entries
}

load_module
topology dsr 5 unmarked
start_packets transition/transition 5
for scenario in decisions flap; do
	in_variant nft raw in_mode 'changed forward' "$scenario"
done
route_by_marks lb
for scenario in decisions flap; do
	in_variant legacy raw in_mode changed "$scenario"
	in_variant nft mangle in_mode always "$scenario"
done
