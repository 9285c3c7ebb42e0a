/* SPDX-License-Identifier: GPL-2.0-only */
/* A PCI device as sysfs shows it: capabilities, BARs, attributes. */
#ifndef HOST_PCIDEV_H
#define HOST_PCIDEV_H

#include <stddef.h>
#include <stdint.h>

#include "sriovbroker.h"

#define PCI_BARS 6

/* A base address register, of the device itself or of its VFs. */
struct pcibar {
	uint64_t start; /* 0: it has no place */
	uint64_t size;	/* 0: there is no such BAR */
	int is_io;
	int is_64bit;
	int is_prefetchable;
};

/* All but @dir is filled in by pcidev_open(). */
struct pcidev {
	char dir[48]; /* in sysfs */
	uint8_t config[4096];
	size_t config_len; /* what we may read: 64 bytes without CAP_SYS_ADMIN */
	struct pcibar bars[PCI_BARS];
	struct pcibar vf_bars[PCI_BARS]; /* all VFs' together */
};

/* Its attributes alone, without configuration space and BARs. */
void pcidev_at(const struct sriov_broker_addr *addr, struct pcidev *dev);

/* Return: 0 or -errno */
int pcidev_open(const struct sriov_broker_addr *addr, struct pcidev *dev);

/* Numbers in configuration space; 0 beyond what we may read. */
unsigned int pcidev_word(const struct pcidev *dev, unsigned int offset);
unsigned int pcidev_long(const struct pcidev *dev, unsigned int offset);

/* Where a capability stands. Return: offset, or 0 */
unsigned int pcidev_cap(const struct pcidev *dev, unsigned int id);
unsigned int pcidev_ext_cap(const struct pcidev *dev, unsigned int id);

/* A file's only line, without its end. Return: @buf, or NULL if there is none. */
char *pcidev_read(const struct pcidev *dev, const char *file, char *buf,
		  size_t len);

/* The same as a number; @otherwise where there is none. */
long pcidev_number(const struct pcidev *dev, const char *file, long otherwise);

/* Write to a file. Return: 0 or -errno */
int pcidev_write(const struct pcidev *dev, const char *file, const char *text);

/* Name that a link points to. Return: @buf, or NULL. */
char *pcidev_link(const struct pcidev *dev, const char *link, char *buf,
		  size_t len);

/*
 * Names in a directory, in order, the caller's to free() one by one and
 * together. Return: how many, 0 where there are none.
 */
int pcidev_names(const struct pcidev *dev, const char *directory,
		 char ***names);

#endif /* HOST_PCIDEV_H */
