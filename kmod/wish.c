// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pfs parameter: how many VFs which PF shall have, and on which driver. It
 * is what max_vfs= of a PF driver was, for any PF and any driver: applied when
 * the module is loaded, when the parameter is written, and whenever such a PF or
 * its driver appears.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "broker.h"
#include "stats.h"

struct sb_wish {
	struct list_head node;
	struct sriov_broker_addr addr;
	unsigned int num;
	bool open;
	char driver[SRIOV_BROKER_NAME_LEN]; /* empty: the default */
};

/* All under sb_lock. */
static LIST_HEAD(sb_wishes);
static bool sb_wishes_live;	    /* between load and unload */
static unsigned int sb_wishes_busy; /* queued or under way */

static DECLARE_WAIT_QUEUE_HEAD(sb_wishes_wq);

/* Domain:bus:device.function, as lspci -D prints it. */
static bool sb_parse_addr(const char *s, struct sriov_broker_addr *addr)
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
	};
	return true;
}

/* One element: ADDRESS=NUMBER[:DRIVER][:open]. Returns what is wrong, or NULL. */
static const char *sb_parse_wish(char *s, struct sb_wish *wish)
{
	char *num = strchr(s, '='), *driver, *open;

	if (!num)
		return "no '=' in it: ADDRESS=NUMBER[:DRIVER][:open] is wanted";
	*num++ = '\0';
	open = strrchr(num, ':');
	if (open && !strcmp(open, ":open")) {
		*open = '\0';
		wish->open = true;
	}
	driver = strchr(num, ':');
	if (driver)
		*driver++ = '\0';
	if (!sb_parse_addr(s, &wish->addr))
		return "not the address of a PCI device, such as 0000:01:00.0";
	if (kstrtouint(num, 10, &wish->num) || !wish->num || wish->num > U16_MAX)
		return "not a number of VFs from 1 on";
	if (driver &&
	    (!sb_name_ok(driver) || strscpy(wish->driver, driver, sizeof(wish->driver)) < 0))
		return "not a driver's name";
	return NULL;
}

static void sb_free_wishes(struct list_head *wishes)
{
	struct sb_wish *wish, *next;

	list_for_each_entry_safe(wish, next, wishes, node)
		kfree(wish);
}

static bool sb_wish_twice(struct list_head *wishes, struct sb_wish *new)
{
	struct sb_wish *wish;

	list_for_each_entry(wish, wishes, node)
		if (!sb_addr_cmp(&wish->addr, &new->addr))
			return true;
	return false;
}

static int sb_parse_wishes(char *val, struct list_head *wishes)
{
	char *element, copy[128];
	const char *wrong;
	struct sb_wish *wish;

	while ((element = strsep(&val, ","))) {
		element = strim(element);
		if (!*element && !val && list_empty(wishes))
			return 0; /* an empty value: none */
		strscpy(copy, element, sizeof(copy));
		wish = kzalloc(sizeof(*wish), GFP_KERNEL);
		if (!wish)
			return -ENOMEM;
		wrong = sb_parse_wish(element, wish);
		if (!wrong && sb_wish_twice(wishes, wish))
			wrong = "that PF is named twice";
		if (wrong) {
			pr_err("pfs: '%s': %s\n", copy, wrong);
			kfree(wish);
			return -EINVAL;
		}
		list_add_tail(&wish->node, wishes);
	}
	return 0;
}

/**
 * sb_wish_all - do what the pfs parameter says of all PFs, in the background
 * @settle_ms: how long to wait for the driver of a PF that has none
 *
 * Context: may sleep; takes sb_lock.
 */
void sb_wish_all(unsigned int settle_ms)
{
	struct sb_pf *pf;

	for (pf = sb_pf_next(NULL); pf; pf = sb_pf_next(pf))
		sb_wish_apply(pf, READ_ONCE(pf->driver[0]) ? 0 : settle_ms);
}

static int sb_pfs_set(const char *val, const struct kernel_param *kp)
{
	char *copy = kstrdup(val, GFP_KERNEL);
	LIST_HEAD(new);
	LIST_HEAD(old);
	int ret;

	if (!copy)
		return -ENOMEM;
	ret = sb_parse_wishes(copy, &new);
	kfree(copy);
	if (ret) {
		sb_free_wishes(&new);
		return ret;
	}
	spin_lock(&sb_lock);
	list_splice_init(&sb_wishes, &old);
	list_splice_init(&new, &sb_wishes);
	spin_unlock(&sb_lock);
	sb_free_wishes(&old);
	sb_wish_all(0);
	return 0;
}

static int sb_pfs_get(char *buf, const struct kernel_param *kp)
{
	struct sb_wish *wish;
	int len = 0;

	spin_lock(&sb_lock);
	list_for_each_entry(wish, &sb_wishes, node)
		len += sysfs_emit_at(buf, len, "%s%04x:%02x:%02x.%u=%u%s%s%s", len ? "," : "",
				     wish->addr.domain, wish->addr.bdf >> 8,
				     PCI_SLOT(wish->addr.bdf), PCI_FUNC(wish->addr.bdf), wish->num,
				     wish->driver[0] ? ":" : "", wish->driver,
				     wish->open ? ":open" : "");
	len += sysfs_emit_at(buf, len, "\n");
	spin_unlock(&sb_lock);
	return len;
}

