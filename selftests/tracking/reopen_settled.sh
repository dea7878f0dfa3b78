#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# A connection began while its slot was in transition, its backend went down, and
# the slot settled. Its client reuses the port: the new connection goes to the
# owner and stays there in the next transition, when the backend is back.
# checks: 10
. ./lib.sh
. ./lib/checks.bash

N=8 PORT=40001

start_clients() {
	start_client four 4 -n $N -p $PORT -e -i 500
	start_client six 6 -n $N -p $PORT -e -i 500
}

# All slots go to $1, and $2 keeps its connections.
move_all() {
	ctl backend set web "$1" state up || fail "$1 up"
	ctl backend set web "$2" state drain || fail "$2 drained"
	check_eq "$1 up, $2 drained: slots in transition" $SIZE \
		"$(transition_slots)"
}

# clients_at NAME: the server of each connection
clients_at() {
	check_eq "$1" "$((2 * N)) $2" "$(cat "$T"/{four,six}.flows |
		awk '$1 == "conn" { n[$4]++ }
			END { for (at in n) print n[at], at }')"
}

load_module
topology dsr 2
start_servers
# The client keeps no TIME_WAIT sockets.
cl sysctl -qw net.ipv4.tcp_max_tw_buckets=0

service 2 idle "$(seconds 2)"
ctl backend set web s2 state drain || fail "s2 drained"
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web \
	--track changed
check_eq "before the first packet: slots in transition" 0 \
	"$(transition_slots)"

move_all s2 s1
start_clients
clients_at 'all slots moved' s2
check_counters 'remembered at s2' picked $((2 * N)) adopted $((2 * N))
stop_client four
stop_client six

ctl backend set web s1 state up || fail "s1 up"
ctl backend set web s2 state down || fail "s2 down"
wait_for 60 settled
start_clients
clients_at 'the same ports again' s1

move_all s2 s1
next_round four
next_round six
check_client "s2 is back, s1 drained" four $N
check_client "s2 is back, s1 drained" six $N
check_counters 'remembered since' picked $((2 * N)) adopted $((2 * N))
check_eq entries 0 "$(lb conntrack -C)"
