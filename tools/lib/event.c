// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events of the broker and of leases, record by record; and what they are called. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* Return: bytes read, 0: nothing is there to be read in time, or -errno */
static ssize_t read_records(int fd, void *to, size_t len, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	/* This asks for events as read() does, and a lease's read() may block. */
	if (poll(&p, 1, timeout_ms) < 0)
		return -errno;
	if (!p.revents)
		return 0;
	n = read(fd, to, len);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return -errno;
	return n ? n : -ENODEV;
}

/*
 * Copy the first record to @to, which is of the caller's idea of its size. All records
 * begin with their own. Return: that, or -EPROTO
 */
static ssize_t take_record(const char *records, size_t len, void *to,
			   size_t size)
{
	uint32_t record;

	if (len < sizeof(record))
		return -EPROTO;
	memcpy(&record, records, sizeof(record));
	if (record < sizeof(record) || record > len)
		return -EPROTO;
	memset(to, 0, size);
	memcpy(to, records, record < size ? record : size);
	return record;
}

int sriovb_next_event_sized(struct sriovb *sb, struct sriov_broker_event *event,
			    size_t size, int timeout_ms)
{
	ssize_t n;

	sriovb_begin(sb, NULL, 0, NULL);
	if (sb->given == sb->num_read) {
		n = read_records(sb->fd, sb->records, sizeof(sb->records),
				 timeout_ms);
		if (n <= 0)
			return n;
		sb->num_read = n;
		sb->given = 0;
	}
	n = take_record(sb->records + sb->given, sb->num_read - sb->given,
			event, size);
	/* What can't be read as records is not tried again. */
	sb->given = n < 0 ? sb->num_read : sb->given + n;
	return n < 0 ? n : 1;
}

int sriovb_lease_events_sized(int lease,
			      struct sriov_broker_lease_event *events,
			      unsigned int max, size_t size, int timeout_ms)
{
	_Alignas(uint64_t) char records[SRIOV_BROKER_EVENT_ROOM];
	ssize_t len = read_records(lease, records, sizeof(records), timeout_ms);
	unsigned int num = 0;
	ssize_t n, at;

	if (len <= 0)
		return len;
	for (at = 0; at < len && num < max; at += n, num++) {
		n = take_record(records + at, len - at,
				(char *)events + num * size, size);
		if (n < 0)
			return n;
	}
	return num;
}

const char *sriovb_strevent(unsigned int type)
{
	static const char *const names[] = {
		[SRIOV_BROKER_EVENT_LOST] = "lost",
		[SRIOV_BROKER_EVENT_PF_ADDED] = "pf-added",
		[SRIOV_BROKER_EVENT_PF_REMOVED] = "pf-removed",
		[SRIOV_BROKER_EVENT_PF_VFS] = "pf-vfs",
		[SRIOV_BROKER_EVENT_VF_ADDED] = "vf-added",
		[SRIOV_BROKER_EVENT_VF_REMOVED] = "vf-removed",
		[SRIOV_BROKER_EVENT_VF_STATE] = "vf-state",
		[SRIOV_BROKER_EVENT_LEASE_GRANTED] = "lease-granted",
		[SRIOV_BROKER_EVENT_LEASE_ENDED] = "lease-ended",
		[SRIOV_BROKER_EVENT_LEASE_REVOKED] = "lease-revoked",
		[SRIOV_BROKER_EVENT_RESET_FAILED] = "reset-failed",
		[SRIOV_BROKER_EVENT_PF_REPLACED] = "pf-replaced",
		[SRIOV_BROKER_EVENT_OPEN_REFUSED] = "open-refused",
		[SRIOV_BROKER_EVENT_PF_CORDONED] = "pf-cordoned",
		[SRIOV_BROKER_EVENT_PF_UNCORDONED] = "pf-uncordoned",
		[SRIOV_BROKER_EVENT_PCI_ERROR] = "pci-error",
		[SRIOV_BROKER_EVENT_PF_RESET] = "pf-reset",
		[SRIOV_BROKER_EVENT_LEASE_DISTURBED] = "lease-disturbed",
	};

	return type < NUM(names) && names[type] ? names[type] : "?";
}

const char *sriovb_strcause(unsigned int cause)
{
	static const char *const names[] = {
		[SRIOV_BROKER_LEASE_CAUSE_ADMIN] = "admin",
		[SRIOV_BROKER_LEASE_CAUSE_DISABLE] = "disable",
		[SRIOV_BROKER_LEASE_CAUSE_PF] = "pf",
		[SRIOV_BROKER_LEASE_CAUSE_VF] = "vf",
		[SRIOV_BROKER_LEASE_CAUSE_VF_ERROR] = "vf-error",
		[SRIOV_BROKER_LEASE_CAUSE_PF_ERROR] = "pf-error",
		[SRIOV_BROKER_LEASE_CAUSE_PF_RESET] = "pf-reset",
	};

	return cause < NUM(names) && names[cause] ? names[cause] : "?";
}

const char *sriovb_strseverity(unsigned int severity)
{
	static const char *const names[] = {
		[SRIOV_BROKER_SEVERITY_CORRECTABLE] = "correctable",
		[SRIOV_BROKER_SEVERITY_NONFATAL] = "nonfatal",
		[SRIOV_BROKER_SEVERITY_FATAL] = "fatal",
	};

	if (severity == SRIOV_BROKER_SEVERITY_NONE)
		return NULL;
	return severity < NUM(names) ? names[severity] : "?";
}
