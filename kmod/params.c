// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's parameters. A bad value is refused, at load and later; of pfs and
 * driver the log says what is wrong with it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "broker.h"

static char vfb_driver_param[SRIOV_BROKER_NAME_LEN] = "vfio-pci";

static int vfb_driver_param_set(const char *val, const struct kernel_param *kp)
{
	char name[SRIOV_BROKER_NAME_LEN];

	if (vfb_param_locked())
		return -EPERM;
	if (strscpy(name, val, sizeof(name)) < 0 || !vfb_name_ok(strim(name))) {
		pr_err("%s: '%.64s' is not a driver's name\n", kp->name, val);
		return -EINVAL;
	}
	mutex_lock(&vfb_lock);
	strscpy(vfb_driver_param, strim(name), sizeof(vfb_driver_param));
	mutex_unlock(&vfb_lock);
	return 0;
}

static int vfb_driver_param_get(char *buf, const struct kernel_param *kp)
{
	char name[SRIOV_BROKER_NAME_LEN];

	vfb_param_driver(name);
	return sysfs_emit(buf, "%s\n", name);
}

static const struct kernel_param_ops vfb_driver_param_ops = {
	.set = vfb_driver_param_set,
	.get = vfb_driver_param_get,
};
module_param_cb(driver, &vfb_driver_param_ops, NULL, 0644);
MODULE_PARM_DESC(driver, "driver that VFs are bound to where none is named (default: vfio-pci)");

static int vfb_drain_set(const char *val, const struct kernel_param *kp)
{
	return vfb_param_locked() ? -EPERM : param_set_uint_minmax(val, kp, 1, 3600);
}

static const struct kernel_param_ops vfb_drain_ops = {
	.set = vfb_drain_set,
	.get = param_get_uint,
};

static unsigned int vfb_drain = 30;
module_param_cb(drain_timeout, &vfb_drain_ops, &vfb_drain, 0644);
MODULE_PARM_DESC(drain_timeout,
		 "seconds that vfio may keep a returned VF open, 1 to 3600 (default: 30)");

/* N: not at all; Y: PFs that a VF is leased from; all: also those whose VFs are all free. */
enum {
	VFB_PROTECT_N,
	VFB_PROTECT_Y,
	VFB_PROTECT_ALL
};

static unsigned int vfb_protect = VFB_PROTECT_Y;

static int vfb_protect_set(const char *val, const struct kernel_param *kp)
{
	bool yes;

	if (sysfs_streq(val, "all")) {
		vfb_protect = VFB_PROTECT_ALL;
		return 0;
	}
	if (kstrtobool(val, &yes)) {
		pr_err("%s: '%.64s' is neither Y, N nor all\n", kp->name, val);
		return -EINVAL;
	}
	vfb_protect = yes ? VFB_PROTECT_Y : VFB_PROTECT_N;
	return 0;
}

static int vfb_protect_get(char *buf, const struct kernel_param *kp)
{
	static const char *const names[] = { "N", "Y", "all" };

	return sysfs_emit(buf, "%s\n", names[vfb_protect]);
}

static const struct kernel_param_ops vfb_protect_ops = {
	.set = vfb_protect_set,
	.get = vfb_protect_get,
};
module_param_cb(protect, &vfb_protect_ops, NULL, 0444);
MODULE_PARM_DESC(protect, "refuse writes to sriov_numvfs: N, Y: under leases, all: always");

/* Who waits may be let in by a higher one. */
static int vfb_limit_set(const char *val, const struct kernel_param *kp)
{
	int ret = vfb_param_locked() ? -EPERM : param_set_uint(val, kp);

	if (!ret)
		vfb_pool_kick();
	return ret;
}

static const struct kernel_param_ops vfb_limit_ops = {
	.set = vfb_limit_set,
	.get = param_get_uint,
};

static unsigned int vfb_max_leases;
module_param_cb(max_leases, &vfb_limit_ops, &vfb_max_leases, 0644);
MODULE_PARM_DESC(max_leases, "leases that may be out at once, 0: no limit (default: 0)");

static unsigned int vfb_max_leases_per_user;
module_param_cb(max_leases_per_user, &vfb_limit_ops, &vfb_max_leases_per_user, 0644);
MODULE_PARM_DESC(max_leases_per_user,
		 "leases that one user may have at once, 0: no limit (default: 0)");

/*
 * restore: VFs that the broker enabled are disabled, others go back to the host.
 * keep: all stay on and bound as they are, but for those of PFs that have no
 * driver of their own.
 */
static bool vfb_keep;

static int vfb_unload_set(const char *val, const struct kernel_param *kp)
{
	static const char *const names[] = { "restore", "keep", NULL };
	int i = sysfs_match_string(names, val);

	if (vfb_param_locked())
		return -EPERM;
	if (i < 0) {
		pr_err("%s: '%.64s' is neither restore nor keep\n", kp->name, val);
		return -EINVAL;
	}
	vfb_keep = i;
	return 0;
}

static int vfb_unload_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", vfb_keep ? "keep" : "restore");
}

static const struct kernel_param_ops vfb_unload_ops = {
	.set = vfb_unload_set,
	.get = vfb_unload_get,
};
module_param_cb(unload, &vfb_unload_ops, NULL, 0644);
MODULE_PARM_DESC(unload, "what VFs do when the module goes: restore (default) or keep");

/**
 * vfb_param_driver - the default target driver
 * @name: room for SRIOV_BROKER_NAME_LEN characters
 *
 * Context: any; takes vfb_lock.
 */
void vfb_param_driver(char *name)
{
	mutex_lock(&vfb_lock);
	strscpy(name, vfb_driver_param, SRIOV_BROKER_NAME_LEN);
	mutex_unlock(&vfb_lock);
}

/**
 * vfb_param_drain - how long a returned VF may stay open
 *
 * Return: jiffies.
 */
unsigned long vfb_param_drain(void)
{
	return READ_ONCE(vfb_drain) * HZ;
}

/**
 * vfb_param_protect - whether sriov_numvfs is write-protected under leases
 *
 * Return: true if so.
 */
bool vfb_param_protect(void)
{
	return vfb_protect != VFB_PROTECT_N;
}

/**
 * vfb_param_protect_all - whether that is so of every PF that has VFs of the broker's
 *
 * Return: true if so.
 */
bool vfb_param_protect_all(void)
{
	return vfb_protect == VFB_PROTECT_ALL;
}

/**
 * vfb_param_keep - whether VFs stay as they are when the module goes
 *
 * Return: true if so.
 */
bool vfb_param_keep(void)
{
	return vfb_keep;
}

/**
 * vfb_param_max_leases - how many leases may be out
 *
 * Return: the number, 0 for no limit.
 */
unsigned int vfb_param_max_leases(void)
{
	return READ_ONCE(vfb_max_leases);
}

/**
 * vfb_param_max_leases_per_user - how many of them one user may have
 *
 * Return: the number, 0 for no limit.
 */
unsigned int vfb_param_max_leases_per_user(void)
{
	return READ_ONCE(vfb_max_leases_per_user);
}
