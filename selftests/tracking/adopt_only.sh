#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# LBHASH --adopt in front of a balancer in user space: its rules, which expect
# ESTABLISHED connections, work one-way, and it sees one packet of each
# connection.
# timeout: 900
# checks: 20
. ./lib.sh

# queued FAMILY: packets that reached the NFQUEUE rule
queued() {
	local ipt=ipt

	[ "$1" = 4 ] || ipt=ip6t
	$ipt -t mangle -nvxL PREROUTING | awk '/NFQUEUE/ { print $1 }'
}

adopt_only() {
	local family invalid

	lb conntrack -F 2>/dev/null
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --adopt
	rule mangle PREROUTING -p tcp -m conntrack --ctstate ESTABLISHED \
		-j CONNMARK --restore-mark
	rule mangle PREROUTING -p tcp -m conntrack --ctstate ESTABLISHED \
		-j ACCEPT
	# A SYN that a slow client repeats goes where the first one went.
	rule mangle PREROUTING -p tcp -m connmark ! --mark 0 \
		-j CONNMARK --restore-mark
	rule mangle PREROUTING -p tcp -m mark ! --mark 0 -j ACCEPT
	rule mangle PREROUTING -p tcp -j NFQUEUE --queue-num 0
	rule mangle FORWARD -p tcp -m conntrack --ctstate NEW \
		-j CONNMARK --save-mark

	for family in 4 6; do
		invalid=$(conntrack_stat invalid)
		start_client client "$family" -n 100 -k 10
		check_eq "IPv$family connections" 100 "$(flows_of client ok)"
		check_eq "packets in the queue" 100 "$(queued "$family")"
		check_le INVALID 100 $(($(conntrack_stat invalid) - invalid))
		servers_report
		check_eq "connections on the servers, each on one" 100 \
			"$(wc -l <"$T/servers.flows")"
		check_eq "share of the servers" "25 25 25 25 " \
			"$(cut -d' ' -f4 "$T/servers.flows" | sort | uniq -c |
				awk '{ printf "%s ", $1 }')"
	done
}

load_module
topology dsr 4
start_servers
"$flows" queue "$T/queue.flows" lb 4 &
wait_for 20 test -e "$T/queue.flows"
for_each_variant adopt_only
