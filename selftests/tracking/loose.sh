#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Direct server return does not depend on how conntrack judges TCP: with
# tcp_loose and be_liberal on or off, connections live, keep their backend while
# backends come, and may send beyond any window that conntrack has seen.
# checks: 40
. ./lib.sh
. ./lib/checks.bash

# Every server counts the bytes that arrive at port 81.
start_sinks() {
	local n family only=([4]='' [6]=',ipv6only=1')

	head -c 1M /dev/zero >"$T/megabyte"
	cat >"$T/sink" <<-END
		#!/bin/bash
		wc -c >"$T/received.new"
		mv "$T/received.new" "$T/received"
	END
	chmod +x "$T/sink"
	for ((n = 1; n <= servers; n++)); do
		for family in 4 6; do
			ip netns exec "s$n" socat -u \
				"TCP$family-LISTEN:81,fork,reuseaddr$(
				)${only[$family]}" "EXEC:$T/sink" &
			wait_for 20 listens "$n" "$family"
		done
	done
}

# shellcheck disable=SC2317 # called by wait_for
listens() {
	srv "$1" ss -Htln"$2" 'sport = 81' | grep -q .
}

# upload AT 4|6: a megabyte
upload() {
	local vip=VIP$2

	vip=${!vip}
	[ "$2" = 4 ] || vip="[$vip]"
	rm -f "$T/received"
	cl socat -u "OPEN:$T/megabyte" \
		"TCP$2:$vip:81,connect-timeout=$(seconds 20)"
	wait_for 20 test -e "$T/received"
	check_eq "$1, IPv$2: bytes" 1048576 "$(cat "$T/received")"
}

# judged LOOSE LIBERAL
judged() {
	local at="$TABLE, loose $1, liberal $2" family

	fresh 2
	lb sysctl -qw net.netfilter.nf_conntrack_tcp_loose="$1" \
		net.netfilter.nf_conntrack_tcp_be_liberal="$2"
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	start_client v4 4 -h -n 15 -k 2
	start_client v6 6 -h -n 15 -k 2
	ctl backend add web s3 mark 3
	for family in 4 6; do
		next_round "v$family"
		stop_client "v$family"
		check_client "$at" "v$family" 15
		upload "$at" "$family"
	done
	check_counters "$at" picked 32 adopted 32 repicked 0 stateless 0
	flush_rules
}

load_module
topology dsr 3
start_servers
start_sinks
for TABLE in raw mangle; do
	IPT=legacy
	judged 0 0
	judged 1 1
	IPT=nft
	judged 0 1
	judged 1 0
done
