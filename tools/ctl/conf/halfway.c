// SPDX-License-Identifier: GPL-2.0-only
/* How far the maintenance of a PF is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json_util.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/wait.h"
#include "conf/halfway.h"
#include "conf/save.h"

#define DIR	"/run/sriov-broker"
#define POLL_MS 200

static void state_path(const char *pf, char path[64])
{
	snprintf(path, 64, DIR "/maintenance-%s.json", pf);
}

int halfway_has_left(const char *pf)
{
	char path[64];

	state_path(pf, path);
	return !access(path, F_OK);
}

/* ---- one at a time ---- */

static int cannot(const char *path, int error)
{
	return fail(exit_code_of(-error), path, "%s", strerror(error));
}

/* Not by a lock that waits: a signal is to end that. */
static int take_lock(struct halfway *h, const char *pf)
{
	char path[64];
	int told = 0;

	snprintf(path, sizeof(path), DIR "/maintenance-%s.lock", pf);
	h->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (h->lock < 0)
		return cannot(path, errno);
	while (flock(h->lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK) {
			close(h->lock);
			return cannot(path, errno);
		}
		if (!told++)
			note(pf,
			     "waiting for another maintenance of it, or its command, to end");
		if (wait_ms(POLL_MS)) {
			close(h->lock);
			return fail(EXIT_REFUSED, pf, "interrupted");
		}
	}
	return 0;
}

/* ---- files ---- */

/* The file has all of it or is as it was. */
static int write_file(const char *path, struct json_object *obj)
{
	char new[72];
	int err = 0;

	snprintf(new, sizeof(new), "%s.new", path);
	if (json_object_to_file_ext(new, obj, JSON_C_TO_STRING_PRETTY))
		err = cannot(new, errno ? errno : EIO);
	else if (rename(new, path))
		err = cannot(path, errno);
	json_object_put(obj);
	return err;
}

static struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(obj, key, &value);
	return value;
}

static int read_state(struct halfway *h)
{
	struct json_object *obj;
	const char *driver;

	if (access(h->state, F_OK))
		return 0;
	obj = json_object_from_file(h->state);
	driver = json_object_get_string(get(obj, "driver"));
	if (!json_object_is_type(get(obj, "guests"), json_type_array) ||
	    !driver) {
		json_object_put(obj);
		return fail(EXIT_REFUSED, h->state,
			    "not what a maintenance has left" REMEDY
			    "remove it");
	}
	h->is_there = 1;
	h->was_cordoned = json_object_get_boolean(get(obj, "cordoned"));
	h->ran = json_object_get_boolean(get(obj, "ran"));
	h->is_on = json_object_get_boolean(get(obj, "on"));
	snprintf(h->driver, sizeof(h->driver), "%s", driver);
	json_object_put(h->guests);
	h->guests = json_object_get(get(obj, "guests"));
	json_object_put(obj);
	return 0;
}

int halfway_open(struct halfway *h, const char *pf)
{
	int ret;

	*h = (struct halfway){ .lock = -1 };
	snprintf(h->conf, sizeof(h->conf), DIR "/maintenance-%s.conf", pf);
	state_path(pf, h->state);
	if (mkdir(DIR, 0700) && errno != EEXIST)
		return cannot(DIR, errno);
	ret = take_lock(h, pf);
	if (ret)
		return ret;
	h->guests = json_object_new_array();
	ret = read_state(h);
	if (ret)
		halfway_close(h);
	return ret;
}

void halfway_close(struct halfway *h)
{
	json_object_put(h->guests);
	close(h->lock);
}

int halfway_write(struct halfway *h)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "cordoned",
			       json_object_new_boolean(h->was_cordoned));
	json_object_object_add(obj, "ran", json_object_new_boolean(h->ran));
	json_object_object_add(obj, "on", json_object_new_boolean(h->is_on));
	json_text(obj, "driver", h->driver);
	json_object_object_add(obj, "guests", json_object_get(h->guests));
	h->is_there = 1;
	return write_file(h->state, obj);
}

int halfway_has_pf(const struct halfway *h)
{
	return !access(h->conf, F_OK);
}

int halfway_write_pf(struct halfway *h, const struct sriov_broker_pf *pf,
		     const struct sriov_broker_vf *vfs, ssize_t n)
{
	struct json_object *obj, *array;
	int ret;

	if (halfway_has_pf(h))
		return 0;
	obj = json_object_new_object();
	array = json_object_new_array();
	json_object_object_add(obj, "pfs", array);
	ret = conf_save(array, NAME_ADDRESS, pf, vfs, n);
	if (!ret)
		return write_file(h->conf, obj);
	json_object_put(obj);
	return ret;
}

void halfway_forget(struct halfway *h)
{
	/* In this order: without the second there is nothing to go on with. */
	unlink(h->state);
	unlink(h->conf);
	h->is_there = 0;
}
