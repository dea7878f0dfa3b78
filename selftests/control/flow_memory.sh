#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The flow memory as operators see it: its size, what it refuses and evicts, and
# at which backends the connections are that it keeps. A dump of it, inserted at
# another balancer, moves connections there that began in transition here.
# by default on: 6.12
# checks: 81
. ./lib.sh
. ./lib/checks.bash
. ./lib/ctl.bash
. ./lib/packets.bash
. ./lib/second.bash
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
	n=$(number_of 'previous != "-" && owner == "s4"')
	check_eq 'open ones at s4' "$n" "$(at s4)"
	check_eq 'open ones at s1' 0 "$(at s1)"
	check_eq 'in text' "web s4 $n" "$(ctl memory |
		awk '$2 == "s4" { print $1, $2, $3 }')"
}

# --- two balancers -----------------------------------------------------------

# other_service: at the second balancer
other_service() {
	{
		echo "service add web size $SIZE udp-idle $(seconds 600)"
		printf 'backend add web s%d mark %d\n' 1 1 2 2 3 3
	} | ctl2 -b - || fail 'service web of the other balancer'
	ip netns exec lb2 iptables-legacy -t raw -A PREROUTING -d "$VIP4" \
		-p tcp -j LBHASH --service web --track changed || fail iptables
	ip netns exec lb2 ip6tables-legacy -t raw -A PREROUTING -d "$VIP6" \
		-p tcp -j LBHASH --service web --track changed || fail ip6tables
}

# at2 BACKEND: as at, of the other balancer
at2() {
	ctl2 -j memory | jq ".services[].backends[] |
		select(.backend == \"$1\").connections"
}

round_trip() {
	local n dump="$T/dump"

	begin raw changed
	second_balancer
	other_service
	ctl memory dump >"$dump" || fail dump
	check_eq 'a dump of nothing' '[]' "$(jq -c .services "$dump")"
	check_eq 'its key' 32 "$(jq -r '.key | length' "$dump")"
	ctl2 memory dump >"$T/dump2" || fail 'the other dump'
	[ "$(jq .key "$dump")" != "$(jq .key "$T/dump2")" ] ||
		fail 'both memories have one key'
	ctl2 memory insert "$dump" || fail 'the key'
	check_same 'the other one has the key now' "$(jq .key "$dump")" \
		"$(ctl2 memory dump | jq .key)"

	change backend add web s4 mark 4
	ctl2 backend add web s4 mark 4 || fail 'backend add, the other one'
	look tcp 4000
	n=$(number_of 'previous != "-"')
	check_ge 'flows in transition' 10 "$n"
	arrive SYN syn owner
	arrive 'its ACK' ack owner
	arrive 'its data' data owner
	ask by front2 lb2
	arrive 'by the other one: data, as of an old connection' data \
		'previous != "-" ? previous : owner'
	ctl memory dump >"$dump" || fail dump
	check_eq 'entries in the dump' "$n" \
		"$(jq '.services[].entries | length' "$dump")"
	check_eq 'inserted' "web $n 0" "$(ctl2 memory insert "$dump" |
		awk 'NR == 2 { print $1, $2, $3 }')"
	check_eq 'remembered at s4 by the other one' \
		"$(number_of 'previous != "-" && owner == "s4"')" "$(at2 s4)"
	arrive 'by the other one: data' data owner
	check_eq 'again' "[{\"service\":\"web\",\"inserted\":$n,\"skipped\":0}]" \
		"$(ctl2 -j memory insert "$dump")"
	check_eq 'entries' "$n" "$(ctl2 -j memory | jq .entries)"
	ask by front lb
}

# refused NAME SENTENCE FILTER: a dump changed by the filter of jq is refused
refused() {
	jq -c "$3" "$T/dump" >"$T/bad"
	ctl2 memory insert "$T/bad" >"$T/out" 2>&1
	check_eq "$1" "$2" "$(sed "s,$T/,," "$T/out")"
}

