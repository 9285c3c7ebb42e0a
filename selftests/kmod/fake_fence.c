// SPDX-License-Identifier: GPL-2.0-only
/*
 * No IOMMU group can be claimed by the kernel from when this is loaded to when it is unloaded, as
 * where the IOMMU's driver has no memory for a domain: no fence goes up.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/ptrace.h>

/* What is called in place of iommu_group_claim_dma_owner(). */
static int no_claim(void)
{
	return -ENOMEM;
}

static int instead(struct kprobe *probe, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)no_claim);
	return 1;
}

/* Only with one may the other say where to go on. */
static void after(struct kprobe *probe, struct pt_regs *regs,
		  unsigned long flags)
{
}

static struct kprobe claim = {
	.symbol_name = "iommu_group_claim_dma_owner",
	.pre_handler = instead,
	.post_handler = after,
};

static int __init fake_fence_init(void)
{
	return register_kprobe(&claim);
}

static void __exit fake_fence_exit(void)
{
	unregister_kprobe(&claim);
}

module_init(fake_fence_init);
module_exit(fake_fence_exit);

MODULE_DESCRIPTION("Tests: an IOMMU that refuses to be claimed");
MODULE_LICENSE("GPL");
