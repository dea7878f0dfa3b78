#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Packets that are INVALID to conntrack: LBHASH calls conntrack in the raw
# table, and conntrack's own hook calls it again. In the end these packets are
# INVALID as without a rule of LBHASH and are counted once, and the settings of
# CT rules (a zone, a helper, a timeout) are kept; they are also kept when a
# connection is reopened in mangle.
# checks: 58
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash

ZONE=5 N=10

# conntrack_rules: two rules, which count INVALID packets and others
conntrack_rules() {
	local state

	for state in INVALID NEW,ESTABLISHED,UNTRACKED; do
		rule mangle FORWARD -p tcp -m conntrack --ctstate "$state"
	done
}

# states FAMILY: the number of INVALID packets, and of others
states() {
	local ipt=ipt

	[ "$1" = 4 ] || ipt=ip6t
	"$ipt" -t mangle -nvxL FORWARD | awk '/ctstate/ { print $1 }' |
		paste -sd ' '
}

# entries_in ZONE FAMILY
entries_in() {
	lb conntrack -L -w "$1" -f "ipv$2" -p tcp 2>/dev/null | wc -l
}

# middle FAMILY: N packets of connections that conntrack does not know
middle() { ask send "$1" 1 $N 80 "$first_port" middle; }

# check_invalid NAME FAMILY ARRIVED: the packets are INVALID, counted once each,
# and make no entry; ARRIVED of them arrive
check_invalid() {
	local before

	before=$(conntrack_stat invalid)
	middle "$2"
	check_eq "$1, IPv$2: arrive" "$3" "$(grep -c ' s[0-9]' "$T/answer")"
	check_eq "$1, IPv$2: INVALID, others" "$N 0" "$(states "$2")"
	check_eq "$1, IPv$2: counted as INVALID" $N \
		$(($(conntrack_stat invalid) - before))
	check_eq "$1, IPv$2: entries" '0, 0' \
		"$(entries_in 0 "$2"), $(entries_in $ZONE "$2")"
}

# stays_invalid FAMILY [CT OPTION...]: behind a CT rule with these options
stays_invalid() {
	fresh 3
	conntrack_rules
	[ $# = 1 ] || rule raw PREROUTING -p tcp -j CT "${@:2}"
	rule raw PREROUTING -p tcp -j LBHASH --service web
	check_invalid "balanced ${*:2}" "$1" $N
	flush_rules
}

# so_does_adopt FAMILY [CT OPTION...]: LBHASH --adopt calls conntrack as well;
# there is no route to a server then
so_does_adopt() {
	fresh 3
	conntrack_rules
	[ $# = 1 ] || rule raw PREROUTING -p tcp -j CT "${@:2}"
	rule raw PREROUTING -p tcp -j LBHASH --adopt
	rule mangle PREROUTING -p tcp -j LBHASH --service web --track never
	check_invalid "--adopt ${*:2}" "$1" $N
	flush_rules
}

# refused FAMILY: with --adopt packets that find no room in a full table are
# lost, and conntrack is called once for each
refused() {
	local before

	fresh 3
	# The markers at the end of each round need no entry.
	ipt -t raw -A PREROUTING -p udp -j CT --notrack
	ip6t -t raw -A PREROUTING -p udp -j CT --notrack
	rule raw PREROUTING -p tcp -j LBHASH --adopt
	rule mangle PREROUTING -p tcp -j LBHASH --service web
	start_client old "$1" -n 4 -h
	sysctl -qw net.netfilter.nf_conntrack_max=4
	before=$(conntrack_stat drop)
	ask send "$1" 1 $N 80 "$((first_port + 400))" syn
	check_eq "no room, IPv$1: SYNs that arrive" 0 \
		"$(grep -c ' s[0-9]' "$T/answer")"
	check_eq "no room, IPv$1: counted as lost" $N \
		$(($(conntrack_stat drop) - before))
	sysctl -qw net.netfilter.nf_conntrack_max=262144
	stop_client old
	flush_rules
}

# policy FAMILY: half-open TCP entries last 280 seconds instead of 120
policy() {
	lb nft -f - <<-END || fail nft
		table $1 timeouts {
			ct timeout long {
				protocol tcp
				l3proto $1
				policy = { syn_sent : 280 }
			}
			chain pre {
				type filter hook prerouting priority -190;
				meta l4proto tcp ct state new ct timeout set "long"
			}
		}
	END
}

# long_lived FAMILY: the number of entries with that timeout
long_lived() {
	lb conntrack -L -w $ZONE -f "ipv$1" -p tcp 2>/dev/null |
		awk '$3 > 120 && $3 <= 280 { n++ } END { print n + 0 }'
}

# in_state FAMILY STATE: entries in the zone
in_state() {
	lb conntrack -L -w $ZONE -f "ipv$1" 2>/dev/null | grep -c "$2"
}

# reopens FAMILY: connections are picked up in the middle, in a zone, with a
# helper and a timeout, and begin to close; then they are reopened. The new entries
# have the same settings.
reopens() {
	local family=ip

	[ "$1" = 4 ] || family=ip6
	fresh 3
	policy $family
	rule raw PREROUTING -p tcp -j CT --zone $ZONE --helper ftp
	rule mangle PREROUTING -p tcp -j LBHASH --adopt
	rule mangle PREROUTING -p tcp -j LBHASH --service web --track never
	middle "$1"
	check_eq "IPv$1: picked up" $N "$(in_state "$1" ESTABLISHED)"
	ask send "$1" 1 $N 80 "$first_port" end
	check_eq "IPv$1: closing" $N "$(in_state "$1" FIN_WAIT)"
	ask send "$1" 1 $N 80 "$first_port" syn
	check_eq "IPv$1: SYNs that arrive" $N "$(grep -c ' s[0-9]' "$T/answer")"
	check_eq "IPv$1: entries in no zone, in the zone" "0, $N" \
		"$(entries_in 0 "$1"), $(entries_in $ZONE "$1")"
	check_eq "IPv$1: entries with a SYN" $N "$(in_state "$1" SYN_SENT)"
	check_eq "IPv$1: entries with a helper" $N \
		"$(in_state "$1" helper=ftp)"
	check_eq "IPv$1: entries with a timeout of their own" $N \
		"$(long_lived "$1")"
	flush_rules
	lb nft delete table $family timeouts
}

both_families() {
	"$1" 4 "${@:2}"
	"$1" 6 "${@:2}"
}

load_module
modprobe -a nf_conntrack_ftp nft_ct || fail 'no helper'
topology dsr 3
start_packets transition/transition 3
lb sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 || fail sysctl
in_variant legacy raw both_families stays_invalid
in_variant nft raw both_families stays_invalid --zone $ZONE
in_variant legacy raw both_families stays_invalid --helper ftp
in_variant legacy raw both_families so_does_adopt
in_variant nft raw both_families so_does_adopt --zone $ZONE
lb sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
in_variant legacy mangle both_families reopens
start_servers
in_variant legacy raw both_families refused
