#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lbhashctl for people and for other programs: metrics, JSON as documented,
# completion, colours, progress, tables, --exist-ok.
# by default on: 6.12
# checks: 87
. ./lib.sh

schema=../doc/lbhashctl.schema.json
completion=/usr/share/bash-completion/completions/lbhashctl
python=/usr/bin/python3
escape=$'\033'

# on_console WORD...: the command's output on a terminal, errors included, to
# the last byte
on_console() {
	TERM=linux $python -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$@" \
		</dev/null
}

# on_terminal WORD...: the same as text
on_terminal() { on_console "$@" | tr -d '\r'; }

# A host that is its own client: packets leave through a dummy device.
host() {
	add_namespace lb
	ip -n lb -b - <<-END
		link add sink type dummy
		addr add 10.2.0.1/24 dev sink
		link set sink up
		route add default dev sink
	END
	ctl -b - <<-END || fail "services"
		service add web size $SIZE mask 0xff
		backend add web s1 mark 1 address 10.2.0.101
		backend add web s2 mark 2 weight 2
		backend add web s3 mark 3 address 10.2.0.103 address 2001:db8::3
		service add empty size 251 hash src/24 on-empty continue
	END
	ipt -t raw -A OUTPUT -d "$VIP4" -p udp -j LBHASH --service web
}

# packets N: each from a port of its own
packets() {
	lb "$python" -c '
import socket
for _ in range('"$1"'):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"?", ("'"$VIP4"'", 53))'
}

# --- for programs ------------------------------------------------------------

metrics() {
	local service

	packets 40
	# For slots in transition, and for packets that are picked and pinned.
	ctl backend set web s2 state drain
	ctl metrics >"$T/metrics" || fail "metrics"
	ctl -j stats >"$T/stats"
	ctl -j memory >"$T/memory"
	ctl -j service show >"$T/services"
	for service in empty web; do
		ctl -j backend show "$service" | jq -c \
			"{service: \"$service\", backends: .}"
	done >"$T/backends"
	check_eq "packets" 40 "$(jq '.[1].packets' "$T/stats")"
	"$python" control/metrics.py "$T"/{metrics,stats,services,backends,memory} \
		>"$T/out" 2>&1 || fail "metrics: $(cat "$T/out")"
	ok "metrics: $(cat "$T/out")"
	check_same "metrics -j has the same" \
		"$(sed '/^#/d; s/\(_in_seconds.*\) .*/\1/' "$T/metrics")" \
		"$(ctl -j metrics | jq -r '.[] | .name as $n | .samples[] |
			"\($n){\(.labels | to_entries | map(
			"\(.key)=\(.value | @json)") | join(","))} \(.value)"' |
			sed 's/{}//' |
			sed 's/\(_in_seconds.*\) .*/\1/')"
	ctl backend set web s2 state up
}

# said DEFINITION WORD...: add the command's JSON to the list to be validated
said() {
	local file=$T/said/$1-$RANDOM$RANDOM

	ctl -j "${@:2}" >"$file" || fail "-j ${*:2}"
	echo "yes $1 $file" >>"$T/list"
}

# file yes|no JQ: apply --dry-run and the schema agree on whether a file is
# valid
file() {
	local file=$T/said/file-$RANDOM$RANDOM code=0

	jq "$2" "$T/config" >"$file" || fail "jq $2"
	ctl --dry-run apply "$file" disruptive >"$T/out" 2>&1 || code=$?
	case "$1 $code" in
	"yes 0" | "no 1") ;;
	*) fail "apply, $2: $code $(cat "$T/out")" ;;
	esac
	echo "$1 configuration $file" >>"$T/list"
}

