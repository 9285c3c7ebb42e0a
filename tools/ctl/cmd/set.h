/* SPDX-License-Identifier: GPL-2.0-only */
/* What sriovctl set can set besides attributes of the network. */
#ifndef CMD_SET_H
#define CMD_SET_H

/* The name of one of these, NULL behind the last. */
const char *set_special(unsigned int index);

#endif /* CMD_SET_H */
