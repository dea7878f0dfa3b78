#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lbhashctl against the kernel: its refusals and their words, its output, and
# the whole configuration at once, small and large.
#
# timeout: 600
# kmemleak: yes
# lbhashctl: san
# checks: 332
. ./lib.sh
. ./lib/ctl.bash

V6=2001:db8::

# does WORD...: the command succeeds silently
does() {
	ctl "$@" >"$T/out" 2>&1 || fail "$*: $(cat "$T/out")"
	[ ! -s "$T/out" ] || fail "$* said: $(cat "$T/out")"
	ok "$*"
}

# prints TEXT WORD...
prints() {
	local got

	got=$(ctl "${@:2}" 2>&1)
	[ "$1" = "$got" ] || fail "${*:2}: want $1, got $got"
	ok "${*:2}"
}

# shape FILTER JSON WORD...: the command's JSON after jq's FILTER
shape() {
	check_eq "${*:3} | $1" "$2" "$(ctl -j "${@:3}" | jq -c "$1")"
}

count() { ctl -j service show | jq length; }

# --- nothing to talk to ------------------------------------------------------

no_module() {
	local loader command

	loader=$(</proc/sys/kernel/modprobe)
	[ ! -e /sys/module/xt_lbhash ] || rmmod xt_lbhash ||
		fail "the module is in use"
	echo /bin/false >/proc/sys/kernel/modprobe
	for command in "service show" "backend show web" save flush \
		"service add web" "table web" stats; do
		# shellcheck disable=SC2086
		says 2 'the xt_lbhash module is not loaded (modprobe xt_lbhash)' \
			$command
	done
	prints '{"lbhashctl":"'"$(ctl -V | cut -d' ' -f2)"'","xt_lbhash":null}' \
		-j version
	echo "$loader" >/proc/sys/kernel/modprobe
	shape . '[]' service show
	[ -e /sys/module/xt_lbhash ] || fail "asking did not load the module"
	check_eq "version of the module" "$(cat /sys/module/xt_lbhash/version)" \
		"$(ctl -j version | jq -r .xt_lbhash)"
}

# as_nobody WORD...: without any capability
as_nobody() {
	lb setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all lbhashctl "$@" 2>&1
}

no_privilege() {
	local no='Operation not permitted (needs CAP_NET_ADMIN in this network namespace)'
	local what words

	check_eq "nobody looks" '[]' "$(as_nobody -j service show)"
	while IFS='|' read -r what words; do
		# shellcheck disable=SC2086
		check_eq "nobody: $what $words" "lbhashctl: $what: $no" \
			"$(as_nobody $what $words)"
	done <<-END
		service add web|
		service set web|settle 1
		service del web|
		backend add web s1|mark 1
		backend set web s1|weight 2
		backend del web s1|
		flush web|
		apply $T/web.json|
	END
	as_nobody service add web >"$T/err"
	check_eq "exit code" 2 $?
	check_eq "nobody: -n" "lbhashctl: -n lb: Operation not permitted" \
		"$(as_nobody -n lb service show)"
	check_eq "another user namespace" "lbhashctl: service add web: $no" \
		"$(lb unshare -Ur lbhashctl service add web 2>&1)"
	check_eq "services after all that" 0 "$(count)"
	check_eq "one's own network namespace" 1 "$(unshare -Urn sh -c \
		'lbhashctl service add web && lbhashctl -j service show' |
		jq length)"
}

# --- what is wrong with a command --------------------------------------------

