/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t interrupted, nothing_to_lose;

static struct {
  bool visible; /* there is a terminal to draw on */
  double start, stage_start;
  double stage_share; /* of the whole that was done when the stage began */
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

double cli_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void draw(const char *stage, uint64_t done, uint64_t total) {
  double now = cli_seconds();
  double share = total ? (double)done / (double)total : 0;
  if (share > 1) share = 1;
  if (!bar.stage || strcmp(bar.stage, stage) != 0) {
    bar.stage = stage;
    bar.stage_start = now;
    bar.stage_share = share;
  }
  if (now - bar.start < 0.5) return; /* nobody waits that little */
  cli_line line = {0};
  cli_line_add(&line, "%-18.18s ", stage);
  cli_line_add_bar(&line, share);
  cli_line_add(&line, " %3.0f %%", 100 * share);
  if (total && total < 100000) /* fits, not bytes */
    cli_line_add(&line, ", %llu of %llu fits", (unsigned long long)(done < total ? done : total),
                 (unsigned long long)total);
  double elapsed = now - bar.stage_start, gained = share - bar.stage_share;
  if (gained > 0.02 && elapsed > 0.5) cli_line_add(&line, ", %.0f s left", elapsed / gained * (1 - share));
  cli_line_draw(&line);
}

static bool report(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  if (bar.visible) draw(stage, done, total);
  return !interrupted;
}

const ockham_progress *cli_progress_start(bool quiet) {
  static const ockham_progress progress = {.report = report};
  bar.visible = cli_line_wanted(quiet);
  bar.start = cli_seconds();
  struct sigaction action = {.sa_handler = on_interrupt}; /* without SA_RESTART: a read that waits shall end */
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  return &progress;
}

void cli_progress_take_sigterm(void) {
  struct sigaction action = {.sa_handler = on_interrupt};
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
}

void cli_progress_end(void) {
  cli_line_clear();
}
