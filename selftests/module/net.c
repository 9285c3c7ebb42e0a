// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was set of a leased VF through its PF is put back when the lease has ended,
 * however it did; and no setting can come too late. iproute2 sets and looks.
 */
#define _GNU_SOURCE
#include "monitor.h"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;
static char *netdev;

/* "ip link set PF vf 0 ..." */
static int ip_set(const char *what)
{
	return system(text("ip link set %s vf 0 %s", netdev, what));
}

/* What iproute2 shows of VF 0: one line. */
static char *ip_shows(void)
{
	FILE *p =
		popen(text("ip -d link show %s | grep ' vf 0 '", netdev), "r");
	char line[512] = "";

	if (p && !fgets(line, sizeof(line), p))
		line[0] = '\0';
	if (p)
		pclose(p);
	return strdup(line);
}

static void shows(const char *wanted, const char *name)
{
	char *now = ip_shows();

	if (!ok(!strcmp(now, wanted), "%s", name))
		diag("got %s, wanted %s", now, wanted);
	free(now);
}

/* The interface of a PF; lives as long as the program. */
static char *netdev_of(struct sriov_broker_addr dev)
{
	char *name = NULL;

	if (!eventually(LONG_MS, (name = first_in(text(SYS_PCI "/%s/net",
						       name_of(dev))))))
		bail("%s has no interface", name_of(dev));
	return strdup(name);
}

static int open_broker(void)
{
	return open(NODE, O_RDWR | O_CLOEXEC);
}

static const char *const changes[] = {
	"mac 02:00:00:00:00:77", "vlan 77 qos 3", "spoofchk off", "trust on",
	"max_tx_rate 50",
};

#define NUM_CHANGES (sizeof(changes) / sizeof(changes[0]))

static void change_all(const char *after)
{
	unsigned int i;

	for (i = 0; i < NUM_CHANGES; i++)
		is(ip_set(changes[i]), 0, "%s: %s", after, changes[i]);
}

static void test_refusals(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0), nvme = find_nvme(0);
	struct sriov_broker_net_hold p = { .size = sizeof(p), .flags = 1 };
	struct sriov_broker_grant g;
	int fd = open_broker();

	lease(vf, "", &g, NULL);
	refused(net_hold(fd, vf_at(pf, 1), g.id, &why), ENOENT, &why,
		SRIOV_BROKER_WHY_NO_LEASE, vf_at(pf, 1), "a free VF");
	refused(net_hold(fd, vf, g.id + 1, &why), ENOENT, &why,
		SRIOV_BROKER_WHY_NO_LEASE, vf, "another lease");
	refused(net_hold(fd, pf, g.id, &why), EINVAL, &why,
		SRIOV_BROKER_WHY_IS_PF, pf, "a PF");
	p.vf = vf;
	p.lease_id = g.id;
	is(call(fd, SRIOV_BROKER_NET_HOLD, &p), EOPNOTSUPP, "a flag");
	close(g.fd);
	ok(comes_back(pf), "none of them keeps the VF");
	if (same_addr(nvme, no_addr)) {
		skip("there is none", "a PF without an interface");
	} else {
		enable(nvme, 1, "vfio-pci", NULL);
		lease(vf_at(nvme, 0), "", &g, NULL);
		refused(net_hold(fd, g.vf, g.id, &why), EOPNOTSUPP, &why,
			SRIOV_BROKER_WHY_NO_NETDEV, nvme,
			"a PF without an interface");
		close(g.fd);
		ok(comes_back(nvme), "it does not keep the VF either");
	}
	close(fd);
}

