# SPDX-License-Identifier: GPL-2.0
#
# Static checks: style, sparse, kernel-doc, semantic patches, analyzers.

linux	:= linux-source-6.12
written	= $(shell find $(1) -name '*.[ch]' | xargs grep -L YNL-GEN | sort)
sources	= $(filter-out kmod/uapi/%,$(call written,kmod))
others	= $(call written,kmod/uapi xtables-ext tools selftests)
scripts	= $(shell grep -rlE '^(\#!/bin/bash|\# shellcheck shell=)' \
	.ci kmod tools selftests)
pages	= $(wildcard tools/*.[78])

# Rules of checkpatch that hold for the kernel only; and messages stay on one
# line.
user	:= LONG_LINE_STRING,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,BIT_MACRO
user	:= $(user),STRNCPY,PREFER_FALLTHROUGH,NEW_TYPEDEFS,MACRO_ARG_UNUSED

# From Debian's kernel source, when needed; never committed.
unpacked := $(B)/linux/scripts/checkpatch.pl
$(unpacked) $(B)/linux/tools/net/ynl/cli.py &: /usr/src/$(linux).tar.xz
	@mkdir -p $(B)/linux && echo '  UNPACK  checkpatch, coccinelle, ynl'
	$(Q)tar -C $(B)/linux --strip-components=1 -m -xf $< \
		$(addprefix $(linux)/scripts/,checkpatch.pl spelling.txt \
		const_structs.checkpatch coccinelle) \
		$(addprefix $(linux)/tools/net/ynl/,cli.py lib)

checkpatch = $(unpacked) --no-tree --strict \
	--terse --quiet --no-summary --max-line-length=80 --file

style: style-kernel style-user style-shell style-pages

# checkpatch does not know the form of the kernel's tracepoints, nor of a macro
# that is two loops with one counter.
style-kernel: $(unpacked)
	$(Q)$(checkpatch) $(filter-out %/trace.h %/transition.h,$(sources))
	$(Q)$(checkpatch) --ignore MACRO_ARG_REUSE,COMPLEX_MACRO kmod/transition.h
	$(Q)$(checkpatch) --ignore PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE \
		kmod/trace.h
	$(Q)$(checkpatch) $(wildcard selftests/tracking/facts/*.c)

style-user: $(unpacked)
	$(Q)$(checkpatch) --ignore $(user) $(others)

style-shell:
	$(Q)shellcheck -x -P selftests:selftests/bench $(scripts)

style-pages: extensions
	$(Q)mandoc -T lint -W warning $(pages) $(B)/xtables/iptables-lbhash.8

# A fresh build each time: what was compiled before does not warn again. Kernel
# headers without checker-valid.sh take sparse for broken unless KBUILD_CHECKSRC
# is set on the command line.
sparse: $(KVERS:%=sparse-%)
sparse-%:
	@rm -rf $(B)/sparse/$* && mkdir -p $(B)/sparse/$* && \
		cp -R Kbuild kmod selftests/tracking/facts $(B)/sparse/$*
	$(Q)for dir in $(B)/sparse/$* $(B)/sparse/$*/facts; do \
		$(MAKE) -s -C /lib/modules/$*/build M=$$dir W=1 C=2 \
			CF='-D__CHECK_ENDIAN__ -include $(CURDIR)/selftests/static/sparse.h' \
			KBUILD_CHECKSRC=2 KCFLAGS=-Werror \
			CONFIG_DEBUG_INFO_BTF_MODULES= modules || exit 1; \
	done >$(B)/sparse/$*.log 2>&1 || { cat $(B)/sparse/$*.log; exit 1; }
	@! grep -E 'warning|error|WARNING|ERROR' $(B)/sparse/$*.log

kerneldoc = $(lastword $(sort $(wildcard /usr/lib/linux-kbuild-*/scripts/kernel-doc)))

kdoc:
	$(Q)$(kerneldoc) -none -Wall -Werror $(sources)

regen-check:
	$(Q)kmod/spec/regen.sh --check

cocci: $(unpacked)
	$(Q)selftests/static/cocci $(B)/linux/scripts/coccinelle \
		$(filter %.c,$(sources))

programs = $(wildcard tools/*/*.c xtables-ext/*.c)
progflags := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I kmod/uapi

# cppcheck reads the headers of the two libraries; it would choke on all of
# /usr/include. Suppressed: variableScope, because variables are declared at the
# top of functions; redundantCondition and ctunullpointer, because jansson's
# macros test for NULL everywhere, from which cppcheck concludes that NULL occurs.
cppcheck:
	@mkdir -p $(B)/cppcheck
	$(Q)ln -sfn $(foreach f,jansson.h jansson_config.h libmnl,\
		$(firstword $(wildcard /usr/include/$(f) \
		/usr/include/*-linux-gnu/$(f)))) $(B)/cppcheck
	$(Q)$(cppcheck) --library=selftests/static/kernel.cfg \
		-I kmod -I kmod/uapi $(filter %.c,$(sources))
	$(Q)$(cppcheck) --library=posix,gnu -D_GNU_SOURCE \
		-DVERSION='"$(VERSION)"' --suppress=redundantCondition \
		--suppress=ctunullpointer -I $(B)/cppcheck -I kmod/uapi $(programs)

cppcheck = cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	--enable=warning,style,performance,portability \
	--suppress=variableScope

# One process per file: with several, clang-tidy mistakes va_start() of the second
# for another function. .clang-tidy says which checks are off, and why.
tidy: $(programs:%=tidy/%)
tidy/%: FORCE
	@mkdir -p $(B)/$(@D)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $* -- $(progflags) \
		2>$(B)/$@.log || { cat $(B)/$@.log; exit 1; }

analyzer: $(programs:%=analyzer/%)
analyzer/%: FORCE
	$(Q)$(CC) $(progflags) -O2 -Wall -Werror -fanalyzer -c -o /dev/null $*

# Folders of sources, and of what was compiled of them.
circled	= kmod=$(B)/$(lastword $(KVERS))/kmod tools=$(B)/tools \
	selftests/netlink=$(B)/tests/nlfuzz.d

circles: modules tools tests
	$(Q)selftests/static/circles $(circled)

library: tools
	$(Q)selftests/static/library $(B)/tools/liblbhash.a

# tidy, analyzer, cppcheck and others have to be able to fail; coccinelle plants
# a fault of its own in every run.
static-selfcheck:
	$(Q)selftests/static/selfcheck

help::
	@echo
	@echo 'style        checkpatch --strict, shellcheck, mandoc -T lint: style-kernel,'
	@echo '             style-user, style-shell, style-pages'
	@echo 'sparse       sparse and W=1, no warning allowed; for one kernel: sparse-KVER'
	@echo 'kdoc         kernel-doc comments'
	@echo 'regen-check  the generated netlink code is what the spec says'
	@echo "cocci        the kernel's semantic patches"
	@echo 'cppcheck     cppcheck; tidy: clang-tidy; analyzer: gcc -fanalyzer'
	@echo 'circles      no file uses one that uses it; library: tools/lib neither prints'
	@echo '             nor exits nor keeps state'
	@echo 'static-selfcheck  proves that these checks can fail'

.PHONY: style style-kernel style-user style-shell style-pages sparse kdoc \
	regen-check cocci cppcheck tidy analyzer circles library static-selfcheck
