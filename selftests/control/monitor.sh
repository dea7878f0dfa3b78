#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# lbhashctl monitor: a line for each change when it happens, as text and as
# JSON, from its own namespace only; its behaviour when it is too slow, when it
# is stopped and when the module goes. Also the counts in service show of slots
# in transition and of the connections that hold them.
# by default on: 6.12
# checks: 32
. ./lib.sh

# listen NAME COMMAND...: a monitor that writes to $T/NAME and $T/NAME.err
listen() {
	"${@:2}" >"$T/$1" 2>"$T/$1.err" &
	pid[$1]=$!
	wait_for 20 joined "${pid[$1]}"
}
declare -A pid=()

# The last group that the monitor joins is the controller's, 16.
# shellcheck disable=SC2317 # called by wait_for
joined() {
	gone "$1" && fail "the monitor is gone: $(cat "$T"/*.err)"
	awk -v id="$1" '$2 == 16 && $3 == id && $4 != "00000000" { ok = 1 }
		END { exit !ok }' "/proc/$1/net/netlink"
}

# said NAME WORDS: a line of the monitor begins with the words
said() { grep -q "^$2" "$T/$1"; }

# ends NAME SIGNAL CODE: the monitor ends with the code after the signal
ends() {
	[ "$2" = - ] || kill "-$2" "${pid[$1]}"
	wait "${pid[$1]}"
	check_eq "$1: SIG$2" "$3" $?
}

# --- every kind of event -----------------------------------------------------

# Each line of the batch is one change, unless it leaves everything as it is;
# apply makes two.
every_event() {
	local none='0 slots moved (0 needed, 0 collateral), 0 entered transition'
	local n want

	listen text lbhashctl -n lb monitor
	listen json lbhashctl -n lb -j monitor
	[ ! -s "$T/text" ] || fail "it said: $(cat "$T/text")"
	echo '{"services":[{"name":"web","size":251,"backends":[
		{"name":"s1","mark":1}]},{"name":"b","size":251}]}' >"$T/two"
	lbhashctl -n elsewhere service add web size 251
	ctl -b - >"$T/dry" <<-END || fail "the changes"
		service add web size 251
		backend add web s1 mark 1
		backend add web s2 mark 2
		backend set web s2 mark 3
		backend set web s2 mark 3
		backend set web s2 mark 4 dry-run
		service set web settle 600
		backend del web s2
	END
	n=$(ctl --dry-run backend add web s2 mark 2 | awk '{ print $2; exit }')
	check_ge "slots of one of two" 100 "$n"
	# s1 has its slots back.
	ctl service set web settle 0
	wait_for 30 said text 'web: settled'
	ctl service set web settle 7
	ctl apply "$T/two" || fail "apply"
	ctl flush
	wait_for 20 said text 'web: service-del'
	wait_for 20 said json '.*service-del.*"web"'

	want="web: service-new, generation 1, 0 backends, $none, 0 in transition
web: backend-new, generation 2, 1 backend, $none, 0 in transition
web: backend-new, generation 3, 2 backends, $n slots moved ($n needed, 0 collateral), $n entered transition, $n in transition
web: backend-set, generation 4, 2 backends, $none, $n in transition
web: backend-del, generation 5, 1 backend, $n slots moved ($n needed, 0 collateral), 0 entered transition, $n in transition
web: service-set, generation 6, 1 backend, $none, $n in transition
web: settled, 0 in transition
web: service-set, generation 7, 1 backend, $none, 0 in transition
web: service-apply, generation 8, 1 backend, $none, 0 in transition
b: service-apply, generation 1, 0 backends, $none, 0 in transition
b: service-del
web: service-del"
	check_same "text" "$want" "$(cat "$T/text")"
	check_same "JSON" "$want" "$(jq -r '"\(.service): \(.event)" +
		(if .moved == null then "" else ", generation \(
		.generation), \(.backends) backend" +
		(if .backends == 1 then "" else "s" end) + ", \(
		.moved) slots moved (\(.needed) needed, \(
		.collateral) collateral), \(.entered) entered transition" end) +
		(if .transition_slots == null then "" else
		", \(.transition_slots) in transition" end)' "$T/json")"
	check_eq "JSON of settled and del" \
		'[6,1,null] [null,null,null]' "$(jq -c 'select(
			.event == "settled" or .event == "service-del") |
			[.generation, .backends, .needed]' "$T/json" |
			head -n 2 | paste -sd ' ')"
	ends text INT 0
	ends json TERM 0
	check_empty "complaints" "$(cat "$T/text.err" "$T/json.err")"
	lbhashctl -n elsewhere flush
}

# --- beginning and end -------------------------------------------------------

# Changes from before the signal are still printed. A listener that does not
# read and may not have a large buffer loses many events.
slow() {
	local i

	ctl service add web size 251
	listen slow lbhashctl -n lb monitor
	listen small ip netns exec lb setpriv --reuid 65534 --regid 65534 \
		--clear-groups --inh-caps=-all --bounding-set=-all \
		lbhashctl monitor
	kill -STOP "${pid[slow]}" "${pid[small]}"
	for ((i = 1; i <= 2000; i++)); do
		echo "service set web settle $i"
	done >"$T/batch"
	ctl -b "$T/batch" || fail "2000 changes"
	kill -TERM "${pid[slow]}"
	ends slow CONT 0
	check_eq "events read late" 2000 "$(wc -l <"$T/slow")"

	kill -CONT "${pid[small]}"
	wait_for 20 said small.err lbhashctl
	check_eq "who loses events says so" \
		"lbhashctl: monitor: the receive buffer was full, events were lost" \
		"$(cat "$T/small.err")"
	ctl service add last size 251
	wait_for 20 said small 'last: service-new'
	check_le "events that it had" 2000 "$(wc -l <"$T/small")"
	ends small INT 0
	ctl flush
}

