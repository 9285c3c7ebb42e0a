/* SPDX-License-Identifier: GPL-2.0-only */
/* What to do about a refusal, where that is a command or an option of sriovctl's. */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include "sriovbroker.h"

#define ADVICE_LEN 128

/*
 * For the broker's last answer, @error; @sb is NULL where it could not be opened.
 * Return: @buf, ADVICE_LEN bytes, with a half-sentence; or NULL
 */
const char *advice(const struct sriovb *sb, int error, char *buf);

#endif /* CLI_ADVICE_H */
