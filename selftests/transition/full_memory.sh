#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# More connections than the flow memory has room for, --track changed: four for
# each slot and second of the settle time, which all go on. Those that are
# refused are whole, at the previous owner, for as long as they go on; when most
# of them are silent the rest is remembered, and slots close and settle. No
# connection ever moves.
#
# 251 slots, a settle time of 5 seconds and 1024 entries stand for 65537, 600 and
# 1,048,576.
# by default on: 6.12
# checks: 20
. ./lib.sh
. ./lib/checks.bash
. ./lib/crowd.bash
SIZE=251 most=1024 settle=5
batch=$((4 * SIZE)) old=500
all=$((old + batch * settle)) seq=1003

# begin AT FIRST N: connections that begin; some hundred SYNs are sent before the
# rest. A half-open entry makes room for others when it is three seconds old.
begin() {
	local i n some

	some=$(few 502)
	for ((i = 0; i < $3; i += n)); do
		n=$(($3 - i < some ? $3 - i : some))
		crowd -i $(($2 + i)) -n $n -f S -q 1000
		crowd -i $(($2 + i)) -n $n -f A -q 1001 -k 2
	done
	check_round "$1" "$3" 3
}

# go_on AT FIRST N: a packet of each
go_on() {
	crowd -i "$2" -n "$3" -f A -q $seq
	seq=$((seq + 1))
	check_round "$1" "$3" 1
	check_le "$1: entries" $most "$(memory entries)"
}

# whole FIRST N: the same, of which only a failure is reported
whole() {
	local got

	crowd -i "$1" -n "$2" -f A -q $seq
	seq=$((seq + 1))
	got=$(a_round "$2" 1)
	[ "$got" = "$2, 0, 0" ] || fail "connections, moved, lost: $got"
}

# known N: so many of the last connections hold slots open
# shellcheck disable=SC2317 # called by wait_for
known() {
	whole $((all - few)) $few
	[ "$(ctl -j service show web | jq '.[0].holding')" -ge "$1" ]
}

# closed: unknown connections of the same slots would be the owner's
# shellcheck disable=SC2317 # likewise
closed() {
	whole $((all - few)) $few
	ctl -j -b "$T/lookups" >"$T/decisions" || fail lookup
	[ "$(jq -s 'map(select(.previous)) | length' "$T/decisions")" = 0 ]
}

load_module
topology dsr 4
start_servers
start_crowd
service 3
ctl set memory $most || fail 'no limit'
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web --track changed

begin 'before the change' 0 $old
ctl backend add web s4 mark 4 weight 100
check_ge 'slots in transition' $((SIZE * 9 / 10)) "$(transition_slots)"
for ((i = 0; i < settle; i++)); do
	begin "second $i" $((old + i * batch)) $batch
	[ "$i" -gt 0 ] || check_ge 'second 0: at the new owner' \
		$((batch * 7 / 10)) "$(newest_at s4)"
done
check_le 'the last second: at the new owner' $((batch / 10)) "$(newest_at s4)"
# What may repeat a refused SYN is not counted again.
check_ge 'connections that were refused' $((batch * settle * 9 / 10 - most)) \
	"$(memory refused)"
check_ge entries $((most * 3 / 4)) "$(memory entries)"

idle=$(seconds 8)
ctl service set web settle $settle idle "$idle"
until=$((SECONDS + settle + 3 * idle))
while [ $SECONDS -lt $until ]; do
	whole 0 $all
done
go_on 'all go on' 0 $all
check_ge 'slots in transition, whose connections do not fit' \
	$((SIZE * 9 / 10)) "$(transition_slots)"

few=300
awk -v vip4="$VIP4" -v vip6="$VIP6" 'NR > 1 {
	v6 = $2 ~ /:/
	print "lookup web proto tcp", "src", (v6 ? "[" $2 "]" : $2) ":" 9,
	      "dst", (v6 ? "[" vip6 "]" : vip4) ":80"
}' "$T/got" | head -n 200 >"$T/lookups"
wait_for 120 known $((few * 8 / 10))
wait_for 120 closed
go_on 'when slots have closed' $((all - few)) $few
go_on 'once more' $((all - few)) $few
ctl service set web idle 2
wait_for 60 settled
check_eq 'entries of conntrack' 0 "$(lb conntrack -C)"
check_eq 'entries in the end' 0 "$(memory entries)"
