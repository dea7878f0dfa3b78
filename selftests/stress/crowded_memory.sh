#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kmemleak: yes
#
# Everything that touches the flow memory at once, on two CPUs: packets that open,
# find, end and evict entries, of the same connections on both; limits that change,
# dumps and insertions, sweeps, changes of backends, namespaces that die with
# entries. No connection breaks. Then the module goes, with the memory full and
# both CPUs sending. Half a minute; SOAK=1 makes it 5 minutes.
# by default on: 6.12
# checks: 22
. ./lib.sh
. ./lib/checks.bash
. ./lib/crowd.bash
. ./lib/flood.bash
. ./lib/workers.bash
. ./transition/churn.bash

LASTS=20 UNLOADS=3
[ -z "${SOAK:-}" ] || LASTS=300 UNLOADS=30

# --- workers -----------------------------------------------------------------

# packets CPU: of 800 connections to each service, which both CPUs know, and SYNs
# that are no connections
packets() {
	local first=$((RANDOM % 4 * 200)) port

	taskset -cp "$1" "$BASHPID" >/dev/null
	for port in 80 81; do
		flood -p $port -n 600 -i $((1000 + RANDOM)) -f S
		flood -p $port -n 200 -i $first -f S -q 1000
		flood -p $port -n 200 -i $first -f A -q 1001
		flood -p $port -n 200 -i $first -f PA -q 1001
		[ $((RANDOM % 2)) = 0 ] ||
			flood -p $port -n 200 -i $first -f RA -q 1001
	done
}
packets_0() { packets 0; }
packets_1() { packets 1; }

# old connections are in slots in transition all the time
changes() {
	ctl -b - <<-END
		backend add web s4 mark 4
		backend add other s4 mark 4
		service set other settle 0
		backend set web s4 weight $((RANDOM % 9 + 1))
		backend set web s4 state down
		backend set other s3 state drain
		backend set web s4 state up
		service set other settle 1
		backend set other s3 state up
		backend del web s4
		backend del other s4
	END
}

# Too small for what comes, until the file is there.
limits() {
	local limit

	for limit in 513 600 $([ ! -e "$T/large" ] || echo 4096 1048576) 512; do
		ctl set memory "$limit"
		ctl -j memory >"$T/limits"
	done
}

# The backend of an entry may have been deleted since the dump.
dumps() {
	if ctl memory dump >"$T/dump" 2>"$T/refused" &&
			ctl memory insert "$T/dump" >/dev/null 2>"$T/refused"; then
		echo inserted >>"$T/inserted"
	elif ! grep -q 'backend s4 does not exist' "$T/refused"; then
		cat "$T/refused"
	fi
}

questions() {
	{
		ctl -j service show
		ctl -j stats
		ctl -j lookup web proto tcp src 192.0.2.1:1 dst "$VIP4:80"
	} >/dev/null
}

# entries_in NAMESPACE: leave entries in its memory
entries_in() {
	local i

	lbhashctl -n "$1" -b - <<-END
		service add web size 251 track changed
		backend add web s1 mark 1
	END
	ip netns exec "$1" iptables-legacy -w -t raw -A OUTPUT -p tcp \
		--dport 80 -j LBHASH --service web
	ip -n "$1" link set lo up
	lbhashctl -n "$1" backend add web s2 mark 2 weight 100
	ip netns exec "$1" bash -c 'for i in {1..9}; do
			: </dev/tcp/127.0.0.1/80
		done' 2>/dev/null
	lbhashctl -n "$1" -j memory | jq .entries
}

namespaces() {
	local ns=ns$BASHPID.$RANDOM

	ip netns add "$ns"
	entries_in "$ns" >>"$T/died"
	ip netns del "$ns"
}

# syns N: of connections that are new
syns() {
	n=$((n + $1))
	flood -n "$1" -i $n -f S
}

# shellcheck disable=SC2317 # called by wait_for
evicts() {
	syns 100
	[ "$(memory evicted)" -ge 10 ]
}

# shellcheck disable=SC2317 # likewise
refuses() {
	syns 100
	flood -n 100 -i $n -f A -q 1001
	[ "$(memory refused)" -ge 10 ]
}

# fill: first with half-open entries, then with open ones
fill() {
	local n=20000

	ctl backend add web s4 mark 4 weight 100 || fail s4
	wait_for 60 evicts
	ok 'half-open entries make room'
	wait_for 60 refuses
	ok 'where all are open, connections are refused'
	ctl backend del web s4 || fail 'backend del'
}

# --- the module goes ---------------------------------------------------------

# shellcheck disable=SC2317 # called by wait_for
unloads() { rmmod xt_lbhash 2>/dev/null; }

# shellcheck disable=SC2317 # called by wait_for
large() {
	syns 1000
	[ "$(memory entries)" -ge 600 ]
}

# shellcheck disable=SC2317 # called by wait_for
full() { [ "$(memory entries)" -ge 400 ]; }

# shellcheck disable=SC2317 # called by wait_for
empty() { [ "$(memory entries)" -eq 0 ]; }

# balances: both services, whose slots are all in transition
balances() {
	local port=80 name

	for name in web other; do
		ctl service add $name size $SIZE || fail "service $name"
		ctl backend add $name s1 mark 1 || fail "backend of $name"
		rule raw PREROUTING -p tcp --dport $port \
			-j LBHASH --service $name --track changed
		ctl backend add $name s2 mark 2 weight 100 || fail s2
		port=81
	done
}

goes() {
	local n

	start_workers packets_0 packets_1
	for ((n = 0; n < UNLOADS; n++)); do
		load_module
		ctl set memory 512 || fail 'no limit'
		balances
		ip netns add dies
		entries_in dies >"$T/entries"
		wait_for 60 full
		flush_rules
		count_sunk
		ip netns del dies
		wait_for 60 unloads
	done
	ok "rmmod, $UNLOADS times"
	end_workers
}

# --- the test ----------------------------------------------------------------

flooded_memory 512
ctl service add other size $SIZE settle 1 idle 1 || fail 'service other'
for n in 1 2 3; do
	ctl backend add other "s$n" mark "$n" || fail 'backend of other'
done
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web --track changed
rule raw PREROUTING -p tcp --dport 81 -j LBHASH --service other --track changed
connect old 30 -h
reset_counts

fill
start_workers packets_0 packets_1 changes limits dumps questions namespaces
# The duration is the purpose of this test.
end=$((SECONDS + LASTS))
until [ "$SECONDS" -ge "$end" ]; do
	everybody
done
check_le 'entries of a small memory' 512 "$(memory entries)"
: >"$T/large"
n=30000
wait_for 60 large
ok 'it grows'
end_workers
everybody
check_eq 'connections, broken' '60, 0' "$(connections open | wc -l), $undue"
check_ge 'packets of the flood' 2000 "$(sunk)"
check_ge 'dumps that were inserted' 1 "$(wc -l <"$T/inserted")"
check_ge 'namespaces that died with entries' 2 "$(grep -c '^[1-9]' "$T/died")"
check_eq 'entries of conntrack' 0 "$(lb conntrack -C)"
disconnect old
ctl service set web settle 0 idle 1 || fail idle
wait_for 60 empty
ok 'no entry is left'

flush_rules
count_sunk
wait_for 60 unloads
goes
