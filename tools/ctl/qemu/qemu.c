// SPDX-License-Identifier: GPL-2.0-only
/* What commands need of a QEMU: its devices and its hot-plug slots. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "qemu/qemu.h"

int qemu_id_ok(const char *id)
{
	const char *p = id;

	if (!isascii((unsigned char)*p) || !isalpha((unsigned char)*p))
		return 0;
	while (isascii((unsigned char)*p) &&
	       (isalnum((unsigned char)*p) || (*p && strchr("-._", *p))))
		p++;
	return !*p && p - id < QEMU_ID_LEN - 32;
}

void qemu_make_id(const struct sriov_broker_addr *vf, char *id)
{
	char addr[SRIOVB_ADDR_LEN];
	char *p;

	snprintf(id, QEMU_ID_LEN, "sriov-%s", sriovb_format_addr(vf, addr));
	for (p = id; *p; p++)
		if (*p == ':' || *p == '.')
			*p = '-';
}

struct json_object *qemu_args(const char *key, const char *text)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, key, json_object_new_string(text));
	return args;
}

int qemu_call(struct qmp *qmp, const char *command, struct json_object *args,
	      struct json_object **answer)
{
	return qmp_call(qmp, command, args, -1, qmp->timeout_ms, answer);
}

int qemu_list(struct qmp *qmp, const char *command, struct json_object *args,
	      struct json_object **array)
{
	int ret = qemu_call(qmp, command, args, array);

	if (ret || json_object_is_type(*array, json_type_array))
		return ret;
	json_object_put(*array);
	snprintf(qmp->error, sizeof(qmp->error), "no list is its answer to %s",
		 command);
	return -EPROTO;
}

/* A member's text, fit for a terminal; "" if it has none. */
static void copy_text(struct json_object *obj, const char *key, char *to,
		      size_t len)
{
	const char *text = qmp_text(obj, key);

	snprintf(to, len, "%s", text ? text : "");
	printable(to);
}

int qemu_guest_name(struct qmp *qmp, char *name, size_t len)
{
	struct json_object *answer;
	int ret = qemu_call(qmp, "query-name", NULL, &answer);

	if (ret)
		return ret;
	copy_text(answer, "name", name, len);
	json_object_put(answer);
	return 0;
}

void qemu_status(struct qmp *qmp, char *status, size_t len)
{
	struct json_object *answer;

	status[0] = '\0';
	if (qmp->broken || qemu_call(qmp, "query-status", NULL, &answer))
		return;
	copy_text(answer, "status", status, len);
	json_object_put(answer);
}

/* A property's text, fit for a terminal. */
static int get_property(struct qmp *qmp, const char *id, const char *property,
			char *text, size_t len)
{
	struct json_object *args, *answer;
	char path[QEMU_ID_LEN + sizeof(QEMU_PERIPHERAL)];
	int ret;

	snprintf(path, sizeof(path), QEMU_PERIPHERAL "/%s", id);
	args = qemu_args("path", path);
	json_object_object_add(args, "property",
			       json_object_new_string(property));
	ret = qemu_call(qmp, "qom-get", args, &answer);
	if (ret)
		return ret;
	snprintf(text, len, "%s", json_object_get_string(answer));
	printable(text);
	json_object_put(answer);
	return 0;
}

int qemu_device_type(struct qmp *qmp, const char *id, char *type, size_t len)
{
	int ret = get_property(qmp, id, "type", type, len);

	return qmp_not_found(qmp, ret) ? -ENOENT : ret;
}

int qemu_device_host(struct qmp *qmp, const char *id,
		     struct sriov_broker_addr *host)
{
	char text[64];
	int ret = get_property(qmp, id, "host", text, sizeof(text));

	if (!ret && sriovb_parse_addr(text, host)) {
		snprintf(qmp->error, sizeof(qmp->error), "has no host device");
		ret = -EINVAL;
	}
	return ret;
}

int qemu_device_bus(struct qmp *qmp, const char *id, char *bus, size_t len)
{
	char path[4 * QEMU_ID_LEN];
	int ret = get_property(qmp, id, "parent_bus", path, sizeof(path));

	if (ret)
		return ret;
	snprintf(bus, len, "%s", basename(path));
	return 0;
}