/* The holder and the setter are killed; no process is left to put anything back. */
static void test_killed(void)
{
	char *before = ip_shows(), *now;
	struct sriov_broker_grant g;
	int told[2];
	char c;
	pid_t pid;

	if (pipe(told))
		bail("no pipe");
	pid = fork();
	if (!pid) {
		unsigned int i;
		int fd = open_broker();

		if (lease(vf_at(pf, 0), "", &g, NULL) ||
		    net_hold(fd, g.vf, g.id, NULL))
			_exit(1);
		for (i = 0; i < NUM_CHANGES; i++)
			ip_set(changes[i]);
		/* As a second tool would, much later. */
		if (net_hold(fd, g.vf, g.id, NULL))
			_exit(1);
		ip_set("mac 02:00:00:00:00:78");
		if (write(told[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	close(told[1]);
	is(read(told[0], &c, 1), 1, "killed: a tenant has changed it all");
	now = ip_shows();
	ok(strstr(now, "00:78") && strstr(now, "vlan 77") &&
		   strstr(now, "spoof checking off") &&
		   strstr(now, "trust on") && strstr(now, "max_tx_rate 50"),
	   "killed: iproute2 shows it");
	diag("%s", now);
	free(now);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(comes_back(pf), "killed: its VF comes back");
	shows(before, "killed: as it was before, for the next tenant");
	close(told[0]);
	free(before);
}

/* Without a hold it is the admin's doing, and stays. */
static void test_lasting(void)
{
	char *before = ip_shows(), *set;
	struct sriov_broker_grant g;

	is(ip_set("mac 02:00:00:00:00:01"), 0, "lasting: set on a free VF");
	set = ip_shows();
	lease(vf_at(pf, 0), "", &g, NULL);
	shows(set, "lasting: the tenant has it");
	net_hold(broker, g.vf, g.id, NULL);
	close(broker);
	broker = open_broker();
	change_all("lasting");
	close(g.fd);
	ok(comes_back(pf), "lasting: the VF comes back");
	shows(set, "lasting: with what the admin had set");
	ip_set("mac 00:00:00:00:00:00");
	shows(before, "lasting: until the admin takes it away");
	free(before);
	free(set);
}

/* A tool is slow: the lease has ended before it sets. */
static void test_late(void)
{
	char *before = ip_shows();
	struct sriov_broker_grant g;
	int fd = open_broker();

	lease(vf_at(pf, 0), "", &g, NULL);
	is(net_hold(fd, g.vf, g.id, &why), 0, "late: a tool is about to set");
	close(g.fd);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_DRAINING),
	   "late: the lease ends, the VF waits for the tool");
	refused(lease(g.vf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_RETURNING, vf_at(pf, 0),
		"late: no request gets it");
	is(ip_set("mac 02:00:00:00:00:79"), 0, "late: the tool sets");
	is(state_of(vf_at(pf, 0)), SRIOV_BROKER_VF_DRAINING,
	   "late: no holder has it");
	close(fd);
	ok(comes_back(pf), "late: the tool is done, the VF comes back");
	shows(before, "late: as it was");
	free(before);
}

/* A tool hangs: that is waited for as for any other user. */
static void test_stuck(void)
{
	char *before = ip_shows();
	struct sriov_broker_grant g;
	int fd = open_broker();

	put("/sys/module/" MODULE "/parameters/drain_timeout", "1");
	lease(vf_at(pf, 0), "", &g, NULL);
	net_hold(fd, g.vf, g.id, NULL);
	ip_set("vlan 5");
	close(g.fd);
	ok(comes_to(vf_at(pf, 0), SRIOV_BROKER_VF_QUARANTINED),
	   "stuck: into quarantine");
	is(vf_now(vf_at(pf, 0)).fault, SRIOV_BROKER_FAULT_IN_USE,
	   "stuck: for it was not let go");
	refused(enable(pf, numvfs(pf) - 1, "vfio-pci", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf_at(pf, 0),
		"stuck: nor is there another VF of its number");
	close(fd);
	ok(comes_back(pf), "stuck: let go, it comes back by itself");
	shows(before, "stuck: as it was");
	put("/sys/module/" MODULE "/parameters/drain_timeout", "600");
	free(before);
}

/* It hangs on as an admin gives the VF to the host: what it may yet set no holder is to find. */
static void test_stuck_moved(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	struct sriov_broker_grant g;
	int fd = open_broker();

	put("/sys/module/" MODULE "/parameters/drain_timeout", "1");
	lease(vf, "", &g, NULL);
	net_hold(fd, vf, g.id, NULL);
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "stuck, moved: into quarantine");
	worked(bind_vfs(vf, 0, 0, "host", &why), &why,
	       "stuck, moved: the host may have it");
	refused(bind_vfs(vf, 0, 0, "vfio-pci", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "stuck, moved: not the pool");
	close(fd);
	worked(bind_vfs(vf, 0, 0, "vfio-pci", &why), &why,
	       "stuck, moved: let go, the pool may");
	ok(comes_back(pf), "stuck, moved: it is free");
	put("/sys/module/" MODULE "/parameters/drain_timeout", "600");
}

static int set_link(bool up)
{
	int err = !monitor_says("set_link", text("\"name\":\"igb1\",\"up\":%s",
						 up ? "true" : "false"));

	/* The PF's driver looks every other second. */
	if (!err &&
	    !eventually(LONG_MS, get_number(text("/sys/class/net/%s/carrier",
						 netdev)) == up))
		err = 1;
	return err;
}

/* Without a link igb sets no rate: it can't be put back. */
static void test_refused(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	char *before = ip_shows();
	struct sriov_broker_grant g;
	int fd = open_broker();

	lease(vf, "", &g, NULL);
	net_hold(fd, vf, g.id, NULL);
	is(ip_set("max_tx_rate 60"), 0, "refused: a rate is set");
	close(fd);
	is(set_link(false), 0, "refused: the link is lost");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "refused: the driver does not put it back: quarantine");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_NET, "refused: and why");
	is(set_link(true), 0, "refused: the link is there again");
	is(clear(vf, &why), 0, "refused: cleared");
	ok(comes_back(pf), "refused: it comes back");
	shows(before, "refused: as it was");
	free(before);
}

/* What was to be put back is not, once an admin has moved the VF. */
static void test_moved(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	char *before = ip_shows(), *set;
	struct sriov_broker_grant g;
	int fd = open_broker();

	lease(vf, "", &g, NULL);
	net_hold(fd, vf, g.id, NULL);
	is(ip_set("max_tx_rate 60"), 0, "moved: a rate is set");
	close(fd);
	is(set_link(false), 0, "moved: the link is lost");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "moved: it is not put back: quarantine");
	is(set_link(true), 0, "moved: the link is there again");
	worked(bind_vfs(vf, 0, 0, "host", &why), &why,
	       "moved: out of the pool");
	worked(bind_vfs(vf, 0, 0, "vfio-pci", &why), &why, "moved: and back");
	is(ip_set("max_tx_rate 20"), 0, "moved: the admin sets a rate");
	set = ip_shows();
	is(lease(vf, "", &g, &why), 0, "moved: leased again");
	close(g.fd);
	ok(comes_back(pf), "moved: it comes back");
	shows(set, "moved: with what the admin set");
	is(ip_set("max_tx_rate 0"), 0, "moved: the admin takes it away");
	shows(before, "moved: all is as it was");
	free(before);
	free(set);
}

/* What the admin has set of a free VF lasts, however many there are. */
static void test_numbers(void)
{
	char *before = ip_shows(), *set;

	change_all("numbers");
	set = ip_shows();
	worked(enable(pf, 3, "vfio-pci", &why), &why, "numbers: from 2 to 3");
	shows(set, "numbers: the VF has what it had");
	worked(enable(pf, 2, "pci-stub", &why), &why, "numbers: from 3 to 2");
	shows(set, "numbers: and still");
	is(enable(pf, 4, "virtio-pci", &why), ENODEV,
	   "numbers: to 4, which their driver refuses");
	shows(set, "numbers: that changes nothing");
	worked(enable(pf, 2, "vfio-pci", &why), &why, "numbers: on vfio-pci");
	is(set_link(false), 0, "numbers: the link is lost, so no rate is set");
	refused(enable(pf, 3, "vfio-pci", &why), 0, &why,
		SRIOV_BROKER_WHY_NET_LOST, vf_at(pf, 0),
		"numbers: from 2 to 3, and the answer says what was lost");
	is(why.value, 1, "numbers: by one VF");
	is(set_link(true), 0, "numbers: the link is there again");
	worked(disable(pf, &why), &why, "numbers: disable");
	worked(enable(pf, 2, "vfio-pci", &why), &why, "numbers: 2 new ones");
	shows(before, "numbers: which begin anew");
	free(before);
	free(set);
}

/* A guarded VF's manager says nothing to the broker; of any other the setter holds the VF. */
static void set_for_lease(const struct sriov_broker_grant *g, bool guarded)
{
	int fd = open_broker();

	if (!guarded)
		net_hold(fd, g->vf, g->id, NULL);
	is(ip_set("mac 02:00:00:00:00:56"), 0,
	   "rebound: the holder has another one");
	close(fd);
}

/* The PF's driver forgets; where pfs brings the VFs back they are as they were. */
static void test_rebound(const char *how, bool guarded)
{
	unsigned long long had = stat_of(SRIOV_BROKER_STAT_ENABLE).count;
	struct sriov_broker_grant g;
	unsigned long long again;
	char dev[16], *set;

	strcpy(dev, name_of(pf));
	is(ip_set("mac 02:00:00:00:00:55"), 0, "rebound: a MAC is set");
	is(ip_set("vlan 55"), 0, "rebound: and a VLAN");
	set = ip_shows();
	is(put("/sys/module/" MODULE "/parameters/pfs",
	       text("%s=2%s", dev, how)),
	   0, "rebound: pfs names the PF: 2%s", how);
	ok(eventually(LONG_MS, stat_of(SRIOV_BROKER_STAT_ENABLE).count > had),
	   "rebound: and has been applied");
	is(vf_now(vf_at(pf, 0)).flags,
	   guarded ? SRIOV_BROKER_VF_FLAG_GUARDED : 0,
	   "rebound: the VFs are guarded, or not");
	worked(lease(vf_at(pf, 0), "", &g, &why), &why, "rebound: leased");
	set_for_lease(&g, guarded);
	again = stat_of(SRIOV_BROKER_STAT_ENABLE).count;
	is(unbind(dev), 0, "rebound: the PF's driver goes");
	close(g.fd);
	is(bind_to(dev, "igb"), 0, "rebound: and comes");
	ok(eventually(LONG_MS,
		      count_state(pf, SRIOV_BROKER_VF_FREE) == 2 &&
			      stat_of(SRIOV_BROKER_STAT_ENABLE).count > again),
	   "rebound: the VFs are there again");
	netdev = netdev_of(pf);
	shows(set, "rebound: with what the admin had set");
	put("/sys/module/" MODULE "/parameters/pfs", "");
	free(set);
}

#define TEST_NET "/sys/module/test_net/parameters/"

/* A VF's way back has ended since then, well or not. */
static bool has_ended_after(__u64 seq)
{
	struct sriov_broker_event e =
		last_event(vf_at(pf, 0), SRIOV_BROKER_EVENT_VF_STATE);

	return e.seq > seq && (e.state == SRIOV_BROKER_VF_QUARANTINED ||
			       e.state == SRIOV_BROKER_VF_FREE);
}

/* A driver that does not take the MAC back that it has shown. */
static void test_no_zero(void)
{
	struct sriov_broker_grant g;
	char dev[16], *now;
	__u64 seq;
	int fd;

	worked(disable(pf, &why), &why, "no zero: disable");
	if (insert_module("kmod/test_net.ko", ""))
		bail("kmod/test_net.ko can't be loaded");
	strcpy(dev, name_of(pf));
	unbind(dev);
	set_override(dev, "test_net");
	is(probe(dev), 0, "no zero: the PF is on such a driver");
	netdev = netdev_of(pf);
	worked(enable(pf, 1, "vfio-pci", &why), &why, "no zero: a VF");
	put(TEST_NET "no_zero", "1");
	worked(lease(vf_at(pf, 0), "", &g, &why), &why, "no zero: leased");
	fd = open_broker();
	net_hold(fd, g.vf, g.id, NULL);
	is(ip_set("mac 02:00:00:00:00:66"), 0, "no zero: the holder's MAC");
	close(fd);
	close(g.fd);
	ok(comes_back(pf), "no zero: the VF comes back");
	now = ip_shows();
	ok(strstr(now, "vf 0") && !strstr(now, "00:66") &&
		   !strstr(now, "00:00:00:00:00:00"),
	   "no zero: with a MAC that is no holder's");
	diag("%s", now);

	worked(lease(vf_at(pf, 0), "", &g, &why), &why, "no mac: leased");
	fd = open_broker();
	net_hold(fd, g.vf, g.id, NULL);
	is(ip_set("mac 02:00:00:00:00:67"), 0, "no mac: the holder's MAC");
	put(TEST_NET "no_mac", "1");
	close(fd);
	close(g.fd);
	ok(comes_to(vf_at(pf, 0), SRIOV_BROKER_VF_QUARANTINED),
	   "no mac: it can't be put back: quarantine");
	seq = last_event(vf_at(pf, 0), SRIOV_BROKER_EVENT_VF_STATE).seq;
	is(clear(vf_at(pf, 0), &why), 0, "no mac: cleared");
	ok(eventually(LONG_MS, has_ended_after(seq)),
	   "no mac: it is tried again");
	is(state_of(vf_at(pf, 0)), SRIOV_BROKER_VF_QUARANTINED,
	   "no mac: the holder's MAC is on no VF");
	put(TEST_NET "no_mac", "0");
	is(clear(vf_at(pf, 0), &why), 0, "no mac: cleared once more");
	ok(comes_back(pf), "no mac: it comes back");
	shows(now, "no mac: as it was");
	free(now);
	worked(disable(pf, &why), &why, "no mac: disable");
	unbind(dev);
	set_override(dev, "\n");
	probe(dev);
	is(remove_module("test_net"), 0, "no mac: the driver goes");
}

/* Threads of the kernel that wait for rtnl to look at attributes. */
static int num_lookers(void)
{
	FILE *p = popen(
		"grep -l vfb_net_ /proc/[0-9]*/stack 2>/dev/null | wc -l", "r");
	int num = -1;

	if (p && fscanf(p, "%d", &num) != 1)
		num = -1;
	if (p)
		pclose(p);
	return num;
}

/* A process that waits for the look of its NET_HOLD. */
static bool waits_to_hold(pid_t pid)
{
	return !system(
		text("grep -qs vfb_net_remember_killable /proc/%d/stack", pid));
}

/* Root takes a VF's driver off as the last step of its return waits for rtnl: it is not free. */
static void test_unbound_last(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	char *before = ip_shows(), dev[16];
	struct sriov_broker_grant g;
	int fd = open_broker();

	strcpy(dev, name_of(vf));
	lease(vf, "", &g, NULL);
	net_hold(fd, vf, g.id, NULL);
	is(ip_set("mac 02:00:00:00:00:57"), 0, "last: a MAC is set");
	close(fd);
	if (insert_module("kmod/fake_lock.ko", "")) {
		skip("no fake_lock.ko", "a driver taken off at the end");
		close(g.fd);
		comes_back(pf);
		return;
	}
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_RESETTING) &&
		   eventually(LONG_MS, num_lookers() > 0),
	   "last: the VF's return waits for rtnl");
	is(unbind(dev), 0, "last: it is unbound by hand");
	is(remove_module("fake_lock"), 0, "last: rtnl can be had");
	ok(eventually(LONG_MS, state_of(vf) != SRIOV_BROKER_VF_RESETTING),
	   "last: the return ends");
	is(state_of(vf), SRIOV_BROKER_VF_QUARANTINED, "last: in quarantine");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_DRIVER, "last: for its driver");
	is(clear(vf, &why), 0, "last: cleared");
	ok(comes_back(pf), "last: it comes back");
	ok(!strcmp(driver_of(dev), "vfio-pci"), "last: on its driver");
	shows(before, "last: as it was");
	free(before);
}

