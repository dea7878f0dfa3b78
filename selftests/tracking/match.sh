#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The result of -m lbhash, with both options and their negations, in every state
# of a connection and in both directions: in raw, before the target has seen the
# packet; in mangle, after it; in filter, on the way out.
# timeout: 900
# by default on: 6.12
# checks: 808
. ./lib.sh
. ./lib/packets.bash

FLOWS=4
# The rules in each place, in order; see wanted for the packets that they match.
matches=(
	''
	'--syn-seen'
	'! --syn-seen'
	'--pinned-to s1 --service web'
	'! --pinned-to s1 --service web'
	'--pinned-to s2 --service web'
	'! --pinned-to s2 --service web'
	'--pinned-to s1 --service other'
	'! --pinned-to s1 --service other'
	'--pinned-to s9 --service web'
	'! --pinned-to s9 --service web'
	'--syn-seen --pinned-to s1 --service web'
	'! --syn-seen ! --pinned-to s1 --service web'
)

# wanted STATE: the number of packets that each rule matches in that state of
# the connection: words out of "syn", the backends of web, and "other" for s1 of
# the service other; or "-" for none of them.
wanted() {
	awk -v n=$FLOWS -v state=",$1," 'BEGIN {
		syn = state ~ /,syn,/
		s1 = state ~ /,s1,/
		s2 = state ~ /,s2,/
		other = state ~ /,other,/
		print n, n * syn, n * (1 - syn), n * s1, n * (1 - s1), n * s2, n * (1 - s2),
		      n * other, n * (1 - other), 0, n, n * syn * s1,
		      n * (1 - syn) * (1 - s1)
	}'
}

# counted TABLE: the number of packets that each rule matched since the last
# call
counted() {
	"$tables" -t "$1" -nvxL LOOK -Z | awk '/^ *[0-9]/ { print $1 }' |
		paste -sd ' '
}

# check_places NAME RAW MANGLE FILTER: states
check_places() {
	local what="IPv$family, $1"

	check_eq "$what: arrived" $FLOWS "$(got arrived)"
	check_eq "$what, raw: $2" "$(wanted "$2")" "$(counted raw)"
	check_eq "$what, mangle: $3" "$(wanted "$3")" "$(counted mangle)"
	check_eq "$what, filter: $4" "$(wanted "$4")" "$(counted filter)"
}

# there NAME KIND RAW MANGLE FILTER: a packet of each connection from clients;
# back: from servers; blame: ICMP errors about packets of servers
there() {
	ask there "$2" "$family" 1 $FLOWS "$port" "$block"
	check_places "$1, $2" "${@:3}"
}

back() {
	ask back "$2" "$family" 1 $FLOWS "$port" "$block"
	check_places "$1, $2 back" "${@:3}"
}

blame() {
	ask blame "$family" 1 $FLOWS "$port" "$block"
	check_places "$1, ICMP error" "${@:2}"
}

# begin PORT: new connections, unknown to conntrack, to a port of the VIP
begin() {
	port=$1 block=$((block + 10))
}
block=30000

# look TABLE CHAIN: add the rules that count
look() {
	local match

	"$tables" -t "$1" -N LOOK
	for match in "${matches[@]}"; do
		# shellcheck disable=SC2086 # words of a rule
		"$tables" -t "$1" -A LOOK ${match:+-m lbhash $match} ||
			fail "$tables: $match"
	done
	"$tables" -t "$1" -A "$2" -d "$vip" -j LOOK
	"$tables" -t "$1" -A "$2" -s "$vip" -j LOOK
}

# conntrack_rules TARGET: a raw target for port 82; none without an argument.
# Packets of servers are recognised by their source.
conntrack_rules() {
	"$tables" -t raw -F TRACK
	[ "$#" -gt 0 ] || return 0
	"$tables" -t raw -A TRACK -d "$vip" -p tcp --dport 82 -j "$@"
	"$tables" -t raw -A TRACK -s "$vip" -p tcp --sport 82 -j "$@"
}

# set_up TABLE: the target goes there. TCP to ports 80 and 82 is balanced, TCP
# to 81 is not, but its connections have a mark with bits of both services.
set_up() {
	local protocol

	"$tables" -t raw -N TRACK
	"$tables" -t raw -A PREROUTING -j TRACK
	look raw PREROUTING
	for protocol in '-p tcp -m multiport --dports 80,82' '-p udp' '-p sctp'; do
		# shellcheck disable=SC2086 # words of a rule
		"$tables" -t "$1" -A PREROUTING -d "$vip" $protocol \
			-j LBHASH --service web || fail "$tables: $protocol"
	done
	"$tables" -t mangle -A PREROUTING -d "$vip" -p tcp --dport 81 \
		-j CONNMARK --set-mark 0x101
	look mangle PREROUTING
	look filter FORWARD
}

take_down() {
	local table

	for table in raw mangle filter; do
		"$tables" -t "$table" -F
		"$tables" -t "$table" -X
	done
	lb conntrack -F 2>/dev/null
}

# send_to BACKEND: it gets all new connections
send_to() {
	local n

	ctl backend set web "$1" state up
	for n in s1 s2; do
		[ "$n" = "$1" ] || ctl backend set web "$n" state drain
	done
}

