/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as seen without the broker: sysfs attributes, the kernel's log,
 * modules, time.  What the tests compare the broker's words with.
 */
#ifndef SELFTESTS_SYSFS_H
#define SELFTESTS_SYSFS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SYS_PCI "/sys/bus/pci/devices"

#define TEXT_LEN 512
#define TEXTS	 32

/* A path, or any other text, that lives until 32 more have been made. */
__attribute__((format(printf, 1, 2))) static inline char *text(const char *fmt,
							       ...)
{
	static _Thread_local char ring[TEXTS][TEXT_LEN];
	static _Thread_local unsigned int at;
	char *buf = ring[at++ % TEXTS];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, TEXT_LEN, fmt, args);
	va_end(args);
	return buf;
}

/* The first entry of a directory, as text(); NULL if there is none. */
static inline char *first_in(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e = NULL;
	char *name = NULL;

	while (dir && !name && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			name = text("%s", e->d_name);
	if (dir)
		closedir(dir);
	return name;
}

static inline long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static inline void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

/* Whether the condition becomes true within that time. */
#define eventually(ms, condition)                               \
	({                                                      \
		long long end_ = now_ms() + (ms);               \
		bool so_;                                       \
		while (!(so_ = (condition)) && now_ms() < end_) \
			sleep_ms(10);                           \
		so_;                                            \
	})

static inline bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* The first line of a file; "" if it can't be read. */
static inline char *get(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *line = text("%s", "");
	ssize_t len = fd < 0 ? 0 : read(fd, line, TEXT_LEN - 1);

	line[len > 0 ? len : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
	return line;
}

static inline long get_number(const char *path)
{
	return strtol(get(path), NULL, 0);
}

/* 0 or the errno of the write. */
static inline int put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* The last part of what a link points to; "" if there is none. */
static inline char *link_name(const char *path)
{
	char to[PATH_MAX];
	ssize_t len = readlink(path, to, sizeof(to) - 1);

	if (len < 0)
		return text("%s", "");
	to[len] = '\0';
	return text("%s", basename(to));
}

static inline char *driver_of(const char *dev)
{
	return link_name(text(SYS_PCI "/%s/driver", dev));
}

static inline char *override_of(const char *dev)
{
	char *name = get(text(SYS_PCI "/%s/driver_override", dev));

	return strcmp(name, "(null)") ? name : text("%s", "");
}

static inline int iommu_group_of(const char *dev)
{
	char *name = link_name(text(SYS_PCI "/%s/iommu_group", dev));

	return name[0] ? atoi(name) : -1;
}

static inline int unbind(const char *dev)
{
	return put(text(SYS_PCI "/%s/driver/unbind", dev), dev);
}

static inline int bind_to(const char *dev, const char *driver)
{
	return put(text("/sys/bus/pci/drivers/%s/bind", driver), dev);
}

static inline int probe(const char *dev)
{
	return put("/sys/bus/pci/drivers_probe", dev);
}

static inline int set_override(const char *dev, const char *driver)
{
	return put(text(SYS_PCI "/%s/driver_override", dev), driver);
}

/* The kernel's log from now on. */
static inline int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Lines since the last look that have both words; what was read is gone. */
static inline int log_count(int fd, const char *word, const char *other)
{
	char line[8192];
	ssize_t len;
	int num = 0;

	while ((len = read(fd, line, sizeof(line) - 1)) >= 0 ||
	       errno == EPIPE) {
		line[len > 0 ? len : 0] = '\0';
		num += strstr(line, word) && strstr(line, other);
	}
	return num;
}

static inline bool have_module(const char *name)
{
	return exists(text("/sys/module/%s", name));
}

static inline int modprobe(const char *name)
{
	return system(text("modprobe -q %s", name));
}

/* 0 or the errno of the module's init. */
static inline int insert_module(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, params, 0))
		err = errno;
	close(fd);
	return err;
}

static inline int remove_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

#endif /* SELFTESTS_SYSFS_H */
