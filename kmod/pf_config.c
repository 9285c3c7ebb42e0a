// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pfs parameter: how many VFs which PF shall have, and on which driver. It
 * is what max_vfs= of a PF driver was, for any PF and any driver: applied when
 * the module is loaded, when the parameter is written, and whenever such a PF or
 * its driver appears, however late. A PF that has no driver waits for one, unless
 * it is said to have none.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt
#define pr_fmt(fmt)  KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "face.h"

#define VFB_PFS_FORM "ADDRESS=NUMBER[:DRIVER|:guarded][:open][:restore][:nodriver]"

struct vfb_pf_config {
	struct list_head node;
	struct sriov_broker_addr addr;
	unsigned int num;
	unsigned int flags;		    /* VFB_OPEN, VFB_TAKE_PF, VFB_MAY_LOAD */
	char driver[SRIOV_BROKER_NAME_LEN]; /* empty: the default */
};

/* All under vfb_lock. */
static LIST_HEAD(vfb_pf_configs);

static atomic_t vfb_pf_configs_busy; /* queued or under way */

static DECLARE_WAIT_QUEUE_HEAD(vfb_pf_configs_wq);

/* Domain:bus:device.function, as lspci -D prints it. */
static bool vfb_parse_addr(const char *s, struct sriov_broker_addr *addr)
{
	unsigned int domain, bus, dev, fn;
	int len = 0;

	if (sscanf(s, "%x:%x:%x.%x%n", &domain, &bus, &dev, &fn, &len) != 4 || s[len])
		return false;
	if (bus > 0xff || dev > 0x1f || fn > 7)
		return false;
	*addr = (struct sriov_broker_addr){
		.domain = domain,
		.bdf = bus << 8 | PCI_DEVFN(dev, fn),
		.valid = 1,
	};
	return true;
}

/* What may stand behind the number, in this order. Returns what is wrong, or NULL. */
static const char *vfb_parse_words(char *s, struct vfb_pf_config *config)
{
	const char *word;
	bool guarded;

	while ((word = strsep(&s, ":"))) {
		if (!strcmp(word, "open"))
			config->flags |= VFB_OPEN;
		else if (!strcmp(word, "nodriver"))
			config->flags |= VFB_TAKE_PF;
		else if (!strcmp(word, "restore"))
			config->flags |= VFB_RESTORE;
		else if (!strcmp(word, "guarded") && !config->driver[0])
			strscpy(config->driver, VFB_GUARD, sizeof(config->driver));
		else if (config->driver[0] || config->flags)
			return "a driver's name stands behind the number, and only one";
		else if (!vfb_name_ok(word) ||
			 strscpy(config->driver, word, sizeof(config->driver)) < 0)
			return "not a driver's name";
	}
	guarded = vfb_guards(config->driver);
	if (guarded && config->flags & VFB_OPEN)
		return "VFs are either open to all or guarded";
	if (!guarded && config->flags & VFB_RESTORE)
		return "only guarded VFs are restored";
	return NULL;
}

/* One element. Returns what is wrong, or NULL. */
static const char *vfb_parse_config(char *s, struct vfb_pf_config *config)
{
	char *num = strchr(s, '='), *words;

	if (!num)
		return "no '=' in it: " VFB_PFS_FORM " is wanted";
	*num++ = '\0';
	words = strchr(num, ':');
	if (words)
		*words++ = '\0';
	if (!vfb_parse_addr(s, &config->addr))
		return "not the address of a PCI device, such as 0000:01:00.0";
	if (kstrtouint(num, 10, &config->num) || !config->num || config->num > U16_MAX)
		return "not a number of VFs from 1 on";
	return vfb_parse_words(words, config);
}

static void vfb_free_configs(struct list_head *configs)
{
	struct vfb_pf_config *config, *next;

	list_for_each_entry_safe(config, next, configs, node)
		kfree(config);
}

static bool vfb_pf_config_twice(struct list_head *configs, struct vfb_pf_config *new)
{
	struct vfb_pf_config *config;

	list_for_each_entry(config, configs, node)
		if (!vfb_addr_cmp(&config->addr, &new->addr))
			return true;
	return false;
}

