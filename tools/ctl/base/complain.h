/* SPDX-License-Identifier: GPL-2.0-only */
/* How sriovctl fails: complaints and exit codes. */
#ifndef BASE_COMPLAIN_H
#define BASE_COMPLAIN_H

/* Exit codes, those of ip(8). */
enum {
	EXIT_USAGE = 1,	  /* the command line is wrong */
	EXIT_REFUSED = 2, /* the kernel or QEMU refused, or did not answer */
};

/* "sriovctl: ..." on stderr. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* BASE_COMPLAIN_H */
