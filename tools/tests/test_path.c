// SPDX-License-Identifier: GPL-2.0-only
/* Paths through links, of which only some may be followed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/path.h"

/* A directory of ours: "real/file", and a link beside it. */
static char dir[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_path.XXXXXX");
	if (!mkdtemp(dir) || chdir(dir) || mkdir("real", 0755))
		return -1;
	return close(open("real/file", O_CREAT | O_WRONLY, 0600));
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") || system(command);
}

/* It leads to real/file; @link: "", or the one that stopped it. */
static void leads(const char *path, const char *link)
{
	char stopped[PATH_LINK_LEN];
	struct stat wanted, got;
	int fd = path_open(path, stopped);

	assert_string_equal(stopped, link);
	if (link[0]) {
		assert_int_equal(fd, -ELOOP);
		return;
	}
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(stat("real/file", &wanted), 0);
	assert_true(got.st_ino == wanted.st_ino);
	close(fd);
}

static void fails_with(const char *path, int err)
{
	char stopped[PATH_LINK_LEN];

	assert_int_equal(path_open(path, stopped), err);
	assert_string_equal(stopped, "");
}

static void test_plain(void **state)
{
	char whole[128];

	(void)state;
	leads("real/file", "");
	leads(".//real/../real/./file", "");
	snprintf(whole, sizeof(whole), "%s/real/file", dir);
	leads(whole, "");
	fails_with("real/none", -ENOENT);
	fails_with("real/file/more", -ENOTDIR);
	fails_with("", -ENOENT);
}

/* At the end, in the middle, relative, absolute, one behind another, in a circle. */
static void test_ours(void **state)
{
	char whole[128];

	(void)state;
	snprintf(whole, sizeof(whole), "%s/real", dir);
	assert_int_equal(symlink("file", "real/last"), 0);
	assert_int_equal(symlink("real", "first"), 0);
	assert_int_equal(symlink(whole, "whole"), 0);
	assert_int_equal(symlink("first/../whole", "more"), 0);
	assert_int_equal(symlink("b", "a"), 0);
	assert_int_equal(symlink("a", "b"), 0);
	leads("real/last", "");
	leads("first/last", "");
	leads("whole/file", "");
	leads("more/last", "");
	leads("/proc/self/cwd/real/file", "");
	fails_with("a/file", -ELOOP);
}

/* Where others may put a link, as they may not in what is like /tmp. */
static void test_others(void **state)
{
	(void)state;
	assert_int_equal(mkdir("open", 0777), 0);
	assert_int_equal(symlink("../real", "open/link"), 0);
	assert_int_equal(symlink("open/link", "way"), 0);
	assert_int_equal(chmod("open", 0777), 0);
	leads("open/link/file", "link");
	leads("way/file", "link");
	leads("open/../real/file", "");
	assert_int_equal(chmod("open", 01777), 0);
	leads("open/link/file", "");
	leads("way/file", "");
	/* Only root can make another one's. */
	if (geteuid())
		return;
	assert_int_equal(lchown("open/link", 65534, 65534), 0);
	leads("open/link/file", "link");
	assert_int_equal(lchown("open/link", 0, 0), 0);
	assert_int_equal(chown("open", 65534, 0), 0);
	leads("open/link/file", "link");
	assert_int_equal(chmod("open", 0755), 0);
	leads("open/link/file", "link");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_others, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
