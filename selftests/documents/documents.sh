#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands in documents work as written: every command of every document is
# executed, in the order of the document, in a network namespace of its own.
# Exceptions are named below, with the reason: commands that another test
# executes, and programs that a function replaces. A new command in a document
# is executed without further preparation; if that is impossible, it needs a
# test of its own.
# checks: 20
. ./lib.sh
. ./lib/documents.bash

# Documents, or sections, whose commands another test executes.
elsewhere='
doc/setup.md			setup_guide
tools/xt_lbhash.7/TRACING	trace
tools/xt_lbhash.7/CONNECTION TRACKING	neighbours
tools/xt_lbhash.7/NFTABLES	neighbours
tools/xt_lbhash.7/NETLINK	ynl
'

# Targets of make, and where they are tested.
targets='
all		everything here was built by it
deps		check begins with it
check		has called this test, or is what would
deb		is what lintian and DKMS look at in check
demo		is for people to look at
install		the packages are made by it
uninstall	install, of the host, tries both
check-packages	makes a Debian from the archive, for one thing
help		lists targets
check-debug	needs a kernel that takes half an hour to build
check-kcsan	likewise
soak		are tests of check, for longer
fuzz		are fuzzers of check, for longer
bench		takes half an hour
profile		is a boot of a bench, under a plugin of QEMU
bench-churn	is a check of the host, for longer
'

documents() {
	(cd .. && ls README.md CHANGELOG.md doc/*.md tools/*.[1-8] \
		xtables-ext/*.man)
}

# --- functions that replace programs in the shell that executes a block ------

# Checks the target's name, builds nothing.
# shellcheck disable=SC2317 # the documents call it
make() {
	local word

	for word in "${@:-all}"; do
		case $word in
		*=*) ;;
		*)
			if ! grep -hqE "^([a-z-]+ )*$word( [a-z-]+)*:" Makefile \
					selftests/{,*/}*.mk ||
				! grep -q "^$word	" <<<"$targets"; then
				echo "no target, or not known here: $word"
				return 1
			fi
			;;
		esac
	done
}

# Package installation is tested by make check-packages, systemd by
# host/packages; here only the arguments are checked.
# shellcheck disable=SC2317
apt() {
	local file

	[ "$1" = install ] || return 1
	for file in "${@:2}"; do
		file=${file##*/}
		grep -qx "Package: ${file%%_*}" debian/control || return 1
	done
}
# shellcheck disable=SC2317
systemctl() { [ -e "tools/${*: -1}.service" ]; }

# The editing that the document asks for.
# shellcheck disable=SC2317
vi() { sed -i 's/"weight": *1/"weight":2/' "$1"; }

# A command that runs until it is stopped must still be running then.
# shellcheck disable=SC2317
lbhashctl() {
	local rc=0

	case " $* " in
	*' monitor '*)
		timeout -s INT "$(seconds 1)" lbhashctl "$@" || rc=$?
		[ "$rc" -eq 0 ] || [ "$rc" -eq 124 ]
		;;
	*) command lbhashctl "$@" ;;
	esac
}

# --- executing

# host: the host of a reader: an address on the documents' networks, and the
# directory of Prometheus' node exporter
host() {
	mkdir -p /var/lib/prometheus/node-exporter
	add_namespace "$1"
	ip -n "$1" -b - <<-END
		link add lan type dummy
		link set lan up
		addr add 10.0.0.254/24 dev lan
	END
}

# execute DOCUMENT NAMESPACE COMMANDS
execute() {
	ip netns exec "$2" bash -e -o pipefail -c "cd /lbhash; $3" \
		>"$T/said" 2>&1 </dev/null ||
		fail "$1: $3: $(cat "$T/said")"
	executed=$((executed + 1))
}

# check_document DOCUMENT: execute all blocks that have no other test
check_document() {
	local document=$1 ns=${1//[^a-z]/} here executed=0 text section test
	local -A known=()

	check_empty "$document: commands in no block" "$(stray "$document")"
	while IFS=$'\t' read -r section test; do
		case $section in
		"$document"*)
			if [ "$section" = "$document" ]; then
				grep -qF "$document" ./*/"$test.sh" ||
					fail "$test: nothing of $document"
				return
			fi
			section=${section#"$document/"}
			grep -q "blocks $document .*$section" ./*/"$test.sh" ||
				fail "$test: nothing of $document, $section"
			blocks "$document" "$section"
			[ ${#block[@]} -gt 0 ] ||
				fail "$document: no commands in $section"
			for text in "${block[@]}"; do
				known[$text]=$test
			done
			;;
		esac
	done < <(tr -s '\t' <<<"$elsewhere")

	# Both .man files are parts of one page.
	[ "${document##*.}" != man ] || ns=iptables
	[ -e "/run/netns/$ns" ] || host "$ns"
	blocks "$document"
	here=("${block[@]}")
	case $document in
	*.md) mapfile -t -O "${#here[@]}" here < <(spans "$document") ;;
	esac
	for text in "${here[@]}"; do
		[ -n "${known[$text]:-}" ] || execute "$document" "$ns" "$text"
	done
	check_eq "$document: blocks, executed here" \
		"${#here[@]}, $((${#here[@]} - ${#known[@]}))" \
		"${#here[@]}, $executed"
	total=$((total + executed))
}

total=0
export -f make apt systemctl vi lbhashctl seconds
export targets
load_module
for document in $(documents); do
	check_document "$document"
done
check_ge 'blocks and commands executed' 20 "$total"
