// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VF into a running KVM guest and out of it: sriovctl against bare device_add
 * and device_del of a VF that is bound already, and against virsh, which moves it
 * from the host's driver and back. All with the same guest, which libvirt runs.
 *
 *	plug ROUNDS DOMAIN LOG SOCKET SOCKET2
 *	plug qmp SOCKET COMMAND
 *
 * LOG is the guest's console, SOCKET a monitor for the plugging process, SOCKET2 one for us,
 * to see when it is done. Each of the three has a VF of its own of the one igb,
 * and each is a program that is started for the purpose: the bare one connects to
 * the monitor, says what it has to, and ends with the answer.
 *
 * And a guarded VF, which the guest's QEMU is asked to let go of by REVOKE, against
 * device_del of it, both without a program that is started.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "bench.h"
#include "broker.h"

#define BOUND_S	 60 /* for whatever is waited for */
#define HOSTDEV	 "/run/hostdev.xml"
#define BUS	 "pci.4" /* libvirt's name of a free port */
#define SETTLE_S 2	 /* for what the guest does to a slot after it let go */

static const char *domain, *console, *socket_path;
static char *ours, *bare, *theirs, *guarded; /* the VFs */
static FILE *monitor;

/* The monitor */

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval bound = { .tv_sec = BOUND_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound)))
		bail("%s: %m", path);
	return fd;
}

/* Lines go by until one has both. */
static void await_line(const char *word, const char *other)
{
	static char line[65536];

	while (fgets(line, sizeof(line), monitor)) {
		if (strstr(line, "\"error\""))
			bail("QEMU: %s", line);
		if (strstr(line, word) && strstr(line, other))
			return;
	}
	bail("QEMU does not say %s %s", word, other);
}

static void tell(const char *command)
{
	if (send(fileno(monitor), command, strlen(command), 0) < 0)
		bail("QEMU's monitor: %m");
}

static void open_monitor(const char *path)
{
	monitor = fdopen(connect_to(path), "r");
	if (!monitor)
		bail("%s: %m", path);
	await_line("QMP", "version");
	tell("{\"execute\": \"qmp_capabilities\"}\n");
	await_line("return", "");
}

/* The guest */

static long lines_of_driver(void)
{
	FILE *f = fopen(console, "r");
	char line[512];
	long lines = 0;

	while (f && fgets(line, sizeof(line), f))
		lines += !!strstr(line, "Address: ");
	if (f)
		fclose(f);
	return lines;
}

/* The guest's driver has the VF: not before that is it of use. */
static void await_driver(long lines)
{
	double end = now_us() + BOUND_S * 1e6;

	while (lines_of_driver() <= lines) {
		if (now_us() > end)
			bail("the guest's driver does not take the VF");
		usleep(10000);
	}
}

/* Commands */

static pid_t start(char *const words[])
{
	pid_t pid = fork();

	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execvp(words[0], words);
		_exit(127);
	}
	return pid;
}

static void finish(pid_t pid, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		bail("%s failed", what);
}

#define COMMAND(...) ((char *const[]){ __VA_ARGS__, NULL })

/* A round of each */

struct times {
	struct series in, deleted, out;
};

static struct times by_sriovctl, by_qmp, by_virsh;
static struct series by_revoke, by_device_del;
static struct series sriovctl_start, true_start;

static void round_of_sriovctl(struct times *t)
{
	long lines = lines_of_driver();
	double at = now_us();
	pid_t pid;

	finish(start(COMMAND("sriovctl", "attach", "--qmp", (char *)socket_path,
			     ours, "--id", "ours", "--bus", BUS)),
	       "sriovctl attach");
	add(&t->in, now_us() - at);
	await_driver(lines);
	at = now_us();
	pid = start(COMMAND("sriovctl", "detach", "--qmp", (char *)socket_path,
			    "ours"));
	await_line("DEVICE_DELETED", "\"ours\"");
	add(&t->deleted, now_us() - at);
	finish(pid, "sriovctl detach");
	add(&t->out, now_us() - at);
}

static pid_t start_qmp(char *command)
{
	return start(
		COMMAND("/proc/self/exe", "qmp", (char *)socket_path, command));
}

static void round_of_qmp(struct times *t)
{
	long lines = lines_of_driver();
	double at = now_us();
	pid_t pid;

	finish(start_qmp(text(
		       "{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"vfio-pci\", \"id\": \"bare\", \"bus\": \"" BUS
		       "\", \"host\": \"%s\"}}\n",
		       bare)),
	       "device_add");
	add(&t->in, now_us() - at);
	await_driver(lines);
	at = now_us();
	pid = start_qmp(
		"{\"execute\": \"device_del\", \"arguments\": {\"id\": \"bare\"}}\n");
	await_line("DEVICE_DELETED", "\"bare\"");
	add(&t->deleted, now_us() - at);
	finish(pid, "device_del");
}

static void write_hostdev(const char *path)
{
	struct sriov_broker_addr vf = addr_of(theirs);
	FILE *f = fopen(path, "w");

	if (!f)
		bail("%s: %m", path);
	fprintf(f,
		"<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='%u' slot='%u' function='%u'/></source></hostdev>\n",
		vf.bdf >> 8, vf.bdf >> 3 & 0x1f, vf.bdf & 7);
	fclose(f);
}

static void round_of_virsh(struct times *t)
{
	long lines = lines_of_driver();
	double at = now_us();

	finish(start(COMMAND("virsh", "-q", "attach-device", (char *)domain,
			     HOSTDEV)),
	       "virsh attach-device");
	add(&t->in, now_us() - at);
	await_driver(lines);
	at = now_us();
	finish(start(COMMAND("virsh", "-q", "detach-device", (char *)domain,
			     HOSTDEV)),
	       "virsh detach-device");
	add(&t->out, now_us() - at);
}

