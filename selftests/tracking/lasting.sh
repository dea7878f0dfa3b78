#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# With --track always slots settle by time, and connections that are not at the
# owner then have nothing but their entries. One backend drains, and another one
# takes slots over from backends that stay up. Entries of these connections last
# for longer than conntrack remembers a silent one-way connection; all others
# expire as ever.
# timeout: 600
# by default on: 6.12
# checks: 14
. ./lib.sh
. ./lib/checks.bash

N=30

everybody() {
	next_round four
	next_round six
}

# of_owners: connections at the owners of their slots
of_owners() {
	pins | sed 's/[0-9]*$/s&/' >"$T/pins"
	awk -v vip4="$VIP4" -v vip6="$VIP6" '{
		v6 = $1 ~ /:/
		print "lookup web proto tcp",
		      "src", (v6 ? "[" $1 "]" : $1) ":" $2,
		      "dst", (v6 ? "[" vip6 "]" : vip4) ":80"
	}' "$T/pins" >"$T/lookups"
	ctl -j -b "$T/lookups" | jq -r .owner | paste -d ' ' "$T/pins" - |
		awk '$3 == $4' | wc -l
}

# only N: conntrack remembers no other connections any more
# shellcheck disable=SC2317 # called by wait_for
only() { [ "$(pins | wc -l)" -le "$1" ]; }

silent() {
	local away what="$IPT $TABLE"

	fresh 3
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	start_client four 4 -n $N -h
	start_client six 6 -n $N -h
	ctl backend set web s1 state drain || fail 's1 drains'
	ctl backend add web s4 mark 4 || fail 's4 comes'
	everybody
	away=$((2 * N - $(of_owners)))
	check_ge "$what: connections away from the owners" 10 "$away"
	ctl service set web settle 1
	wait_for 60 settled
	everybody
	wait_for 60 only "$away"
	check_eq "$what: entries that last" "$away" "$(pins | wc -l)"
	check_eq "$what: entries of connections at the owners" 0 "$(of_owners)"
	everybody
	check_client "$what, after silence" four $N
	check_client "$what, after silence" six $N
	wait_for 60 only "$away"
	check_eq "$what: entries that last, again" "$away" "$(pins | wc -l)"

	# It is an owner again: none of its connections needs an entry.
	ctl backend set web s1 state up || fail 's1 is up'
	ctl backend del web s4 || fail 's4 leaves'
	wait_for 60 settled
	everybody
	wait_for 60 only 0
	ok "$what: no entry lasts"
	stop_client four
	stop_client six
}

load_module
topology dsr 4
start_servers
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_unacknowledged=2 ||
	fail 'no timeout'
for_each_variant silent