wrong_words() {
	local objects='service, backend, apply, save, flush, lookup, table, stats, memory, set, monitor, metrics, version'
	local name='must be 1..31 of A-Za-z0-9_.-, not starting with a dash'
	local settings='size, hash, seed, mask, on-empty, settle, track, deliver, idle, udp-idle, settle-max, sample, disruptive, dry-run'
	local long=aaaaaaaaaabbbbbbbbbbccccccccccdd

	says 1 "frobnicate: unknown object ($objects)" frobnicate
	says 1 "s: ambiguous object (service, save, stats, set)" s
	says 1 ": unknown object ($objects)" ""
	says 1 "two?lines: unknown object ($objects)" $'two\nlines'
	says 1 "-x: unknown option" -x
	says 1 "-x: unknown option" -jx
	says 1 "--json5: unknown option" --json5
	says 1 "--json=1: unknown option" -p --json=1
	says 1 "--dry-run=1: unknown option" --dry-run=1
	says 1 "-b: an argument is missing" -b
	says 1 "save: unexpected argument after -b" -b /dev/null save
	says 1 "-n nowhere: no such network namespace" -n nowhere save
	says 1 "-n ../net: must be the name of a network namespace" -n ../net save
	says 1 "service: a command is missing (lbhashctl help service)" service
	says 1 "s: ambiguous command (set, show)" service s
	says 1 "move: unknown command (add, set, del, show)" service move web
	says 1 "service add: NAME is missing$(synopsis service add)" service add
	says 1 "backend del web: NAME is missing$(synopsis backend del)" backend del web
	says 1 "lookup: SERVICE is missing$(synopsis lookup)" lookup
	says 1 "apply: FILE|- is missing$(synopsis apply)" apply
	says 1 "save: unexpected argument web$(synopsis save)" save web
	says 1 "now: unknown keyword (dry-run)" service del web now
	says 1 "backend show web s1: unexpected argument s2$(synopsis backend show)" backend show web s1 s2
	says 1 "service : $name" service add ""
	says 1 "service -web: $name" service add -web
	says 1 "service a/b: $name" service show a/b
	says 1 "service wéb: $name" flush wéb
	says 1 "service $long: $name" service add "$long"
	says 1 "backend a b: $name" backend add web "a b" mark 1
	says 1 "backend $long: $name" backend del web "$long"
	says 1 "siz3: unknown keyword ($settings)" service add new siz3 300
}