ends_and_beginnings() {
	listen verbose lbhashctl -n lb -v monitor
	wait_for 20 said verbose listening
	check_eq "-v" listening "$(cat "$T/verbose")"
	ends verbose TERM 0

	listen full sh -c 'exec lbhashctl -n lb monitor >/dev/full'
	ctl service add web size 251
	ends full - 2
	check_eq "a full disk" \
		"lbhashctl: standard output: No space left on device" \
		"$(cat "$T/full.err")"

	printf 'monitor\nservice show\n' >"$T/commands"
	listen batch lbhashctl -n lb -b "$T/commands"
	ctl service set web settle 1
	wait_for 20 said batch 'web: service-set'
	ends batch INT 0
	check_eq "a batch goes on" "web: name web" "$(cut -d' ' -f1 "$T/batch" |
		paste -sd ' ')"
	ctl flush
}

# shellcheck disable=SC2317 # called by wait_for
unloads() { rmmod xt_lbhash 2>/dev/null; }

module_goes() {
	listen orphan lbhashctl -n lb monitor
	wait_for 20 unloads
	ends orphan - 2
	check_eq "without the module" \
		"lbhashctl: monitor: the xt_lbhash module was unloaded" \
		"$(cat "$T/orphan.err")"
}

# --- what service show counts ------------------------------------------------

# show: transition_slots, settles_in or "soon" and holding
show() {
	"$@" lbhashctl -j service show web | jq -c '.[0] | [.transition_slots,
		if .settles_in then .settles_in > 0 and .settles_in <= 1200
		else null end, .holding]'
}

# held FIELD: of the connections that are not at the owner of their slot
held() {
	{ flow_words t4; flow_words t6; } | sed 's/^/lookup web /' |
		ctl -b - | awk -v field="$1" '/ pinned / {
			for (i = 2; i < NF; i += 2)
				it[$i] = $(i + 1)
			if (it["owner"] != it["pinned"])
				print it[field]
			delete it
		}'
}

# in_transition N: the number of slots in transition is N
# shellcheck disable=SC2317 # called by wait_for
in_transition() {
	[ "$(ctl -j service show web | jq '.[0].transition_slots')" = "$1" ]
}

# while_busy COMMAND...: after a packet of each connection
# shellcheck disable=SC2317 # called by wait_for
while_busy() {
	next_round t4
	next_round t6
	"$@"
}

# shellcheck disable=SC2317 # likewise
holding() { [ "$(ctl -j service show web | jq '.[0].holding')" = "$1" ]; }

counts() {
	local slots holding open

	topology dsr 3
	start_servers
	service 3
	rule raw PREROUTING -j LBHASH --service web --track changed
	start_client t4 4 -h -n 15 -k 2
	start_client t6 6 -h -n 15 -k 2
	check_eq "settled" '[0,null,0]' "$(show lb)"
	check_eq "settled, text" 0 "$(ctl service show web |
		grep -cE 'transition|settles-in|holding')"

	slots=$(ctl backend set web s1 state drain dry-run |
		sed -n 's/.*, \([0-9]*\) enter transition/\1/p')
	ctl backend set web s1 state drain
	holding=$(cat "$T"/t[46].flows |
		awk '$1 == "conn" && $4 == "s1"' | wc -l)
	check_ge "connections elsewhere" 3 "$holding"
	check_eq "in transition" "[$slots,true,0]" "$(show lb)"
	ctl service set web settle 0 idle 600
	wait_for 30 while_busy holding "$holding"
	check_eq "they are known" "$holding" "$(held slot | wc -l)"
	check_eq "held" "[$slots,true,$holding]" "$(show lb)"
	check_eq "in transition, text" "transition settles-in holding, $slots N $holding" \
		"$(ctl service show web | awk '
			NR == 1 { printf "%s %s %s, ", $(NF - 2), $(NF - 1), $NF }
			NR == 2 && $(NF - 1) > 0 { print $(NF - 2), "N", $NF }')"
	check_eq "in transition, for everybody" "[$slots,true,null]" \
		"$(show lb setpriv --reuid 65534 --clear-groups --inh-caps=-all \
			--bounding-set=-all)"

	# Slots that no connection holds settle, the others wait.
	listen text lbhashctl -n lb monitor
	open=$(held slot | sort -u | wc -l)
	ctl service set web idle "$(seconds 6)"
	wait_for 90 while_busy in_transition "$open"
	wait_for 20 said text "web: settled, $open in transition"
	check_eq "closing" "[$open,false,$holding]" "$(show lb)"
	check_eq "connections elsewhere" "$holding" "$(held slot | wc -l)"
	stop_client t4
	stop_client t6
	wait_for 60 in_transition 0
	wait_for 20 said text 'web: settled, 0 in transition'
	check_eq "all settled" '[0,null,0]' "$(show lb)"
	ends text TERM 0
	flush_rules
	ctl flush
}

load_module
counts
add_namespace elsewhere
every_event
slow
ends_and_beginnings
module_goes
