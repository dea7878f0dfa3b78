# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The commands in documents, verbatim, for tests that execute them. A block of
# commands is, in Markdown, the lines between "```sh" and "```"; in a manual page,
# a literal display or an indented paragraph that begins with the name of a
# program.
# shellcheck disable=SC2034 # shared with the tests
PROGRAMS='(lbhashctl|ip6?tables(-[a-z]+)?|ip|nft|sysctl|conntrack|bpftrace|modprobe|cd|curl|make|git|cli\.py|apt(-get)?|dpkg|dkms|systemctl|selftests/[a-z/]+)'

# blocks DOCUMENT [SECTION]: into ${block[@]}; DOCUMENT is a path from the
# project's root
blocks() {
	mapfile -d $'\001' -t block < <(list_blocks "$@")
}

list_blocks() {
	case $1 in
	*.md) blocks_of_markdown "${2:-}" <"../$1" ;;
	*) blocks_of_roff "${2:-}" <"../$1" ;;
	esac
}

blocks_of_markdown() {
	awk -v wanted="$1" '
		/^```/ {
			if (commands)
				printf "%s\001", text
			commands = !inside && $1 == "```sh" &&
				(wanted == "" || wanted == section)
			inside = !inside
			text = ""
			next
		}
		/^##* / && !inside { section = substr($0, index($0, " ") + 1) }
		{ text = text $0 "\n" }'
}

blocks_of_roff() {
	awk -v wanted="$1" -v programs="^$PROGRAMS " '
		function show() {
			if (inside && text ~ programs &&
			    (wanted == "" || wanted == section))
				printf "%s\001", text
			inside = 0
		}
		/^\.S[hH] / { show(); section = substr($0, 5); next }
		/^\.(Bd -literal|IP$|nf$|EX$)/ {
			show()
			inside = 1
			text = ""
			next
		}
		/^\.br/ { next }
		/^\.D[1l] / {
			show()
			inside = 1
			text = ""
			$0 = substr($0, 5)
		}
		/^\./ { show(); next }
		{
			gsub(/\\\(aq/, "\047")
			gsub(/\\-/, "-")
			gsub(/\\e/, "\\")
			text = text $0 "\n"
		}
		END { show() }'
}

# stray DOCUMENT: lines of Markdown that look like commands, but are in no block
# of commands
stray() {
	awk -v programs="^[ \t]*$PROGRAMS " '
		/^```/ { inside = inside ? "" : $1; next }
		inside == "```sh" { next }
		inside != "" || /^(    |\t)/ { if ($0 ~ programs) print }
	' "../$1"
}

# spans DOCUMENT: commands within sentences of Markdown, one a line; the name of
# a program with a single option is no command
spans() {
	awk '/^```/ { inside = !inside; next } !inside' "../$1" | tr '\n' ' ' |
		grep -oE "\`$PROGRAMS ([^-\`][^\`]*|-[^ \`]* [^\`]+)\`" |
		tr -d '`'
}
