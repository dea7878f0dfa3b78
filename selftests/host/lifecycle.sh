#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Removal: the module stays while rules refer to it and can be unloaded when
# none does; a namespace dies in the middle of traffic and changes.
# timeout: 600
# kmemleak: yes
# checks: 34
. ./lib.sh
. ./forward/forward.bash

unloads() { rmmod xt_lbhash 2>/dev/null; }

refused() {
	! rmmod xt_lbhash 2>"$T/rmmod" && grep -q 'in use' "$T/rmmod"
}

rule_holds() {
	local rule

	for rule in "-j LBHASH --service web" "-j LBHASH --adopt" \
		"-m lbhash --syn-seen" \
		"-m lbhash --pinned-to s1 --service web"; do
		load_module
		service 2
		# shellcheck disable=SC2086
		rule "$TABLE" PREROUTING $rule
		check_eq "$rule: rmmod is refused" refused "$(refused && echo refused)"
		flush_rules
		# The service does not hold the module: it is freed at unload.
		wait_for 20 unloads
		ok "$rule gone: rmmod"
	done
}

# changed TIMES: the service has seen at least that many changes
changed() {
	[ "$(ctl -j service show web | jq '.[0].generation')" -ge "$1" ]
}

changes() {
	while echo "backend set web s2 state down
		backend del web s2
		backend add web s2 mark 2"; do :; done
}

# A process would keep the namespace alive. When the changes end, the namespace
# has rules, backends, connections and packets, but no name and no process.
namespace_dies() {
	load_module
	topology dsr 2
	start_servers
	service 2
	rule "$TABLE" PREROUTING -j LBHASH --service web
	start_client tcp 4 -n 10 -e
	start_client udp 6 -u -n 10 -e
	lbhashctl -n lb -b <(changes) &
	wait_for 20 changed 20
	ip netns del lb
	next_round udp
	check_eq "works while the namespace has no name" 10 "$(flows_of udp ok)"
	end_jobs
	wait_for 60 unloads
	ok "rmmod after the namespace died"
	for ns in cl sw s1 s2; do
		ip netns del "$ns"
	done
}

# Loading the module again under another name: its netlink family exists
# already, so registration fails and is undone.
second_copy() {
	local copy=$T/xt_lbhasg.ko

	load_module
	service 2
	ipt -t raw -A OUTPUT -j LBHASH --service web || fail 'no rule'
	LC_ALL=C sed 's/xt_lbhash/xt_lbhasg/g' "$(modinfo -n xt_lbhash)" \
		>"$copy" || fail 'no copy'
	check_eq 'a second copy is refused' 'Device or resource busy' \
		"$(insmod "$copy" 2>&1 | sed 's/.*: //')"
	check_eq 'modules' xt_lbhash \
		"$(awk '/^xt_lbhas/ { print $1 }' /proc/modules)"
	add_namespace other
	lbhashctl -n other service add web || fail 'a service elsewhere'
	ip netns del other
	lb ping -c 3 -i 0.01 -W "$(seconds 1)" 127.0.0.1 >/dev/null
	check_ge 'packets of the first' 3 \
		"$(ctl -j stats web | jq '.[0].packets')"
	ipt -t raw -F
	wait_for 20 unloads
	ok 'rmmod after that'
}

# held: packets in NFQUEUE
held() {
	lb cat /proc/net/netfilter/nfnetlink_queue |
		awk '{ n += $3 } END { print n + 0 }'
}
holds() { [ "$(held)" -eq "$1" ]; }

# queue_outlives CHAIN TRACK: NFQUEUE holds packets sent by --forward when the
# module is unloaded. They are dropped with it; accepting them afterwards does
# no harm, and no packet is queued later.
queue_outlives() {
	local family queue

	load_module
	forward on_link --track "$2"
	rule mangle "$1" -o lan -m mark ! --mark 0 -j NFQUEUE
	"$flows" queue "$T/queue.flows" lb 0 &
	queue=$!
	wait_for 20 reported queue "$queue"
	for family in 4 6; do
		pings "$family" -c 3 >/dev/null
	done
	check_eq "$2, $1: packets in the queue" 6 "$(held)"
	flush_rules
	wait_for 20 unloads
	check_eq "$2, $1: packets in the queue of a module that is gone" 0 \
		"$(held)"
	kill -TERM "$queue"
	wait "$queue"
	check_eq "$2, $1: accepted when the module is gone" 6 \
		"$(sed -n 's/^packets=\([0-9]*\) .*/\1/p' "$T/queue.flows")"
}

# From each chain a queued packet returns to the module by another function. A
# second rule keeps conntrack in use: when conntrack's hooks go, all queues are
# emptied.
queues_outlive() {
	topology dsr 2 unmarked
	rule filter INPUT -m conntrack --ctstate NEW
	queue_outlives FORWARD always
	queue_outlives FORWARD changed
	queue_outlives POSTROUTING changed
	for ns in cl lb sw s1 s2; do
		ip netns del "$ns"
	done
}

load_module
add_namespace lb
for_each_variant rule_holds
second_copy
ip netns del lb
IPT=legacy TABLE=raw
namespace_dies
IPT=nft TABLE=mangle
namespace_dies
IPT=legacy TABLE=raw
queues_outlive

add_namespace lb
for ((n = 0; n < 50; n++)); do
	load_module
	service 3
	IPT=legacy
	[ $((n % 2)) = 0 ] || IPT=nft
	ipt -t raw -A OUTPUT -j LBHASH --service web || fail "rule $n"
	ipt -t raw -F
	wait_for 20 unloads
done
check_eq "reloads" 50 $n
