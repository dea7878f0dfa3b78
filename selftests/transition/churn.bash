# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For selftests and benchmarks of backends that come and go: real one-way TCP
# connections, the broken ones among them, and the numbers of entries of conntrack
# and of the flow memory.
# shellcheck disable=SC2034,SC2154 # shared with lib.sh and the tests

# One process is the servers' end of all connections.
ulimit -n 20000

clients=() doomed='' undue=0 due=0
peak_entries=0 peak_remembered=0 peak_slots=0 peak_open=0

# --- connections -------------------------------------------------------------

# connect NAME N OPTION...: N connections of each family, for start_client
connect() {
	local family

	for family in 4 6; do
		start_client "$1.$family" "$family" -n "$2" "${@:3}"
		clients+=("$1.$family")
	done
}

# disconnect NAME
disconnect() {
	local family name left=()

	for family in 4 6; do
		stop_client "$1.$family"
		rm "$T/$1.$family.flows"
	done
	for name in "${clients[@]}"; do
		[ "${name%.*}" = "$1" ] || left+=("$name")
	done
	clients=("${left[@]}")
}

# connections STATES: "CLIENT ADDRESS PORT SERVER" of those in one of the states
connections() {
	local name

	for name in "${clients[@]}"; do
		awk -v name="$name" -v states=" $1 " '
			$1 == "conn" && index(states, " " $6 " ") {
				print name, $2, $3, $4
			}' "$T/$name.flows"
	done | sort
}

# --- counting ----------------------------------------------------------------

# backends_lost NAME...: their connections may break from now on, until the next
# reset_counts
backends_lost() { doomed+=" $* "; }

# reset_counts: ignore connections that are broken now, reset the peaks
reset_counts() {
	connections 'broken stuck wrong' >"$T/broken.before"
	doomed='' undue=0 due=0
	peak_entries=0 peak_remembered=0 peak_slots=0 peak_open=0
}

# sample: update the peaks of entries, slots in transition and open connections
sample() {
	local entries remembered slots open

	entries=$(lb conntrack -C)
	remembered=$(ctl -j memory | jq .entries)
	slots=$(transition_slots)
	open=$(connections open | wc -l)
	[ "$entries" -le "$peak_entries" ] || peak_entries=$entries
	[ "$remembered" -le "$peak_remembered" ] || peak_remembered=$remembered
	[ "$slots" -le "$peak_slots" ] || peak_slots=$slots
	[ "$open" -le "$peak_open" ] || peak_open=$open
}

# everybody: on each connection another request is answered by the same server,
# or the connection is broken
everybody() {
	local name

	for name in "${clients[@]}"; do
		next_round "$name"
	done
	sample
	connections 'broken stuck wrong' |
		comm -13 "$T/broken.before" - >"$T/broken"
	awk -v doomed="$doomed" 'index(doomed, " " $4 " ")' "$T/broken" \
		>"$T/broken.due"
	comm -23 "$T/broken" "$T/broken.due" >"$T/broken.undue"
	due=$(wc -l <"$T/broken.due") undue=$(wc -l <"$T/broken.undue")
}
