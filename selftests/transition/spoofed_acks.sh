#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Spoofed ACKs from 600 addresses while slots are in transition, --track changed:
# those of made-up connections that go on, and with random sequence numbers. They
# look like connections from before the change and are remembered as such, so
# they may keep slots in transition, but no connection breaks, and the memory is
# bounded. With settle-max slots settle all the same.
# by default on: 6.12
# checks: 18
. ./lib.sh
. ./lib/checks.bash
. ./lib/flood.bash
. ./lib/crowd.bash
. ./transition/churn.bash
SIZE=503 most=1024

# strangers: until they are told to end
strangers() {
	local seq=1000 stop=''

	trap 'stop=yes' TERM
	while [ -z "$stop" ]; do
		flood -n 600 -f A -q $seq -k 2
		flood -n 600 -f A -q $((RANDOM << 16 | RANDOM))
		seq=$((seq + 2))
		sleep 0.5
	done
}

# whole AT N: N connections are open, and none has broken
whole() {
	everybody
	check_eq "$1: connections, broken" "$2, 0" "$(
		)$(connections open | wc -l), $undue"
	check_le "$1: entries" $most "$(memory entries)"
}

# whole_until SECOND: it is over, and none has broken
# shellcheck disable=SC2317 # called by wait_for
whole_until() {
	everybody
	[ "$undue" -eq 0 ] || fail "$undue connections have broken"
	[ $SECONDS -ge "$1" ]
}

# begin: 40 connections, half of the slots change, strangers come
begin() {
	fresh 3
	count_sunk
	rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web \
		--track changed
	ctl set memory $most || fail 'no limit'
	connect old 20 -h
	ctl backend add web s4 mark 4 weight 3
	reset_counts
	check_ge 'slots in transition' 240 "$(transition_slots)"
	connect young 20 -h
	strangers &
	strangers=$!
}

end() {
	kill $strangers
	wait $strangers || fail strangers
}

for_as_long_as_they_like() {
	local until

	begin
	ctl service set web settle 3 idle "$(seconds 5)"
	until=$((SECONDS + 3 + $(seconds 15)))
	wait_for 60 whole_until $until
	whole 'spoofed ACKs' 80
	check_ge 'slots in transition' 120 "$(transition_slots)"
	check_ge 'entries that others got' 100 "$(memory evicted)"
	end
	whole 'when they have ended' 80
	disconnect old
	disconnect young
	ctl service set web idle 2
	wait_for 60 settled
	check_eq 'entries in the end' 0 "$(memory entries)"
}

until_settle_max() {
	local began

	begin
	whole 'before slots have settled' 80
	disconnect old
	began=$SECONDS
	ctl service set web settle 3 idle "$(seconds 5)" \
		settle-max "$(seconds 20)"
	wait_for 40 settled
	check_le 'seconds until slots have settled' "$(seconds 25)" \
		$((SECONDS - began))
	whole 'settled' 40
	end
	check_ge 'packets of strangers' 5000 "$(sunk)"
	whole 'when they have ended' 40
	disconnect young
}

load_module
topology dsr 4
start_servers
crowd_here
flood_sink
for_as_long_as_they_like
until_settle_max
check_eq 'entries of conntrack' 0 "$(lb conntrack -C)"