/* @flags: what all of them have. */
static int vfb_parse_configs(char *val, unsigned int flags, struct list_head *configs)
{
	char *element, copy[128];
	const char *wrong;
	struct vfb_pf_config *config;

	while ((element = strsep(&val, ","))) {
		element = strim(element);
		if (!*element && !val && list_empty(configs))
			return 0; /* an empty value: none */
		strscpy(copy, element, sizeof(copy));
		config = kzalloc(sizeof(*config), GFP_KERNEL);
		if (!config)
			return -ENOMEM;
		wrong = vfb_parse_config(element, config);
		if (!wrong && vfb_pf_config_twice(configs, config))
			wrong = "that PF is named twice";
		config->flags |= flags;
		if (wrong) {
			pr_err("pfs: '%s': %s\n", copy, wrong);
			kfree(config);
			return -EINVAL;
		}
		list_add_tail(&config->node, configs);
	}
	return 0;
}

/* @due: or is it only tried again, if nothing has come between? */
static void vfb_pf_config_queue(struct vfb_pf *pf, unsigned int delay_ms, bool due)
{
	bool pending = true;

	kref_get(&pf->ref);
	mutex_lock(&vfb_lock);
	pf->config_due |= due;
	if (vfb_live) {
		pending = mod_delayed_work(vfb_op_wq, &pf->config, msecs_to_jiffies(delay_ms));
		if (!pending)
			atomic_inc(&vfb_pf_configs_busy);
	}
	mutex_unlock(&vfb_lock);
	if (pending) /* the work has a reference already, or there is none */
		vfb_pf_put(pf);
}

/**
 * vfb_pf_config_apply - do what the pfs parameter says of a PF, in the background
 * @pf: the PF
 * @delay_ms: how long to wait first; a shorter wait replaces a longer one
 *
 * Context: any, the bus notifier too; takes vfb_lock.
 */
void vfb_pf_config_apply(struct vfb_pf *pf, unsigned int delay_ms)
{
	vfb_pf_config_queue(pf, delay_ms, true);
}

/* Of all PFs, in the background. */
static void vfb_pf_config_all(void)
{
	struct vfb_pf *pf;

	for (pf = vfb_pf_next(NULL); pf; pf = vfb_pf_next(pf))
		vfb_pf_config_apply(pf, 0);
}

