// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF driver that has what no driver of the test machine's devices has: a pool
 * of MSI-X vectors to give its VFs. Binds only by driver_override. The number
 * that each VF was given is in the PF's attribute test_msix, as the tests'
 * witness; 0 is one that was never given any. It can be made to enable fewer VFs
 * than it is told; a process that writes to test_hold has the PF's lock until it is killed.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static unsigned int pool = 20;
module_param(pool, uint, 0444);
MODULE_PARM_DESC(pool, "MSI-X vectors for all VFs together");

static int most = INT_MAX;
module_param(most, int, 0644);
MODULE_PARM_DESC(most, "VFs that it enables, however many it is told");

struct test_pf {
	unsigned int vfs;
	unsigned int vectors[]; /* by index; under the PF's lock */
};

static int test_pf_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	unsigned int vfs = pci_sriov_get_totalvfs(pdev);
	struct test_pf *pf;

	if (!vfs)
		return -ENODEV;
	pf = devm_kzalloc(&pdev->dev, struct_size(pf, vectors, vfs),
			  GFP_KERNEL);
	if (!pf)
		return -ENOMEM;
	pf->vfs = vfs;
	pci_set_drvdata(pdev, pf);
	return 0;
}

static void test_pf_remove(struct pci_dev *pdev)
{
	pci_disable_sriov(pdev);
}

/* New VFs have what they had from the factory. */
static int test_pf_configure(struct pci_dev *pdev, int num)
{
	struct test_pf *pf = pci_get_drvdata(pdev);
	int ret;

	memset(pf->vectors, 0, pf->vfs * sizeof(*pf->vectors));
	if (!num) {
		pci_disable_sriov(pdev);
		return 0;
	}
	num = min(num, READ_ONCE(most));
	ret = pci_enable_sriov(pdev, num);
	return ret ? ret : num;
}

static u32 test_pf_total_msix(struct pci_dev *pdev)
{
	return pool;
}

static int test_pf_set_msix(struct pci_dev *vf, int count)
{
	struct pci_dev *pdev = pci_physfn(vf);
	struct test_pf *pf = pci_get_drvdata(pdev);
	int index = pci_iov_vf_id(vf);
	unsigned int i, others = 0;

	device_lock_assert(&pdev->dev);
	if (index < 0 || index >= pf->vfs)
		return -ENODEV;
	for (i = 0; i < pf->vfs; i++)
		if (i != index)
			others += pf->vectors[i];
	if (count > pool - others)
		return -ENOSPC;
	pf->vectors[index] = count;
	return 0;
}

static ssize_t test_msix_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct test_pf *pf = dev_get_drvdata(dev);
	unsigned int i;
	int len = 0;

	for (i = 0; i < pf->vfs; i++)
		len += sysfs_emit_at(buf, len, "%u%c", pf->vectors[i],
				     i + 1 < pf->vfs ? ' ' : '\n');
	return len;
}
static DEVICE_ATTR_RO(test_msix);

static ssize_t test_hold_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	device_lock(dev);
	msleep_interruptible(UINT_MAX);
	device_unlock(dev);
	return count;
}
static DEVICE_ATTR_WO(test_hold);

static struct attribute *test_pf_attrs[] = { &dev_attr_test_msix.attr,
					     &dev_attr_test_hold.attr, NULL };
ATTRIBUTE_GROUPS(test_pf);

static const struct pci_device_id test_pf_ids[] = { {} };

static struct pci_driver test_pf_driver = {
	.name = "test_pf",
	.id_table = test_pf_ids,
	.probe = test_pf_probe,
	.remove = test_pf_remove,
	.sriov_configure = test_pf_configure,
	.sriov_get_vf_total_msix = test_pf_total_msix,
	.sriov_set_msix_vec_count = test_pf_set_msix,
	.dev_groups = test_pf_groups,
};
module_pci_driver(test_pf_driver);

MODULE_DESCRIPTION("Tests: a PF driver with a pool of MSI-X vectors");
MODULE_LICENSE("GPL");
