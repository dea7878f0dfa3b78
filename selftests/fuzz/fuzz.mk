# SPDX-License-Identifier: GPL-2.0
#
# Fuzzers, in user space.

targets	:= flow apply words memory_model
fuzzobj	:= $(patsubst %,$(B)/fuzz/%.o,alloc ctl kernel kernel_age kernel_ops \
	$(filter-out tools/ctl/lbhashctl,$(basename $(wildcard tools/*/*.c))))
fuzzcc	= clang -std=gnu11 -g -O1 -Wall -Wextra -Werror -MMD -MP \
	-D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all \
	-I selftests/unit/shim -I kmod -I kmod/uapi

fuzzers: $(targets:%=$(B)/fuzz/%) $(B)/fuzz/versions $(B)/fuzz/memory

# With the fuzzers' model of the kernel, and a main() of their own.
$(B)/fuzz/versions $(B)/fuzz/memory: $(B)/fuzz/%: $(B)/fuzz/%.o $(fuzzobj)
	@echo "  LD      fuzz/$*"
	$(Q)clang -fsanitize=address,undefined -o $@ $^ -lmnl -ljansson

$(B)/fuzz/apply $(B)/fuzz/words: $(fuzzobj)
$(B)/fuzz/%: $(B)/fuzz/%.o
	@echo "  LD      fuzz/$*"
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ -lmnl -ljansson

$(B)/fuzz/%.o: selftests/fuzz/%.c
	@mkdir -p $(@D) && echo "  CC      fuzz/$*"
	$(Q)$(fuzzcc) -c -o $@ $<

# lbhashctl itself; redirect.h replaces its calls to the outside world.
$(B)/fuzz/tools/%.o: tools/%.c
	@mkdir -p $(@D) && echo "  CC      fuzz/tools/$*"
	$(Q)$(fuzzcc) -include selftests/fuzz/redirect.h -c -o $@ $<

fuzz: deps
	@$(MAKE) -j$(shell nproc) -O fuzzers
	@$(MAKE) -kj$(shell nproc) $(targets:%=fuzz-%)

fuzz-%: FORCE
	@echo "  FUZZ    $*" && selftests/fuzz/run $* seconds 600

help::
	@echo
	@echo 'fuzz         ten minutes each of the packet parser (fuzz-flow), of lbhashctl'
	@echo '             apply (fuzz-apply), of its command line (fuzz-words) and of the'
	@echo '             flow memory (fuzz-memory_model); short runs in check-host'
	@echo 'fuzzers      only build them'

.PHONY: fuzz fuzzers
.SECONDARY:
-include $(wildcard $(B)/fuzz/*.d $(B)/fuzz/tools/*/*.d)
