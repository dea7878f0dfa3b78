#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What documents say to type can be typed: every command of every document is
# executed, in its order, in a network namespace of the document's own. What has
# a test of its own is named below, and so are the programs that are stood in
# for, and why. A command that is new in a document is executed without further
# ado, and fails here if it cannot be: let it have a test, then.
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

# Targets of make, and who sees to it that they work.
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

# --- those who stand in for programs, in the shell that executes a block

# Nothing is built here.
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

# Packages are installed by make check-packages, systemd is booted by packages;
# here, whether it is ours that they are told of.
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

# Somebody edits the file.
# shellcheck disable=SC2317
vi() { sed -i 's/"weight": *1/"weight":2/' "$1"; }

# What goes on until it is stopped has to be there until then.
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

# host: what a reader has: an address on the documents' networks, and a place
# where Prometheus' node exporter looks
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

# check_document DOCUMENT: all blocks of it that have no test elsewhere
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

	# Both are of the same page.
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