wrong_settings() {
	local range='must be 251..1048573'
	local fields='proto, src, dst, sport, dport, symmetric'
	local value

	for value in 250 1048574 -1 +300 ten 0x 1e3 300.0 4294967296 \
		18446744073709551916 0xfg ' 300' ''; do
		says 1 "size $value: $range" service add new size "$value"
	done
	says 1 "size: N is missing$(synopsis service add)" service add new size
	says 1 "size: given twice$(synopsis service add)" service add new size 300 size 300
	says 1 "se: ambiguous keyword (seed, settle, settle-max)" service add new se 1
	says 1 "settle 604801: must be 0..604800" service add new settle 604801
	for value in 0 604801 -1 1.5 never; do
		says 1 "idle $value: must be 1..604800" \
			service add new idle "$value"
		says 1 "udp-idle $value: must be 1..604800" \
			service add new udp-idle "$value"
	done
	says 1 "settle-max 604801: must be 0..604800" \
		service add new settle-max 604801
	says 1 "settle-max none: must be 0..604800" \
		service add new settle-max none
	says 1 "sample 1048574: must be 0..1048573" \
		service add new sample 1048574
	says 2 "settle-max 599 is less than settle 600" \
		service add new settle-max 599
	says 2 "settle-max 1 is less than settle 2" \
		service add new settle-max 1 settle 2
	says 1 "mask 0: must be 1..0xffffffff" service add new mask 0
	says 1 "mask 0x100000000: must be 1..0xffffffff" \
		service add new mask 0x100000000
	says 1 "on-empty pass: must be one of drop, continue" \
		service add new on-empty pass
	says 1 "seed 12: must be 32 hex digits" service add new seed 12
	says 1 "seed 0123456789abcdef0123456789abcdeg: must be 32 hex digits" \
		service add new seed 0123456789abcdef0123456789abcdeg
	says 1 "hash src,port: unknown field \"port\" ($fields)" \
		service add new hash src,port
	says 1 "hash src,: unknown field \"\" ($fields)" service add new hash src,
	says 1 "hash src,src: src: given twice" service add new hash src,src
	says 1 "hash src/24,src: src: given twice" \
		service add new hash src/24,src
	says 1 "hash src/24,src/16: src/16: more than one IPv4 prefix" \
		service add new hash src/24,src/16
	says 1 "hash src/0: src/0: prefix must be 1..128" \
		service add new hash src/0
	says 1 "hash dst/129: dst/129: prefix must be 1..128" \
		service add new hash dst/129
	says 1 "hash proto/8: proto takes no prefix" service add new hash proto/8
	says 1 "hash symmetric: symmetric needs another field" \
		service add new hash symmetric
	says 2 "symmetric hash needs src with dst, sport with dport, equal prefixes" \
		service add new hash src,symmetric
	says 1 "service set web: nothing to change$(synopsis service set)" service set web

	says 1 "backend add web s9: mark is missing$(synopsis backend add)" backend add web s9
	says 1 "backend set web s9: nothing to change$(synopsis backend set)" backend set web s9
	says 1 "mark 0: must be 1..0xffffffff" backend add web s9 mark 0
	says 1 "weight 65536: must be 0..65535" \
		backend add web s9 mark 9 weight 65536
	says 1 "state dead: must be one of up, drain, down" \
		backend set web s1 state dead
	says 1 "address 10.0.0: must be an IPv4 or IPv6 address or none" \
		backend set web s1 address 10.0.0
	says 1 "address 0.0.0.0: must not be the unspecified address" \
		backend set web s1 address 0.0.0.0
	says 1 "address 10.0.0.2: more than one IPv4 address" \
		backend set web s1 address 10.0.0.1 address 10.0.0.2
	says 1 "address none: none cannot be combined with an address" \
		backend set web s1 address 10.0.0.1 address none

	says 1 "lookup web: proto is missing$(synopsis lookup)" lookup web src 10.0.0.1
	says 1 "lookup web: dst is missing$(synopsis lookup)" lookup web proto tcp src 10.0.0.1
	says 1 "proto 256: must be tcp, udp or 0..255" lookup web proto 256
	says 1 "src 10.0.0.1:65536: port must be 0..65535" \
		lookup web src 10.0.0.1:65536
	says 1 "src [::1:80: must be ADDR or ADDR:PORT, as in 192.0.2.1:80 or [::1]:80" \
		lookup web src [::1:80
	says 1 "lookup web: src and dst must both be IPv4 or both be IPv6" \
		lookup web proto tcp src 10.0.0.1 dst ::1
}

# Names that do not fit what exists, marks that clash.
wrong_objects() {
	does service add web size 251 mask 0xff
	does backend add web s1 mark 1
	does backend add web s2 mark 2
	says 2 "service web exists already" service add web
	says 2 "service new does not exist" service set new settle 1
	says 2 "service new does not exist" service del new
	says 2 "service new does not exist" service show new
	says 2 "service new does not exist" backend add new s1 mark 1
	says 2 "service new does not exist" flush new
	says 2 "service new does not exist" table new
	says 2 "service new does not exist" \
		lookup new proto tcp src 10.0.0.1 dst 10.0.0.2
	says 2 "backend show new: service does not exist" backend show new
	says 2 "stats new: service does not exist" stats new
	says 2 "backend s1 exists already" backend add web s1 mark 3
	says 2 "backend s3 does not exist" backend set web s3 weight 1
	says 2 "backend s3 does not exist" backend del web s3
	says 2 "backend s3 does not exist" backend show web s3
	says 2 "mark 1 is taken by backend s1" backend add web s3 mark 1
	says 2 "mark 1 is taken by backend s1" backend add web a3 mark 1
	says 2 "mark 1 is taken by backend s1" backend set web s2 mark 1
	says 2 "mark 256 is outside mask 0xff" backend add web s3 mark 0x100
	says 2 "mark 2 is outside mask 0xfd" service set web mask 0xfd
	ipt -t raw -A PREROUTING -j LBHASH --service web
	says 2 "service web is used by 1 rule" service del web
	says 2 "service web is used by 1 rule" flush
	says 2 "new seed moves 50.1 % of flows (in use by 1 rule): needs disruptive" \
		service set web seed 00000000000000000000000000000000
	says 2 "new size moves 48.9 % of flows (in use by 1 rule): needs disruptive" \
		service set web size 509
	does service set web size 509 disruptive
	ipt -t raw -F
	does service del web
}

# --- what it prints ----------------------------------------------------------

answers() {
	local digest slot seed=00112233445566778899aabbccddeeff

	does flush
	does service add web size 252 hash dst/64,src/24,proto seed $seed \
		mask 0xff on-empty continue settle 7 idle 20 udp-idle 5 \
		settle-max 40 sample 100
	does b a web s2 m 2 w 3 a 192.0.2.2 a ${V6}2
	does backend add web s1 mark 0x1 state drain
	digest=$(ctl -j service show web | jq -r '.[0].digest')
	[[ $digest =~ ^[0-9a-f]{16}$ ]] || fail "digest $digest"
	prints "name  size  hash                 mask  on-empty  settle  track   deliver  backends  rules  digest
web    257  proto,src/24,dst/64  0xff  continue       7  always  mark            2      0  $digest" \
		service show
	prints "name  size  hash                 seed                              mask  on-empty  settle  track   deliver  idle  udp-idle  settle-max  sample  backends  rules  generation  digest
web    257  proto,src/24,dst/64  $seed  0xff  continue       7  always  mark       20         5          40     100         2      0           3  $digest" \
		-v service show web
	shape . "[{\"name\":\"web\",\"size\":257,\"hash\":\"proto,src/24,dst/64\",\"seed\":\"$seed\",\"mask\":255,\"on_empty\":\"continue\",\"settle\":7,\"track\":\"always\",\"deliver\":\"mark\",\"idle\":20,\"udp_idle\":5,\"settle_max\":40,\"sample\":100,\"digest\":\"$digest\",\"generation\":3,\"rules\":0,\"backends\":2,\"transition_slots\":0,\"settles_in\":null,\"holding\":0}]" \
		service show web
	prints "name  mark  weight  state  slots  address
s1    0x1        1  drain      0  -
s2    0x2        3  up       257  192.0.2.2 ${V6}2" \
		backend show web
	shape . '[{"name":"s1","mark":1,"weight":1,"state":"drain","addresses":[],"slots":0}]' \
		backend show web s1
	slot=$(ctl -j lookup web proto udp src 192.0.2.1:5 dst 192.0.2.2 |
		jq .slot)
	prints "web slot $slot owner s2 backend s2 mark 0x2 reason picked" \
		lookup web proto udp src 192.0.2.1:5 dst 192.0.2.2
	shape 'del(.slot)' '{"service":"web","owner":"s2","previous":null,"pinned":null,"backend":"s2","mark":2,"reason":"picked"}' \
		lookup web dst "[${V6}1]:53" src ${V6}2 proto 17
	prints "web: 257 slots, digest $digest, spread +0.00% to +0.00%
  backend   ideal  slots  spread    share
  s1         0.00      0       -    0.00%
  s2       257.00    257  +0.00%  100.00%  ####################" table web
	shape . "{\"service\":\"web\",\"size\":257,\"digest\":\"$digest\",\"backends\":[{\"name\":\"s1\",\"slots\":0,\"ideal\":0},{\"name\":\"s2\",\"slots\":257,\"ideal\":257}]}" \
		table web
	shape '.slots | [unique, length]' '[["s2"],257]' -v table web
	prints "web: 0 packets, 0 bytes
  backend  mark  bytes  connections  packets
  s1       0x1       0            0        0
  s2       0x2       0            0        0" stats
	shape . '[{"service":"web","packets":0,"bytes":0,"reasons":{"pinned":0,"picked":0,"previous":0,"repicked":0,"adopted":0,"reopened":0,"stateless":0,"related":0,"empty":0,"malformed":0},"backends":[{"name":"s1","mark":1,"packets":0,"bytes":0,"connections":0,"unforwarded":0,"unresolved":0,"openers_given":0,"openers_went_on":0,"openers_repeated":0},{"name":"s2","mark":2,"packets":0,"bytes":0,"connections":0,"unforwarded":0,"unresolved":0,"openers_given":0,"openers_went_on":0,"openers_repeated":0}]}]' \
		stats web
}

formats() {
	check_eq "-p is -j, indented" "$(ctl -j backend show web)" \
		"$(ctl -p backend show web | jq -c .)"
	check_eq "lines of -p" 21 "$(ctl -p backend show web | wc -l)"
	check_eq "save -j is save on a line" "$(ctl save | jq -c .)" \
		"$(ctl -j save)"
	prints "backend: the real servers of a service

  backend add SERVICE NAME mark N [weight W] [state up|drain|down] [address ADDR|none]... [dry-run]
      add a backend to a service
  backend set SERVICE NAME [mark N] [weight W] [state up|drain|down] [address ADDR|none]... [dry-run]
      change the given settings, keep the others
  backend del SERVICE NAME [dry-run]
      delete a backend; its connections are reassigned
  backend show SERVICE [NAME]
      show one backend of a service, or all

  mark N                  mark of the packets: not 0, unique in the service, within its mask
  weight W                share of the slots, relative to other backends, 0..65535; 1 by default
  state up|drain|down     drain: takes no new connections; down: keeps no connections
  address ADDR|none       next hop for --forward, one IPv4 and one IPv6 address; none: remove both
  dry-run                 change nothing, print what would change" help backend
	check_eq "OBJECT help is help OBJECT" "$(ctl help service)" \
		"$(ctl service help)"
	check_eq "help names every object" 13 "$(ctl help |
		grep -cE '^  (service|backend|apply|save|flush|lookup|table|stats|memory|set|monitor|metrics|version) ')"
	lbhashctl >"$T/out" 2>"$T/err"
	check_eq "no arguments" 1 $?
	check_eq "no arguments are no error line" "$(lbhashctl help)" \
		"$(cat "$T/err")"
	ctl save 2>"$T/err" >/dev/full
	check_eq "a full disk" "2 lbhashctl: standard output: No space left on device" \
		"$? $(cat "$T/err")"
}

