# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Checks of what lbhashctl prints, on top of lib.sh.
# shellcheck disable=SC2154 # shared with lib.sh

# says CODE SENTENCE WORD...: the command prints nothing but that line
says() {
	local code

	ctl "${@:3}" >"$T/out" 2>"$T/err"
	code=$?
	check_eq "${*:3}" "$1 lbhashctl: $2" "$code $(cat "$T/out" "$T/err")"
}
