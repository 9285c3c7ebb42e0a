// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that runs a guest, looked at from outside.
 *
 * Its command line names its monitors, -qmp unix:PATH or -mon with a -chardev;
 * a monitor counts when the process really listens on that socket, by its
 * descriptors and /proc/PID/net/unix. No other socket is ever touched: it may be
 * the guest's console.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proc.h"
#include "vmm.h"

/* ---- its words ---- */

int vmm_is_qemu(pid_t pid)
{
	char path[PATH_MAX];
	char *words;
	size_t len;
	int ret;

	if (!proc_link(pid, "exe", path, sizeof(path)))
		return !!strstr(basename(path), "qemu");
	/* Another user's: only its words can be read. */
	words = proc_read(pid, "cmdline", &len);
	ret = words && strstr(basename(words), "qemu");
	free(words);
	return ret;
}

/* One element, with ",," made ",". Return: where the next one begins, or NULL */
static const char *next_element(const char *p, char *to, size_t len)
{
	size_t n = 0;

	for (; *p && (*p != ',' || p[1] == ','); p++) {
		if (*p == ',')
			p++;
		if (n + 1 < len)
			to[n++] = *p;
	}
	to[n] = '\0';
	return *p ? p + 1 : NULL;
}

int vmm_option(const char *words, const char *key, int implied, char *to,
	       size_t len)
{
	size_t key_len = strlen(key);
	char element[PATH_MAX];

	for (; words; implied = 0) {
		words = next_element(words, element, sizeof(element));
		if (implied && !strchr(element, '=')) {
			snprintf(to, len, "%s", element);
			return 0;
		}
		if (strncmp(element, key, key_len) || element[key_len] != '=')
			continue;
		snprintf(to, len, "%s", element + key_len + 1);
		return 0;
	}
	return -1;
}

/* Is @word QEMU's option @name? It takes one dash or two. */
static int is_option(const char *word, const char *name)
{
	if (*word++ != '-')
		return 0;
	return !strcmp(*word == '-' ? word + 1 : word, name);
}

int vmm_setting(char *const *words, const char *option, const char *key,
		char *to, size_t len)
{
	int ret = -1;

	to[0] = '\0';
	for (; *words; words++)
		if (is_option(*words, option) && words[1] &&
		    !vmm_option(words[1], key, 1, to, len))
			ret = 0;
	return ret;
}

/* The words of a command line, ended by NULL; they lie in @text. */
static char **split_words(char *text, size_t len)
{
	char *end = text + len;
	size_t count = 1;
	char **words;
	char *p;

	for (p = text; p < end; p += strlen(p) + 1)
		count++;
	words = calloc(count, sizeof(*words));
	if (!words)
		return NULL;
	count = 0;
	for (p = text; p < end; p += strlen(p) + 1)
		words[count++] = p;
	return words;
}

/* ---- its sockets ---- */

/* A socket that may be a monitor: is it one of the process's, and free? */
struct search {
	char path[PATH_MAX]; /* as it was bound */
	char *table;	     /* of unix sockets, as the process sees it */
	int listens;
	int taken;
};

#define ACCEPTS	  0x10000 /* a listening socket's flag */
#define CONNECTED 3

/* The table's line for what a descriptor leads to. Return: 0 or -1. */
static int find_socket(const char *table, const char *target,
		       unsigned int *flags, unsigned int *state, char *path,
		       size_t len)
{
	const char *line = strchr(table, '\n');
	unsigned long wanted, inode;
	int at;

	if (sscanf(target, "socket:[%lu]", &wanted) != 1)
		return -1;
	for (; line; line = strchr(line, '\n')) {
		line++;
		if (sscanf(line, "%*s %*x %*x %x %*x %x %lu%n", flags, state,
			   &inode, &at) != 3 ||
		    inode != wanted)
			continue;
		line += at + (line[at] == ' ');
		snprintf(path, len, "%.*s", (int)strcspn(line, "\n"), line);
		return 0;
	}
	return -1;
}

static void check_fd(void *ctx, int fd, const char *target)
{
	struct search *search = ctx;
	unsigned int flags, state;
	char path[PATH_MAX];

	(void)fd;
	if (find_socket(search->table, target, &flags, &state, path,
			sizeof(path)) ||
	    strcmp(path, search->path))
		return;
	if (flags & ACCEPTS)
		search->listens = 1;
	else if (state == CONNECTED)
		search->taken = 1;
}

