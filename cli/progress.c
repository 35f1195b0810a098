/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { BAR_WIDTH = 24 };

static volatile sig_atomic_t interrupted, nothing_to_lose;

static struct {
  bool visible; /* there is a terminal to draw on */
  bool drawn;
  double start, stage_start;
  const char *stage;
} bar;

static void on_interrupt(int signal_number) {
  if (nothing_to_lose) _exit(EXIT_STOPPED);
  interrupted = 1;
  signal(signal_number, SIG_DFL); /* a second one is meant */
}

void cli_interrupt_ends_at_once(bool at_once) {
  nothing_to_lose = at_once;
}

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void draw(const char *stage, uint64_t done, uint64_t total) {
  double now = now_seconds();
  if (!bar.stage || strcmp(bar.stage, stage) != 0) {
    bar.stage = stage;
    bar.stage_start = now;
  }
  if (now - bar.start < 0.5) return; /* nobody waits that little */
  double share = total ? (double)done / (double)total : 0;
  if (share > 1) share = 1;
  int filled = (int)(share * BAR_WIDTH);
  fprintf(stderr, "\r%-22.22s [%.*s%*s] %3.0f %%", stage, filled, "########################", BAR_WIDTH - filled, "",
          100 * share);
  double elapsed = now - bar.stage_start;
  if (share > 0.02 && elapsed > 0.5)
    fprintf(stderr, "  %.0f s left  ", elapsed / share * (1 - share));
  else
    fputs("              ", stderr);
  fflush(stderr);
  bar.drawn = true;
}

static bool report(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  if (bar.visible) draw(stage, done, total);
  return !interrupted;
}

const ockham_progress *cli_progress_start(bool quiet) {
  static const ockham_progress progress = {report, NULL};
  bar.visible = !quiet && isatty(STDERR_FILENO);
  bar.start = now_seconds();
  struct sigaction action = {.sa_handler = on_interrupt}; /* without SA_RESTART: a read that waits shall end */
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  return &progress;
}

void cli_progress_end(void) {
  if (bar.drawn) fprintf(stderr, "\r%*s\r", 70, "");
  bar.drawn = false;
}
