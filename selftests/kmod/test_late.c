// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver of the host's that is not ready yet: it wants to be asked again, as long as its
 * parameter says. Binds only by new_id.
 */
#include <linux/module.h>
#include <linux/pci.h>

static bool late = true;
module_param(late, bool, 0644);
MODULE_PARM_DESC(late, "Its probe answers EPROBE_DEFER");

static int test_late_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return READ_ONCE(late) ? -EPROBE_DEFER : 0;
}

/* Without a table: one that is empty would keep new_id from giving it any id. */
static struct pci_driver test_late_driver = {
	.name = "test_late",
	.probe = test_late_probe,
};
module_pci_driver(test_late_driver);

MODULE_DESCRIPTION("Tests: a driver that wants to be asked again");
MODULE_LICENSE("GPL");
