/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: batch, forward, backward, step; points of the curve; checkpoints; what came out. A step is a function of
 * ock_lm_run, weights, the optimiser's state and the step's number, so that a run may stop after any. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "lm/corpus.h"
#include "lm/train.h"

enum {
  SMOOTH_STEPS = 20, /* losses in the running mean that tells divergence */
  HELD_PART = 8,     /* of the held-out text: measured at points on the way */
  MOST_POINTS = 1000000
};
#define BITS_OF_GUESSING 8 /* a byte that may be any */
#define DEAD_MARGIN .01    /* nats that a network has to be better than guessing */

typedef struct session {
  ock_lm_trainer trainer;
  ockham_lm_train_options options; /* without zeros */
  ock_ticker ticker;
  double next_checkpoint_seconds;
  double uniform_loss;
  uint64_t n_warmup, n_tail; /* steps: of the warm-up, of the end whose mean loss is the result's */
} session;

static uint64_t tokens_after(const ock_lm_trainer *t, uint64_t n_steps) {
  return n_steps * t->config.batch;
}

static double flops_after(const ock_lm_trainer *t, uint64_t n_steps) {
  return t->cost.flops_per_token * (double)tokens_after(t, n_steps);
}

ockham_status ock_lm_curve_add(ock_lm_curve *curve, const ockham_lm_point *point, ockham_error *err) {
  if (curve->n == curve->capacity) {
    size_t capacity = curve->capacity ? 2 * curve->capacity : 64;
    ockham_lm_point *points = ock_realloc_array(curve->points, capacity, sizeof *points);
    if (!points) return ock_fail_memory(err, "the points of a curve", ock_size_product(capacity, sizeof *points));
    curve->points = points;
    curve->capacity = capacity;
  }
  curve->points[curve->n++] = *point;
  return OCKHAM_OK;
}

/* ---- beginning ---- */

static void fill_options(ockham_lm_train_options *o) {
  if (!(o->checkpoint_s > 0)) o->checkpoint_s = 60;
  if (!o->points) o->points = 50;
  if (o->points > MOST_POINTS) o->points = MOST_POINTS;
  if (!o->held_every) o->held_every = 5;
  if (!o->held_bytes) o->held_bytes = 65536;
}

static uint64_t checksum(const ockham_corpus *corpus) {
  uint32_t train = ock_crc32(0, corpus->train.text, (size_t)corpus->train.n_bytes);
  return (uint64_t)train << 32 | ock_crc32(0, corpus->held.text, (size_t)corpus->held.n_bytes);
}

static ockham_status make_trainer(ock_lm_trainer *t, const ockham_lm_config *config, const ockham_corpus *corpus,
                                  ockham_error *err) {
  const char *problem = ock_lm_problem();
  if (problem) return ock_fail(err, OCKHAM_UNSUPPORTED, "training needs matrix products, but %s", problem);
  t->config = *config;
  OCK_TRY(ockham_lm_config_complete(&t->config, err));
  OCK_TRY(ockham_lm_cost_of(&t->config, &t->cost, err));
  OCK_TRY(ock_lm_feed_new(&t->config, corpus, &t->feed, err));
  OCK_TRY(ock_lm_net_new(&t->config, &t->net, err));
  OCK_TRY(ock_lm_optimizer_new(t->net, &t->optimizer, err));
  ock_lm_net_init(t->net);
  t->run.corpus = checksum(corpus);
  return OCKHAM_OK;
}

static void clear_trainer(ock_lm_trainer *t) {
  ock_lm_optimizer_free(t->optimizer);
  ock_lm_net_free(t->net);
  ock_lm_feed_free(t->feed);
  ock_free(t->curve.points);
  ock_free(t->nll);
}

static ockham_status keep(session *s, ockham_error *err) {
  if (!s->options.checkpoint) return OCKHAM_OK;
  s->next_checkpoint_seconds = ock_clock_seconds() + s->options.checkpoint_s;
  return ock_lm_checkpoint_write(&s->trainer, s->options.checkpoint, err);
}

/* From the checkpoint, where there is one; else it is written for the first time, before there is anything to lose. */
static ockham_status begin(session *s, ockham_error *err) {
  const char *path = s->options.checkpoint;
  if (!path || !s->options.resume || (access(path, F_OK) != 0 && errno == ENOENT)) return keep(s, err);
  ock_lm_checkpoint checkpoint;
  OCK_TRY(ock_lm_checkpoint_open(path, &checkpoint, err));
  ockham_status status = ock_lm_checkpoint_resume(&checkpoint, path, &s->trainer, err);
  ock_lm_checkpoint_clear(&checkpoint);
  s->next_checkpoint_seconds = ock_clock_seconds() + s->options.checkpoint_s;
  return status;
}