documented() {
	local object flow=(proto udp src 10.0.0.1:5 dst 192.0.2.2)

	mkdir "$T/said"
	lbhashctl -n lb -v -j monitor >"$T/said/monitor" &
	wait_for 20 grep -q listening "$T/said/monitor"
	echo "yes monitor $T/said/monitor" >>"$T/list"
	said service-show service show
	said service-show -v service show web
	said backend-show backend show web
	said backend-show backend show empty
	said lookup lookup web "${flow[@]}"
	said lookup lookup empty "${flow[@]}"
	said table -v table web
	said table table empty
	said stats stats
	said memory memory
	ctl memory dump >"$T/dump"
	said memory-dump memory dump
	said memory-insert memory insert "$T/dump"
	said metrics metrics
	said version version
	said save save
	said change service add new dry-run
	said change service set web seed 00112233445566778899aabbccddeeff \
		disruptive dry-run
	said change service del empty dry-run
	said change --exist-ok --dry-run service del nobody
	said change backend add web s4 mark 4 dry-run
	said change flush web dry-run
	for object in $(ctl complete '' | grep -vxE 'backend|apply|flush|help|service|set'); do
		grep -q "^yes $object " "$T/list" ||
			fail "what $object prints is not documented"
	done

	ctl save >"$T/config"
	file yes .
	file yes '.services[1] |= {name}'
	file yes '.services[1].mask = "0xff" | .services[1].backends[0].mark = "1"'
	file yes '.services[1].hash = "symmetric,src/24,src/64,dst/64,dst/24"'
	file no '.services[1].colour = "red"'
	file no '{services: {}}'
	file no '. + {other: 1}'
	file yes '.memory = 4096'
	file no '.memory = 511'
	file no '.memory = "4096"'
	file no 'del(.services[1].name)'
	file no '.services[1].name = "a b"'
	file no '.services[1].size = 250'
	file no '.services[1].settle = 0.5'
	file no '.services[1].seed = "12"'
	file no '.services[1].hash = "src,port"'
	file no '.services[1].mask = true'
	file no '.services[1].on_empty = "pass"'
	file no '.services[1].backends = {}'
	file no 'del(.services[1].backends[0].mark)'
	file no '.services[1].backends[0].weight = 65536'
	file no '.services[1].backends[0].state = "UP"'
	file no '.services[1].backends[0].addresses = ["10.2.0"]'
	file no '.services[1].backends[0].addresses = "10.2.0.101"'
	file no '.services[1].backends[0].slots = 3'

	# Events of all kinds, "settled" included.
	ctl -b - <<-END || fail "changes"
		service add more size 251 settle 0
		backend add more s1 mark 1
		backend add more s2 mark 2
		backend set more s2 weight 3
		backend del more s2
		service set more on-empty continue
	END
	wait_for 30 grep -q '"settled"' "$T/said/monitor"
	jq '.services[1].settle = 599' "$T/config" >"$T/later"
	ctl apply "$T/later" || fail "apply"
	wait_for 20 grep -q '"service-apply","service":"web"' "$T/said/monitor"
	kill "$!"
	wait "$!"
	"$python" control/schema.py "$schema" "$T/list" >"$T/out" 2>&1 ||
		fail "the schema: $(cat "$T/out")"
	ok "the schema: $(cat "$T/out")"
	check_eq "kinds of events" 9 "$(jq -r .event "$T/said/monitor" |
		sort -u | wc -l)"
}

# --- completion --------------------------------------------------------------

