/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer of "sriovctl list" as a tree for people. */
#ifndef CMD_LIST_TREE_H
#define CMD_LIST_TREE_H

#include <json-c/json.h>

/* Print it and give it up. Return: 0, or a complaint's exit code. */
int tree_print(struct json_object *list);

#endif /* CMD_LIST_TREE_H */
