# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For scripts that prove that the runner can fail: tests, and the result that it
# has to print for each.
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
tests=()

# expect WORD NAME [WHY] <<SCRIPT; the reason begins with WHY
expect() {
	cat >"$work/sc_$2.sh"
	echo "$1 sc_$2${3:+: $3}" >>"$work/expected"
	tests+=("sc_$2")
}

# run_expected KERNEL SUM: fails when anything is not as expected
run_expected() {
	"$vm/run" -k "$1" -d "$work" "${tests[@]}" >"$work/output"
	cat "$work/output"
	sed -nE "s/^(pass|fail|skip) +$1 +([a-z_]+), [0-9]+ s/\1 \2/p" \
		"$work/output" | sort | awk '
		NR == FNR { want[++n] = $0; next }
		index($0, want[FNR]) != 1 {
			print "want: " want[FNR] "\ngot:  " $0
			wrong = 1
		}
		END { exit wrong || FNR != n }' <(sort "$work/expected") - &&
		[ "$(tail -n 1 "$work/output")" = "$2" ]
}
