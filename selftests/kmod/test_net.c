// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF driver whose network interface has every attribute that a VF can have. No
 * frame goes through it: it only remembers what it was told of its VFs, and shows
 * that. Binds only by driver_override.
 */
#include <linux/etherdevice.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>

#define MAX_VFS 8

static bool no_zero;
module_param(no_zero, bool, 0644);
MODULE_PARM_DESC(no_zero, "Refuse a MAC of all zeroes, as bnx2x does");

static bool no_mac;
module_param(no_mac, bool, 0644);
MODULE_PARM_DESC(no_mac, "Refuse any MAC");

static bool words;
module_param(words, bool, 0444);
MODULE_PARM_DESC(words, "Say why, as a driver can whose kernel lets it");

/*
 * What a request is answered with besides its errno. No kernel so far hands that down to
 * what sets a VF's attributes, so it is picked up on the way.
 */
static struct netlink_ext_ack *test_net_ack;
static struct task_struct *test_net_asker;

static int test_net_request(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	test_net_ack = (void *)regs_get_kernel_argument(regs, 2);
	WRITE_ONCE(test_net_asker, current);
	return 0;
}

static int test_net_answer(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	WRITE_ONCE(test_net_asker, NULL);
	return 0;
}

static struct kretprobe test_net_setlink = {
	.kp.symbol_name = "rtnl_setlink",
	.entry_handler = test_net_request,
	.handler = test_net_answer,
};

struct test_net {
	struct ifla_vf_info vf[MAX_VFS]; /* rtnl */
};

static struct ifla_vf_info *test_net_vf(struct net_device *netdev, int vf)
{
	struct test_net *net = netdev_priv(netdev);

	ASSERT_RTNL();
	return vf < 0 || vf >= MAX_VFS ? NULL : &net->vf[vf];
}

static int test_net_get(struct net_device *netdev, int vf,
			struct ifla_vf_info *info)
{
	const struct ifla_vf_info *from = test_net_vf(netdev, vf);

	if (!from)
		return -EINVAL;
	*info = *from;
	info->vf = vf;
	return 0;
}

static int test_net_set_mac(struct net_device *netdev, int vf, u8 *mac)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (READ_ONCE(no_mac) && READ_ONCE(test_net_asker) == current)
		NL_SET_ERR_MSG(test_net_ack, "no VF may have a MAC");
	if (!to || READ_ONCE(no_mac) ||
	    (READ_ONCE(no_zero) && is_zero_ether_addr(mac)))
		return -EINVAL;
	ether_addr_copy(to->mac, mac);
	return 0;
}

static int test_net_set_vlan(struct net_device *netdev, int vf, u16 vlan,
			     u8 qos, __be16 proto)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (!to)
		return -EINVAL;
	to->vlan = vlan;
	to->qos = qos;
	to->vlan_proto = proto;
	return 0;
}

static int test_net_set_rate(struct net_device *netdev, int vf, int min,
			     int max)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (!to || (max && min > max))
		return -EINVAL;
	to->min_tx_rate = min;
	to->max_tx_rate = max;
	return 0;
}

static int test_net_set_spoofchk(struct net_device *netdev, int vf, bool on)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (!to)
		return -EINVAL;
	to->spoofchk = on;
	return 0;
}

static int test_net_set_link(struct net_device *netdev, int vf, int state)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (!to)
		return -EINVAL;
	to->linkstate = state;
	return 0;
}

static int test_net_set_rss(struct net_device *netdev, int vf, bool on)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (!to)
		return -EINVAL;
	to->rss_query_en = on;
	return 0;
}

static int test_net_set_trust(struct net_device *netdev, int vf, bool on)
{
	struct ifla_vf_info *to = test_net_vf(netdev, vf);

	if (!to)
		return -EINVAL;
	to->trusted = on;
	return 0;
}

static netdev_tx_t test_net_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops test_net_ops = {
	.ndo_start_xmit = test_net_xmit,
	.ndo_get_vf_config = test_net_get,
	.ndo_set_vf_mac = test_net_set_mac,
	.ndo_set_vf_vlan = test_net_set_vlan,
	.ndo_set_vf_rate = test_net_set_rate,
	.ndo_set_vf_spoofchk = test_net_set_spoofchk,
	.ndo_set_vf_link_state = test_net_set_link,
	.ndo_set_vf_rss_query_en = test_net_set_rss,
	.ndo_set_vf_trust = test_net_set_trust,
};

static void test_net_from_the_factory(struct net_device *netdev)
{
	struct test_net *net = netdev_priv(netdev);
	int i;

	for (i = 0; i < MAX_VFS; i++) {
		net->vf[i].vlan_proto = htons(ETH_P_8021Q);
		net->vf[i].spoofchk = 1;
		net->vf[i].linkstate = IFLA_VF_LINK_STATE_AUTO;
	}
}

static int test_net_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct net_device *netdev = alloc_etherdev(sizeof(struct test_net));
	int ret;

	if (!netdev)
		return -ENOMEM;
	SET_NETDEV_DEV(netdev, &pdev->dev);
	netdev->netdev_ops = &test_net_ops;
	eth_hw_addr_random(netdev);
	test_net_from_the_factory(netdev);
	ret = register_netdev(netdev);
	if (ret) {
		free_netdev(netdev);
		return ret;
	}
	pci_set_drvdata(pdev, netdev);
	return 0;
}

static void test_net_remove(struct pci_dev *pdev)
{
	struct net_device *netdev = pci_get_drvdata(pdev);

	pci_disable_sriov(pdev);
	unregister_netdev(netdev);
	free_netdev(netdev);
}

static const struct pci_device_id test_net_ids[] = { {} };

static struct pci_driver test_net_driver = {
	.name = "test_net",
	.id_table = test_net_ids,
	.probe = test_net_probe,
	.remove = test_net_remove,
	.sriov_configure = pci_sriov_configure_simple,
};

static int __init test_net_init(void)
{
	int ret = words ? register_kretprobe(&test_net_setlink) : 0;

	if (ret)
		return ret;
	ret = pci_register_driver(&test_net_driver);
	if (ret && words)
		unregister_kretprobe(&test_net_setlink);
	return ret;
}

static void __exit test_net_exit(void)
{
	pci_unregister_driver(&test_net_driver);
	if (words)
		unregister_kretprobe(&test_net_setlink);
}

module_init(test_net_init);
module_exit(test_net_exit);

MODULE_DESCRIPTION("Tests: a PF driver with all VF network attributes");
MODULE_LICENSE("GPL");
