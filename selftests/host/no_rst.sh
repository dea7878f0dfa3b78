#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The balancer's own kernel never answers for the VIP, whether or not the VIP is
# its own address: SYNs are answered by servers only, and no RST ever reaches
# the client.
# timeout: 900
# checks: 40
. ./lib.sh

# The files of an earlier tcpdump must not be taken for this one's.
start_tcpdump() {
	rm -f "$T/tcpdump" "$T/pcap"
	ip netns exec cl tcpdump -Z root -Uni any -B 8192 \
		-w "$T/pcap" "host $VIP4 or host $VIP6" 2>"$T/tcpdump" &
	dump_pid=$!
	wait_for 20 grep -qs listening "$T/tcpdump"
}

# seen PATTERN: packets that tcpdump caught
seen() { grep -c "$1" "$T/packets"; }

# Servers end with a FIN; an unwanted RST ends the wait as well.
all_closed() {
	cl tcpdump -Z root -nr "$T/pcap" >"$T/packets" 2>/dev/null
	[ "$(seen ' In .*Flags \[F')" -ge 2 ] ||
		[ "$(seen ' In .*Flags \[R')" -ge 1 ]
}

# syn_acks_again: SYN-ACKs that servers repeated, as they do when an ACK is late
syn_acks_again() {
	local n

	for ((n = 1; n <= servers; n++)); do
		srv "$n" nstat -asz TcpExtTCPSynRetrans
	done | awk '/SynRetrans/ { n += $2 } END { print n }'
}

answers() {
	local ip again

	fresh 3
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	servers_report
	again=$(syn_acks_again)
	start_tcpdump
	start_client four 4 -p "$first_port" -k 10
	start_client six 6 -p "$first_port" -k 10
	wait_for 20 all_closed
	kill -INT "$dump_pid"
	wait "$dump_pid"
	all_closed || fail "the packets are gone"
	grep -q '^0 packets dropped by kernel' "$T/tcpdump" ||
		fail "tcpdump: $(tail -n 1 "$T/tcpdump")"

	cat <(starts_of four) <(starts_of six) >"$T/starts"
	check_starts "$1" "$T/starts"
	check_eq "$1: SYNs" "$(awk '{ n += $4 } END { print n }' "$T/starts")" \
		"$(seen 'Flags \[S\]')"
	check_eq "$1: SYN-ACKs, one and those sent again" \
		$((2 + $(syn_acks_again) - again)) "$(seen 'Flags \[S\.\]')"
	check_eq "$1: answers by way of the balancer" 0 "$(seen 'front *In ')"
	for ip in IP IP6; do
		check_ge "$1: $ip SYN-ACKs" 1 \
			"$(seen "back *In *$ip .*Flags \[S\.\]")"
		check_eq "$1: $ip RSTs" 0 "$(seen " $ip .*Flags \[R")"
	done
	check_eq "$1: anything else" 0 "$(grep -vc Flags "$T/packets")"
	check_eq "$1: connections" 2 $(($(flows_of four ok) + $(flows_of six ok)))
}

both_ways() {
	answers "VIP elsewhere"
	ip -n lb addr add "$VIP4/32" dev lo
	ip -n lb addr add "$VIP6/128" dev lo nodad
	answers "VIP local"
	ip -n lb addr del "$VIP4/32" dev lo
	ip -n lb addr del "$VIP6/128" dev lo
}

load_module
topology dsr 3
start_servers
for_each_variant both_ways