wrong_dumps() {
	local first='.services[0].entries[0]'
	local at='lbhashctl: bad: services[0].entries[0]'

	refused 'a key, later' \
		'lbhashctl: service web has slots in transition, key cannot change' \
		'.key = "00112233445566778899aabbccddeeff"'
	refused 'a bad key' 'lbhashctl: bad: key: must be 32 hex digits' \
		'.key = "0"'
	refused 'no entries' \
		'lbhashctl: bad: must be an object with key, and services, a list' \
		'.services = 1'
	refused 'another service' \
		'lbhashctl: service other does not exist' \
		'.services[0].service = "other"'
	refused 'another backend' \
		'lbhashctl: backend s9 does not exist' \
		"$first.backend = \"s9\""
	refused 'a slot beyond the table' \
		"lbhashctl: slot $SIZE is not in 0..$((SIZE - 1))" \
		"$first.slot = $SIZE"
	refused 'an age' \
		'lbhashctl: age 604801 is not in 0..604800' \
		"$first.age = 604801"
	refused 'flags of a half-open one' \
		'lbhashctl: bad: a half-open connection has no other flags' \
		"$first.flags = [\"fin\"]"
	refused 'an unknown flag' \
		"$at: flags must be a list of open, flow, single, fin, rst" \
		"$first.flags = [\"psh\"]"
	refused 'a print' "$at: print must be 16 hex digits" \
		"$first.print = \"12\""
	refused 'a number' "$at: numbers must be 0..4294967295" \
		"$first.sequence = 4294967296"
	check_eq 'a slot that is settled here' 'web 0 1' "$(
		jq "$first.slot = $(settled_slot) |
			.services[0].entries = [$first]" "$T/dump" |
		ctl2 memory insert - | awk 'NR == 2 { print $1, $2, $3 }')"
}

# settled_slot: of a slot that has kept its owner the number
settled_slot() {
	awk '$1 == $NF { print NR - 1; exit }' "$T/slots"
}

# --- sample ------------------------------------------------------------------

# openers WORD: of all backends
openers() {
	ctl -j stats web | jq "[.[0].backends[].openers_$1] | add"
}

# shellcheck disable=SC2317 # called by wait_for
empty() { [ "$(memory entries)" -eq 0 ]; }

sampled() {
	local n

	begin raw changed
	change service set web sample 1
	look tcp 5000
	check_flows 'sampled: lookup' \
		'previous == "-" && backend == owner && reason == "picked"'
	arrive 'sampled: SYN' syn owner
	check_eq 'half-open' $ALL "$(memory half_open)"
	check_eq 'openers given' $ALL "$(openers given)"
	arrive 'sampled: SYN again' syn owner
	check_eq 'openers given' $ALL "$(openers given)"
	check_eq 'openers repeated' $ALL "$(openers repeated)"
	check_eq 'openers that went on' 0 "$(openers went_on)"
	arrive 'sampled: ACK' ack owner
	check_eq 'openers that went on' $ALL "$(openers went_on)"
	arrive 'sampled: data' data owner
	blame 'sampled: about it' owner
	look tcp 5000
	check_flows 'sampled: known' 'pinned == owner && reason == "pinned"'
	look tcp 6000
	arrive 'sampled: middle of a connection' middle owner
	check_eq 'entries' $ALL "$(memory entries)"
	look udp 7000
	arrive 'sampled: UDP' udp owner
	arrive 'sampled: UDP again' udp owner
	check_eq 'slots in transition' 0 "$(shows transition_slots)"
	check_eq 'entries in a dump' 0 \
		"$(ctl memory dump | jq '[.services[].entries[]] | length')"

	change service set web sample 4
	n=$(openers given)
	look tcp 8000
	arrive 'one in 4: SYN' syn owner
	check_eq 'one in 4: openers given' "$(number_of 'slot % 4 == 0')" \
		"$(($(openers given) - n))"

	# The change decides, as without the sample.
	change service set web sample 1
	change backend add web s4 mark 4
	look tcp 5000
	check_ge 'known ones in transition' 10 "$(number_of 'previous != "-"')"
	arrive 'in transition: known ones' data home
	look tcp 9000
	arrive 'in transition: SYN' syn owner
	arrive 'in transition: its ACK' ack owner
	look tcp 5000
	arrive 'in transition: known ones, later' data home
	check_ge 'slots in transition' 400 "$(shows transition_slots)"

	begin raw changed
	change service set web sample 1
	look tcp 5000
	arrive 'sampled: SYN' syn owner
	check_eq 'half-open' $ALL "$(memory half_open)"
	change service set web sample 0
	wait_for 20 empty
	n=$(openers given)
	look tcp 6000
	arrive 'no more sampled: SYN' syn owner
	check_eq 'no more openers' "$n" "$(openers given)"
}

# --- the configuration --------------------------------------------------------

saved() {
	ctl set memory 4096 || fail 'set memory'
	ctl save >"$T/saved"
	check_eq saved 4096 "$(jq .memory "$T/saved")"
	ctl set memory 8192 || fail 'set memory'
	ctl apply "$T/saved" || fail apply
	check_eq applied 4096 "$(memory limit)"
	jq 'del(.memory)' "$T/saved" | ctl apply - || fail 'apply, without memory'
	check_eq 'without memory it stays' 4096 "$(memory limit)"
	says 1 "-: memory: must be 512..134217728" apply - \
		<<<'{"memory":1,"services":[]}'
	check_eq 'and everything else, too' "$(ctl save | md5sum)" \
		"$(md5sum <"$T/saved")"
}

load_module
topology dsr 4
start_packets transition/transition 4
sizes
connections
round_trip
wrong_dumps
sampled
saved
