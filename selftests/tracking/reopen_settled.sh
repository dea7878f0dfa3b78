#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# A connection was pinned while its slot was in transition, its backend went
# down, and the slot settled. Its client reuses the port: the new connection
# goes to the owner and stays there in the next transition, whatever conntrack
# still knew of the first one when the backend came back.
# checks: 9
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

load_module
topology dsr 2
start_servers
# The client keeps no TIME_WAIT sockets; conntrack's entries stay for long.
cl sysctl -qw net.ipv4.tcp_max_tw_buckets=0
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_{fin,close}_wait=600

service 2
ctl backend set web s2 state drain || fail "s2 drained"
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web \
	--track changed
check_eq "before the first packet: slots in transition" 0 \
	"$(transition_slots)"

move_all s2 s1
start_clients
check_eq "pinned to s2" $((2 * N)) "$(pins | grep -c ' 2$')"
stop_client four
stop_client six

ctl backend set web s1 state up || fail "s1 up"
ctl backend set web s2 state down || fail "s2 down"
wait_for 60 settled
check_eq "s2 down: entries left" $((2 * N)) "$(pins | grep -c ' 2$')"
start_clients
check_eq "the same ports again: entries left" 0 "$(pins | wc -l)"

move_all s2 s1
next_round four
next_round six
check_client "s2 is back, s1 drained" four $N
check_client "s2 is back, s1 drained" six $N
check_eq "pinned to s1" $((2 * N)) "$(pins | grep -c ' 1$')"
