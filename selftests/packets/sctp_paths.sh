#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SCTP associations with two paths, hashed by ports. Their backend drains, their
# slots settle, and for longer than conntrack remembers a path of which it sees
# heartbeats only, there is none on the second path. The next one still reaches
# the association's server, which would be aborted by any other.
# timeout: 600
# by default on: 6.12
# checks: 8
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/sctp.bash

N=12

# check_turn NAME: all associations answer
check_turn() {
	check_eq "$1: alive, stuck, moved" "$((2 * N)), 0, 0" \
		"$(got alive), $(got stuck), $(got moved)"
}

paths() { awk 'NR > 1 && $NF == 2' <(cl cat /proc/net/sctp/remaddr) | wc -l; }
# shellcheck disable=SC2317 # called by wait_for
paths_are() { [ "$(paths)" -eq "$1" ]; }

# shellcheck disable=SC2317 # called by wait_for
stray_forgotten() {
	! lb conntrack -L -p sctp --dport 9 2>/dev/null | grep -q .
}

# shellcheck disable=SC2317 # called by wait_for
beaten() { snapshot && [ "${stat[packets]}" -ge $((packets + 2 * N)) ]; }

second_path() {
	local packets

	fresh 2 hash sport,dport
	ctl backend set web s2 state drain
	for vip in "$VIP4" 198.51.100.11; do
		ipt -t "$TABLE" -A PREROUTING -d "$vip" -p sctp \
			-j LBHASH --service web
	done
	for vip in "$VIP6" 2001:db8:f::11; do
		ip6t -t "$TABLE" -A PREROUTING -d "$vip" -p sctp \
			-j LBHASH --service web
	done
	ask open 4 1 $N 81
	ask open 6 13 $((12 + N)) 81
	check_turn 'first turn'
	wait_for 20 paths_are $((4 * N))
	ok "paths confirmed: $(paths)"

	ctl -b - <<<$'backend set web s2 state up\nbackend set web s1 state drain'
	ctl service set web settle 0
	wait_for 60 settled
	ask stray
	wait_for 60 stray_forgotten
	snapshot
	packets=${stat[packets]}
	ask beat second
	wait_for 20 beaten
	ask turn
	check_turn 'after heartbeats'
	check_eq 'at the same server' $((2 * N)) "$(got at-s1)"
	close_all
}

load_module
modprobe sctp || fail 'no SCTP'
topology dsr 4
add_addresses
lb sysctl -qw net.netfilter.nf_conntrack_sctp_timeout_heartbeat_sent=2 || fail sysctl
start_packets packets/sctp
for_each_variant second_path
