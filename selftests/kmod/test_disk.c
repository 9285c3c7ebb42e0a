// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for VFs whose devices are disks, of nothing: what is written is lost, and
 * what is read is whatever was in memory. The disk of VF n is /dev/test_disk_n. Binds
 * only by driver_override.
 */
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/pci.h>

static void test_disk_submit(struct bio *bio)
{
	bio_endio(bio);
}

static const struct block_device_operations test_disk_ops = {
	.owner = THIS_MODULE,
	.submit_bio = test_disk_submit,
};

static struct gendisk *test_disk_alloc(void)
{
#ifdef BLK_FEAT_WRITE_CACHE /* then it takes limits, too */
	struct gendisk *disk = blk_alloc_disk(NULL, NUMA_NO_NODE);

	return IS_ERR(disk) ? NULL : disk;
#else
	return blk_alloc_disk(NUMA_NO_NODE);
#endif
}

static int test_disk_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct gendisk *disk;
	int ret;

	if (!pdev->is_virtfn)
		return -ENODEV;
	disk = test_disk_alloc();
	if (!disk)
		return -ENOMEM;
	disk->fops = &test_disk_ops;
	disk->flags |= GENHD_FL_NO_PART;
	snprintf(disk->disk_name, DISK_NAME_LEN, "test_disk_%d",
		 pci_iov_vf_id(pdev));
	set_capacity(disk, 2048);
	ret = device_add_disk(&pdev->dev, disk, NULL);
	if (ret) {
		put_disk(disk);
		return ret;
	}
	pci_set_drvdata(pdev, disk);
	return 0;
}

static void test_disk_remove(struct pci_dev *pdev)
{
	struct gendisk *disk = pci_get_drvdata(pdev);

	del_gendisk(disk);
	put_disk(disk);
}

static const struct pci_device_id test_disk_ids[] = { {} };

static struct pci_driver test_disk_driver = {
	.name = "test_disk",
	.id_table = test_disk_ids,
	.probe = test_disk_probe,
	.remove = test_disk_remove,
};
module_pci_driver(test_disk_driver);

MODULE_DESCRIPTION("Tests: VFs that are disks");
MODULE_LICENSE("GPL");