# Bits that the settings of a service or a backend do not name stay as they are.
changes() {
	does flush
	does service add web size 251 settle 7
	does backend add web s1 mark 1 weight 2 address 192.0.2.1
	does backend set web s1 address ${V6}1
	does backend set web s1 state down
	prints "name  mark  weight  state  slots  address
s1    0x1        2  down       0  192.0.2.1 ${V6}1" backend show web s1
	does backend set web s1 address none
	does service set web on-empty continue
	shape '.[0] | [.size, .settle, .on_empty]' '[251,7,"continue"]' \
		service show web
	does service set web hash src
	shape '.[0].hash' '"src"' service show web
	does service set web hash src/64
	shape '.[0].hash' '"src/64"' service show web
	does service set web hash symmetric,src/8,src/33,dst/33,dst/8
	shape '.[0].hash' '"src/8,src/33,dst/8,dst/33,symmetric"' \
		service show web
	does backend add web s2 mark 2
	does backend del web s1
	shape 'map(.name)' '["s2"]' backend show web
	does flush web
	shape . '[]' backend show web
	shape '[.backends, (.slots | unique)]' '[[],[null]]' -v table web
	shape 'del(.slot)' '{"service":"web","owner":null,"previous":null,"pinned":null,"backend":null,"mark":null,"reason":"empty"}' \
		lookup web proto tcp src 10.0.0.1:1 dst 10.0.0.2:2
	does flush
	shape . '[]' service show
}

