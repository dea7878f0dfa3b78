# SPDX-License-Identifier: GPL-2.0
#
# Tests on kernels that find mistakes in the use of memory, locks and more.

tests: $(B)/tests/nth.so
$(B)/tests/nth.so: selftests/debug/nth.c
	@mkdir -p $(@D) && echo '  CC      debug/nth'
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -Werror -shared -fPIC -o $@ $<

# The kernel first: the module is built in its build directory.
check-debug check-kcsan: DEPS += flex bison libelf-dev bc ccache
check-debug check-kcsan: check-%: deps
	@selftests/debug/build $*
	@$(MAKE) -j$(shell nproc) -O all module-$*
	@selftests/vm/check --debug $* $(T)

module-debug module-kcsan: module-%:
	@modules=$$(selftests/debug/build --root $*)/lib/modules && \
		$(MAKE) modules facts MODULES=$$modules KVERS="$$(ls $$modules)"

help::
	@echo
	@echo 'check-debug  all selftests on a kernel that finds mistakes in the use of'
	@echo '             memory, locks and more; builds it once, in half an hour'
	@echo 'check-kcsan  the same for data races'
	@echo 'module-debug, module-kcsan  only build the module for that kernel'

.PHONY: check-debug check-kcsan module-debug module-kcsan
