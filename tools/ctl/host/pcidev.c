// SPDX-License-Identifier: GPL-2.0-only
/* A PCI device as sysfs shows it: capabilities, BARs, attributes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "host/pcidev.h"

/* Of the kernel's linux/ioport.h, as they stand in "resource". */
#define FLAG_IO	      0x00000100
#define FLAG_PREFETCH 0x00002000
#define FLAG_MEM_64   0x00100000
#define FIRST_VF_BAR  7	 /* lines 0 to 5 are BARs, 6 is the ROM */
#define MAX_CAPS      48 /* a list that is longer has no end */

static int open_file(const struct pcidev *dev, const char *file, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dev->dir, file);
	return open(path, flags | O_CLOEXEC);
}

/* ---- configuration space ---- */

static int read_config(struct pcidev *dev)
{
	int fd = open_file(dev, "config", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, dev->config, sizeof(dev->config));
	dev->config_len = n > 0 ? n : 0;
	close(fd);
	return n < 0 ? -EIO : 0;
}

unsigned int pcidev_word(const struct pcidev *dev, unsigned int offset)
{
	if (offset + 2 > dev->config_len)
		return 0;
	return dev->config[offset] | dev->config[offset + 1] << 8;
}

unsigned int pcidev_long(const struct pcidev *dev, unsigned int offset)
{
	return pcidev_word(dev, offset) |
	       (unsigned int)pcidev_word(dev, offset + 2) << 16;
}

unsigned int pcidev_cap(const struct pcidev *dev, unsigned int id)
{
	unsigned int offset;
	int i;

	if (!(pcidev_word(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	offset = pcidev_word(dev, PCI_CAPABILITY_LIST) & 0xfc;
	for (i = 0; offset && i < MAX_CAPS; i++) {
		unsigned int head = pcidev_word(dev, offset);

		if ((head & 0xff) == id)
			return offset;
		offset = head >> 8 & 0xfc;
	}
	return 0;
}

unsigned int pcidev_ext_cap(const struct pcidev *dev, unsigned int id)
{
	unsigned int offset = PCI_CFG_SPACE_SIZE;
	int i;

	for (i = 0; offset >= PCI_CFG_SPACE_SIZE && i < MAX_CAPS; i++) {
		unsigned int head = pcidev_long(dev, offset);

		if (head && PCI_EXT_CAP_ID(head) == id)
			return offset;
		offset = PCI_EXT_CAP_NEXT(head);
	}
	return 0;
}

/* ---- BARs ---- */

static void set_bar(struct pcibar *bar, uint64_t start, uint64_t end,
		    uint64_t flags)
{
	if (!flags || end < start)
		return;
	bar->start = start;
	bar->size = end - start + 1;
	bar->is_io = !!(flags & FLAG_IO);
	bar->is_64bit = !!(flags & FLAG_MEM_64);
	bar->is_prefetchable = !!(flags & FLAG_PREFETCH);
}

static int read_bars(struct pcidev *dev)
{
	unsigned long long start, end, flags;
	char path[128];
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "%s/resource", dev->dir);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	for (i = 0; fscanf(file, "%llx %llx %llx", &start, &end, &flags) == 3;
	     i++) {
		if (i < PCI_BARS)
			set_bar(&dev->bars[i], start, end, flags);
		else if (i >= FIRST_VF_BAR && i < FIRST_VF_BAR + PCI_BARS)
			set_bar(&dev->vf_bars[i - FIRST_VF_BAR], start, end,
				flags);
	}
	fclose(file);
	return 0;
}

void pcidev_at(const struct sriov_broker_addr *addr, struct pcidev *dev)
{
	char name[SRIOVB_ADDR_LEN];

	*dev = (struct pcidev){ .config_len = 0 };
	snprintf(dev->dir, sizeof(dev->dir), "/sys/bus/pci/devices/%s",
		 sriovb_format_addr(addr, name));
}

int pcidev_open(const struct sriov_broker_addr *addr, struct pcidev *dev)
{
	int err;

	pcidev_at(addr, dev);
	err = read_config(dev);
	return err ? err : read_bars(dev);
}

/* ---- attributes ---- */

char *pcidev_read(const struct pcidev *dev, const char *file, char *buf,
		  size_t len)
{
	int fd = open_file(dev, file, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, buf, len - 1);
	close(fd);
	if (n < 0)
		return NULL;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

long pcidev_number(const struct pcidev *dev, const char *file, long otherwise)
{
	char text[32];
	char *end;
	long number;

	if (!pcidev_read(dev, file, text, sizeof(text)))
		return otherwise;
	number = strtol(text, &end, 10);
	return end == text ? otherwise : number;
}

int pcidev_write(const struct pcidev *dev, const char *file, const char *text)
{
	int fd = open_file(dev, file, O_WRONLY);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

char *pcidev_link(const struct pcidev *dev, const char *link, char *buf,
		  size_t len)
{
	char path[128], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dev->dir, link);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return NULL;
	target[n] = '\0';
	snprintf(buf, len, "%s", basename(target));
	return buf;
}

static int is_no_dot(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int pcidev_names(const struct pcidev *dev, const char *directory, char ***names)
{
	struct dirent **entries;
	char path[128];
	int n, i;

	*names = NULL;
	snprintf(path, sizeof(path), "%s/%s", dev->dir, directory);
	n = scandir(path, &entries, is_no_dot, alphasort);
	if (n < 0)
		return 0;
	*names = calloc(n ? n : 1, sizeof(**names));
	for (i = 0; i < n; i++) {
		if (*names)
			(*names)[i] = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return *names ? n : 0;
}