/* A VF is closed: what vfio enables it has disabled. */
static void await_closed(const char *dev)
{
	double end = now_us() + BOUND_S * 1e6;

	while (get_number(text(SYS_PCI "/%s/enable", dev))) {
		if (now_us() > end)
			bail("QEMU does not close %s", dev);
		usleep(1000);
	}
}

static void ask_by_revoke(void)
{
	__u64 id = vf_now(addr_of(guarded)).lease_id;

	if (revoke_lease(id, BOUND_S * 1000, NULL))
		bail("REVOKE of lease %llu", id);
}

static void ask_by_qmp(void)
{
	tell("{\"execute\": \"device_del\", \"arguments\": {\"id\": \"guarded\"}}\n");
}

/* From being asked to the close. */
static void round_of_asking(struct series *s, void (*ask)(void))
{
	long lines = lines_of_driver();
	double at;

	tell(text(
		"{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"vfio-pci\", \"id\": \"guarded\", \"bus\": \"" BUS
		"\", \"host\": \"%s\"}}\n",
		guarded));
	await_line("return", "");
	await_driver(lines);
	at = now_us();
	ask();
	await_closed(guarded);
	add(s, now_us() - at);
	await_line("DEVICE_DELETED", "\"guarded\"");
	sleep(SETTLE_S);
}

/* What is to be compared */

/* The network interface of a PCI device. */
static char *netdev_of(const char *dev)
{
	return first_in(text(SYS_PCI "/%s/net", dev));
}

static void set_up(void)
{
	struct sriov_broker_addr pf = find_igb(0);
	char *netdev;

	if (!pf.valid)
		bail("there is no igb");
	netdev = netdev_of(name_of(pf));
	if (!netdev)
		bail("%s has no network interface", name_of(pf));
	/* Without a link the guest's driver waits for the PF. */
	finish(start(COMMAND("ip", "link", "set", netdev, "up")), "ip link");
	if (put(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)), "4"))
		bail("sriov_numvfs: %m");
	ours = strdup(name_of(vf_at(pf, 0)));
	bare = strdup(name_of(vf_at(pf, 1)));
	theirs = strdup(name_of(vf_at(pf, 2)));
	guarded = strdup(name_of(vf_at(pf, 3)));
	unbind(bare);
	set_override(bare, "vfio-pci");
	if (bind_to(bare, "vfio-pci") && strcmp(driver_of(bare), "vfio-pci"))
		bail("%s: not bound to vfio-pci", bare);
	finish(start(COMMAND("sriovctl", "bind", ours, "vfio-pci")),
	       "sriovctl bind");
	finish(start(COMMAND("sriovctl", "bind", guarded, "sriov_broker_vfio")),
	       "sriovctl bind, guarded");
	write_hostdev(HOSTDEV);
}

/* Of all that sriovctl takes, what it takes to start it. */
static void measure_start(struct series *s, char *program, char *word)
{
	double at = now_us();

	finish(start(COMMAND(program, word)), program);
	add(s, now_us() - at);
}

static void print_rows(void)
{
	row_or_more("attach, to QEMU's answer", &by_sriovctl.in,
		    "device_add of a bound VF", &by_qmp.in, 1.1, 30e3);
	row_or_more("detach, to DEVICE_DELETED", &by_sriovctl.deleted,
		    "device_del", &by_qmp.deleted, 1.1, 30e3);
	row_or_more("REVOKE with grace, till QEMU has closed it", &by_revoke,
		    "device_del by QMP, till then", &by_device_del, 1.1, 30e3);
	row("attach, whole", &by_sriovctl.in, "virsh attach-device, managed",
	    &by_virsh.in, NOTHING, 0);
	row("detach, till the VF is reset and free", &by_sriovctl.out,
	    "virsh detach-device, managed", &by_virsh.out, NOTHING, 0);
	row("of these, to start the program", &sriovctl_start, "to start true",
	    &true_start, NOTHING, 0);
}

/* A round of all. */
static void run_round(void)
{
	sleep(SETTLE_S);
	round_of_sriovctl(&by_sriovctl);
	sleep(SETTLE_S);
	round_of_qmp(&by_qmp);
	sleep(SETTLE_S);
	round_of_virsh(&by_virsh);
	sleep(SETTLE_S);
	round_of_asking(&by_revoke, ask_by_revoke);
	round_of_asking(&by_device_del, ask_by_qmp);
	measure_start(&sriovctl_start, "sriovctl", "--version");
	measure_start(&true_start, "true", NULL);
}

int main(int argc, char **argv)
{
	static struct times warm_up;
	int i;

	if (argc == 4 && !strcmp(argv[1], "qmp")) {
		open_monitor(argv[2]);
		tell(argv[3]);
		await_line("return", "");
		return 0;
	}
	if (argc != 6)
		bail("plug ROUNDS DOMAIN LOG SOCKET SOCKET2");
	domain = argv[2];
	console = argv[3];
	socket_path = argv[4];
	broker_begin("");
	set_up();
	open_monitor(argv[5]);
	round_of_sriovctl(&warm_up);
	round_of_qmp(&warm_up);
	round_of_virsh(&warm_up);
	sleep(SETTLE_S);
	round_of_asking(&warm_up.out, ask_by_qmp);
	for (i = 0; i < atoi(argv[1]); i++) {
		fprintf(stderr, "plug: round %d\n", i + 1);
		run_round();
	}
	print_rows();
	return 0;
}
