# SPDX-License-Identifier: GPL-2.0-only
#
# sriov_broker: the module, its tool and their tests.  `make help` says what there is.
# The kernel's part of the build is in Kbuild.

include VERSION

KDIR	?= /lib/modules/$(shell uname -r)/build
# -Werror where a warning shall stop the build, as it does in the tests.
WERROR	?=
export WERROR
KERNEL	?= 6.12
KERNELS	?= 6.12 6.1 7.3
TESTS	?=
WITHIN	?=
IOMMU	?= nopt
VM	:= selftests/vm
# What the host itself needs; everything else lives in the trees that mmdebstrap makes.
DEPS	:= mmdebstrap debian-archive-keyring cpio kmod xz-utils perl git zstd squashfs-tools
SUDO	:= $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: all modules tools selftests demo check check-all check-debug build-all lint doc bench mutants deb rpm check-packages \
	install uninstall modules_install modules_uninstall sign dkms_install clean deps help

all: modules tools

help:
	@echo 'make modules          sriov_broker.ko, for the running kernel; KDIR= names another build directory'
	@echo 'make tools            sriovctl and its library'
	@echo 'make install          both, and what belongs to them; DESTDIR= and prefix= as usual;'
	@echo '                      SIGN_KEY= and SIGN_CERT= sign the module (Secure Boot)'
	@echo 'make uninstall        what make install would put there, with the same KDIR=, DESTDIR= and prefix=, goes'
	@echo 'make deb              packages for the Debian that this runs on, in out/deb'
	@echo 'make rpm              RPMs, in out/rpm'
	@echo 'make dkms_install     the module as source in /usr/src, for dkms'
	@echo 'make demo             VFs go into KVM guests and back, in a test machine'
	@echo 'make check            the tests in test machines; KERNEL=6.1|6.12|7.3|debug|arm64 (6.12), TESTS="a b" picks some'
	@echo 'make check-all        the tests on all three kernels, on each what depends on it; KERNELS="6.12 debug" picks some;'
	@echo '                      FULL=1: every test on each; WITHIN=S: those that may take longer than S seconds are skipped'
	@echo 'make check-debug      the tests of the module on a kernel with KASAN, lockdep, kmemleak, fault injection; FULL=1: all'
	@echo 'make build-all        build only: -rt, -cloud, clang, arm64 with pages of 16k and 64k'
	@echo 'make check-packages   packages of Debian 12 and 13: built twice, linted, installed, upgraded, purged, also in test machines; RPMs are linted'
	@echo 'make mutants          checks are taken out of the module, one at a time, and tests are to fail; MUTANTS="a b" picks some'
	@echo 'make bench            the benchmark, in a test machine; IOMMU=pt for pass-through (bench/run says why not)'
	@echo 'make lint             W=1, sparse, checkpatch, clang-format, shellcheck; warnings are errors'
	@echo 'make doc              manual pages, HTML and pictures, in out/doc; warnings are errors'
	@echo 'make deps             the few packages that the host needs for the above'
	@echo 'make clean            what was built here; the cached trees are in ~/.cache/sriov-broker'

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) KCFLAGS=$(WERROR) modules

modules_install: modules $(if $(SIGN_KEY)$(SIGN_CERT),sign)
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install

# With SIGN_KEY= and SIGN_CERT=, for hosts with Secure Boot.
unsigned = { echo "SIGN_KEY=$(SIGN_KEY) SIGN_CERT=$(SIGN_CERT): $1; nothing is installed" >&2; exit 1; }
sign: modules
	@[ -n "$(SIGN_KEY)" ] && [ -n "$(SIGN_CERT)" ] || $(call unsigned,the one is of no use without the other)
	@for f in $(filter-out pkcs11:%,$(SIGN_KEY)) $(SIGN_CERT); do [ -r "$$f" ] || $(call unsigned,$$f can't be read); done
	@for m in sriov_broker*.ko; do \
		$(KDIR)/scripts/sign-file sha256 "$(SIGN_KEY)" "$(SIGN_CERT)" $$m || $(call unsigned,they do not sign $$m); done

tools:
	$(MAKE) -C tools

deb rpm:
	packaging/$@

selftests: tools
	$(MAKE) -C tools tests
	$(MAKE) -C selftests KDIR=$(KDIR)

# One of these is where a kernel has such modules put.
modules_uninstall:
	release=$$($(MAKE) -s -C $(KDIR) kernelrelease) && \
		rm -f $(foreach dir,extra updates,$(DESTDIR)/lib/modules/$$release/$(dir)/sriov_broker*.ko*)

install: modules_install
	$(MAKE) -C tools install

uninstall: modules_uninstall
	$(MAKE) -C tools uninstall

# What dkms needs to build the module.
DKMSDIR	 = $(DESTDIR)/usr/src/sriov_broker-$(SRIOV_BROKER_VERSION)
dkms_install:
	install -d $(DKMSDIR)/kmod/compat $(DKMSDIR)/uapi/linux
	install -m 644 Kbuild Makefile VERSION dkms.conf $(DKMSDIR)
	install -m 644 $(filter-out kmod/compat-probed.h %.mod.c,$(wildcard kmod/*.[ch])) $(DKMSDIR)/kmod
	install -m 644 $(wildcard kmod/compat/probe*) $(DKMSDIR)/kmod/compat
	install -m 644 uapi/linux/sriov_broker.h $(DKMSDIR)/uapi/linux

# Its guests run by a KVM that is itself emulated: now and then that takes the machine with it (status 125).
demo: deps
	@[ ! -t 1 ] || colour=yes; \
	demo() { $(VM)/boot --kernel $(KERNEL) --machine tools --timeout 900 --exec "COLOUR=$${colour:-no} selftests/demo.sh"; }; \
	demo || { status=$$?; [ $$status = 125 ] || exit $$status; echo "demo: the machine was lost; once more" >&2; demo; }

check: deps
	$(VM)/check $(KERNEL) -- $(TESTS)

check-all: deps
	$(VM)/check $(if $(WITHIN),--within $(WITHIN)) $(KERNELS) -- $(TESTS)

check-debug: deps
	$(VM)/check $(if $(WITHIN),--within $(WITHIN)) debug -- $(TESTS)

check-packages: deps
	$(VM)/packages

mutants: deps
	selftests/mutants/run $(MUTANTS)

build-all: deps
	$(VM)/build-all

lint: deps
	$(VM)/lint

doc: deps
	$(VM)/doc

bench: deps
	$(VM)/boot --kernel $(KERNEL) --machine bench --append iommu=$(IOMMU) --timeout 1800 \
		--exec selftests/bench/run

deps:
	@for p in $(DEPS); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -q && \
		$(SUDO) apt-get install -qy --no-install-recommends $$missing; }

clean:
	[ ! -e $(KDIR)/Makefile ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C tools clean
	$(MAKE) -C selftests KDIR=$(KDIR) clean
	rm -rf out
