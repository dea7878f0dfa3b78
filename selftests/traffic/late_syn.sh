#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A client repeats its SYN if the answer takes a second, because the SYN was
# lost or because the machine is slow. Other selftests must fail in the first
# case only: here SYNs are answered late, lost, and sent to a wrong server, and
# the traffic programs report which.
# checks: 11
. ./lib.sh

N=5

# to_server N: all packets of the client; the last such rule counts
to_server() { rule mangle PREROUTING -j MARK --set-mark "$1"; }

# answers yes|no: whether server 1 answers SYNs
answers() {
	srv 1 iptables-legacy -F OUTPUT
	[ "$1" = yes ] || srv 1 iptables-legacy -A OUTPUT -p tcp \
		--tcp-flags SYN,ACK SYN,ACK -j DROP
}

syns_again() {
	cl nstat -asz TcpExtTCPSynRetrans | awk '/SynRetrans/ { print $2 }'
}

# all_again: each connection has repeated a SYN
# shellcheck disable=SC2317 # called by wait_for
all_again() { [ $(($(syns_again) - before)) -ge $N ]; }

# begin: start connections and wait until SYNs are repeated
begin() {
	local ports

	servers_report
	before=$(syns_again)
	take_ports -n $N
	rm -f "$T/client.flows"
	"$flows" client "$T/client.flows" cl "$VIP4" -n $N "${ports[@]}" &
	client_pid[client]=$!
	wait_for 20 all_again
}

# end NAME: the connections are answered; sets $missed and $resent
end() {
	wait_for 60 reported client "${client_pid[client]}"
	check_eq "$1: connections" $N "$(flows_of client ok)"
	resent=$(flows_of client resent)
	check_eq "$1: SYNs sent again" $(($(syns_again) - before)) "$resent"
	starts_of client >"$T/starts"
	servers_report
	missed=$(starts_missed "$T/starts")
}

late() {
	to_server 1
	answers no
	begin
	answers yes
	end late
	check_eq 'late: SYNs lost or doubled, at other servers' '0, 0' "$missed"
}

lost() {
	local n

	to_server 1
	ipt -t raw -A PREROUTING -p tcp --syn -j DROP
	begin
	ipt -t raw -I PREROUTING -p tcp -j ACCEPT
	n=$(ipt -t raw -nvxL PREROUTING | awk '/DROP/ { print $1 }')
	end lost
	check_ge 'lost: SYNs dropped' $N "$n"
	check_eq 'lost: SYNs lost or doubled, at other servers' "$n, 0" "$missed"
}

astray() {
	to_server 1
	answers no
	begin
	to_server 2
	end astray
	check_eq 'astray: SYNs lost or doubled, at other servers' \
		"0, $(awk '$4 == "s1" { n += $6 } END { print n + 0 }' \
			"$T/servers.flows")" "$missed"
	check_ge 'astray: SYNs at server 1' $N "${missed#*, }"
	answers yes
}

topology dsr 2
start_servers
late
lost
astray
