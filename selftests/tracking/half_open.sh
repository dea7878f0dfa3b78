#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Conntrack has half-open entries, of SYNs that nobody has answered. New
# connections come from the same ports, with higher and with lower sequence
# numbers: all are adopted, behind the setup guide's firewall. They go where the
# first SYN went, or to the slot's owner if that backend takes no new connections.
# A stranger's SYN while a connection opens does not stop it.
# timeout: 600
# checks: 60
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash
. ./lib/firewall.bash

N=24

# connections AT: from the ports of earlier SYNs, all adopted
connections() {
	local family

	for family in 4 6; do
		start_client "v$family" "$family" -h -n $N -k 2 -p "$first_port"
		check_client "$1" "v$family" $N
		check_eq "$1, IPv$family, established" $N \
			"$(entries_of "$family" ESTABLISHED)"
	done
}

stop_clients() {
	stop_client v4
	stop_client v6
}

again() {
	fresh 3
	guide_firewall
	let_markers_pass
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	spoof syn 4 "$first_port" $N
	spoof syn 6 "$first_port" $N
	connections 'earlier SYNs'
	check_counters 'earlier SYNs' adopted $((2 * N)) stateless 0
	stop_clients
	no_firewall
}

# The same with rules that only have LBHASH adopt connections.
only_adopted() {
	fresh 3
	guide_firewall
	let_markers_pass
	adopt_only 1
	spoof syn 4 "$first_port" $N
	spoof syn 6 "$first_port" $N
	connections 'earlier SYNs, only adopted'
	stop_clients
	no_firewall
}

# at SERVER FAMILY: connections there
at() { awk '$1 == "conn"' "$T/v$2.flows" | grep -cw "$1"; }

drained() {
	local family

	fresh 2
	ctl backend set web s2 state drain
	guide_firewall
	let_markers_pass
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	spoof syn 4 "$first_port" $N
	spoof syn 6 "$first_port" $N
	ctl -b - <<<$'backend set web s2 state up\nbackend set web s1 state drain'
	connections 'drained since'
	for family in 4 6; do
		check_eq "IPv$family, at s2" $N "$(at s2 "$family")"
	done
	check_counters 'drained since' adopted $((2 * N))
	stop_clients
	no_firewall
}

# Packets of connections that open, and a stranger's in between.
in_between() {
	local family

	fresh 3
	guide_firewall
	let_markers_pass
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	for family in 4 6; do
		for kind in syn rst; do
			ask open "$family" "$first_port" $N
			check_eq "IPv$family, SYNs: arrived" $N "$(spoofed)"
			cp "$T/answer" "$T/opened"
			spoof "$kind" "$family" "$first_port" $N
			ask go-on "$family" "$first_port" $N
			check_eq "IPv$family, ACKs behind another $kind" \
				"$(grep at- "$T/opened" | paste -sd ,)" \
				"$(grep at- "$T/answer" | paste -sd ,)"
			check_eq "IPv$family, established" $N \
				"$(entries_of "$family" ESTABLISHED)"
			lb conntrack -F 2>/dev/null
		done
	done
	no_firewall
}

variant() {
	again
	only_adopted
	drained
	[ "$TABLE" = mangle ] || in_between
}

load_module
topology dsr 3
start_servers
ignore_strangers
start_packets tracking/strangers 3
for_each_variant variant