static void sb_pfs_free(void *arg)
{
	sb_free_wishes(&sb_wishes);
	INIT_LIST_HEAD(&sb_wishes);
}

static const struct kernel_param_ops sb_pfs_ops = {
	.set = sb_pfs_set,
	.get = sb_pfs_get,
	.free = sb_pfs_free,
};
module_param_cb(pfs, &sb_pfs_ops, NULL, 0644);
MODULE_PARM_DESC(pfs, "VFs to have: ADDRESS=NUMBER[:DRIVER][:open],... such as 0000:01:00.0=7");

/* Fills in what is wished for a PF, if anything is. */
static bool sb_wish_of(struct sb_pf *pf, struct sb_wish *out)
{
	struct sb_wish *wish;
	bool found = false;

	spin_lock(&sb_lock);
	list_for_each_entry(wish, &sb_wishes, node) {
		if (sb_addr_cmp(&wish->addr, &pf->addr))
			continue;
		*out = *wish;
		found = true;
	}
	spin_unlock(&sb_lock);
	if (found && !out->driver[0])
		sb_param_driver(out->driver);
	return found;
}

static void sb_wish_end(struct sb_pf *pf)
{
	spin_lock(&sb_lock);
	sb_wishes_busy--;
	spin_unlock(&sb_lock);
	wake_up_all(&sb_wishes_wq);
	sb_pf_put(pf);
}

static void sb_wish_failed(struct sb_pf *pf, const struct sb_wish *wish, int ret,
			   const struct sb_why *why)
{
	u16 bdf = why->dev.bdf;

	pci_warn(pf->pdev,
		 SB_NAME ": pfs: no %u VFs on %s: error %d, reason %u, %04x:%02x:%02x.%u\n",
		 wish->num, wish->driver, ret, why->reason, why->dev.domain, bdf >> 8,
		 PCI_SLOT(bdf), PCI_FUNC(bdf));
}

static void sb_wish_work(struct work_struct *work)
{
	struct sb_pf *pf = container_of(to_delayed_work(work), struct sb_pf, wish);
	struct sb_why why = {};
	struct sb_wish wish;
	u64 start;
	int ret;

	if (sb_wish_of(pf, &wish) && !READ_ONCE(pf->gone)) {
		start = ktime_get_ns();
		mutex_lock(&pf->op);
		ret = sb_pf_enable(pf, wish.num, wish.driver, wish.open, true, &why);
		mutex_unlock(&pf->op);
		sb_took(SRIOV_BROKER_STAT_ENABLE, pf->pdev, wish.num, ret, ktime_get_ns() - start);
		if (ret)
			sb_wish_failed(pf, &wish, ret, &why);
		put_pid(why.pid);
	}
	sb_wish_end(pf);
}

/**
 * sb_wish_init - prepare a new PF
 * @pf: the PF
 *
 * Context: any.
 */
void sb_wish_init(struct sb_pf *pf)
{
	INIT_DELAYED_WORK(&pf->wish, sb_wish_work);
}

/**
 * sb_wish_apply - do what the pfs parameter says of a PF, in the background
 * @pf: the PF
 * @delay_ms: how long to wait first; a shorter wait replaces a longer one
 *
 * Context: any, the bus notifier too; takes sb_lock.
 */
void sb_wish_apply(struct sb_pf *pf, unsigned int delay_ms)
{
	bool pending = true;

	kref_get(&pf->ref);
	spin_lock(&sb_lock);
	if (sb_wishes_live && !list_empty(&sb_wishes)) {
		pending = mod_delayed_work(sb_op_wq, &pf->wish, msecs_to_jiffies(delay_ms));
		if (!pending)
			sb_wishes_busy++;
	}
	spin_unlock(&sb_lock);
	if (pending) /* the work has a reference already, or there is none */
		sb_pf_put(pf);
}

static bool sb_wishes_done(void)
{
	bool done;

	spin_lock(&sb_lock);
	done = !sb_wishes_busy;
	spin_unlock(&sb_lock);
	return done;
}

/**
 * sb_wish_start - apply the parameter for the first time
 *
 * The host may be starting, with udev still loading PFs' drivers: those that have none
 * yet are left to them for a moment.
 *
 * Context: module init; may sleep until the VFs are there, but a signal that
 * kills ends that.
 */
void sb_wish_start(void)
{
	spin_lock(&sb_lock);
	sb_wishes_live = true;
	spin_unlock(&sb_lock);
	sb_wish_all(SB_SETTLE_MS);
	if (wait_event_killable(sb_wishes_wq, sb_wishes_done()))
		pr_info("pfs: going on in the background\n");
}

/**
 * sb_wish_stop - apply it no more
 *
 * Context: module exit; may sleep, long.
 */
void sb_wish_stop(void)
{
	struct sb_pf *pf;

	spin_lock(&sb_lock);
	sb_wishes_live = false;
	spin_unlock(&sb_lock);
	for (pf = sb_pf_next(NULL); pf; pf = sb_pf_next(pf))
		if (cancel_delayed_work_sync(&pf->wish))
			sb_wish_end(pf);
	/* Of PFs that have left the bus: after SB_SETTLE_MS it finds that out. */
	wait_event(sb_wishes_wq, sb_wishes_done());
}