int qemu_by_iommufd(struct qmp *qmp, const char *id)
{
	char path[4 * QEMU_ID_LEN];

	return !get_property(qmp, id, "iommufd", path, sizeof(path)) && path[0];
}

/* ---- hot-plug slots ---- */

static int qom_list(struct qmp *qmp, const char *path,
		    struct json_object **array)
{
	return qemu_list(qmp, "qom-list", qemu_args("path", path), array);
}

static int is_port(const char *type)
{
	return type && (!strcmp(type, "child<pcie-root-port>") ||
			!strcmp(type, "child<ioh3420>") ||
			!strcmp(type, "child<xio3130-downstream>"));
}

static int is_vfio(const char *type)
{
	return type && !strncmp(type, "child<vfio-pci", 14);
}

/* The bus below a port is named like it. */
int qemu_port_is_free(struct qmp *qmp, const char *port)
{
	struct json_object *array;
	char path[2 * QEMU_ID_LEN + sizeof(QEMU_PERIPHERAL)];
	char hotplug[8];
	int free = 1;
	size_t i;
	int ret;

	if (strlen(port) >= QEMU_ID_LEN)
		return 0;
	/* A port without the property always can. */
	ret = get_property(qmp, port, "hotplug", hotplug, sizeof(hotplug));
	if (ret < 0 || (!ret && !strcmp(hotplug, "false")))
		return ret;
	snprintf(path, sizeof(path), QEMU_PERIPHERAL "/%s/%s", port, port);
	ret = qom_list(qmp, path, &array);
	if (ret)
		return ret < 0 ? ret : 0;
	for (i = 0; i < json_object_array_length(array); i++) {
		const char *name =
			qmp_text(json_object_array_get_idx(array, i), "name");

		if (name && !strncmp(name, "child[", 6))
			free = 0;
	}
	json_object_put(array);
	return free;
}

static int by_name(const void *a, const void *b)
{
	const char *left = qmp_text(*(struct json_object *const *)a, "name");
	const char *right = qmp_text(*(struct json_object *const *)b, "name");

	return strverscmp(left ? left : "", right ? right : "");
}

/*
 * Those that are free of an array of devices in the order of their names. The first
 * that QEMU does not answer for ends it: nor would it for the others.
 * Return: 0 or -errno
 */
static int choose_ports(struct qmp *qmp, struct json_object *array,
			char (*buses)[QEMU_ID_LEN], unsigned int max,
			unsigned int *found, unsigned int *ports)
{
	size_t i;
	int free;

	*found = *ports = 0;
	for (i = 0; *found < max && i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		const char *name = qmp_text(item, "name");

		if (!name || !qemu_id_ok(name) ||
		    !is_port(qmp_text(item, "type")))
			continue;
		++*ports;
		free = qemu_port_is_free(qmp, name);
		if (free < 0)
			return free;
		if (free)
			snprintf(buses[(*found)++], QEMU_ID_LEN, "%s", name);
	}
	return 0;
}

/* A q35's root complex can't have devices plugged in, as others' PCI buses can. */
static int has_other_slots(struct qmp *qmp)
{
	struct json_object *args = qemu_args("path", "/machine");
	struct json_object *answer;
	const char *type;
	int ret;

	json_object_object_add(args, "property",
			       json_object_new_string("type"));
	ret = qemu_call(qmp, "qom-get", args, &answer);
	if (ret)
		return ret < 0 ? ret : 1;
	type = json_object_get_string(answer);
	ret = !type || !strstr(type, "q35");
	json_object_put(answer);
	return ret;
}

int qemu_free_buses(struct qmp *qmp, char (*buses)[QEMU_ID_LEN],
		    unsigned int max, unsigned int *found)
{
	struct json_object *array;
	unsigned int ports;
	int ret = qom_list(qmp, QEMU_PERIPHERAL, &array);

	*found = 0;
	if (ret)
		return ret;
	/* The first by name, so that the choice can be foretold. */
	json_object_array_sort(array, by_name);
	ret = choose_ports(qmp, array, buses, max, found, &ports);
	json_object_put(array);
	if (!ret && !ports)
		ret = has_other_slots(qmp);
	if (ret < 0)
		return ret;
	while (ret && *found < max)
		buses[(*found)++][0] = '\0';
	return 0;
}

