# SPDX-License-Identifier: GPL-2.0
#
# Unit tests: each includes the pure files that it tests, of kmod/ or of tools/.

units	:= $(patsubst selftests/unit/%.c,$(B)/unit/%,\
	$(wildcard selftests/unit/*.c))

tests: $(units)

$(B)/unit/print: unitlibs := -ljansson -lmnl
sanitize := -g -fsanitize=address,undefined -fno-sanitize-recover=all

$(B)/unit/%: selftests/unit/%.c
	@mkdir -p $(@D) && echo "  CC      unit/$*"
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -Werror -MMD -MP $(sanitize) \
		-D_GNU_SOURCE -I selftests/unit/shim -I kmod -I kmod/uapi \
		-o $@ $< -lm $(unitlibs)

-include $(units:=.d)
