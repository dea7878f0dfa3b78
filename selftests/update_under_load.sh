#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Backends change as fast as lbhashctl can say it, for half a minute, while
# TCP connections come and go and UDP sockets send without a pause. Every packet
# gets a decision and arrives. Each variant of iptables has a share of the
# packets.
# timeout: 900
. ./lib.sh

LASTS=30

rules() {
	IPT=legacy ipt -t raw -A PREROUTING -d $VIP4 -p tcp "${lbhash[@]}" &&
	IPT=nft ipt -t mangle -A PREROUTING -d $VIP4 -p udp "${lbhash[@]}" &&
	IPT=nft ip6t -t raw -A PREROUTING -d $VIP6 -p tcp "${lbhash[@]}" &&
	IPT=legacy ip6t -t mangle -A PREROUTING -d $VIP6 -p udp "${lbhash[@]}"
}

# Every kind of change, over and over; s1 is always there.
changes() {
	local n

	for ((n = 0; n < 20000; n++)); do
		echo "backend set web s2 state down
			backend set web s3 weight $((n % 7))
			backend add web s6 mark 6 weight $((1 + n % 5))
			backend set web s2 state up
			backend set web s4 state drain
			backend set web s5 mark $((5 + n % 2 * 2))
			backend del web s6
			backend set web s4 state up"
	done
}

generation() { ctl -j service show web | jq '.[0].generation'; }
load_module
topology dsr 7
start_servers
service 5
lbhash=(-j LBHASH --service web)
rules || fail "rules"
changes >"$T/changes"

start_client udp4 4 -u -n 20 -e
start_client udp6 6 -u -n 20 -e
before=$(generation)
timeout "$(seconds "$LASTS")" lbhashctl -n lb -b "$T/changes" &
changer=$!
tcp=0 sent=0
until gone $changer; do
	start_client tcp4 4 -n 20 -k 10
	start_client tcp6 6 -n 20 -k 10
	tcp=$((tcp + $(flows_of tcp4 connections) + $(flows_of tcp6 connections)))
done
wait $changer
check_eq "nothing refused until the time was over" 124 $?
snapshot
check_eq empty 0 "${stat[empty]}"
check_ge changes "$(few 300)" $(($(generation) - before))
next_round udp4
next_round udp6
stop_client udp4
stop_client udp6

for client in udp4 udp6; do
	check_ge "$client: answers" 1000 "$(flows_of $client turns)"
	sent=$((sent + $(flows_of $client turns) + $(flows_of $client resent)))
done
check_ge "TCP connections tried" 40 $tcp
servers_report
wait_for 20 all_arrived
check_eq "packets on the servers" "${stat[packets]}" "$(packets_arrived '')"
check_eq "datagrams on the servers" $sent "$(packets_arrived udp)"
check_eq empty 0 "${stat[empty]}"
check_ge repicked 1 "${stat[repicked]}"