/* The path that the process's own descriptor number @fd listens on. */
static int path_of_fd(pid_t pid, const char *fd, struct search *search)
{
	char link[64], target[PATH_MAX];
	unsigned int flags, state;

	snprintf(link, sizeof(link), "fd/%d", atoi(fd));
	if (proc_link(pid, link, target, sizeof(target)))
		return -1;
	return find_socket(search->table, target, &flags, &state, search->path,
			   sizeof(search->path));
}

static int same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* A path as we can reach it: the process's file system may be another one. */
static int reach(pid_t pid, const char *path, char *to, size_t len)
{
	char cwd[PATH_MAX] = "/", whole[2 * PATH_MAX];
	char rooted[2 * PATH_MAX + 32];
	const char *best = whole;

	if (path[0] != '/' && proc_link(pid, "cwd", cwd, sizeof(cwd)))
		return -1;
	snprintf(whole, sizeof(whole), "%s%s%s", path[0] == '/' ? "" : cwd,
		 path[0] == '/' ? "" : "/", path);
	snprintf(rooted, sizeof(rooted), "/proc/%d/root%s", pid, whole);
	if (!same_file(whole, rooted))
		best = rooted;
	return (size_t)snprintf(to, len, "%s", best) < len ? 0 : -1;
}

/* ---- its monitors ---- */

/* Take the one that @search names, if there is none yet or that one is taken. */
static void take_monitor(pid_t pid, struct vmm *vmm, struct search *search,
			 const char *chardev)
{
	char path[VMM_PATH_LEN];

	search->listens = search->taken = 0;
	proc_each_fd(pid, check_fd, search);
	if (!search->listens || (vmm->monitor[0] && !vmm->taken) ||
	    reach(pid, search->path, path, sizeof(path)))
		return;
	if (vmm->monitor[0] && search->taken)
		return;
	strcpy(vmm->monitor, path);
	vmm->taken = search->taken;
	vmm->libvirt = !strcmp(chardev, "charmonitor");
}

/* The socket behind chardev @id. */
static int chardev_socket(pid_t pid, char *const *words, const char *id,
			  struct search *search)
{
	char text[PATH_MAX];

	for (; *words; words++) {
		if (!is_option(*words, "chardev") || !words[1] ||
		    strncmp(words[1], "socket,", 7) ||
		    vmm_option(words[1], "id", 0, text, sizeof(text)) ||
		    strcmp(text, id))
			continue;
		if (!vmm_option(words[1], "path", 0, search->path,
				sizeof(search->path)))
			return 0;
		if (!vmm_option(words[1], "fd", 0, text, sizeof(text)))
			return path_of_fd(pid, text, search);
	}
	return -1;
}

/* -mon chardev=ID,mode=control: what is no control is for people. */
static int mon_socket(pid_t pid, char *const *words, const char *mon, char *id,
		      struct search *search)
{
	char mode[16];

	if (vmm_option(mon, "mode", 0, mode, sizeof(mode)) ||
	    strcmp(mode, "control") ||
	    vmm_option(mon, "chardev", 1, id, VMM_NAME_LEN))
		return -1;
	return chardev_socket(pid, words, id, search);
}

static void find_monitor(pid_t pid, char *const *words, struct vmm *vmm,
			 struct search *search)
{
	char *const *word;

	for (word = words; *word && word[1]; word++) {
		char id[VMM_NAME_LEN] = "";

		if ((is_option(*word, "qmp") ||
		     is_option(*word, "qmp-pretty")) &&
		    !strncmp(word[1], "unix:", 5))
			next_element(word[1] + 5, search->path,
				     sizeof(search->path));
		else if (!is_option(*word, "mon") ||
			 mon_socket(pid, words, word[1], id, search))
			continue;
		take_monitor(pid, vmm, search, id);
	}
}

int vmm_uuid(pid_t pid, char *uuid, size_t len)
{
	size_t text_len;
	char *text = proc_read(pid, "cmdline", &text_len);
	char **words = text ? split_words(text, text_len) : NULL;
	int ret = words ? vmm_setting(words, "uuid", "", uuid, len) : -1;

	free(words);
	free(text);
	return ret;
}

void vmm_look(pid_t pid, struct vmm *vmm)
{
	struct search search = { 0 };
	size_t len, table_len;
	char *text = proc_read(pid, "cmdline", &len);
	char **words = text ? split_words(text, len) : NULL;

	*vmm = (struct vmm){ 0 };
	if (words) {
		vmm_setting(words, "name", "guest", vmm->name,
			    sizeof(vmm->name));
		search.table = proc_read(pid, "net/unix", &table_len);
		if (search.table)
			find_monitor(pid, words, vmm, &search);
	}
	free(search.table);
	free(words);
	free(text);
}
