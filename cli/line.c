/* SPDX-License-Identifier: Apache-2.0 */
/* The line of progress: one on a terminal, drawn over again. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { BAR_WIDTH = 24 };

static int drawn; /* characters of the line that is there */

bool cli_line_wanted(bool quiet) {
  return !quiet && isatty(STDERR_FILENO);
}

void cli_line_add(cli_line *line, const char *format, ...) {
  size_t used = strlen(line->text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line->text + used, sizeof line->text - used, format, arguments);
  va_end(arguments);
}

void cli_line_add_bar(cli_line *line, double share) {
  int filled = share < 1 ? (int)(share * BAR_WIDTH) : BAR_WIDTH;
  cli_line_add(line, "[%.*s%*s]", filled, "########################", BAR_WIDTH - filled, "");
}

void cli_line_draw(const cli_line *line) {
  int n = (int)strlen(line->text);
  fprintf(stderr, "\r%s%*s", line->text, n < drawn ? drawn - n : 0, "");
  fflush(stderr);
  if (n > drawn) drawn = n; /* blanks count: the cursor stands behind them */
}

void cli_line_clear(void) {
  if (drawn) fprintf(stderr, "\r%*s\r", drawn, "");
  drawn = 0;
}
