#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# A thousand open one-way connections over ten backends, --track changed, and
# every kind of change: no connection breaks whose backend stays, conntrack has no
# entries, and the flow memory only those of connections in slots in transition.
# Some connections send all the time, the others now and then.
# by default on: 6.12
# checks: 59
. ./lib.sh
. ./lib/checks.bash
. ./transition/churn.bash

# check_round AT: no connection breaks whose backend stays
check_round() {
	everybody
	head -n 5 "$T/broken.undue" | sed 's/^/# broken: /'
	check_eq "$1: broken without need" 0 "$undue"
}

# begin AT: all is settled, and stays so when all connections have sent
# something. Connections that are silent meanwhile are at the owners.
begin() {
	ctl service set web settle 1 idle 2
	wait_for 60 settled
	ctl service set web settle 600 idle 300
	reset_counts
	check_round "before $1"
	check_eq entries 0 "$(lb conntrack -C)"
	check_ge 'connections open' $((old * 20 / 13)) "$peak_open"
}

# change AT: lines of lbhashctl on standard input
change() {
	ctl -b - || fail "$1"
	check_round "$1"
}

# newcomers AT: connections that begin now
newcomers() {
	connect young 40 -h
	check_round "$1, new connections"
}

# finish AT: conntrack has seen no connection, and the memory remembers at most one
# and a half times the share of slots in transition; plus ten, for chance with a
# small share
finish() {
	local most=$((3 * peak_slots * peak_open / SIZE / 2 + 10))

	check_ge "$1: slots in transition" 300 "$peak_slots"
	check_eq "$1: entries of $peak_open connections" 0 "$peak_entries"
	check_le "$1: remembered of $peak_open connections" $most \
		"$peak_remembered"
	echo "# $peak_remembered of $peak_open, $peak_slots of $SIZE slots"
}

# one_change AT CHANGE BACK: with connections from before it, from after it, and
# from before it is undone
one_change() {
	begin "$1"
	change "$1" <<<"$2"
	newcomers "$1"
	change "$1, and back" <<<"$3"
	finish "$1"
	disconnect young
}

flap() {
	begin flap
	backends_lost s7
	change 'down, up, down' <<-END
		backend set web s7 state down
		backend set web s7 state up
		backend set web s7 state down
	END
	newcomers 'down, up, down'
	change 'up again' <<<'backend set web s7 state up'
	finish flap
	disconnect young
	check_ge 'connections that s7 lost' $((old / 13)) "$due"
}

come_back() {
	begin 'one goes'
	backends_lost s9
	change 'one goes' <<<'backend del web s9'
	newcomers 'one goes'
	change 'it comes back' <<<'backend add web s9 mark 9'
	finish 'one goes'
	disconnect young
	check_ge 'connections that s9 lost' $((old / 13)) "$due"
}

# These changes are not undone: slots settle when the connections end that are
# not at the owner. Until they are told to, connections are remembered in two
# rounds of theirs.
three_changes() {
	local name

	begin 'three changes'
	change 'one drains' <<<'backend set web s2 state drain'
	newcomers 'one drains'
	change 'one more' <<<'backend set web s11 state up'
	change 'one weighs more' <<<'backend set web s4 weight 2'
	finish 'three changes'
	ctl service set web settle 1
	wait_for 120 held
	check_round 'learned'
	for name in young busy old; do
		disconnect $name
	done
	ctl service set web idle 2
	wait_for 60 settled
	check_eq entries 0 "$(lb conntrack -C)"
}

# held: connections hold slots open, after a packet of each
# shellcheck disable=SC2317 # called by wait_for
held() {
	everybody
	[ "$(ctl -j service show web | jq '.[0].holding')" -ge $((old / 5)) ]
}

load_module
topology dsr 12
start_servers
fresh 10
old=$(few 520)
rule raw PREROUTING -p tcp -j LBHASH --service web --track changed
connect old "$old" -h
connect busy 40 -e -i 500
reset_counts

one_change 'two more' \
	$'backend add web s11 mark 11\nbackend add web s12 mark 12' \
	$'backend set web s11 state drain\nbackend set web s12 state drain'
one_change 'one drains' 'backend set web s3 state drain' \
	'backend set web s3 state up'
one_change 'one weighs more' 'backend set web s5 weight 3' \
	'backend set web s5 weight 1'
flap
come_back
three_changes