one_way_tcp() {
	begin 80
	there 'unknown' syn - syn,s1 syn,s1
	there 'half open' syn syn,s1 syn,s1 syn,s1
	there 'half open' ack syn,s1 syn,s1 syn,s1
	there 'adopted' data syn,s1 syn,s1 syn,s1
	blame 'adopted' - syn,s1 syn,s1
	send_to s2
	there 'adopted, drained' data syn,s1 syn,s1 syn,s1
	back 'adopted' data syn,s1 s1 s1
	there 'answered once' data s1 s1 s1
	begin 80
	there 'unknown, another backend' syn - syn,s2 syn,s2
	there 'half open, another backend' ack syn,s2 syn,s2 syn,s2
	send_to s1
	there 'adopted, another backend' data syn,s2 syn,s2 syn,s2
}

two_way_tcp() {
	begin 80
	there 'unknown' syn - syn,s1 syn,s1
	back 'half open' synack syn,s1 s1 s1
	there 'answered' ack s1 s1 s1
	there 'two-way' data s1 s1 s1
	back 'two-way' data s1 s1 s1
	begin 80
	there 'picked up' data - s1 s1
	there 'picked up' data s1 s1 s1
	begin 80
	back 'unknown' data - - -
}

# A connection that is not balanced has an entry, and a mark of another rule.
not_balanced() {
	begin 81
	there 'not balanced, unknown' syn - syn,s1,other syn,s1,other
	there 'not balanced, half open, INVALID' ack \
		syn,s1,other syn,s1,other syn,s1,other
	back 'not balanced' synack syn,s1,other s1,other s1,other
	there 'not balanced, two-way' data s1,other s1,other s1,other
}

without_handshake() {
	begin 80
	there 'unknown' udp - s1 s1
	there 'known' udp s1 s1 s1
	back 'known' udp s1 s1 s1
	there 'answered' udp s1 s1 s1
	begin 80
	back 'unknown' udp - - -
}

# Nothing in the entry of an adopted association shows an answer.
sctp() {
	begin 80
	there 'unknown' init - syn,s1 syn,s1
	there 'half open' init syn,s1 syn,s1 syn,s1
	there 'half open' cookie syn,s1 syn,s1 syn,s1
	there 'adopted' chunk syn,s1 syn,s1 syn,s1
	back 'adopted' chunk syn,s1 syn,s1 syn,s1
	begin 80
	there 'unknown' init - syn,s1 syn,s1
	back 'half open' initack syn,s1 s1 s1
	there 'answered' cookie s1 s1 s1
	there 'two-way' chunk s1 s1 s1
}

# An untracked packet may belong to a tracked connection.
untracked() {
	begin 82
	conntrack_rules CT --notrack
	there 'untracked, unknown' syn - - -
	there 'untracked, unknown' data - - -
	conntrack_rules
	there 'tracked, unknown' syn - syn,s1 syn,s1
	conntrack_rules CT --notrack
	there 'untracked, half open' ack syn,s1 syn,s1 syn,s1
	back 'untracked, half open' data syn,s1 syn,s1 syn,s1
	conntrack_rules
}

# An entry counts in its zone only; another zone may know the connection or not.
zones() {
	begin 82
	conntrack_rules CT --zone 5
	there 'zone, unknown' syn - syn,s1 syn,s1
	there 'zone, half open' ack syn,s1 syn,s1 syn,s1
	there 'zone, adopted' data syn,s1 syn,s1 syn,s1
	back 'zone, adopted' data syn,s1 s1 s1
	conntrack_rules
	there 'no zone, unknown' syn - syn,s1 syn,s1
	conntrack_rules CT --zone 5
	there 'zone again, answered' data s1 s1 s1
	conntrack_rules CT --zone 6
	back 'another zone, unknown' data - - -
	conntrack_rules
}

# A mark may come to stand for another backend.
renumbered() {
	begin 80
	there 'unknown' syn - syn,s1 syn,s1
	there 'half open' ack syn,s1 syn,s1 syn,s1
	ctl backend set web s1 mark 5
	back 'no backend has the mark' data syn - -
	ctl backend set web s2 mark 1
	back 's2 has the mark' data s2 s2 s2
	ctl backend set web s2 mark 2
	ctl backend set web s1 mark 1
	back 's1 has the mark again' data s1 s1 s1
}

# everything TABLE: the target goes there
everything() {
	set_up "$1"
	one_way_tcp
	two_way_tcp
	not_balanced
	without_handshake
	sctp
	# At mangle the packet's zone is lost.
	[ "$1" = mangle ] || zones
	untracked
	renumbered
	take_down
}

# variant IPT FAMILY TABLE
variant() {
	IPT=$1 family=$2 tables=ipt vip=$VIP4
	[ "$family" = 4 ] || tables=ip6t vip=$VIP6
	echo "# iptables-$IPT, IPv$family, target in $3"
	everything "$3"
}

load_module
topology dsr 2
# Unmarked packets go to s1.
ip -n lb route add "$VIP4" via 10.2.0.101
ip -n lb route add "$VIP6" via 2001:db8:2::101
# Clients have no sockets; they must not answer the servers' packets.
cl iptables-legacy -t raw -A PREROUTING -s "$VIP4" -j DROP
cl ip6tables-legacy -t raw -A PREROUTING -s "$VIP6" -j DROP
start_packets tracking/match
lb sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600
ctl service add other size 251 mask 0xff00 || fail 'service other'
ctl backend add other s1 mark 0x100 || fail 'backend of other'
service 2 mask 0xff
send_to s1
variant legacy 4 raw
variant legacy 6 mangle
variant nft 4 mangle
variant nft 6 raw
