#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SCTP associations of which the balancer sees the client's half: INIT, cookie
# and data keep one backend, whatever happens to the others. With a hash of
# ports only, all paths of an association reach one backend.
# timeout: 600
# checks: 118
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/sctp.bash

# check_turn NAME ALIVE: no association is stuck, none has moved
check_turn() {
	check_eq "$1: alive, stuck, moved" "$2, 0, 0" \
		"$(got alive), $(got stuck), $(got moved)"
}

# in_transition: number of the first 48 associations with slots in transition
in_transition() {
	local n

	for ((n = 1; n <= 24; n++)); do
		echo "lookup web proto 132 src 192.0.2.$n:$((20000 + n))" \
			"dst $VIP4:80"
		echo "lookup web proto 132" \
			"src [2001:db8:c::$n]:$((20000 + n)) dst [$VIP6]:80"
	done >"$T/lookups"
	ctl -j -b "$T/lookups" | jq -r '.previous // empty' | grep -c .
}

established() {
	lb conntrack -L -p sctp 2>/dev/null | grep -c ESTABLISHED
}

# check_memory: the counters after 48 associations in settled slots
check_memory() {
	if [ "$track" = always ]; then
		check_counters 'first turn' picked 48 adopted 48 stateless 0
		check_eq 'entries of adopted associations' 48 "$(established)"
	else
		snapshot
		check_eq 'stateless: all' "${stat[packets]}" "${stat[stateless]}"
		check_eq 'entries' 0 "$(lb conntrack -C)"
	fi
}

# check_beats: a heartbeat makes an entry where there is none, but opens nothing.
# The flow memory does not need to know associations that stay where they are.
check_beats() {
	ask beat
	ask turn
	check_turn 'after heartbeats' 48
	snapshot
	check_eq 'heartbeats that were remembered at the previous owner' 0 \
		"${stat[previous]}"
	[ "$track" = always ] ||
		check_eq 'stateless: all' "${stat[packets]}" "${stat[stateless]}"
}

associations() {
	local s2 s3

	fresh 3
	balance -p sctp

	ask open 4 1 24
	ask open 6 1 24
	check_turn 'first turn' 48
	check_eq 'nobody at s4 yet' 0 "$(got at-s4)"
	check_memory

	ctl -b <(addition 4)
	ask turn
	check_turn 's4 added' 48
	check_beats
	ask open 4 25 48
	check_turn 'new ones' 72
	check_ge 's4 has some' 1 "$(got at-s4)"

	s2=$(got at-s2)
	ctl backend set web s2 state drain
	ask turn
	check_turn 's2 drained' 72
	ask open 6 25 48
	check_turn 'new ones' 96
	check_eq 's2 keeps what it has' "$s2" "$(got at-s2)"

	s3=$(got at-s3)
	snapshot
	check_eq 'repicked before' 0 "${stat[repicked]}"
	ctl backend del web s3
	ask turn
	check_turn 's3 removed' $((96 - s3))
	check_eq 'its associations, aborted by another' "$s3" "$(got broken)"
	snapshot
	check_known 'repicked' "$s3" "${stat[repicked]}"
	check_eq 'reopened before' 0 "${stat[reopened]}"
	ask reopen
	check_turn 'from the same ports again' 96
	check_eq 'nobody at s3' 0 "$(got at-s3)"
	snapshot
	check_known 'reopened' "$s3" "${stat[reopened]}"
	close_all
}

# remembered_and_settled: associations that began in slots in transition go on
# when the slots have settled and the flow memory is gone
remembered_and_settled() {
	local begun

	fresh 3
	balance -p sctp
	ctl -b <(addition 4)
	begun=$(in_transition)
	check_ge 'associations in slots in transition' 5 "$begun"
	ask open 4 1 24
	ask open 6 1 24
	check_turn 'first turn' 48
	check_counters 'first turn' picked "$begun" adopted "$begun"
	ctl service set web settle 0 idle 1
	wait_for 60 settled
	ask turn
	check_turn 'settled' 48
	check_eq 'entries' 0 "$(lb conntrack -C)"
	close_all
}

paths() { awk 'NR > 1 && $NF == 2' <(cl cat /proc/net/sctp/remaddr) | wc -l; }
# shellcheck disable=SC2317 # called by wait_for
paths_are() { [ "$(paths)" -eq "$1" ]; }

# many_paths TRACK: 12 associations with two server addresses each; a path is
# confirmed when the server has answered on it
many_paths() {
	echo "# two paths, track $1"
	fresh 4 hash sport,dport
	rule raw PREROUTING -p sctp -j LBHASH --service web --track "$1"
	ipt -t raw -A PREROUTING -d 198.51.100.11 -p sctp \
		-j LBHASH --service web --track "$1"
	ip6t -t raw -A PREROUTING -d 2001:db8:f::11 -p sctp \
		-j LBHASH --service web --track "$1"
	ask open 4 1 12 81
	ask open 6 13 24 81
	check_turn 'with two addresses' 24
	wait_for 20 paths_are 48
	ok "paths confirmed: 48"
	ask turn
	check_turn 'second turn' 24
	close_all

	ask open 6 1 12 82
	check_turn 'with an IPv6 and an IPv4 address' 12
	wait_for 20 paths_are 24
	ok "paths confirmed: 24"
	ask turn
	check_turn 'second turn' 12
	close_all
	flush_rules
}

load_module
modprobe sctp || fail "no SCTP"
topology dsr 4 unmarked
add_addresses
start_packets packets/sctp
in_variant nft raw in_mode 'changed forward' associations
in_variant nft raw in_mode 'changed forward' remembered_and_settled
route_by_marks lb
for_all_variants associations
IPT=nft
many_paths never
many_paths always