static ockham_status open_session(session *s, const ockham_lm_config *config, const ockham_corpus *corpus,
                                  ockham_error *err) {
  ock_lm_trainer *t = &s->trainer;
  fill_options(&s->options);
  OCK_TRY(make_trainer(t, config, corpus, err));
  if (!ock_lm_feed_n_held(t->feed))
    return ock_fail(err, OCKHAM_BAD_DATA, "the held-out text is shorter than one context of %zu", t->config.context);
  s->n_warmup = ock_lm_warmup_steps(&t->config, t->cost.steps);
  s->n_tail = t->cost.steps >= 10 ? t->cost.steps / 10 : 1;
  s->uniform_loss = log((double)ock_lm_n_tokens(&t->config));
  s->ticker = (ock_ticker){.progress = &s->options.progress, .stage = "training", .total = t->cost.steps};
  return begin(s, err);
}

/* ---- a step ---- */

/* A single batch may be unlucky; the mean of many after the warm-up that is no better than guessing is not, nor is it
 * where a network died, whose logits are all 0. */
static bool has_diverged(const session *s, ock_lm_run *run, double loss) {
  if (!isfinite(loss)) return true;
  if (run->n_done < s->n_warmup) return false;
  run->smooth = run->n_smooth ? run->smooth + (loss - run->smooth) / SMOOTH_STEPS : loss;
  run->n_smooth++;
  return run->n_smooth >= SMOOTH_STEPS && run->smooth > s->uniform_loss - DEAD_MARGIN;
}

static void add_loss(const session *s, ock_lm_run *run, double loss, double norm) {
  run->since += loss;
  run->n_since++;
  if (!(norm <= run->largest_norm)) run->largest_norm = norm;
  if (run->n_done + s->n_tail < s->trainer.cost.steps) return;
  run->last += loss;
  run->n_last++;
}

static ockham_status train_step(session *s, ockham_error *err) {
  ock_lm_trainer *t = &s->trainer;
  ock_lm_run *run = &t->run;
  const ock_lm_batch *batch;
  double loss, norm, start = ock_clock_seconds();
  ock_lm_feed_batch(t->feed, run->n_done, &batch);
  OCK_TRY(ock_lm_net_forward(t->net, batch, true, run->n_done, &loss, NULL, err));
  bool diverged = has_diverged(s, run, loss);
  if (!diverged) {
    ock_lm_net_backward(t->net);
    norm = ock_lm_optimizer_step(t->optimizer, run->n_done, t->cost.steps);
    add_loss(s, run, loss, norm);
    diverged = !isfinite(norm);
  }
  if (diverged) {
    run->diverged = 1;
    run->diverged_step = run->n_done;
  }
  run->n_done++;
  run->seconds += ock_clock_seconds() - start;
  return OCKHAM_OK;
}

/* ---- points of the curve ---- */

static ockham_status add_point(session *s, double held_bits, ockham_error *err) {
  ock_lm_trainer *t = &s->trainer;
  ock_lm_run *run = &t->run;
  ockham_lm_point point = {.step = run->n_done,
                           .tokens = tokens_after(t, run->n_done),
                           .flops = flops_after(t, run->n_done),
                           .seconds = run->seconds,
                           .rate = ock_lm_rate_at(&t->config, run->n_done - 1, t->cost.steps),
                           .train_loss = run->n_since ? run->since / (double)run->n_since : NAN,
                           .held_bits = held_bits,
                           .gradient_norm = run->largest_norm};
  run->since = run->largest_norm = 0;
  run->n_since = 0;
  OCK_TRY(ock_lm_curve_add(&t->curve, &point, err));
  if (s->options.on_point) s->options.on_point(s->options.arg, &point);
  return OCKHAM_OK;
}

/* The last one waits for the final measurement. */
static ockham_status add_point_if_due(session *s, ockham_error *err) {
  ock_lm_trainer *t = &s->trainer;
  uint64_t n = t->cost.steps, points = s->options.points < n ? s->options.points : n;
  uint64_t index = t->run.n_done * points / n;
  if (index == (t->run.n_done - 1) * points / n || t->run.n_done == n || t->run.diverged) return OCKHAM_OK;
  ock_lm_bits bits = {.suffix = NAN};
  if (index % s->options.held_every == 0)
    OCK_TRY(ock_lm_measure(t, (s->options.held_bytes - 1) / HELD_PART + 1, false, &bits, err));
  return add_point(s, bits.suffix, err);
}

