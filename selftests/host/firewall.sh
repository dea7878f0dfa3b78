#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The common firewall: drop INVALID packets, accept those of a connection,
# accept those that may begin one. It breaks direct server return after the SYN.
# Behind LBHASH it passes these connections, and still drops what is INVALID.
# checks: 23
. ./lib.sh
. ./lib/checks.bash

# firewall: for forwarded packets
firewall() {
	ipt -P FORWARD DROP
	ip6t -P FORWARD DROP
	rule filter FORWARD -m conntrack --ctstate INVALID -j DROP
	rule filter FORWARD -m conntrack --ctstate ESTABLISHED,RELATED \
		-j ACCEPT
	rule filter FORWARD -p tcp --dport 80 --syn \
		-m conntrack --ctstate NEW -j ACCEPT
}

no_firewall() {
	ipt -P FORWARD ACCEPT
	ip6t -P FORWARD ACCEPT
	ipt -F FORWARD
	ip6t -F FORWARD
}

# counted 4|6: packets per rule: INVALID, ESTABLISHED, NEW, and none of these
counted() {
	local ipt=ipt

	[ "$1" = 4 ] || ipt=ip6t
	"$ipt" -nvxL FORWARD | awk '
		/^Chain/ { match($0, /DROP [0-9]+/)
			   rest = substr($0, RSTART + 5, RLENGTH - 5) }
		/ctstate/ { printf "%d ", $1 }
		END { print rest + 0 }'
}

# shellcheck disable=SC2317 # called by wait_for
invalid_at_least() {
	local n

	read -r n _ <<<"$(counted 4)"
	[ "$n" -ge "$1" ]
}

one_way_passes() {
	local family before syns invalid established new rest

	before=$(conntrack_stat invalid)
	for family in 4 6; do
		start_client "v$family" "$family" -h -n 20 -k 3
		read -r invalid established new rest <<<"$(counted "$family")"
		# One for each SYN; a slow machine sends some SYNs again.
		syns=$(starts_of "v$family" | awk '{ n += $4 } END { print n }')
		check_eq "IPv$family: INVALID, NEW, rest" "0 $syns 0" \
			"$invalid $new $rest"
		check_ge "IPv$family: ESTABLISHED" 80 "$established"
	done
	for family in 6 4; do
		[ "$family" = 6 ] || next_round v4
		stop_client "v$family"
		check_client 'after LBHASH' "v$family" 20
		read -r invalid _ _ rest <<<"$(counted "$family")"
		check_eq "IPv$family: INVALID, rest, in the end" '0 0' \
			"$invalid $rest"
	done
	# In mangle conntrack has seen the first ACK before the rule.
	check_eq 'INVALID to conntrack' \
		"$([ "$TABLE" = raw ] && echo 0 || echo 40)" \
		$(($(conntrack_stat invalid) - before))
}

# Packets that fit no entry get a backend and are INVALID as before.
invalid_stays_so() {
	start_client v4 4 -h -n 20
	lb sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
	lb conntrack -F 2>/dev/null
	rm "$T/v4.flows"
	kill -USR1 "${client_pid[v4]}"
	wait_for 30 invalid_at_least 20
	check_ge 'balanced by hash, dropped' 20 "$(reason stateless)"

	lb sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
	ipt -I FORWARD -j ACCEPT
	wait_for 60 reported v4 "${client_pid[v4]}"
	stop_client v4
	check_client 'with tcp_loose, and no firewall' v4 20
}

# With the hash alone a connection gets no further than its SYN.
without_adoption() {
	fresh 3
	firewall
	rule mangle PREROUTING -p tcp --dport 80 -j LBHASH --service web \
		--track never
	"$flows" client "$T/stock.flows" cl "$VIP4" -n 3 &
	client_pid[stock]=$!
	wait_for 30 invalid_at_least 9
	stop_client stock
	check_eq 'without adoption: ok, broken' '0, 3' \
		"$(flows_of stock ok), $(flows_of stock broken)"
}

variant() {
	fresh 3
	firewall
	rule "$TABLE" PREROUTING -p tcp --dport 80 -j LBHASH --service web
	one_way_passes
	invalid_stays_so
	no_firewall
}

load_module
topology dsr 3
start_servers
for_each_variant variant
without_adoption