batches() {
	local i

	printf '%s\n' '# a comment' '' 'service add web size 251 # web' \
		$'\tbackend add web s1  mark 1\t' 'backend add web s1 mark 2' \
		'backend add web s2 mark 2' >"$T/batch"
	says 2 "$T/batch:5: backend s1 exists already" -b "$T/batch"
	shape 'map(.name)' '["s1"]' backend show web
	says 1 "-:2: weight many: must be 0..65535" -b - \
		<<<$'backend set web s1 weight 3\nbackend set web s1 weight many'
	shape '.[0].weight' 3 backend show web
	says 1 "-:2: line contains a zero byte" -b - < <(printf '#\nflush\0web\n')
	says 1 "$T/none: No such file or directory" -b "$T/none"
	says 1 "$T: Is a directory" -b "$T"

	for ((i = 0; i < 1000; i++)); do
		echo "lookup web proto tcp src 10.0.0.1:$i dst 10.0.0.2:80"
	done >"$T/batch"
	check_eq "1000 lookups" "1000 1" "$(ctl -j -b "$T/batch" |
		jq -s -r '"\(length) \(map(.backend == "s1") | unique | length)"')"
}

# --- the whole configuration at once -----------------------------------------

# same NAME: the configuration is $T/saved
same() {
	ctl save >"$T/now" || fail "save"
	cmp -s "$T/saved" "$T/now" || fail "$1: $(diff "$T/saved" "$T/now")"
	ok "$1"
}

