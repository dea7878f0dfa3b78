# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Second half of lib.sh: the tests' traffic and its counters. Clients and
# servers write their reports to $T/NAME.flows; client.c and servers.c describe
# the formats.
# shellcheck disable=SC2034,SC2154 # shared with lib.sh and the tests

flows=$PWD/../build/tests/flows
first_port=10000 next_port=20000 source_ports='' server_pid=''
declare -A client_pid=() stat=()

# --- counters ----------------------------------------------------------------

# snapshot: the service's counters at one moment, into stat[packets],
# stat[bytes] and stat[REASON]
snapshot() {
	local key value

	while read -r key value; do
		# shellcheck disable=SC2034 # the tests read it
		stat[$key]=$value
	done < <(ctl -j stats web | jq -r '.[0] | {packets, bytes} + .reasons |
		to_entries[] | "\(.key) \(.value)"')
}

# stats NAME, reason NAME: one counter
stats() { ctl -j stats web | jq ".[0].$1"; }
reason() { stats "reasons.$1"; }

# conntrack_stat COLUMN: of conntrack -S, all CPUs
conntrack_stat() {
	lb conntrack -S | grep -o "\b$1=[0-9]*" |
		awk -F= '{ n += $2 } END { print n + 0 }'
}

# --- traffic -----------------------------------------------------------------

# run_servers servers|witness
run_servers() {
	local n names=()

	for ((n = 1; n <= servers; n++)); do
		names+=("s$n")
	done
	"$flows" "$1" "$T/servers.flows" "$VIP4" "$VIP6" "${names[@]}" &
	server_pid=$!
	wait_for 20 reported servers "$server_pid"
}

start_servers() { run_servers servers; }

# start_witness: on servers that run already
start_witness() { run_servers witness; }

# servers_report: the packets of each flow at every server, since the last
# report
servers_report() {
	rm -f "$T/servers.flows"
	kill -USR1 "$server_pid"
	wait_for 20 reported servers "$server_pid"
}

# packets_arrived [PROTO]: packets in the servers' report
packets_arrived() { awk "/^$1/ { n += \$5 } END { print n + 0 }" "$T/servers.flows"; }

# all_arrived: the servers' report has as many packets as a new snapshot. Call
# servers_report first; each further call adds the packets that came since.
all_arrived() {
	snapshot
	[ "$(packets_arrived '')" -ne "${stat[packets]}" ] || return 0
	mv "$T/servers.flows" "$T/earlier"
	servers_report
	cat "$T/earlier" - <"$T/servers.flows" >"$T/all"
	awk '{
			flow = $1 " " $2 " " $3 " " $4
			n[flow] += $5
			starts[flow] += $6
		}
		END { for (flow in n) print flow, n[flow], starts[flow] }' \
		"$T/all" >"$T/servers.flows"
	return 1
}

# starts_of NAME: "ADDRESS PORT SERVER STARTS" of each connection of a client
starts_of() { awk '$1 == "conn" { print $2, $3, $4, $7 }' "$T/$1.flows"; }

# starts_missed FILE: of the SYNs of the connections in FILE, with lines as
# above, how many did not reach a server exactly once since the last report, and
# how many reached another server than the answering one. A slow client repeats
# SYNs that are not lost; fewer arrive than were sent only if one was lost.
starts_missed() {
	awk '
		FILENAME ~ /servers.flows$/ {
			all[$2, $3] += $6
			at[$2, $3, $4] += $6
			next
		}
		{
			n = $4 - all[$1, $2]
			lost += n < 0 ? -n : n
			astray += all[$1, $2] - at[$1, $2, $3]
		}
		END { print lost + 0 ", " astray + 0 }' "$T/servers.flows" "$1"
}

# check_starts NAME FILE
check_starts() {
	servers_report
	check_eq "$1: SYNs lost or doubled, at other servers" '0, 0' "$(starts_missed "$2")"
}

# take_ports OPTION...: unused ports, one for each connection, into $ports; none
# if the options name any. The hash of each connection is then the same in every
# run.
take_ports() {
	local i n=1

	ports=()
	for ((i = 1; i <= $#; i++)); do
		case ${!i} in
		-n) i=$((i + 1)) n=${!i} ;;
		-p | -r) return ;;
		esac
	done
	[ $((next_port + n)) -le 32768 ] || next_port=20000
	ports=(-p "$next_port")
	next_port=$((next_port + n))
}

# start_client NAME 4|6 OPTION...: returns after its first round
start_client() {
	local vip=VIP$2 ports

	take_ports "${@:3}"
	rm -f "$T/$1.flows"
	"$flows" client "$T/$1.flows" cl "${!vip}" "${ports[@]}" "${@:3}" &
	client_pid[$1]=$!
	wait_for 120 reported "$1" "${client_pid[$1]}"
}

# next_round NAME: each of its connections completes another round or breaks
next_round() {
	rm -f "$T/$1.flows"
	kill -USR1 "${client_pid[$1]}"
	wait_for 120 reported "$1" "${client_pid[$1]}"
}

# stop_client NAME: it closes its connections and reports
stop_client() {
	kill -TERM "${client_pid[$1]}"
	wait "${client_pid[$1]}"
}

# flow_words NAME [udp]: "proto P src ADDRESS:PORT dst VIP:80" of each connection
flow_words() {
	awk -v proto="${2:-tcp}" -v vip4="$VIP4" -v vip6="$VIP6" '
		$1 == "conn" && $2 ~ /:/ { $2 = "[" $2 "]"; vip4 = "[" vip6 "]" }
		$1 == "conn" { print "proto", proto, "src", $2 ":" $3, "dst", vip4 ":80" }
	' "$T/$1.flows"
}

# flows_of NAME WORD: a number from the first line of the last report
flows_of() {
	head -n 1 "$T/$1.flows" | grep -o "\b$2=[0-9]*" | cut -d= -f2
}
