/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sriovctl doctor looks at, and what it finds: a verdict, the reason, and the
 * command to give or the line to put somewhere.
 */
#ifndef DOCTOR_FINDING_H
#define DOCTOR_FINDING_H

#include <sys/types.h>

#include "host/netinfo.h"
#include "host/pcidev.h"
#include "sriovbroker.h"

enum verdict {
	VERDICT_OK,
	VERDICT_WARN, /* works, but perhaps not as wanted, or not for long */
	VERDICT_FAIL, /* does not work */
	NUM_VERDICTS,
};

struct finding {
	enum verdict verdict;
	const char *check; /* "iommu" */
	char *subject; /* a device, a user, a file with its line; NULL: the host */
	char *text;    /* the reason */
	char *todo;    /* NULL: nothing */
};

/* A PF that is looked at, as sysfs has it. */
struct patient {
	struct sriov_broker_addr addr;
	char name[SRIOVB_ADDR_LEN];
	struct pcidev dev;
	unsigned int total_vfs;
	unsigned int num_vfs;
	char driver[SRIOV_BROKER_NAME_LEN]; /* "": none */
};

struct doctor {
	struct sriovb *sb; /* NULL: the module can't be asked */
	int sb_error;	   /* then why, as of sriovb_open() */
	struct patient *patients;
	size_t num_patients;
	unsigned int wanted_vfs; /* of each PF; 0: all that it can have */
	const char *user; /* whose rights are looked at, NULL: the caller's */
	int iommu;	  /* there is one: check_iommu() found it */
	unsigned int silent; /* monitors of guests that did not answer */
	struct finding *findings;
	size_t num_findings;
};

/* One more finding. @subject may be NULL. */
void found(struct doctor *d, enum verdict verdict, const char *check,
	   const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* What to do about the last one. */
void todo(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Print all, for people or as JSON. Return: 0 or an exit code */
int findings_print(const struct doctor *d, int as_json);
void findings_free(struct doctor *d);

/* ---- the checks, in the order in which they are made ---- */

void check_module(struct doctor *d);
void check_boot(struct doctor *d);
void check_iommu(struct doctor *d);
void check_vfio(struct doctor *d);
void check_driver(struct doctor *d, const struct patient *pf);
void check_room(struct doctor *d, const struct patient *pf);
void check_group(struct doctor *d, const struct patient *pf);
void check_overrides(struct doctor *d, const struct patient *pf);
void check_quarantine(struct doctor *d, const struct patient *pf);
void check_rivals(struct doctor *d);
void check_user(struct doctor *d);
void check_guests(struct doctor *d);

#endif /* DOCTOR_FINDING_H */