# completes LINE [WORD...]: TAB offers exactly the words
completes() {
	COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	_lbhashctl
	if [ $# = 1 ]; then
		check_empty "$1" "${COMPREPLY[*]}"
	else
		check_eq "$1" "${*:2}" "${COMPREPLY[*]}"
	fi
}

completion() {
	# shellcheck disable=SC1090 # it is in the guest only
	. "$completion" || fail "no completion"
	check_eq "complete -p" "complete -F _lbhashctl lbhashctl" \
		"$(complete -p lbhashctl)"
	completes 'lbhashctl s' service save stats set
	completes 'lbhashctl memory ' show dump insert help
	completes 'lbhashctl set ' memory help
	completes 'lbhashctl set memory 4096 ' dry-run
	completes "lbhashctl memory insert $T/conf" "$T/config"
	completes 'lbhashctl -n lb ba' backend
	completes 'lbhashctl backend ' add set del show help
	completes 'lbhashctl help mo' monitor
	completes 'lbhashctl -n l' lb
	completes 'lbhashctl -n lb service del ' empty web
	completes 'lbhashctl -n lb backend show ' empty web
	completes 'lbhashctl -n lb b set web s' s1 s2 s3
	completes 'lbhashctl -n lb backend set --dry-run web s2 state d' drain down
	completes 'lbhashctl -n lb backend add web '
	completes 'lbhashctl -n lb backend add web s4 mark 4 ' \
		weight state address dry-run
	completes 'lbhashctl -n lb lookup w' web
	completes 'lbhashctl -n lb lookup web proto ' tcp udp
	completes 'lbhashctl -n lb lookup web src 192.0.2.1:80 d' dst
	completes 'lbhashctl service add new hash src,d' src,dst src,dport
	completes 'lbhashctl backend set web s1 address ' none
	completes 'lbhashctl --color=a' always auto
	completes 'lbhashctl --exi' --exist-ok
	completes "lbhashctl apply $T/conf" "$T/config"
	completes "lbhashctl -b $T/conf" "$T/config"
	completes 'lbhashctl frobnicate '
	completes 'lbhashctl -n nowhere service del '
	# The cursor may be before the end of the line.
	COMP_LINE='lbhashctl mon web' COMP_POINT=13
	_lbhashctl
	check_eq "in the middle" monitor "${COMPREPLY[*]}"
}

# --- for people --------------------------------------------------------------

colours() {
	local command=(lbhashctl -n lb backend show web)

	ctl backend set web s1 state drain
	check_eq "a state" "${escape}[33mdrain${escape}[0m" \
		"$(on_terminal "${command[@]}" | awk '/s1/ { print $4 }')"
	check_eq "on a terminal" 4 \
		"$(on_terminal "${command[@]}" | grep -c "$escape")"
	check_eq "the same, without" "$("${command[@]}")" \
		"$(on_terminal "${command[@]}" | sed "s/$escape\[[0-9]*m//g")"
	check_eq "not on a terminal" 0 "$("${command[@]}" | grep -c "$escape")"
	check_eq "-c on a pipe" 4 "$(ctl -c backend show web | grep -c "$escape")"
	check_eq "-c=auto on a pipe" 0 \
		"$(ctl -c=auto backend show web | grep -c "$escape")"
	check_eq "--color=never" 0 "$(on_terminal lbhashctl -n lb \
		--color=never backend show web | grep -c "$escape")"
	check_eq "NO_COLOR" 0 "$(NO_COLOR=1 on_terminal "${command[@]}" |
		grep -c "$escape")"
	check_eq "-c is stronger" 4 "$(NO_COLOR=1 on_terminal lbhashctl -n lb \
		-c backend show web | grep -c "$escape")"
	check_eq "a terminal without" 0 "$(on_terminal env TERM=dumb \
		"${command[@]}" | grep -c "$escape")"
	check_eq "JSON has none" "$(ctl -j backend show web)" \
		"$(on_terminal lbhashctl -n lb -c -j backend show web)"
	check_eq "-c=blue" "1 lbhashctl: -c=blue: must be one of always, auto, never" \
		"$(lbhashctl -c=blue version 2>"$T/err"; echo $? "$(cat "$T/err")")"
	ctl backend set web s1 state up
}

# column NAME: the values below that heading in the table on standard input
column() {
	awk -v name="$1" '
		{ for (i = 1; i <= NF; i++) if ($i == name) { at = i; next } }
		at { print $at }' | paste -sd ' '
}

tables() {
	ctl stats web >"$T/stats"
	check_eq "packets" "$(ctl -j stats web | jq -r '.[0] |
		"web: \(.packets) packets, \(.bytes) bytes"')" \
		"$(head -n 1 "$T/stats")"
	check_eq "shares of reasons and of backends" "$(ctl -j stats web |
		jq -r '.[0].packets as $all | .[0] |
		[(.reasons[] | select(. > 0)), .backends[].packets] |
		map(. * 10000 / $all | round) | join(" ")')" \
		"$(awk '/%/ { for (i = 1; i <= NF; i++) if ($i ~ /%$/)
			print int($i * 100 + 0.5) }' "$T/stats" | paste -sd ' ')"
	check_eq "the longest bar" 20 "$(awk '/#$/ { print length($NF) }' \
		"$T/stats" | sort -n | tail -n 1)"
	check_eq "one for each" "$(ctl -j stats web | jq '.[0] | [.reasons[],
		.backends[].packets] | map(select(. > 0)) | length')" \
		"$(grep -c '#$' "$T/stats")"

	ctl table web >"$T/table"
	check_eq "slots" "$(ctl -j table web | jq -r '[.backends[].slots] |
		join(" ")')" "$(column slots <"$T/table")"
	check_eq "spread" "$(ctl -j table web | jq -r '[.backends[] |
		(.slots - .ideal) / .ideal * 10000 | round] | join(" ")')" \
		"$(column spread <"$T/table" | tr -d '+%' | tr ' ' '\n' |
			awk '{ print int($1 * 100 + ($1 < 0 ? -0.5 : 0.5)) }' |
			paste -sd ' ')"
	check_eq "the extremes" "$(column spread <"$T/table" | tr ' ' '\n' |
		tr -d '%' | sort -n | sed -n '1s/$/%/p;$s/$/%/p' | paste -sd ' ' |
		sed 's/ / to /')" "$(sed -n '1s/.*spread //p' "$T/table")"
	check_eq "columns are aligned" 1 "$(ctl -v service show |
		sed 's/ *[^ ]*$//' | awk '{ print length }' | sort -u | wc -l)"
}