/* ---- what the guest has made of a device ---- */

static struct json_object *find_in_buses(struct json_object *bus,
					 const char *id);

/* @id in what query-pci says of one device and what is behind it, or NULL */
static struct json_object *find_pci(struct json_object *device, const char *id)
{
	const char *name = qmp_text(device, "qdev_id");
	struct json_object *behind;

	if (name && !strcmp(name, id))
		return device;
	if (!json_object_is_type(device, json_type_object) ||
	    !json_object_object_get_ex(device, "pci_bridge", &behind))
		return NULL;
	return find_in_buses(behind, id);
}

/* The same in an object that has devices: a bus, a bridge. */
static struct json_object *find_in_buses(struct json_object *bus,
					 const char *id)
{
	struct json_object *devices, *found = NULL;
	size_t i;

	if (!json_object_is_type(bus, json_type_object) ||
	    !json_object_object_get_ex(bus, "devices", &devices) ||
	    !json_object_is_type(devices, json_type_array))
		return NULL;
	for (i = 0; !found && i < json_object_array_length(devices); i++)
		found = find_pci(json_object_array_get_idx(devices, i), id);
	return found;
}

/* A region that is not mapped has -1 for an address. */
static enum guest_use use_of_regions(struct json_object *device)
{
	enum guest_use use = GUEST_UNKNOWN;
	struct json_object *regions, *address;
	size_t i;

	if (!json_object_object_get_ex(device, "regions", &regions) ||
	    !json_object_is_type(regions, json_type_array))
		return use;
	for (i = 0; i < json_object_array_length(regions); i++) {
		struct json_object *region =
			json_object_array_get_idx(regions, i);

		if (!json_object_is_type(region, json_type_object) ||
		    !json_object_object_get_ex(region, "address", &address))
			continue;
		if (json_object_get_int64(address) != -1)
			return GUEST_USES_IT;
		use = GUEST_NOT_YET;
	}
	return use;
}

/* What is behind a port without a bus number is not listed. */
static int use_of_unlisted(struct qmp *qmp, const char *id, enum guest_use *use)
{
	char type[64];
	int ret = qemu_device_type(qmp, id, type, sizeof(type));

	*use = GUEST_NOT_YET;
	if (ret != -ENOENT)
		return ret;
	snprintf(qmp->error, sizeof(qmp->error),
		 "no PCI device of this id is there any more");
	return -ENODEV;
}

int qemu_guest_use(struct qmp *qmp, const char *id, enum guest_use *use)
{
	struct json_object *array, *device = NULL;
	size_t i;
	int ret = qemu_list(qmp, "query-pci", NULL, &array);

	if (ret)
		return ret;
	for (i = 0; !device && i < json_object_array_length(array); i++)
		device = find_in_buses(json_object_array_get_idx(array, i), id);
	if (device)
		*use = use_of_regions(device);
	json_object_put(array);
	return device ? 0 : use_of_unlisted(qmp, id, use);
}

/* ---- all VFs of a guest ---- */

int qemu_each_vf(struct qmp *qmp,
		 void (*found)(void *ctx, const char *id,
			       const struct sriov_broker_addr *vf),
		 void *ctx)
{
	const int64_t end = now_ms() + qmp->timeout_ms;
	struct json_object *array, *item;
	struct sriov_broker_addr vf;
	const char *id;
	size_t i;
	int ret = qom_list(qmp, QEMU_PERIPHERAL, &array);

	if (ret)
		return ret;
	for (i = 0; i < json_object_array_length(array); i++) {
		item = json_object_array_get_idx(array, i);
		id = qmp_text(item, "name");
		if (!id || !is_vfio(qmp_text(item, "type")))
			continue;
		ret = qemu_device_host(qmp, id, &vf);
		if (!ret)
			found(ctx, id, &vf);
		/* Some have none, or are gone by now. */
		if (ret < 0 && ret != -EINVAL)
			break;
		ret = now_ms() < end ? 0 : -ETIMEDOUT;
		if (ret)
			break;
	}
	json_object_put(array);
	return ret < 0 ? ret : 0;
}
