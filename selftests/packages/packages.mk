# SPDX-License-Identifier: GPL-2.0
#
# Debian packages: those that the project needs, and checks of its own ones.

# Of one|other, the first that this release of Debian has.

# building: the module, the iptables extensions, lbhashctl
DEPS	:= gcc libc6-dev make kmod pkgconf libxtables-dev libmnl-dev \
	libjansson-dev
# the supported kernels, and an emulator to test on; Debian 13's kernel is the
# second one of Debian 12
DEPS	+= linux-headers-cloud-amd64 linux-image-cloud-amd64 \
	linux-headers-6.12-cloud-amd64|linux-headers-cloud-amd64 \
	linux-image-6.12-cloud-amd64|linux-image-cloud-amd64 \
	qemu-system-x86 cpio xz-utils
# the newest kernel, in a root of a release that can build for it
DEPS	+= mmdebstrap
# checks: clang has libFuzzer; linux-source has checkpatch, the netlink generator
# and the semantic patches; coccinelle loads libpython
DEPS	+= clang sparse shellcheck mandoc linux-source-6.12 perl \
	python3-yaml python3-jsonschema coccinelle \
	libpython3.13|libpython3.11 cppcheck \
	clang-tidy
# packages: programs that build them, build the module from one, and check both
DEPS	+= build-essential debhelper dh-dkms dkms lintian systemd openssl
# the guest runs the host's own programs
DEPS	+= busybox $(shell sed -nE 's/^(pkg|more) //p' selftests/vm/guest.list)

deps:
	@selftests/packages/deps $(patsubst %,'%',$(DEPS))

lintian: $(B)/deb/done
	$(Q)lintian --allow-root --fail-on error $(B)/deb/*.changes

# The module as DKMS builds it from the package, for the guest.
dkms: $(KVERS:%=$(B)/dkms/%/xt_lbhash.ko)
$(KVERS:%=$(B)/dkms/%/xt_lbhash.ko) &: $(B)/deb/done selftests/packages/dkms
	@echo '  DKMS    $(KVERS)'
	$(Q)selftests/packages/dkms $(KVERS)

check-packages: DEPS += mmdebstrap
check-packages: deps
	@$(MAKE) deb
	@T='$(T)' selftests/packages/root $(R)

help::
	@echo
	@echo 'deps         install the Debian packages that all this needs'
	@echo 'check-packages  in roots of Debian 12 and 13: install our packages, have DKMS'
	@echo '             build for two kernels, upgrade, purge; and, in 13, `make'
	@echo '             deps`, `make` and `make deb`; as root; R=13 only there,'
	@echo '             T="dsr_tcp ..." boots its kernel for selftests'
	@echo 'lintian      lintian on our packages; dkms: the module by DKMS, from them'

.PHONY: deps lintian dkms check-packages
