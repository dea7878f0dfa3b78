# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For selftests that send packets with a script FOLDER/NAME.py: one process for
# the whole test, which answers each question with lines "WORD VALUE".

# start_packets FOLDER/NAME [WORD]...: on one CPU, so that no packet overtakes another
start_packets() {
	lb sh -c 'echo 0 >/sys/class/net/front/queues/rx-0/rps_cpus'
	coproc PACKETS { PYTHONPATH=lib exec python3 -B "$1.py" "${@:2}"; }
	# It has sent packets, which no firewall of the test must drop.
	read_answer || fail "$1 does not start"
}

read_answer() {
	local line

	: >"$T/answer"
	while IFS= read -r line; do
		[ "$line" != . ] || return 0
		echo "$line" >>"$T/answer"
	done <&"${PACKETS[0]}"
	return 1
}

# ask WORD...: send a question; got WORD: a value of the answer
ask() {
	echo "$*" >&"${PACKETS[1]}"
	read_answer || fail "$* got no answer"
}

got() { sed -n "s/^$1 //p" "$T/answer"; }
