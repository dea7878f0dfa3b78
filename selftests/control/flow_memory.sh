#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The flow memory as operators see it: its size, what it refuses and evicts, and
# at which backends the connections are that it keeps.
# checks: 20
. ./lib.sh
. ./lib/checks.bash
. ./lib/ctl.bash
. ./lib/packets.bash
. ./transition/transition.bash

# memory WORD: a value of the flow memory
memory() { ctl -j memory | jq -c ".$1"; }

# at BACKEND: connections that are remembered there
at() {
	ctl -j memory show | jq ".services[] | select(.service == \"web\") |
		.backends[] | select(.backend == \"$1\").connections"
}

sizes() {
	check_eq 'a new namespace' \
		'{"entries":0,"limit":1048576,"half_open":0,"refused":0,"evicted":0,"failed":0,"services":[]}' \
		"$(ctl -j memory)"
	says 1 'memory 511: must be 512..134217728' set memory 511
	says 1 'memory 134217729: must be 512..134217728' set memory 134217729
	says 1 'memory many: must be 512..134217728' set memory many
	check_eq 'unchanged' 1048576 "$(memory limit)"
	ctl --dry-run set memory 512 || fail 'dry run'
	check_eq 'still unchanged' 1048576 "$(memory limit)"
	ctl set memory 512 || fail 'set memory'
	check_eq 'the least' 512 "$(memory limit)"
	ctl set memory 1000000 || fail 'set memory'
	check_eq 'another limit' 1000000 "$(memory limit)"
	check_eq 'in text' 'entries 0 limit 1000000 half-open 0 refused 0 evicted 0' \
		"$(ctl memory)"
}

connections() {
	local n

	begin raw changed
	change backend add web s4 mark 4
	check_eq 'a service and its backends' '["s1","s2","s3","s4"]' \
		"$(memory 'services | map(.backends[].backend)')"
	look tcp 3000
	n=$(number_of 'previous != "-"')
	arrive SYN syn owner
	check_eq 'half-open' "$n" "$(memory half_open)"
	check_eq 'entries' "$n" "$(memory entries)"
	check_eq 'open ones at s4' 0 "$(at s4)"
	arrive 'its ACK' ack owner
	check_eq 'half-open, after the handshake' 0 "$(memory half_open)"
	check_eq 'open ones at s4' "$n" "$(at s4)"
	check_eq 'open ones at s1' 0 "$(at s1)"
	check_eq 'in text' "  web      s4       $n" "$(ctl memory |
		sed -n 's/^\(  web\) *\(s4\) *\([0-9]*\)$/\1      \2       \3/p')"
	check_null 'without privileges: connections' "$(lb setpriv --reuid 65534 \
		--regid 65534 --clear-groups lbhashctl -j memory |
		jq '.services[0].backends[0].connections')"
}

load_module
topology dsr 4
start_packets transition/transition 4
sizes
connections