# Progress is one line that is overwritten and finally erased. It takes tables
# of this size for lbhashctl to show any.
progress() {
	local line=$'\r(checked|changed) [0-9]+ of 80 services\033\\[K'

	jq -nc '{services: [range(80) | {name: "s\(.)", size: 131101, backends: [
		{name: "a", mark: 1}, {name: "b", mark: 2}]}]}' >"$T/many"
	ctl apply "$T/many" 2>"$T/err" || fail "apply"
	check_empty "no terminal, no progress" "$(cat "$T/err")"
	ctl flush
	on_console lbhashctl -n lb apply "$T/many" >"$T/out"
	check_ge "lines of progress" 2 "$(grep -oE "$line" "$T/out" | wc -l)"
	check_empty "what is left of them" \
		"$(sed "s/.*\r${escape}\[K//" "$T/out")"
	check_eq "it was done" 80 "$(ctl -j service show | jq length)"
	ctl flush
	check_empty "a terminal that cannot erase" \
		"$(on_console env TERM=dumb lbhashctl -n lb apply "$T/many")"
	check_eq "it was done, too" 80 "$(ctl -j service show | jq length)"

	# An error message does not follow half a line of progress.
	ipt -t raw -A OUTPUT -j LBHASH --service s7
	jq -c '.services |= map(select(.name != "s7") |
		.backends[0].weight = 3)' "$T/many" >"$T/bad"
	on_console lbhashctl -n lb apply "$T/bad" >"$T/out"
	check_eq "an error after progress" \
		"lbhashctl: service s7 is used by 1 rule" \
		"$(tr -d '\n' <"$T/out" | sed "s/.*\r${escape}\[K//" | tr -d '\r')"
	check_ge "there was progress" 1 "$(grep -oE "$line" "$T/out" | wc -l)"
	ipt -t raw -F
	ctl flush
}

# --- again and again ---------------------------------------------------------

# refused SENTENCE WORD...
refused() {
	local code=0

	ctl "${@:2}" >"$T/out" 2>&1 || code=$?
	check_eq "${*:2}" "2 lbhashctl: $1" "$code $(cat "$T/out")"
}

# twice WORD...: with --exist-ok the command succeeds a second time and leaves
# the configuration unchanged
twice() {
	ctl --exist-ok "$@" || fail "--exist-ok $*"
	ctl save >"$T/once"
	ctl "$@" --exist-ok || fail "$* --exist-ok, again"
	check_same "twice: $*" "$(cat "$T/once")" "$(ctl save)"
}

exist_ok() {
	ipt -t raw -F
	ctl flush
	twice service add web size 4000 settle 7 hash src
	refused "service web exists already" service add web size 4000
	ipt -t raw -A OUTPUT -j LBHASH --service web
	twice service add web size 4000
	twice service add web
	check_eq "what is not given stays" '[4001,7,"src"]' "$(ctl -j service \
		show web | jq -c '.[0] | [.size, .settle, .hash]')"
	twice service add web settle 8
	check_eq "what is given is set" 8 "$(ctl -j service show web |
		jq '.[0].settle')"
	refused "new size moves 0.0 % of flows (in use by 1 rule): needs disruptive" \
		--exist-ok service add web size 509
	twice backend add web s1 mark 1 weight 2
	refused "backend s1 exists already" backend add web s1 mark 1
	twice backend add web s1 mark 3 state drain
	check_eq "a backend" '["s1",3,2,"drain"]' "$(ctl -j backend show web |
		jq -c '.[0] | [.name, .mark, .weight, .state]')"
	refused "mark 3 is taken by backend s1" \
		--exist-ok backend add web s2 mark 3
	refused "service new does not exist" \
		--exist-ok backend add new s1 mark 1
	check_eq "a dry run" "s1 0 4001 4001 0 0" "$(ctl --exist-ok --dry-run \
		backend add web s1 mark 3 state up |
		awk '$1 == "s1" { $1 = $1; print }')"
	check_eq "it changed nothing" drain "$(ctl -j backend show web |
		jq -r '.[0].state')"
	twice backend del web s1
	refused "backend s1 does not exist" backend del web s1
	refused "service new does not exist" --exist-ok backend del new s1
	refused "service web is used by 1 rule" --exist-ok service del web
	ipt -t raw -F
	twice service del web
	refused "service web does not exist" service del web
	refused "-:1: service web does not exist" --exist-ok -b - \
		<<<'service set web settle 1'
	refused "-:1: service web does not exist" -b - \
		<<<'service del web'
	ctl -b - <<<'service del web --exist-ok' || fail "a line of a batch"

	ctl service show --exist-ok 2>"$T/err"
	check_eq "where it means nothing" \
		"1 lbhashctl: service show: unexpected argument --exist-ok" \
		"$? $(cat "$T/err")"
	printf '%s\n' 'service add web size 251' 'backend add web s1 mark 1' \
		'backend del web s2' 'service show' >"$T/batch"
	ctl --exist-ok -b "$T/batch" >"$T/first" || fail "a batch"
	ctl --exist-ok -b "$T/batch" >"$T/second" || fail "a batch, again"
	check_eq "batches" "web web" "$(awk '/^web/ { print $1 }' \
		"$T/first" "$T/second" | paste -sd ' ')"
	ctl flush
}

load_module
host
metrics
documented
completion
colours
tables
exist_ok
progress