/* ---- the loop ---- */

static ockham_status stop(session *s, ockham_error *err) {
  OCK_TRY(keep(s, err));
  unsigned long long n = s->trainer.run.n_done, total = s->trainer.cost.steps;
  if (!s->options.checkpoint) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped after %llu of %llu steps", n, total);
  return ock_fail(err, OCKHAM_INTERRUPTED, "stopped after %llu of %llu steps, which %s keeps", n, total,
                  s->options.checkpoint);
}

static ockham_status train_steps(session *s, ockham_error *err) {
  const ock_lm_run *run = &s->trainer.run;
  while (run->n_done < s->trainer.cost.steps && !run->diverged) {
    s->ticker.done = run->n_done;
    if (ock_ticker_stopped(&s->ticker)) return stop(s, err);
    OCK_TRY(train_step(s, err));
    OCK_TRY(add_point_if_due(s, err));
    if (ock_clock_seconds() >= s->next_checkpoint_seconds) OCK_TRY(keep(s, err));
  }
  return OCKHAM_OK;
}

/* ---- the end ---- */

/* Least squares of the training loss on the logarithm of tokens, over the second half. */
static double slope_of(const ock_lm_curve *curve, uint64_t tokens) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t p = 0; p < curve->n; p++) {
    const ockham_lm_point *point = &curve->points[p];
    if (2 * point->tokens <= tokens) continue;
    double l = log((double)point->tokens / (double)tokens);
    n++;
    x += l;
    y += point->train_loss;
    xx += l * l;
    xy += l * point->train_loss;
  }
  double spread = xx - x * x / n;
  return n >= 2 && spread > 0 ? (xy - x * y / n) / spread : NAN;
}

/* A run that diverged knows nothing: it counts as guessing. */
static void guess_bits(const session *s, ock_lm_bits *bits) {
  bits->suffix = BITS_OF_GUESSING;
  for (int c = 0; c < 3; c++) bits->at[c] = BITS_OF_GUESSING;
  bits->whole = ock_lm_has_whole(&s->trainer) ? BITS_OF_GUESSING : NAN;
}

static void fill_result(session *s, const ock_lm_bits *bits, ockham_lm_result *result) {
  ock_lm_trainer *t = &s->trainer;
  const ock_lm_run *run = &t->run;
  *result = (ockham_lm_result){.diverged = run->diverged,
                               .diverged_step = run->diverged_step,
                               .suffix_bits = bits->suffix,
                               .whole_bits = bits->whole,
                               .train_loss = run->n_last ? run->last / (double)run->n_last : NAN,
                               .last_slope = slope_of(&t->curve, tokens_after(t, run->n_done)),
                               .steps = run->n_done,
                               .tokens = tokens_after(t, run->n_done),
                               .flops = flops_after(t, run->n_done),
                               .seconds = run->seconds,
                               .n_points = t->curve.n,
                               .points = t->curve.points};
  memcpy(result->suffix_bits_at, bits->at, sizeof bits->at);
  if (run->diverged) result->train_loss = s->uniform_loss;
  t->curve = (ock_lm_curve){0};
}

static ockham_status finish(session *s, ockham_lm_result *result, ockham_error *err) {
  ock_lm_trainer *t = &s->trainer;
  const ock_lm_curve *curve = &t->curve;
  bool has_last = curve->n && curve->points[curve->n - 1].step == t->run.n_done; /* resumed at the end */
  ock_lm_bits bits;
  if (!t->run.diverged) OCK_TRY(ock_lm_measure(t, s->options.held_bytes, true, &bits, err));
  if (!t->run.diverged && !isfinite(bits.suffix)) {
    t->run.diverged = 1;
    t->run.diverged_step = t->run.n_done - 1;
  }
  if (t->run.diverged) guess_bits(s, &bits);
  if (!has_last) {
    OCK_TRY(add_point(s, bits.suffix, err));
    OCK_TRY(keep(s, err));
  }
  fill_result(s, &bits, result);
  return OCKHAM_OK;
}

ockham_status ockham_lm_train(const ockham_lm_config *config, const ockham_corpus *corpus,
                              const ockham_lm_train_options *options, ockham_lm_result *result, ockham_error *err) {
  session s = {0};
  if (options) s.options = *options;
  ockham_status status = open_session(&s, config, corpus, err);
  if (!status) status = train_steps(&s, err);
  if (!status) status = finish(&s, result, err);
  clear_trainer(&s.trainer);
  return status;
}

void ockham_lm_result_clear(ockham_lm_result *result) {
  ock_free(result->points);
  *result = (ockham_lm_result){0};
}
