/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What commands need of a QEMU: its devices and its hot-plug slots. Functions
 * return as qmp_call() does, with words in qmp->error.
 */
#ifndef QEMU_QEMU_H
#define QEMU_QEMU_H

#include "qemu/qmp.h"
#include "sriovbroker.h"

#define QEMU_ID_LEN	128
#define QEMU_PERIPHERAL "/machine/peripheral"

/*
 * A command that waits for no guest. @args is given up, NULL: none; @answer, if
 * not NULL, is the caller's to put.
 */
int qemu_call(struct qmp *qmp, const char *command, struct json_object *args,
	      struct json_object **answer);

/* The same for one whose answer is an array, or else it is not QEMU's. */
int qemu_list(struct qmp *qmp, const char *command, struct json_object *args,
	      struct json_object **array);

/* The arguments {@key: @text}. */
struct json_object *qemu_args(const char *key, const char *text);

/* Is it an id that QEMU takes: a letter, then letters, digits, "-._"? */
int qemu_id_ok(const char *id);

/* The id of a VF's device where none is chosen: "sriov-0000-01-10-0" */
void qemu_make_id(const struct sriov_broker_addr *vf, char *id);

/* The guest's name, "" if it has none. */
int qemu_guest_name(struct qmp *qmp, char *name, size_t len);

/*
 * The type of device @id, "vfio-pci".
 * Return also: -ENOENT: there is no such device.
 */
int qemu_device_type(struct qmp *qmp, const char *id, char *type, size_t len);

/* The host's device behind the vfio-pci device @id. */
int qemu_device_host(struct qmp *qmp, const char *id,
		     struct sriov_broker_addr *host);

/* The bus that device @id sits on, "hp0". */
int qemu_device_bus(struct qmp *qmp, const char *id, char *bus, size_t len);

/* Did device @id come by descriptor, with an iommufd? */
int qemu_by_iommufd(struct qmp *qmp, const char *id);

/* What a guest has made of a device. */
enum guest_use {
	GUEST_NOT_YET,
	GUEST_USES_IT, /* its memory is mapped: a driver, or the firmware */
	GUEST_UNKNOWN, /* it has no memory to be mapped */
};

/* Return: as qmp_call(); -ENODEV: QEMU has no such device. */
int qemu_guest_use(struct qmp *qmp, const char *id, enum guest_use *use);

/*
 * Has the bus of a port no device, and may it get one?
 * Return: 1, 0, or -errno: QEMU does not say
 */
int qemu_port_is_free(struct qmp *qmp, const char *port);

/*
 * The first @max free hot-plug slots, by name; their number in @found. Where the
 * machine has no PCIe ports all are "": QEMU chooses.
 */
int qemu_free_buses(struct qmp *qmp, char (*buses)[QEMU_ID_LEN],
		    unsigned int max, unsigned int *found);

/*
 * Call @found for each VF that a device has. @vf is its address on the host. All of
 * it takes about as long as one answer may. Return: 0 or -errno
 */
int qemu_each_vf(struct qmp *qmp,
		 void (*found)(void *ctx, const char *id,
			       const struct sriov_broker_addr *vf),
		 void *ctx);

/* What the run state is called: "running", "paused"; "" if not known. */
void qemu_status(struct qmp *qmp, char *status, size_t len);

#endif /* QEMU_QEMU_H */
