# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# More TCP connections than there could be sockets, on top of lib.sh: crafted
# packets, which the servers capture and do not answer.
# shellcheck disable=SC2154 # shared with lib.sh

# start_crowd: after start_servers. All packets are processed in order.
start_crowd() {
	local n

	for ((n = 1; n <= servers; n++)); do
		srv "$n" iptables-legacy -t raw -A PREROUTING -d "$VIP4" -j DROP
		srv "$n" ip6tables-legacy -t raw -A PREROUTING -d "$VIP6" -j DROP
	done
	crowd_here
	: >"$T/home"
}

# crowd_here: for crowd and flood alone, whose servers may answer others
crowd_here() {
	mac=$(lb cat /sys/class/net/front/address)
	lb sh -c 'echo 0 >/sys/class/net/front/queues/rx-0/rps_cpus'
}

# crowd OPTION...: packets of connections from the client's addresses
crowd() {
	"$flows" crowd cl front "$mac" 192.0.2.0 2001:db8:c:: "$VIP4" "$VIP6" \
		"$@" || fail crowd
}

# flood OPTION...: packets with the addresses of flood_sink, which no server gets
flood() {
	"$flows" crowd cl front "$mac" 203.0.113.0 2001:db8:bad:: \
		"$VIP4" "$VIP6" "$@" || fail flood
}

# collect N: add the servers' new packets to $T/got; there are N at least
# shellcheck disable=SC2317 # called by wait_for
collect() {
	servers_report
	cat "$T/servers.flows" >>"$T/got"
	[ "$(awk '{ n += $5 } END { print n + 0 }' "$T/got")" -ge "$1" ]
}

# a_round FLOWS PACKETS: wait for PACKETS packets of each of FLOWS flows. Says how
# many flows there were, were not at the server of their earlier packets, and had
# another number of packets.
a_round() {
	: >"$T/got"
	wait_for 30 collect $(($1 * $2))
	awk -v packets="$2" '
		FILENAME ~ /home$/ { home[$1 " " $2] = $3; next }
		{ id = $2 " " $3; n[id] += $5 }
		id in home && home[id] != $4 { moved[id] }
		!(id in home) { home[id] = $4 }
		END {
			for (id in n)
				lost += n[id] != packets
			printf "%d, %d, %d", length(n), length(moved), lost
			for (id in home)
				print id, home[id] >new
		}' new="$T/new" "$T/home" "$T/got"
	mv "$T/new" "$T/home"
}

# check_round AT FLOWS PACKETS: all arrived, at the servers of earlier ones
check_round() {
	check_eq "$1: connections, at another server, with packets lost" \
		"$2, 0, 0" "$(a_round "$2" "$3")"
}

# newest_at SERVER: of the flows of the last round, those that are there
newest_at() { awk -v at="$1" '$4 == at && !seen[$2, $3]++ { n++ } END { print n + 0 }' "$T/got"; }
