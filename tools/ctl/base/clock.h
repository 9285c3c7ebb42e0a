/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock that deadlines are counted in. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);

#endif /* BASE_CLOCK_H */
