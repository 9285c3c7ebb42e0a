/* SPDX-License-Identifier: GPL-2.0-only */
/* What may be typed next, for the completion of shells. */
#ifndef CMD_COMPLETE_H
#define CMD_COMPLETE_H

#include "cli/args.h"

/*
 * Print what @words may go on with, the last of which is being typed; a line each:
 * the word, and behind a tab what it is. Where the shell knows better there is
 * one line: ":file" for a file's name, ":command" for a command line of its own
 * behind "--". @commands ends with NULL.
 */
void complete(const struct cmd *const *commands, char **words);

#endif /* CMD_COMPLETE_H */
