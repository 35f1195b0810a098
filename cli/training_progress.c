/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "training.h"

/* Speeds between the last two points of the curve, and time left by those of this process. */
static void draw(training_progress *p, uint64_t done, uint64_t total) {
  double now = cli_seconds(), gained = (double)(done - p->first_done);
  if (now < p->next_seconds) return;
  p->next_seconds = now + 0.2;
  cli_line line = {0};
  cli_line_add(&line, "step %llu of %llu", (unsigned long long)done, (unsigned long long)total);
  double seconds = p->last.seconds - p->before.seconds;
  if (p->last.step) cli_line_add(&line, ", loss %.3f", p->last.train_loss);
  if (!isnan(p->held_bits)) cli_line_add(&line, ", %.3f bits a byte", p->held_bits);
  if (seconds > 0)
    cli_line_add(&line, ", %.1fk tokens/s, %.1f GFLOP/s", (double)(p->last.tokens - p->before.tokens) / seconds / 1e3,
                 (p->last.flops - p->before.flops) / seconds / 1e9);
  if (gained > 0 && now - p->start_seconds > 1)
    cli_line_add(&line, ", %.0f s left", (now - p->start_seconds) / gained * (double)(total - done));
  cli_line_draw(&line);
}

static const ockham_progress *stopping; /* the command's own: it knows of Ctrl-C */

static bool report(void *user, const char *stage, uint64_t done, uint64_t total) {
  training_progress *p = user;
  if (p->first_done == UINT64_MAX) p->first_done = done;
  if (p->visible && done > p->first_done) draw(p, done, total);
  return stopping->report(stopping->user, stage, done, total);
}

void training_progress_start(training_progress *progress, bool quiet) {
  stopping = cli_progress_start(true);
  cli_progress_take_sigterm();
  *progress = (training_progress){
      .visible = cli_line_wanted(quiet), .start_seconds = cli_seconds(), .first_done = UINT64_MAX, .held_bits = NAN};
  progress->progress = (ockham_progress){.report = report, .user = progress};
}

void training_progress_point(void *progress, const ockham_lm_point *point) {
  training_progress *p = progress;
  p->before = p->last;
  if (!p->before.step && p->first_done) p->before = *point; /* resumed: no speed before the second */
  p->last = *point;
  if (!isnan(point->held_bits)) p->held_bits = point->held_bits;
}
