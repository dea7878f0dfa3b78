#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The end of a transition. A slot that changed hands drops its previous owner
# after a while. Connections that conntrack remembers stay at their backends
# nevertheless; the flow memory keeps the slot in transition until all connections
# at the previous owner are gone. No sweep runs when there is nothing to settle.
# by default on: 6.12
# checks: 80
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./transition/transition.bash

# --- the end of a transition -------------------------------------------------

# A probe shows sweeps; the pointer identifies the namespace.
trace=/sys/kernel/tracing

watch_sweeps() {
	echo 'p:lbhash/sweep xt_lbhash:settle_work work=%di' \
		>"$trace/kprobe_events" || fail 'no probe'
	echo 1 >"$trace/events/lbhash/sweep/enable"
}

unwatch_sweeps() {
	echo 0 >"$trace/events/lbhash/sweep/enable"
	echo >"$trace/kprobe_events"
	echo >"$trace/trace"
}

# sweeps POINTER: the number in that namespace; sweepers: all pointers
sweeps() { grep -c "work=$1" "$trace/trace"; }
sweepers() { grep -o 'work=.*' "$trace/trace" | cut -d = -f 2 | sort -u; }

# shellcheck disable=SC2317 # called by wait_for
swept() { [ "$(sweeps "$1")" -ge "$2" ]; }

# forget FAMILY BLOCK FLOW: delete its entry
forget() {
	lb conntrack -D -f "ipv$1" -p tcp --dport $PORT \
		--sport $(($2 + $3)) >"$T/log" 2>&1 || fail 'no such entry'
}

# one FAMILY: the first flow of the family, in a slot in transition
one() {
	awk -v n=$FLOWS -v v6=$(($1 == 6)) '
		(NR > n) == v6 && $3 != "-" { print NR - n * v6; exit }
	' "$T/look"
}

# goes FAMILY KIND FLOW: the server that gets one packet
goes() {
	ask send "$1" "$3" "$3" $PORT "$block" "$2"
	got "$3"
}

# says FAMILY FLOW COLUMN: one word of the last call of look
says() { awk -v n="$(($2 + ($1 == 6) * FLOWS))" "NR == n { print \$$3 }" "$T/look"; }

# two_connections: one of each family, which goes to a previous owner
four='' six='' at4='' at6=''
two_connections() {
	change backend add web s4 mark 4
	look tcp 1000
	four=$(one 4) six=$(one 6)
	at4=$(says 4 "$four" 3) at6=$(says 6 "$six" 3)
	check_eq 'connections go to previous owners' "$at4 $at6" "$(both)"
	check_eq 'connections that hold slots open' 0 "$(shows holding)"
	check_ge 'seconds to wait' 500 "$(shows settles_in)"
}

# both: the servers that get one packet of each
both() { echo "$(goes 4 middle "$four") $(goes 6 middle "$six")"; }

# nothing_is_known POINTER: of the two connections, and no sweep runs
nothing_is_known() {
	check_eq 'connections that hold slots open' 0 "$(shows holding)"
	check_null 'seconds' "$(shows settles_in)"
	look tcp 1000
	check_eq 'nothing is known of them' \
		"$(says 4 "$four" 2) $(says 6 "$six" 2)" "$(both)"
	no_sweep "$1"
	unwatch_sweeps
}

# All slots settle, and the marks of two connections are enough.
marked() {
	local work

	begin "$@"
	lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=1
	two_connections
	watch_sweeps
	ctl service set web settle 1
	wait_for 60 in_transition 0
	work=$(sweepers)
	check_eq 'namespaces that sweep' 1 "$(wc -l <<<"$work")"
	look tcp 1000
	check_eq 'they stay with their backends' "$at4 $at6" "$(both)"
	check_flows 'no slot has a previous owner' 'previous == "-"'
	look tcp 2000
	arrive 'settled: middle of a connection' middle owner
	block=1000
	forget 4 1000 "$four"
	check_eq 'a reset goes there as well' "$at6" "$(goes 6 reset "$six")"
	wait_for 60 reset_is_over
	nothing_is_known "$work"
}

# shellcheck disable=SC2317 # called by wait_for
reset_is_over() {
	! lb conntrack -L -f ipv6 -p tcp 2>/dev/null |
		grep -q "sport=$((1000 + six)) "
}

# in_transition_while N FAMILY.FLOW...: so many slots, while these connections send
# shellcheck disable=SC2317 # called by wait_for
in_transition_while() {
	local name

	for name in "${@:2}"; do
		[ "$(goes "${name%.*}" middle "${name#*.}")" = \
			"$([ "${name%.*}" = 4 ] && echo "$at4" || echo "$at6")" ] ||
			fail "a connection has moved"
	done
	in_transition "$1"
}

# One connection of each family that is remembered at a previous owner keeps its
# slot in transition until it ends; all other slots settle.
held_slots() {
	local n work

	begin "$@"
	two_connections
	watch_sweeps
	ctl service set web settle 1 idle "$(seconds 6)"
	wait_for 90 in_transition_while 2 "4.$four" "6.$six"
	work=$(sweepers)
	check_eq 'namespaces that sweep' 1 "$(wc -l <<<"$work")"
	n=$(sweeps "$work")
	wait_for 60 swept "$work" $((n + 2))
	check_eq 'they stay with their backends' "$at4 $at6" "$(both)"
	check_eq 'slots in transition, connections that hold them, seconds' \
		'2, 2, 0' "$(shows transition_slots), $(shows holding), $(
		)$(shows settles_in)"
	look tcp 1000
	check_flows 'no other slot has a previous owner' 'previous == "-"'

	check_eq 'a reset goes there' "$at4" "$(goes 4 reset "$four")"
	wait_for 90 in_transition_while 1 "6.$six"
	check_eq 'connections that hold slots open' 1 "$(shows holding)"
	check_eq 'a reset goes there as well' "$at6" "$(goes 6 reset "$six")"
	wait_for 60 in_transition 0
	look tcp 2000
	count
	arrive 'settled: middle of a connection' middle owner
	check_counts settled stateless $ALL
	check_eq entries 0 "$(lb conntrack -C)"
	nothing_is_known "$work"
}

