# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For benches: when functions of the kernel begin and end, by kprobes, of which
# the guest's TSC counts the instructions in between.

TRACING=/sys/kernel/tracing

# trace_probes NAME:FUNCTION...
trace_probes() {
	local probe

	for probe; do
		echo "p:lbhash/${probe%%:*} ${probe#*:}"
		echo "r:lbhash/${probe%%:*}_end ${probe#*:}"
	done >$TRACING/kprobe_events || fail 'no probes'
	echo x86-tsc >$TRACING/trace_clock
	echo 32768 >$TRACING/buffer_size_kb
}

# trace EVENT...: clear the buffer and start tracing
trace() {
	local event

	echo 0 >$TRACING/events/lbhash/enable
	for event; do
		echo 1 >"$TRACING/events/lbhash/$event/enable"
	done
	echo >$TRACING/trace
}

# events: "TSC NAME" of each. Reading makes some, too, and would not come to an
# end.
events() {
	echo 0 >$TRACING/tracing_on
	sed -nE 's/^[^#].* ([0-9]+): (\w+): .*/\1 \2/p' $TRACING/trace
	echo 1 >$TRACING/tracing_on
}

# spans NAME: instructions of each call
spans() {
	events | awk -v name="$1" '$2 == name { start = $1 }
		$2 == name "_end" && start { print $1 - start; start = 0 }'
}

least() { spans "$1" | sort -n | head -n 1; }
