// SPDX-License-Identifier: GPL-2.0-only
/*
 * json-c, loaded when it is called first. Most commands have no need of it, and to find,
 * map and link it is a good part of the time that they take. Its functions are these;
 * each hands on to the library's own, and one that is missing here does not link.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "sriovctl.h"

static void *find(const char *name)
{
	static void *lib;
	void *function = NULL;

	if (!lib)
		lib = dlopen(JSON_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (lib)
		function = dlsym(lib, name);
	if (function)
		return function;
	complain("%s", dlerror());
	exit(EXIT_REFUSED);
}

/* clang-format off */
#define FORWARD(type, name, params, ...)                \
	type name params                                \
	{                                               \
		static __typeof__(&name) function;      \
                                                        \
		if (!function)                          \
			function = find(#name);         \
		return function(__VA_ARGS__);           \
	}

#define OBJ struct json_object *
#define TOK struct json_tokener *

FORWARD(OBJ, json_object_new_object, (void))
FORWARD(OBJ, json_object_new_array, (void))
FORWARD(OBJ, json_object_new_string, (const char *text), text)
FORWARD(OBJ, json_object_new_int64, (int64_t number), number)
FORWARD(OBJ, json_object_new_boolean, (json_bool yes), yes)
FORWARD(OBJ, json_object_get, (OBJ obj), obj)
FORWARD(int, json_object_put, (OBJ obj), obj)
FORWARD(int, json_object_is_type, (const struct json_object *obj, enum json_type type), obj, type)
FORWARD(const char *, json_object_get_string, (OBJ obj), obj)
FORWARD(int64_t, json_object_get_int64, (const struct json_object *obj), obj)
FORWARD(int32_t, json_object_get_int, (const struct json_object *obj), obj)
FORWARD(json_bool, json_object_get_boolean, (const struct json_object *obj), obj)
FORWARD(struct lh_table *, json_object_get_object, (const struct json_object *obj), obj)
FORWARD(int, json_object_object_add, (OBJ obj, const char *key, OBJ value), obj, key, value)
FORWARD(OBJ, json_object_object_get, (const struct json_object *obj, const char *key), obj, key)
FORWARD(json_bool, json_object_object_get_ex,
	(const struct json_object *obj, const char *key, OBJ *value), obj, key, value)
FORWARD(int, json_object_array_add, (OBJ obj, OBJ value), obj, value)
FORWARD(size_t, json_object_array_length, (const struct json_object *obj), obj)
FORWARD(OBJ, json_object_array_get_idx, (const struct json_object *obj, size_t i), obj, i)
FORWARD(int, json_object_array_del_idx, (OBJ obj, size_t i, size_t count), obj, i, count)
FORWARD(const char *, json_object_to_json_string_ext, (OBJ obj, int flags), obj, flags)
FORWARD(TOK, json_tokener_new, (void))
FORWARD(OBJ, json_tokener_parse_ex, (TOK tok, const char *text, int len), tok, text, len)
FORWARD(size_t, json_tokener_get_parse_end, (TOK tok), tok)
FORWARD(enum json_tokener_error, json_tokener_get_error, (TOK tok), tok)

void json_object_array_sort(OBJ obj, int (*compare)(const void *, const void *))
{
	static __typeof__(&json_object_array_sort) function;

	if (!function)
		function = find("json_object_array_sort");
	function(obj, compare);
}

void json_tokener_free(TOK tok)
{
	static __typeof__(&json_tokener_free) function;

	if (!function)
		function = find("json_tokener_free");
	function(tok);
}
