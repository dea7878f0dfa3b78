#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Conntrack has seen the replies of connections in settled slots and none of the
# clients' packets, so that its entries run from the VIP to the client. A client
# reuses such a port while the slot is in transition: the new connection goes to
# the owner and gets an entry of its own, whatever the state of the old entry. The
# old entry stays if both ends were seen and neither has closed, or if a server
# opened the connection. With --track changed entries do not matter, and stay as
# the replies have made them.
# checks: 283
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash

# "PROTOCOL STATE BEFORE AFTER AT": BEFORE, the packets while the slot is settled,
# from the server unless "client/" precedes, and the STATE of the entry that they
# make; AFTER, packets in transition; AT, the server of the new connection's first
# packet.
histories() {
	local in_use=s1 foreign=None

	[ "$track" != changed ] || in_use=s2 foreign=s2
	cat <<-END
		tcp ESTABLISHED ack - s2
		tcp FIN_WAIT ack,fin - s2
		tcp CLOSE_WAIT ack,fin,last-ack - s2
		tcp LAST_ACK ack,fin,last-ack,fin - s2
		tcp TIME_WAIT ack,fin,last-ack,fin,last-ack - s2
		tcp ESTABLISHED ack client/ack,client/reset s2
		tcp ESTABLISHED ack client/ack $in_use
		tcp SYN_SENT syn - $foreign
		sctp HEARTBEAT_SENT beat - s2
		sctp CLOSED beat-ack - s2
		sctp SHUTDOWN_ACK_SENT shutdown-ack - s2
	END
	[ "$track" = changed ] || echo "sctp CLOSED client/opens,answers,$(
		)client/goes-on,accepts,abort - s2"
}

# each_history FUNCTION: call it with each line in variables, and with $family,
# $port and $name
each_history() {
	local family port name proto state before after at

	for family in 4 6; do
		port=20000
		while read -r proto state before after at <&3; do
			port=$((port + 1))
			name="IPv$family $proto, $before, $after"
			"$1"
		done 3< <(histories)
	done
}

# shellcheck disable=SC2154 # of each_history
speak() {
	local word who

	for word in ${1//,/ }; do
		[ "$word" != - ] || continue
		who=${word%/*}
		[ "$who" = client ] || who=server
		ask "$who" "$family" "$proto" "$port" "${word#*/}"
	done
}

# entries: "STATE SOURCE-PORT MARK" of those with the client's port
entries() {
	lb conntrack -L -f "ipv$family" -p "$proto" 2>/dev/null |
		grep -w "[sd]port=$port" | sed -E 's/^[a-z]+ +[0-9]+ [0-9]+ //
			s/^([A-Z_0-9]+) [^[]*sport=([0-9]+) dport=[^=]* src=.*/\1 \2 &/
			s/^([^ ]+ [^ ]+) .* mark=([0-9]+) .*/\1 \2/' | paste -sd ,
}

begun() {
	local by='80 0'

	[[ $before != client/* ]] || by="$port 1"
	speak "$before"
	check_eq "$name: entry" "$state $by" "$(entries)"
}

used_again() {
	speak "$after"
	[ "$after" = - ] || check_eq "$name: at" s1 "$(got at)"
	speak client/opens
	check_eq "$name, opens: at" "$at" "$(got at)"
	[ "$at" = s2 ] || return 0
	[ "$track" = always ] || check_eq "$name, opens: entry" "$state 80 0" \
		"$(entries)"
	speak answers,client/goes-on
	check_eq "$name, goes on: at" s2 "$(got at)"
	[ "$track" = always ] || return 0
	speak accepts
	check_eq "$name: its entry" "ESTABLISHED $port 2" "$(entries)"
}

# Connections that stay at s1 still have their entries.
left() {
	[ "$at" != s1 ] || check_eq "$name: entry in the end" \
		'ESTABLISHED 80 1' "$(entries)"
}

answers_first() {
	fresh 2
	# A firewall needs conntrack.
	rule filter FORWARD -m conntrack --ctstate UNTRACKED
	ctl backend set web s2 state drain || fail 's2 drained'
	balance any
	each_history begun
	ctl backend set web s2 state up || fail 's2 up'
	ctl backend set web s1 state drain || fail 's1 drained'
	check_eq 'slots in transition' "$SIZE" "$(transition_slots)"
	each_history used_again
	each_history left
}

load_module
modprobe sctp || fail 'no SCTP'
topology dsr 2 unmarked
# No host receives the replies: it would answer with resets.
for address in 10.1.0.101 2001:db8:1::101; do
	ip -n lb neigh replace "$address" lladdr 02:00:00:00:00:01 dev front \
		nud permanent
done
ip -n lb route replace 192.0.2.0/24 via 10.1.0.101
ip -n lb route replace 2001:db8:c::/64 via 2001:db8:1::101
# No entry expires before it is checked.
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_{fin,close,time}_wait=9000 \
	net.netfilter.nf_conntrack_tcp_timeout_{last_ack,close,unacknowledged}=9000 \
	net.netfilter.nf_conntrack_tcp_timeout_syn_{sent,recv}=9000 \
	net.netfilter.nf_conntrack_sctp_timeout_{closed,cookie_wait}=9000 \
	net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed=9000 \
	net.netfilter.nf_conntrack_sctp_timeout_{heartbeat,shutdown_ack}_sent=9000 ||
	fail 'no timeouts'
start_packets tracking/answers 2
in_variant nft raw in_mode 'changed forward' answers_first
route_by_marks lb
in_variant legacy raw answers_first
in_variant nft mangle answers_first
