#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
#
# Conntrack entries of others neither keep slots in transition nor make changes
# slow: nothing walks them.
#
# - Entries with the service's marks, and a client that sends datagrams to 4000
#   ports: slots settle in time, --track changed and always.
# - 20,000 entries, 1000 services with slots in transition, and an
#   iptables-restore of 100 rules: no walk, neither of conntrack nor of the flow
#   memory.
# by default on: 6.12
# checks: 36
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash
SIZE=1021 OTHERS=400 SERVICES=1000 RULES=100
trace=/sys/kernel/tracing

# others N: entries of connections between other hosts, with marks of backends
others() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++) {
			port = 1000 + i % 50000
			print "-A -p tcp -s 10.9.0.1 -d 10.9.0.2 -r 10.9.0.2",
			      "-q 10.9.0.1 --sport", port, "--dport 9",
			      "--reply-port-src 9 --reply-port-dst", port,
			      "--state ESTABLISHED -u ASSURED,SEEN_REPLY",
			      "-t 90000 --mark", 1 + i % 4
		}
	}' >"$T/others"
	lb conntrack -R "$T/others" >/dev/null || fail 'no other entries'
	check_eq 'entries of others' "$1" "$(lb conntrack -C)"
}

# datagrams SERVERS: one to each of 2000 ports, IPv4 and IPv6; so many servers
# get some
datagrams() {
	local family

	for family in 4 6; do
		ask ports "$family" 2000 3999
		check_eq "IPv$family: datagrams that arrived, at servers" \
			"2000, $1" "$(got arrived), $(got servers)"
	done
}

settles() {
	local rest=4000

	echo "# iptables-$IPT, $TABLE, track $track"
	[ "$track" = always ] || rest=0
	fresh 3
	balance -p udp
	untrack_markers
	others $OTHERS
	datagrams 3
	ctl backend add web s4 mark 4
	check_ge 'slots in transition' 200 "$(transition_slots)"
	datagrams 3
	check_eq 'entries' $((OTHERS + rest)) "$(lb conntrack -C)"
	ctl service set web settle 1 idle 1 udp-idle 1
	wait_for 20 settled
	datagrams $((rest ? 3 : 4))
	check_eq 'entries' $((OTHERS + rest)) "$(lb conntrack -C)"
}

# probe NAME:FUNCTION...: count its calls from here on
probe() {
	local probe

	for probe; do
		echo "p:lbhash/${probe%%:*} ${probe#*:}"
	done >$trace/kprobe_events || fail 'no probes'
	echo 1 >$trace/events/lbhash/enable
	echo >$trace/trace
}

calls() { grep -c " $1: (" $trace/trace; }

# 1000 services, of which rules use 100
services() {
	awk -v n=$SERVICES -v size=251 'BEGIN {
		for (i = 0; i < n; i++) {
			print "service add x" i, "size", size, "track changed"
			print "backend add x" i, "s1 mark 1"
		}
	}' | ctl -b - || fail 'no services'
}

# change: all of them
change() {
	awk -v n=$SERVICES 'BEGIN {
		for (i = 0; i < n; i++)
			print "backend add x" i, "s2 mark 2"
	}' | ctl -b - || fail 'no change'
	check_eq 'services in transition' $SERVICES "$(ctl -j service show |
		jq 'map(select(.transition_slots > 50)) | length')"
}

rules() {
	local i

	echo '*raw'
	for ((i = 0; i < RULES; i++)); do
		echo "-A PREROUTING -d $VIP4 -p tcp --dport $((1000 + i))" \
			"-j LBHASH --service x$i --track $track"
	done
	echo COMMIT
}

restore() {
	rules >"$T/rules"
	lb "iptables-$IPT-restore" <"$T/rules" || fail "track $track"
	check_eq "rules, track $track" $RULES \
		"$(ipt -t raw -S | grep -c "LBHASH.*--track $track")"
}

restores() {
	local track=changed

	ctl flush
	# The kernel walks entries when conntrack gets its first user.
	rule filter FORWARD -m conntrack --ctstate UNTRACKED
	lb conntrack -F 2>/dev/null
	services
	others 20000
	restore
	change
	probe walk:nf_ct_iterate_cleanup_net dump:lbhash_memory_dump
	for track in always changed changed; do
		restore
	done
	check_eq 'walks of conntrack, of the flow memory' '0, 0' \
		"$(calls walk), $(calls dump)"
	# A question that needs them.
	rule raw PREROUTING -p tcp -j LBHASH --service x$RULES
	ctl service set x$RULES track always disruptive || fail always
	ctl service set x$RULES track changed disruptive || fail changed
	check_eq 'walks when connections are counted' '1, 1' \
		"$(calls walk), $(calls dump)"
	echo 0 >$trace/events/lbhash/enable
	echo >$trace/kprobe_events
}

load_module
sysctl -qw net.netfilter.nf_conntrack_max=100000
topology dsr 4
keep_udp lb
start_packets transition/foreign_entries 4
in_variant legacy raw in_mode changed settles
in_variant nft raw in_mode always settles
in_variant legacy raw restores
ipt -F FORWARD
ip6t -F FORWARD
in_variant nft raw restores
