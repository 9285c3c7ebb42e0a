// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVMe VFs are secondary controllers, which their PF's virtualization management
 * gives queues and brings online. Until then a VF can be leased, reset and plugged
 * in like any other, and does not answer: the guest has a device and no disk. The PF
 * knows: Identify, CNS 15h, the secondary controller list.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/nvme_ioctl.h>

#include "base/json.h"
#include "host/nvme.h"

#define CLASS_NVME 0x0108

#define IDENTIFY	0x06
#define SECONDARY_LIST	0x15
#define LIST_BYTES	4096
#define ENTRY_BYTES	32
#define ENTRIES_AT_ONCE ((LIST_BYTES - ENTRY_BYTES) / ENTRY_BYTES)

struct pf {
	struct sriov_broker_addr addr;
	struct nvme_vf *vfs;
	size_t num_vfs;
	int unknown; /* they are NVMe, and it could not be asked for them */
};

/* Any of such a PF's. */
static const struct nvme_vf unknown_vf;

/* Those that were asked. */
static struct pf *pfs;
static size_t num_pfs;

/* ---- asked ---- */

static unsigned int word(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

/* The list from a controller's id on. Return: 0, -errno, or NVMe's status */
static int get_list(int fd, unsigned int from, unsigned char *list)
{
	struct nvme_admin_cmd command = {
		.opcode = IDENTIFY,
		.addr = (uintptr_t)list,
		.data_len = LIST_BYTES,
		.cdw10 = SECONDARY_LIST | from << 16,
	};

	int status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);

	return status < 0 ? -errno : status;
}

static int add_vf(struct pf *pf, const char *name, const unsigned char *entry)
{
	struct nvme_vf *more;

	/* Numbers of VFs begin with 1; 0 is none. */
	if (!word(entry + 8))
		return 0;
	more = reallocarray(pf->vfs, pf->num_vfs + 1, sizeof(*more));
	if (!more)
		return -1;
	pf->vfs = more;
	more += pf->num_vfs++;
	*more = (struct nvme_vf){
		.known = 1,
		.index = word(entry + 8) - 1,
		.controller = word(entry),
		.online = entry[4] & 1,
		.queues = word(entry + 10),
		.vectors = word(entry + 12),
	};
	snprintf(more->pf, sizeof(more->pf), "%s", name);
	return 0;
}

/* Return: 0, -errno: it could not be asked, or NVMe's status */
static int ask(struct pf *pf, const char *name)
{
	unsigned char list[LIST_BYTES];
	char node[32];
	unsigned int from = 0;
	int fd, n, i, err = 0;

	snprintf(node, sizeof(node), "/dev/%s", name);
	fd = open(node, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		memset(list, 0, sizeof(list));
		err = get_list(fd, from, list);
		if (err)
			break;
		n = list[0] > ENTRIES_AT_ONCE ? ENTRIES_AT_ONCE : list[0];
		for (i = 1; i <= n; i++) {
			if (add_vf(pf, name, list + i * ENTRY_BYTES))
				break;
			from = word(list + i * ENTRY_BYTES) + 1;
		}
	} while (n == ENTRIES_AT_ONCE && from <= 0xffff);
	close(fd);
	return err;
}

/* The controller of a PF that is with the host's driver: "nvme0" */
static int controller_of(const struct sriov_broker_addr *pf, char *name,
			 size_t len)
{
	char addr[SRIOVB_ADDR_LEN], pattern[64];
	glob_t paths;
	int err;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/nvme/nvme*",
		 sriovb_format_addr(pf, addr));
	err = glob(pattern, 0, NULL, &paths);
	if (!err)
		snprintf(name, len, "%s", basename(paths.gl_pathv[0]));
	globfree(&paths);
	return err;
}

/* By its class, whatever driver it has. */
static int is_nvme(const struct sriov_broker_addr *pf)
{
	char addr[SRIOVB_ADDR_LEN], path[64];
	unsigned int class = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class",
		 sriovb_format_addr(pf, addr));
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%x", &class) != 1)
		class = 0;
	fclose(file);
	return class >> 8 == CLASS_NVME;
}

static const struct pf *look_at(const struct sriov_broker_addr *addr)
{
	struct pf *more;
	char name[16];
	size_t i;

	for (i = 0; i < num_pfs; i++)
		if (sriovb_same_addr(&pfs[i].addr, addr))
			return &pfs[i];
	more = reallocarray(pfs, num_pfs + 1, sizeof(*pfs));
	if (!more)
		return NULL;
	pfs = more;
	more += num_pfs++;
	*more = (struct pf){ .addr = *addr };
	if (controller_of(addr, name, sizeof(name)))
		more->unknown = is_nvme(addr);
	else
		/* One that has no such list has nothing to bring online either. */
		more->unknown = ask(more, name) < 0;
	return more;
}

const struct nvme_vf *nvme_vf(const struct sriov_broker_addr *pf,
			      unsigned int index)
{
	const struct pf *known = look_at(pf);
	size_t i;

	for (i = 0; known && i < known->num_vfs; i++)
		if (known->vfs[i].index == index)
			return &known->vfs[i];
	return known && known->unknown ? &unknown_vf : NULL;
}

void nvme_forget(void)
{
	while (num_pfs)
		free(pfs[--num_pfs].vfs);
}
