#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The iptables extensions against the kernel: every case of the .t files with
# iptables-legacy and iptables-nft, for IPv4 and IPv6. Then the errors for a
# service that is missing or still in use.
#
# timeout: 600
# checks: 48
. ./lib.sh

# tables COMMAND: of the current flavour and family
tables() { lb "$FAMILY-$IPT" -w "$@"; }
save() { lb "$FAMILY-$IPT-save" -t "$1" | sed -E '/^#/d; s/\[[0-9:]+\]//'; }
restore() { lb "$FAMILY-$IPT-restore" -w "$@"; }

# for_each_family FUNCTION: in legacy and nft, for IPv4 and IPv6
for_each_family() {
	for IPT in legacy nft; do
		for FAMILY in iptables ip6tables; do
			"$@"
		done
	done
}

# --- .t files ----------------------------------------------------------------

# restored FILE WHAT: iptables-restore accepts the file silently
restored() {
	restore --noflush <"$1" >"$T/said" 2>&1 || fail "$2: $(<"$T/said")"
	[ ! -s "$T/said" ] || fail "$2: $(<"$T/said")"
}

# refuse TABLE CHAIN RULE SAYING
refuse() {
	local what="$IPT $FAMILY -t $1 -A $2 $3" rule

	read -ra rule <<<"$3"
	! tables -t "$1" -A "$2" "${rule[@]}" 2>"$T/said" ||
		fail "$what: accepted"
	grep -qF -e "$4" "$T/said" || fail "$what: says $(<"$T/said")"
}

# try_case RULE TEXT OK|FAIL: in every table and chain named above the case.
# Accepted rules are collected in TABLE.rules and TABLE.shown.
try_case() {
	local table chain

	for table in ${in_tables//,/ }; do
		for chain in ${in_chains//,/ }; do
			case $3 in
			OK)
				echo "-A $chain $1" >>"$T/$table.rules"
				echo "-A $chain ${2/#=/$1}" >>"$T/$table.shown"
				;;
			FAIL) refuse "$table" "$chain" "$1" "$2" ;;
			*) fail "no OK and no FAIL: $1;$2;$3" ;;
			esac
			tried=$((tried + 1))
		done
	done
}

# try_table TABLE: the collected rules are accepted and listed as expected, they
# survive save and restore, and the output of -S deletes them
try_table() {
	local what="$IPT $FAMILY -t $1" table=$T/$1

	(echo "*$1" && cat "$table.rules" && echo COMMIT) >"$table.add"
	restored "$table.add" "$what"
	# -S prints one chain after the other.
	tables -t "$1" -S | grep '^-A' | sort >"$table.got"
	sort "$table.shown" | diff - "$table.got" >"$T/diff" ||
		fail "$what -S: $(<"$T/diff")"

	save "$1" >"$table.saved"
	restore <"$table.saved" || fail "$what: what -save prints"
	save "$1" | diff "$table.saved" - >"$T/diff" ||
		fail "$what, saved and restored: $(<"$T/diff")"

	(echo "*$1" && sed 's/^-A/-D/' "$table.got" && echo COMMIT) >"$table.del"
	restored "$table.del" "$what"
	check_eq "$what: rules left of $(wc -l <"$table.got")" 0 \
		"$(tables -t "$1" -S | grep -c '^-A')"
	rm "$table".*
}

try_file() {
	local in_tables='' in_chains='' tried=0 rule text verdict table

	while IFS=';' read -r rule text verdict; do
		case $rule in
		'' | '#'*) ;;
		:*) in_chains=${rule#:} ;;
		\**) in_tables=${rule#\*} ;;
		*) try_case "$rule" "$text" "$verdict" ;;
		esac
	done <"$1"
	for table in "$T"/*.rules; do
		try_table "$(basename "$table" .rules)"
	done
	check_eq "$IPT $FAMILY: cases of ${1##*/}" "$2" "$tried"
}

# --- services that are missing or in use -------------------------------------

# missing RULE...: both iptables and the kernel's log name the service
missing() {
	local service=none-$IPT-$FAMILY

	! tables -t raw -A PREROUTING "${@/NAME/$service}" 2>"$T/said" ||
		fail "$IPT $FAMILY takes an unknown service"
	grep -qF "service \"$service\" does not exist" "$T/said" ||
		fail "$IPT $FAMILY says: $(<"$T/said")"
	dmesg | grep -q "xt_lbhash: .*$service" ||
		fail "$IPT $FAMILY: the kernel's log does not name $service"
	ok "$IPT $FAMILY $1 $2: service is missing, both say which"
}

# iptables-restore --test accepts a file before its services exist.
tested_only() {
	restore --test 2>"$T/said" <<-END || fail "$IPT $FAMILY-restore --test"
		*raw
		-A PREROUTING -j LBHASH --service later
		COMMIT
	END
	ok "$IPT $FAMILY-restore --test accepts an unknown service"
}

# in_use RULE...: the rule keeps the service and the module from being removed
in_use() {
	local rc

	tables -t raw -A PREROUTING "$@" || fail "$IPT $FAMILY: $*"
	ctl service del web 2>"$T/said"
	rc=$?
	check_eq "$IPT $FAMILY $1 $2: exit code of deleting its service" 2 $rc
	grep -q web "$T/said" || fail "lbhashctl says: $(<"$T/said")"
	! rmmod xt_lbhash 2>/dev/null || fail "the module left its rule"
	tables -t raw -F
	ctl service del web || fail "$IPT $FAMILY: the service does not go"
	service 1
}

load_module
add_namespace lb
service 1
for_each_family missing -j LBHASH --service NAME
for_each_family missing -m lbhash --pinned-to s1 --service NAME
for_each_family tested_only
for_each_family in_use -j LBHASH --service web
for_each_family in_use -m lbhash --pinned-to s1 --service web

for name in dns service.with_a-name-of-31-chars; do
	ctl service add "$name" size 251 || fail "service $name"
done
ctl backend add dns s1 mark 1 || fail "backend of dns"
for_each_family try_file ../xtables-ext/libxt_LBHASH.t 75
for_each_family try_file ../xtables-ext/libxt_lbhash.t 49
