// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.15 some drivers' operations run under a lock of the interface's own. */
#include <net/netdev_lock.h>

void vfb_probe(struct net_device *netdev);
void vfb_probe(struct net_device *netdev)
{
	netdev_lock_ops(netdev);
	netdev_unlock_ops(netdev);
}
