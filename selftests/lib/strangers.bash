# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For selftests of strangers, who send packets with the addresses and ports of
# connections that are not theirs, on top of lib/packets.bash.
# shellcheck disable=SC2154 # shared with lib.sh

# ignore_strangers: servers drop such packets, so that they get no answer
ignore_strangers() {
	local n

	for ((n = 1; n <= servers; n++)); do
		srv "$n" iptables-legacy -t raw -A PREROUTING -m ttl --ttl-eq 76 \
			-j DROP || fail "IPv4, s$n"
		srv "$n" ip6tables-legacy -t raw -A PREROUTING -m hl --hl-eq 76 \
			-j DROP || fail "IPv6, s$n"
	done
}

# let_markers_pass: the test's markers, through a firewall
let_markers_pass() {
	ipt -A FORWARD -p udp --dport 9 -j ACCEPT
	ip6t -A FORWARD -p udp --dport 9 -j ACCEPT
}

# untrack_markers: where conntrack has no room for them
untrack_markers() {
	ipt -t raw -I PREROUTING -p udp --dport 9 -j CT --notrack
	ip6t -t raw -I PREROUTING -p udp --dport 9 -j CT --notrack
}

# spoofed: how many of the last packets reached any server
spoofed() { got at-any; }

# spoof KIND FAMILY FIRST N [PACKETS]: from each of N ports, all of which arrive
spoof() {
	ask spoof "$1" "$2" "$3" "$4"
	check_eq "IPv$2, $1 from ports of others: arrived" "${5:-$4}" "$(spoofed)"
}

# entries_of FAMILY WORD: entries in which conntrack(8) shows the word
entries_of() {
	lb conntrack -L -f "ipv$1" -p tcp 2>/dev/null | grep -cw "$2"
}

# adopt_only MARK: connections that begin go to server MARK, by rules that only
# have LBHASH adopt them
adopt_only() {
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" -j LBHASH --adopt
	rule mangle PREROUTING -p tcp --sport "$source_ports" \
		-j CONNMARK --restore-mark
	rule mangle PREROUTING -p tcp -m mark ! --mark 0 -j ACCEPT
	rule mangle PREROUTING -p tcp --sport "$source_ports" \
		-j MARK --set-mark "$1"
	rule mangle PREROUTING -p tcp -m mark ! --mark 0 \
		-j CONNMARK --save-mark
}
