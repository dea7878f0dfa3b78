# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Functions that run at the same time, again and again, on top of lib.sh.
# shellcheck disable=SC2154 # shared with lib.sh
workers=() worker_pids=()

# start_workers FUNCTION...: each one until end_workers; all its output is an
# error
start_workers() {
	local function

	rm -f "$T/stop"
	for function; do
		work_on "$function" >"$T/$function.errors" 2>&1 &
		worker_pids+=("$!")
		workers+=("$function")
	done
}

work_on() {
	local rounds=0

	until [ -e "$T/stop" ]; do
		"$1" || echo "exit $?"
		rounds=$((rounds + 1))
		echo "$rounds" >"$T/$1.rounds"
	done
}

# rounds FUNCTION N: it has ended that often
# shellcheck disable=SC2317 # called by wait_for
rounds() { [ "$(cat "$T/$1.rounds" 2>/dev/null || echo 0)" -ge "$2" ]; }

# end_workers: when each has had two rounds at least, and nothing to say
end_workers() {
	local function

	for function in "${workers[@]}"; do
		wait_for 300 rounds "$function" 2
	done
	: >"$T/stop"
	wait "${worker_pids[@]}"
	for function in "${workers[@]}"; do
		check_ge "rounds of $function" 2 "$(cat "$T/$function.rounds")"
	done
	check_empty 'what the workers had to say' "$(
		)$(cat "$T"/*.errors | sort | uniq -c | head)"
	workers=() worker_pids=()
}
