// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells of PCIe errors (AER): its tracepoint aer_event. It is not exported, and
 * so looked for by its name when the module is loaded.
 *
 * It is hit in whatever context: what was told is noted there, errors of the same device and
 * severity as one, and the rest is a worker's, which runs once a second at most.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/spinlock.h>

#include "compat-aer.h"
#include "face.h"

/* Devices and severities of which there is something to tell at a time. */
#define VFB_ERRORS 32

static void vfb_aer_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(vfb_aer_dwork, vfb_aer_work);

/* A leaf, for any context. Guards what follows. */
static DEFINE_RAW_SPINLOCK(vfb_aer_lock);
static struct vfb_error vfb_errors[VFB_ERRORS];
static unsigned int vfb_num_errors;
static u64 vfb_errors_lost;
static unsigned long vfb_aer_next; /* jiffies: not told before */

static u32 vfb_aer_severity(u8 severity)
{
	switch (severity) {
	case AER_CORRECTABLE:
		return SRIOV_BROKER_SEVERITY_CORRECTABLE;
	case AER_NONFATAL:
		return SRIOV_BROKER_SEVERITY_NONFATAL;
	default:
		return SRIOV_BROKER_SEVERITY_FATAL;
	}
}

static bool vfb_aer_addr(const char *name, struct sriov_broker_addr *addr)
{
	unsigned int domain, bus, slot, func;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4)
		return false;
	*addr = (struct sriov_broker_addr){
		.domain = domain,
		.bdf = PCI_DEVID(bus, PCI_DEVFN(slot, func)),
		.valid = 1,
	};
	return true;
}

/* A place for one more; the least severe one makes room for one that is more than that. */
static struct vfb_error *vfb_aer_place(const struct vfb_error *error)
{
	struct vfb_error *at, *least = vfb_errors;

	lockdep_assert_held(&vfb_aer_lock);
	if (vfb_num_errors < VFB_ERRORS)
		return &vfb_errors[vfb_num_errors++];
	for (at = vfb_errors; at < vfb_errors + VFB_ERRORS; at++)
		if (at->severity < least->severity)
			least = at;
	if (least->severity >= error->severity)
		return NULL;
	vfb_errors_lost += least->count;
	return least;
}

/* Adds an error to those that are to be told. Returns after how many jiffies that may be. */
static unsigned long vfb_aer_note(const struct vfb_error *error)
{
	struct vfb_error *at, *place = NULL;

	lockdep_assert_held(&vfb_aer_lock);
	for (at = vfb_errors; at < vfb_errors + vfb_num_errors && !place; at++)
		if (!vfb_addr_cmp(&at->dev, &error->dev) && at->severity == error->severity)
			place = at;
	if (place) {
		place->status |= error->status;
		place->count++;
	} else {
		place = vfb_aer_place(error);
		if (place)
			*place = *error;
		else
			vfb_errors_lost++;
	}
	/* A second at most: after a long quiet time what is over may look as if it were to come. */
	return time_before(jiffies, vfb_aer_next) ? min(vfb_aer_next - jiffies, (unsigned long)HZ) :
						    0;
}

/* Called with preemption off, or in an interrupt. */
static void vfb_aer_probe(VFB_AER_PROBE)
{
	struct vfb_error error = {
		.severity = vfb_aer_severity(severity),
		.status = status,
		.count = 1,
	};
	unsigned long flags, delay;

	if (!vfb_aer_addr(name, &error.dev))
		return;
	raw_spin_lock_irqsave(&vfb_aer_lock, flags);
	delay = vfb_aer_note(&error);
	raw_spin_unlock_irqrestore(&vfb_aer_lock, flags);
	queue_delayed_work(vfb_wq, &vfb_aer_dwork, delay);
}

/* What is beneath a port: of its registers, for it may be about to leave the bus. */
static bool vfb_aer_is_beneath(const struct vfb_pf *pf, const struct sriov_broker_addr *dev)
{
	struct pci_dev *port =
		pci_get_domain_bus_and_slot(dev->domain, dev->bdf >> 8, dev->bdf & 0xff);
	u8 first = 0xff, last = 0, bus = pf->addr.bdf >> 8;

	if (port && port->hdr_type == PCI_HEADER_TYPE_BRIDGE) {
		pci_read_config_byte(port, PCI_SECONDARY_BUS, &first);
		pci_read_config_byte(port, PCI_SUBORDINATE_BUS, &last);
	}
	pci_dev_put(port);
	return dev->domain == pf->addr.domain && first <= bus && bus <= last;
}

/* Whose errors they are. What a port has corrected no PF has felt. */
static void vfb_aer_tell(const struct vfb_error *error)
{
	struct vfb_vf *vf = vfb_vf_find(&error->dev);
	struct vfb_pf *pf;

	if (vf) {
		vfb_errors_seen(vf->pf, vf, error);
		vfb_vf_put(vf);
		return;
	}
	for (pf = vfb_pf_next(NULL); pf; pf = vfb_pf_next(pf))
		if (!vfb_addr_cmp(&pf->addr, &error->dev) ||
		    (error->severity != SRIOV_BROKER_SEVERITY_CORRECTABLE &&
		     vfb_aer_is_beneath(pf, &error->dev)))
			vfb_errors_seen(pf, NULL, error);
}

static void vfb_aer_work(struct work_struct *work)
{
	static struct vfb_error told[VFB_ERRORS]; /* no two of this work run at once */
	unsigned int num, i;
	u64 lost;

	raw_spin_lock_irq(&vfb_aer_lock);
	memcpy(told, vfb_errors, sizeof(told));
	num = vfb_num_errors;
	lost = vfb_errors_lost;
	vfb_num_errors = 0;
	vfb_errors_lost = 0;
	vfb_aer_next = jiffies + HZ;
	raw_spin_unlock_irq(&vfb_aer_lock);
	for (i = 0; i < num; i++)
		vfb_aer_tell(&told[i]);
	if (lost)
		pr_warn("%llu PCIe errors not told, of too many devices at a time\n", lost);
}

static struct tracepoint *vfb_aer_event;

/**
 * vfb_aer_start - begin to hear of PCIe errors, if the kernel tells them
 *
 * Context: module init; may sleep.
 */
void vfb_aer_start(void)
{
	int ret;

	vfb_aer_next = jiffies;
	vfb_aer_event = vfb_aer_find();
	if (!vfb_aer_event) {
		pr_info("this kernel tells of no PCIe errors\n");
		return;
	}
	ret = tracepoint_probe_register(vfb_aer_event, vfb_aer_probe, NULL);
	if (ret) {
		pr_warn("PCIe errors will not be told: %pe\n", ERR_PTR(ret));
		vfb_aer_event = NULL;
	}
}

/**
 * vfb_aer_stop - and hear of them no more
 *
 * Context: module exit; may sleep.
 */
void vfb_aer_stop(void)
{
	if (vfb_aer_event) {
		tracepoint_probe_unregister(vfb_aer_event, vfb_aer_probe, NULL);
		tracepoint_synchronize_unregister();
	}
	cancel_delayed_work_sync(&vfb_aer_dwork);
}