static int vfb_pfs_set(const char *val, const struct kernel_param *kp)
{
	unsigned int flags = capable(CAP_SYS_MODULE) ? VFB_MAY_LOAD : 0;
	LIST_HEAD(new);
	LIST_HEAD(old);
	struct vfb_pf *pf;
	char *copy;
	int ret;

	if (vfb_param_locked())
		return -EPERM;
	copy = kstrdup(val, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	ret = vfb_parse_configs(copy, flags, &new);
	kfree(copy);
	if (ret) {
		vfb_free_configs(&new);
		return ret;
	}
	mutex_lock(&vfb_lock);
	list_splice_init(&vfb_pf_configs, &old);
	list_splice_init(&new, &vfb_pf_configs);
	mutex_unlock(&vfb_lock);
	vfb_free_configs(&old);
	/* An admin has just said what is to be: what another program did before is past. */
	for (pf = vfb_pf_next(NULL); pf; pf = vfb_pf_next(pf)) {
		if (!vfb_pf_config_has(pf))
			continue;
		guard(mutex)(&vfb_lock);
		vfb_loss_forget(pf);
	}
	vfb_pf_config_all();
	return 0;
}

/* As it would be written. */
static const char *vfb_config_word(const char *driver)
{
	return vfb_guards(driver) ? "guarded" : driver;
}

static int vfb_pfs_get(char *buf, const struct kernel_param *kp)
{
	struct vfb_pf_config *config;
	char name[VFB_ADDR_LEN];
	int len = 0;

	guard(mutex)(&vfb_lock);
	list_for_each_entry(config, &vfb_pf_configs, node)
		len += sysfs_emit_at(buf, len, "%s%s=%u%s%s%s%s%s", len ? "," : "",
				     vfb_addr_str(name, &config->addr), config->num,
				     config->driver[0] ? ":" : "", vfb_config_word(config->driver),
				     config->flags & VFB_OPEN ? ":open" : "",
				     config->flags & VFB_RESTORE ? ":restore" : "",
				     config->flags & VFB_TAKE_PF ? ":nodriver" : "");
	len += sysfs_emit_at(buf, len, "\n");
	return len;
}

static void vfb_pfs_free(void *arg)
{
	vfb_free_configs(&vfb_pf_configs);
	INIT_LIST_HEAD(&vfb_pf_configs);
}

static const struct kernel_param_ops vfb_pfs_ops = {
	.set = vfb_pfs_set,
	.get = vfb_pfs_get,
	.free = vfb_pfs_free,
};
module_param_cb(pfs, &vfb_pfs_ops, NULL, 0644);
MODULE_PARM_DESC(pfs, "VFs to have: " VFB_PFS_FORM ",...");

/* Fills in what the parameter says of a PF, if anything. */
static bool vfb_pf_config_of(struct vfb_pf *pf, struct vfb_pf_config *out)
{
	struct vfb_pf_config *config;
	bool found = false;

	mutex_lock(&vfb_lock);
	list_for_each_entry(config, &vfb_pf_configs, node) {
		if (vfb_addr_cmp(&config->addr, &pf->addr))
			continue;
		*out = *config;
		found = true;
	}
	mutex_unlock(&vfb_lock);
	if (found && !out->driver[0])
		vfb_param_driver(out->driver);
	return found;
}

/**
 * vfb_pf_config_has - does the pfs parameter say anything of a PF
 * @pf: the PF
 *
 * Context: takes vfb_lock.
 * Return: true if so.
 */
bool vfb_pf_config_has(struct vfb_pf *pf)
{
	struct vfb_pf_config config;

	return vfb_pf_config_of(pf, &config);
}

static void vfb_pf_config_end(struct vfb_pf *pf)
{
	atomic_dec(&vfb_pf_configs_busy);
	wake_up_all(&vfb_pf_configs_wq);
	vfb_pf_put(pf);
}

/* Its driver may come late, and would find it taken: no network, no disks. */
static bool vfb_pf_config_waits(struct vfb_pf *pf, const struct vfb_pf_config *config)
{
	bool waits = !READ_ONCE(pf->driver[0]) && !(config->flags & VFB_TAKE_PF);

	lockdep_assert_held(&pf->op);
	if (waits && !pf->waiting)
		pci_info(pf->pdev,
			 "pfs: its %u VFs wait for its driver (:nodriver if it has none)\n",
			 config->num);
	pf->waiting = waits;
	return waits;
}

/* How often what was in another's way is tried again. */
#define VFB_MAX_CONFIG_TRIES 5

/* Another program makes VFs just now, or we do on a PF of the same group: that is over soon. */
static bool vfb_pf_config_again(struct vfb_pf *pf, const struct vfb_why *why)
{
	lockdep_assert_held(&pf->op);
	if (why->reason != SRIOV_BROKER_WHY_PF_BUSY || pf->config_tries >= VFB_MAX_CONFIG_TRIES)
		return false;
	if (!pf->config_tries++)
		pci_info(pf->pdev, "pfs: another changes its VFs, or its group's: tried again\n");
	vfb_pf_config_queue(pf, VFB_SETTLE_MS, false);
	return true;
}

/* Not if an admin has said otherwise since it was to be tried again: that has ended the tries. */
static bool vfb_pf_config_is_due(struct vfb_pf *pf)
{
	lockdep_assert_held(&pf->op);
	guard(mutex)(&vfb_lock);
	if (!pf->config_due)
		return pf->config_tries;
	pf->config_due = false;
	pf->config_tries = 0;
	return true;
}

static void vfb_pf_config_do(struct vfb_pf *pf, const struct vfb_pf_config *config)
{
	u64 start = ktime_get_ns();
	char name[VFB_ADDR_LEN];
	struct vfb_why why = {};
	int ret;

	ret = vfb_pf_enable(pf, config->num, config->driver, config->flags | VFB_KEPT, &why);
	vfb_stats_record(SRIOV_BROKER_STAT_ENABLE, pf->pdev, config->num, ret,
			 ktime_get_ns() - start);
	/* There is no caller to tell the reason to, only a log. */
	if (!why.reason)
		why.dev = pf->addr;
	if (ret && !vfb_pf_config_again(pf, &why))
		pci_warn(pf->pdev, "pfs: enabling %u VFs on %s failed: %pe, %s %s\n", config->num,
			 config->driver, ERR_PTR(ret), vfb_addr_str(name, &why.dev),
			 vfb_why_words(&why));
	put_pid(why.pid);
}

/* How often in such a time another program's doing is put right; then it may be meant. */
#define VFB_MAX_AMENDS	  3
#define VFB_AMENDS_WITHIN (60 * HZ)

/* Another program has taken the VFs away. Is that to be put right? */
static bool vfb_pf_config_amends(struct vfb_pf *pf)
{
	lockdep_assert_held(&pf->op);
	if (!vfb_param_protect())
		return false;
	if (!pf->amends || time_after(jiffies, pf->amends_since + VFB_AMENDS_WITHIN)) {
		pf->amends = 0;
		pf->amends_since = jiffies;
	}
	if (pf->amends++ < VFB_MAX_AMENDS)
		return true;
	pci_warn(pf->pdev, "pfs: its VFs are taken time and again: left as they are\n");
	return false;
}

/**
 * vfb_pf_config_work - do what the pfs parameter says of a PF
 * @work: the PF's
 *
 * Context: a worker; may sleep, long; takes pf->op.
 */
void vfb_pf_config_work(struct work_struct *work)
{
	struct vfb_pf *pf = container_of(to_delayed_work(work), struct vfb_pf, config);
	struct vfb_pf_config config;
	bool due, lost, configured;

	mutex_lock(&pf->op);
	due = vfb_pf_config_is_due(pf);
	lost = vfb_loss_tell(pf);
	configured = due && vfb_pf_config_of(pf, &config) && !READ_ONCE(pf->gone);
	/* Emptied by another program: nothing holds it any more. */
	if (!pci_num_vf(pf->pdev))
		vfb_pfdrv_drop(pf, true);
	if (configured && !(lost && !vfb_pf_config_amends(pf)) && !vfb_pf_config_waits(pf, &config))
		vfb_pf_config_do(pf, &config);
	mutex_unlock(&pf->op);
	vfb_pf_config_end(pf);
}

static void vfb_orphans_gone(struct work_struct *work)
{
	vfb_pf_config_all();
}

/* What could not be had while orphans were in the way. */
static DECLARE_WORK(vfb_orphans_gone_work, vfb_orphans_gone);

/* Does the parameter want the driver of guarded VFs for any PF? */
static bool vfb_pf_configs_guard(void)
{
	char standard[SRIOV_BROKER_NAME_LEN];
	struct vfb_pf_config *config;

	vfb_param_driver(standard);
	guard(mutex)(&vfb_lock);
	list_for_each_entry(config, &vfb_pf_configs, node)
		if (vfb_guards(config->driver[0] ? config->driver : standard))
			return true;
	return false;
}

/**
 * vfb_pf_config_start - apply the parameter for the first time
 *
 * Context: module init; may sleep until the VFs are there, but a signal that
 * kills ends that.
 */
void vfb_pf_config_start(void)
{
	/* That driver's module uses symbols of ours, which are there once this has returned. */
	bool wait = !vfb_pf_configs_guard();

	scoped_guard(mutex, &vfb_lock)
		WRITE_ONCE(vfb_live, true);
	vfb_orphan_wake(&vfb_orphans_gone_work);
	vfb_pf_config_all();
	if (!wait || wait_event_killable(vfb_pf_configs_wq, !atomic_read(&vfb_pf_configs_busy)))
		pr_info("pfs: going on in the background\n");
}

/**
 * vfb_pf_config_stop - apply it no more
 *
 * Context: module exit; may sleep, long.
 */
void vfb_pf_config_stop(void)
{
	struct vfb_pf *pf;

	mutex_lock(&vfb_lock);
	vfb_live = false;
	mutex_unlock(&vfb_lock);
	vfb_orphan_wake(NULL);
	flush_work(&vfb_orphans_gone_work);
	for (pf = vfb_pf_next(NULL); pf; pf = vfb_pf_next(pf))
		if (cancel_delayed_work_sync(&pf->config))
			vfb_pf_config_end(pf);
	/* Of PFs that have left the bus: after VFB_SETTLE_MS it finds that out. */
	wait_event(vfb_pf_configs_wq, !atomic_read(&vfb_pf_configs_busy));
}
