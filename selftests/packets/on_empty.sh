#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet that no backend can take is dropped, or continues with the next rule
# without a mark: with every --track, in either table, forwarded or not. A
# packet that continues is handled as without LBHASH, by a route or by the local
# stack.
# timeout: 900
# by default on: 6.12
# checks: 396
. ./lib.sh
. ./lib/packets.bash
. ./forward/forward.bash
. ./transition/transition.bash

FLOWS=10 ALL=20

# seen: packets matched by the rules after LBHASH, with and without a mark
seen() {
	{
		ipt -t "$TABLE" -nvxL BEHIND -Z
		ip6t -t "$TABLE" -nvxL BEHIND -Z
	} | awk '
		/mark match !/ { marked += $1; next }
		/mark match/ { unmarked += $1 }
		END { print marked + 0, unmarked + 0 }'
}

# behind: add the rules that seen reads
behind() {
	local tables

	for tables in ipt ip6t; do
		"$tables" -t "$TABLE" -N BEHIND
		"$tables" -t "$TABLE" -A BEHIND -m mark ! --mark 0
		"$tables" -t "$TABLE" -A BEHIND -m mark --mark 0
	done
	rule "$TABLE" PREROUTING -j BEHIND
}

no_rules() {
	local tables

	for tables in ipt ip6t; do
		"$tables" -t "$TABLE" -F
		"$tables" -t "$TABLE" -X
	done
}

# unmarked_entries: the number of conntrack entries without a backend
unmarked_entries() {
	lb conntrack -L 2>/dev/null | grep "dport=$PORT " |
		grep -c ' mark=0 '
}

# begin KIND: new flows, unknown to conntrack
begin() {
	kind=$1 block=$((block + 100))
	proto=tcp
	[ "$kind" != udp ] || proto=udp
	: >"$T/look"
	for ((n = 0; n < ALL; n++)); do
		echo '- - - - - - - - -' >>"$T/look"
	done
}
block=20000

# where KIND: "WHERE N" for a packet of each flow
where() {
	send send "$1"
	awk '{ n[$10]++ } END { for (at in n) print at, n[at] }' "$T/look" |
		sort | paste -sd ' '
}

# dropped KIND: the packets reach neither a server nor a rule after LBHASH
dropped() {
	begin "$1"
	count
	check_eq "$what, $1, drop: at" "None $ALL" "$(where "$1")"
	check_eq "$what, $1, drop: behind, marked and not" '0 0' "$(seen)"
	check_counts "$what, $1, drop" empty $ALL
}

# continues KIND: to the next rule, and by the VIP's own route
continues() {
	local entries=$ALL

	# Only --track always needs conntrack.
	[ "$track" = always ] || entries=0
	begin "$1"
	count
	check_eq "$what, $1, continue: at" "s3 $ALL" "$(where "$1")"
	check_eq "$what, $1, continue: behind, marked and not" "0 $ALL" \
		"$(seen)"
	check_counts "$what, $1, continue" empty $ALL
	check_eq "$what, $1, continue: entries without a mark" "$entries" \
		"$(unmarked_entries)"
	lb conntrack -F 2>/dev/null
}

# served KIND: the flows that continued get a backend as soon as there is one
served() {
	ctl backend set web s1 state up
	check_eq "$what, $1, a backend: at" "s1 $ALL" "$(where "$1")"
}

# local_stack: it gets unmarked packets to an address of lb's own
local_stack() {
	local before

	ctl backend set web s1 state down
	ip -n lb addr add "$VIP4/32" dev lo
	ip -n lb addr add "$VIP6/128" dev lo nodad
	begin udp
	before=$(no_ports)
	check_eq "$what, local, continue: at" "None $ALL" "$(where udp)"
	check_eq "$what, local, continue: behind, marked and not" "0 $ALL" \
		"$(seen)"
	check_eq "$what, local, continue: no such port" $ALL \
		$(($(no_ports) - before))
	ctl service set web on-empty drop
	check_eq "$what, local, drop: at" "None $ALL" "$(where udp)"
	check_eq "$what, local, drop: no such port" $ALL \
		$(($(no_ports) - before))
	ctl service set web on-empty continue
	ip -n lb addr del "$VIP4/32" dev lo
	ip -n lb addr del "$VIP6/128" dev lo
}

no_ports() {
	echo $(($(counter lb UdpNoPorts) + $(counter lb Udp6NoPorts)))
}

# without_backends: none is usable
without_backends() {
	local state

	ctl backend add web s1 mark 1 state down
	for state in down drain; do
		ctl backend set web s1 state "$state"
		dropped udp
	done
	ctl service set web on-empty continue
	for state in down drain; do
		ctl backend set web s1 state "$state"
		continues syn
	done
}

# A draining backend keeps its connections; new ones have no backend.
draining() {
	lb conntrack -F 2>/dev/null
	begin syn
	check_eq "$what, one backend: at" "s1 $ALL" "$(where syn)"
	ctl backend set web s1 state drain
	[ "$track" = never ] ||
		check_eq "$what, it drains, known: at" "s1 $ALL" "$(where ack)"
	seen >/dev/null
	continues syn
}

# variant TABLE TRACK [--forward]
variant() {
	TABLE=$1 track=$2
	what="$IPT $*"
	fresh 0
	rule "$TABLE" PREROUTING -j LBHASH --service web --track "${@:2}"
	behind
	dropped syn
	dropped udp
	ctl service set web on-empty continue
	continues syn
	continues udp
	ctl service set web on-empty drop
	without_backends
	ctl backend set web s1 address 10.2.0.101 address 2001:db8:2::101
	served syn
	draining
	local_stack
	no_rules
}

load_module
topology dsr 3
# Unmarked packets go to s3.
ip -n lb route add "$VIP4" via 10.2.0.103
ip -n lb route add "$VIP6" via 2001:db8:2::103
start_packets transition/transition 3
IPT=legacy
variant raw always
variant raw changed --forward
variant raw never
variant mangle always --forward
variant mangle never
IPT=nft
variant raw always --forward
variant raw changed
variant raw never --forward
variant mangle always
variant mangle never --forward