saves() {
	does flush
	ctl save >"$T/saved"
	does apply "$T/saved"
	same "save | apply of nothing"
	cat >"$T/batch" <<-END
		service add web size 4000 mask 0xffff00 settle 0
		service add a hash src/24,src/64 seed 00112233445566778899aabbccddeeff idle 1 udp-idle 604800 settle-max 604800 sample 1048573
		service add Z.z_- size 251 on-empty continue hash proto,src,dst,symmetric
		backend add web s1 mark 0x100 weight 0 address 192.0.2.1
		backend add web s10 mark 0xff00 weight 65535 address ${V6}a
		backend add web a mark 0x200 state drain address ${V6}b address 192.0.2.9
		backend add Z.z_- s1 mark 0xffffffff state down
	END
	does -b "$T/batch"
	shape '.services[] | [.name, .size, .hash, .mask, .on_empty, .settle]' \
'["Z.z_-",251,"proto,src,dst,symmetric",4294967295,"continue",600]
["a",65537,"src/24,src/64",4294967295,"drop",600]
["web",4001,"proto,src,dst,sport,dport",16776960,"drop",0]' save
	shape '.services[] | [.idle, .udp_idle, .settle_max, .sample]' \
'[300,30,0,0]
[1,604800,604800,1048573]
[300,30,0,0]' save
	shape '.services[].backends[]' \
"{\"name\":\"s1\",\"mark\":4294967295,\"weight\":1,\"state\":\"down\",\"addresses\":[]}
{\"name\":\"a\",\"mark\":512,\"weight\":1,\"state\":\"drain\",\"addresses\":[\"192.0.2.9\",\"${V6}b\"]}
{\"name\":\"s1\",\"mark\":256,\"weight\":0,\"state\":\"up\",\"addresses\":[\"192.0.2.1\"]}
{\"name\":\"s10\",\"mark\":65280,\"weight\":65535,\"state\":\"up\",\"addresses\":[\"${V6}a\"]}" save
	shape '.services[] | select(.name == "a").seed' \
		'"00112233445566778899aabbccddeeff"' save
	ctl save >"$T/saved"
	ctl -j service show | jq 'map({name, digest})' >"$T/digests"
	does apply "$T/saved"
	same "save | apply onto itself"
	does flush
	check_eq "services after flush" 0 "$(count)"
	does apply - <"$T/saved"
	same "save | apply after flush"
	check_eq "digests after all that" "$(cat "$T/digests")" \
		"$(ctl -j service show | jq 'map({name, digest})')"
	jq '.services |= reverse | .services[].backends |= reverse' \
		"$T/saved" >"$T/json"
	does apply "$T/json"
	same "the order in the file does not matter"

	echo '{"services":[{"name":"web","mask":"0xff","backends":[{"name":"s1","mark":"0x7"}]}]}' >"$T/json"
	does apply "$T/json"
	shape '.[0] | del(.seed, .digest, .generation)' \
		'{"name":"web","size":65537,"hash":"proto,src,dst,sport,dport","mask":255,"on_empty":"drop","settle":600,"track":"always","deliver":"mark","idle":300,"udp_idle":30,"settle_max":0,"sample":0,"rules":0,"backends":1,"transition_slots":0,"settles_in":null,"holding":0}' \
		service show
	shape . '[{"name":"s1","mark":7,"weight":1,"state":"up","addresses":[],"slots":65537}]' \
		backend show web
}

# bad CODE SENTENCE FILTER: apply refuses a file that changes the first service
# and then has the error that the filter adds
bad() {
	jq "$3" "$T/good" >"$T/bad" || fail "jq $3"
	says "$1" "${2/FILE/$T\/bad}" apply "$T/bad"
	same "it changed nothing"
}

changes_nothing() {
	local at='FILE: services[1]'

	echo '{"services":[{"name":"a","size":251,"backends":[{"name":"s1","mark":1}]},{"name":"used","size":251},{"name":"spare","size":251}]}' >"$T/json"
	does apply "$T/json"
	ipt -t raw -A PREROUTING -j LBHASH --service used
	ctl save >"$T/saved"
	jq '.services |= map(select(.name != "spare")) |
		.services[0].backends += [{name: "s2", mark: 2}]' \
		"$T/saved" >"$T/good"

	says 1 "$T/none: No such file or directory" apply "$T/none"
	says 1 "$T: Is a directory" apply "$T"
	says 1 "-: line 1 column 0: '[' or '{' expected near end of file" \
		apply - </dev/null
	head -c -3 "$T/good" >"$T/bad"
	ctl apply "$T/bad" 2>"$T/err" && fail "half a file was applied"
	check_eq "half a file" 1 "$(wc -l <"$T/err")"
	same "it changed nothing"
	for filter in '[]' '{}' '{services: {}}' '. + {other: 1}'; do
		bad 1 "FILE: must be an object whose keys are services, a list, and perhaps memory" \
			"$filter"
	done
	bad 1 "$at: must be an object" '.services[1] = 1'
	bad 1 "$at.name: is missing" 'del(.services[1].name)'
	bad 1 "$at.name: must be a string" '.services[1].name = 1'
	bad 1 "$at.name: must be unique" '.services[1].name = "a"'
	bad 1 "$at.name: must be 1..31 of A-Za-z0-9_.-, not starting with a dash" \
		'.services[1].name = "a b"'
	bad 1 "$at.colour: unknown key" '.services[1].colour = "red"'
	bad 1 "$at.size: must be 251..1048573" '.services[1].size = 0'
	bad 1 "$at.size: must be a whole number" '.services[1].size = "509"'
	bad 1 "$at.settle: must be a whole number" '.services[1].settle = 0.5'
	bad 1 "$at.idle: must be 1..604800" '.services[1].idle = 0'
	bad 1 "$at.udp_idle: must be 1..604800" '.services[1].udp_idle = 604801'
	bad 1 "$at.udp-idle: unknown key" '.services[1]["udp-idle"] = 30'
	bad 1 "$at.settle_max: must be a whole number" \
		'.services[1].settle_max = null'
	bad 1 "$at.sample: must be 0..1048573" '.services[1].sample = 1048574'
	bad 1 "$at.mask: must be 1..0xffffffff" '.services[1].mask = -1'
	bad 1 "$at.mask: must be a whole number or a string" \
		'.services[1].mask = true'
	bad 1 "$at.seed: must be 32 hex digits" '.services[1].seed = "0x12"'
	bad 1 "$at.hash: src: given twice" '.services[1].hash = "src,src"'
	bad 1 "$at.hash: must be a string" '.services[1].hash = ["src"]'
	bad 1 "$at.on_empty: must be one of drop, continue" \
		'.services[1].on_empty = "pass"'
	bad 1 "$at.backends: must be a list of objects" '.services[1].backends = {}'
	at+='.backends[1]'
	backend() {
		bad 1 "$at$1" ".services[1].backends = [{name: \"s1\", mark: 1, addresses: [\"::1\"]}, $2]"
	}
	backend ": must be an object" '"s2"'
	backend ".name: must be unique" '{name: "s1", mark: 2}'
	backend ".mark: is missing" '{name: "s2"}'
	backend ".mark: must be 1..0xffffffff" '{name: "s2", mark: 0}'
	backend ".mark: must be 1..0xffffffff" '{name: "s2", mark: "many"}'
	backend ".mark: 0x1 is taken by backend s1" '{name: "s2", mark: "0x1"}'
	backend ".weight: must be 0..65535" '{name: "s2", mark: 2, weight: 65536}'
	backend ".state: must be one of up, drain, down" \
		'{name: "s2", mark: 2, state: "UP"}'
	backend ".addresses: must be a list of strings" \
		'{name: "s2", mark: 2, addresses: "::1"}'
	backend ".addresses[0]: must be a string" \
		'{name: "s2", mark: 2, addresses: [1]}'
	backend ".addresses[1]: more than one IPv6 address" \
		'{name: "s2", mark: 2, addresses: ["::1", "::2"]}'
	backend ".slots: unknown key" '{name: "s2", mark: 2, slots: 3}'
	bad 1 "FILE: services[0].backends[1].mark: 0x2 is outside mask 0x1" \
		'.services[0].mask = 1'

	# Only the kernel can find these errors.
	bad 2 "service used is used by 1 rule" 'del(.services[1])'
	bad 2 "service used: new size moves 0.0 % of flows (in use by 1 rule): needs disruptive" \
		'.services[1].size = 509'
	bad 2 "service used: new seed moves 0.0 % of flows (in use by 1 rule): needs disruptive" \
		'.services[1].seed = "00112233445566778899aabbccddeeff"'
	bad 2 "service used: symmetric hash needs src with dst, sport with dport, equal prefixes" \
		'.services[1].hash = "src,symmetric"'

	does apply "$T/good"
	shape 'map([.name, .backends])' '[["a",2],["used",0]]' service show
	jq '.services[1].size = 509' "$T/good" >"$T/json"
	does apply "$T/json" disruptive
	shape 'map(.size)' '[251,509]' service show
	ipt -t raw -F
	does flush
}

# many N NAME JSON: N objects named NAME and a number, with the members in JSON,
# where . is the number
many() {
	jq -nc --arg name "$2" "[range($1) | {name: (\$name + tostring)} + $3]"
}

large() {
	jq -c '{services: [{name: "web", size: 4099, backends: .}]}' \
		<<<"$(many 4096 a-backend-with-a-long-name- \
		'{mark: (. + 1), addresses: ["192.0.2.1", "2001:db8:1:2:3:4:5:6"]}')" \
		>"$T/json"
	says 0 "service web: warning: fewer than 100 slots per backend, shares are uneven" \
		apply "$T/json"
	shape '[length, (map(.slots) | add), (map(.mark) | unique | length)]' \
		'[4096,4099,4096]' backend show web
	shape '.[0].backends | length' 4096 stats web
	shape '[(.backends | length), (.backends | map(.slots) | add), (.slots | length)]' \
		'[4096,4099,4099]' -v table web
	ctl save >"$T/saved"
	does flush web
	shape . '[]' backend show web
	ctl apply "$T/saved" 2>/dev/null || fail "apply of 4096 backends"
	same "save | apply of 4096 backends"

	jq -c '{services: .}' <<<"$(many 1000 service- \
		'{size: 251, backends: [{name: "s1", mark: (. + 1)}]}')" >"$T/json"
	does apply "$T/json"
	shape '[length, (map(.name) | unique | length)]' '[1000,1000]' \
		service show
	shape 'map(.backends | length) | add' 1000 stats
	ctl save >"$T/saved"
	does apply "$T/saved"
	same "save | apply of 1000 services"
	does flush
	check_eq "services after flush" 0 "$(count)"
}

# --- one after the other -----------------------------------------------------

add_namespace lb
echo '{"services":[{"name":"web"}]}' >"$T/web.json"
chmod -R a+rX "$T"
no_module
no_privilege
wrong_words
wrong_settings
wrong_objects
answers
formats
changes
batches
saves
changes_nothing
large