# no_sweep POINTER: none in the namespace while another one, used as a clock,
# sweeps a second after each change
no_sweep() {
	local n before

	before=$(sweeps "$1")
	lbhashctl -n cl -b - <<-END || fail clock
		service add clock size 251 settle 0
		backend add clock tick mark 1
		backend add clock tock mark 2
	END
	for n in 1 2 3; do
		lbhashctl -n cl backend set clock tick weight $((n + 1))
		wait_for 60 ticked "$1" "$n"
	done
	lbhashctl -n cl flush
	check_eq 'sweeps while nothing is in transition' 0 \
		$(($(sweeps "$1") - before))
}

# ticked POINTER N: N sweeps of other namespaces at least
# shellcheck disable=SC2317 # called by wait_for
ticked() {
	[ "$(grep -o 'work=.*' "$trace/trace" | grep -vc "work=$1")" -ge "$2" ]
}

# Connections of two services, with equal marks and in slots with equal numbers,
# are remembered apart: those of one are silent and let its slots settle.
two_services() {
	local n m

	begin "$@"
	{
		echo "service add other size $SIZE"
		for n in 1 2 3; do
			echo "backend add other s$n mark $n"
		done
	} | ctl -b - || fail 'other service'
	rule "$TABLE" PREROUTING -p tcp --dport 82 \
		-j LBHASH --service other --track changed
	change backend add web s4 mark 4
	ctl backend add other s4 mark 4
	ctl service set web settle 0 idle 600
	ctl service set other settle 0 idle 600
	look tcp 1000
	n=$(number_of 'previous != "-"')
	wait_for 30 remembers_all "$n" web
	arrive 'to web' middle home
	count
	PORT=82
	wait_for 30 remembers_all 10 other
	send send middle
	PORT=81
	check_eq 'packets of web' 0 $(($(stats packets) - before[packets]))
	m=$(shows holding other)
	check_eq 'connections that hold slots of web' "$n" "$(shows holding)"
	check_ge 'connections that hold slots of the other' 10 "$m"
	ctl service set web idle 2
	wait_for 60 in_transition 0
	check_eq 'connections that hold slots of the other' "$m" \
		"$(shows holding other)"
	check_eq entries 0 "$(lb conntrack -C)"
}

# remembers_all N SERVICE: N connections at least, after a packet of each
# shellcheck disable=SC2317 # called by wait_for
remembers_all() {
	send send middle
	[ "$(shows holding "$2")" -ge "$1" ]
}

# remembers_unknown: at their previous owners, as soon as the settle time is over
# shellcheck disable=SC2317 # called by wait_for
remembers_unknown() {
	unknown=$((unknown + 100))
	look tcp $unknown
	count
	send send middle
	snapshot
	[ $((stat[previous] - before[previous])) -eq $ALL ]
}
unknown=20000

all_drained() {
	local n

	begin "$@"
	clients
	for n in 1 2 3; do
		change backend set web "s$n" state drain
	done
	all_well 'all drain'
	look tcp 1000
	count
	arrive 'new connections' syn '"None"'
	check_counts 'new connections' empty $ALL
	look tcp 2000
	check_flows 'what lookup says' 'previous == home && owner == "-"'
	count
	arrive 'old ones' middle home
	look udp 3000
	arrive UDP udp home
	[ "$track" = always ] || check_counts 'old ones' previous $ALL \
		stateless $ALL
	[ "$track" = changed ] || check_counts 'old ones' previous $((2 * ALL))

	# There is no other owner, however long they were silent.
	ctl service set web settle 0 idle "$(seconds 5)"
	all_well 'all drain, for longer than settle'
	look tcp 2000
	arrive 'pinned ones' middle home
	wait_for 20 remembers_unknown
	look tcp 4000
	count
	arrive 'unknown ones' middle home
	check_counts 'unknown ones' previous $ALL
	check_eq 'slots in transition' "$SIZE" "$(shows transition_slots)"
	check_null 'seconds' "$(shows settles_in)"

	for n in 1 2 3; do
		change backend set web "s$n" state up
	done
	all_well 'all are up'
	look tcp 1000
	arrive 'new connections' syn owner
	wait_for 60 in_transition 0
	look tcp 4000
	count
	arrive 'unknown ones' middle owner
	[ "$track" = always ] || check_counts 'unknown ones' stateless $ALL
	all_well 'all is settled'
	no_clients
}

load_module
topology dsr 4
start_servers
start_packets transition/transition 4
IPT=legacy
for scenario in held_slots all_drained; do
	"$scenario" raw changed
	flush_rules
done
IPT=nft
for scenario in marked all_drained; do
	"$scenario" mangle always
	flush_rules
done
two_services raw changed