#define MANY 5

/* Another one has rtnl for long: leases come and go, and one thread waits for it. */
static void test_rtnl_held(void)
{
	struct sriov_broker_grant g[MANY];
	int i, err = 0;

	if (!worked(enable(pf, MANY, "vfio-pci", &why), &why, "held: 5 VFs"))
		return;
	if (insert_module("kmod/fake_lock.ko", "")) {
		skip("no fake_lock.ko", "rtnl that can't be had");
		return;
	}
	for (i = 0; i < MANY; i++)
		err += !!lease(vf_at(pf, i), "", &g[i], NULL);
	is(err, 0, "held: all can be leased");
	ok(eventually(LONG_MS, num_lookers() > 0), "held: rtnl is waited for");
	is(num_lookers(), 1, "held: by one thread, not by one for each VF");
	for (i = 0; i < MANY; i++)
		close(g[i].fd);
	ok(comes_back(pf), "held: all come back");
	is(remove_module("fake_lock"), 0, "held: rtnl can be had again");
	ok(eventually(LONG_MS, !num_lookers()), "held: none waits any more");
}

/* A client that waits for rtnl like this is killed: it ends, and holds nothing. */
static void test_hold_killed(void)
{
	bool waits, killed;
	struct sriov_broker_grant g;
	pid_t pid;

	/* First, or what the lease finds were known before. */
	if (insert_module("kmod/fake_lock.ko", "")) {
		skip("no fake_lock.ko", "a NET_HOLD that waits for rtnl");
		return;
	}
	lease(vf_at(pf, 0), "", &g, NULL);
	pid = fork();
	if (!pid) {
		close(g.fd);
		_exit(net_hold(open_broker(), g.vf, g.id, NULL));
	}
	waits = eventually(LONG_MS, waits_to_hold(pid));
	kill(pid, SIGKILL);
	killed = eventually(LONG_MS, waitpid(pid, NULL, WNOHANG) == pid);
	/* Before anything is said, for what fails here may be left with it. */
	remove_module("fake_lock");
	ok(waits, "waiting: a NET_HOLD waits for rtnl");
	ok(killed, "waiting: killed, it ends before that can be had");
	close(g.fd);
	ok(comes_back(pf), "waiting: it holds no VF");
}

int main(void)
{
	pf = find_igb(1);
	if (same_addr(pf, no_addr))
		bail("no igb");
	modprobe("vfio-pci");
	modprobe("virtio_pci");
	monitor_begin();
	broker_begin("drain_timeout=600");
	netdev = netdev_of(pf);
	if (system(text("ip link set %s up", netdev)) || set_link(true))
		bail("%s does not come up", netdev);
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs"))
		return done();
	/* Without a link igb takes no rate for its VFs. */
	ok(eventually(LONG_MS, get_number(text("/sys/class/net/%s/carrier",
					       netdev)) == 1),
	   "the PF has a link");
	test_refusals();
	test_killed();
	test_lasting();
	test_late();
	test_stuck();
	test_stuck_moved();
	test_refused();
	test_moved();
	test_numbers();
	test_unbound_last();
	test_rebound("", false);
	test_rebound(":guarded:restore", true);
	test_rtnl_held();
	test_hold_killed();
	test_no_zero();
	return done();
}
