/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "lm/feed.h"

static void give(ock_lm_example *e, const int32_t *tokens, size_t n) {
  if (n) memcpy(e->given + e->n_given, tokens, n * sizeof *tokens);
  e->n_given += n;
}

static void ask(ock_lm_example *e, const int32_t *tokens, size_t n) {
  if (n) memcpy(e->asked + e->n_asked, tokens, n * sizeof *tokens);
  e->n_asked += n;
}

static void give_one(ock_lm_example *e, int32_t token) {
  give(e, &token, 1);
}

static void ask_one(ock_lm_example *e, int32_t token) {
  ask(e, &token, 1);
}

/* ---- plain text ---- */

static void make_plain(const ock_lm_kind *kind, const int32_t *raw, ock_lm_example *e) {
  give(e, raw, 1);
  ask(e, raw + 1, kind->window);
}

/* P uniform from 1 to context - 1. */
static void make_prefix(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *lengths,
                        ock_lm_example *e) {
  size_t n = 1 + (size_t)ock_rng_below(lengths, shape->context - 1);
  give(e, raw, n);
  ask(e, raw + n, kind->lead + kind->window - n);
  if (shape->encoder) e->start = shape->special + OCK_LM_SEPARATOR;
}

static void make_continue(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *lengths,
                          ock_lm_example *e) {
  size_t least = (kind->window + 4) / 5, most = kind->window * 4 / 5;
  size_t n = least + (size_t)ock_rng_below(lengths, most - least + 1);
  give_one(e, shape->special + kind->mode);
  give(e, raw, n);
  ask(e, raw + n, kind->window - n);
  e->start = shape->special + OCK_LM_SEPARATOR;
}

/* ---- spans ---- */

/* Choose n of 0 ... total - 1, ascending: each in its turn with the chance that as many are left to choose. */
static void choose(size_t total, size_t n, ock_rng *rng, size_t *chosen) {
  size_t found = 0;
  for (size_t i = 0; found < n; i++)
    if (ock_rng_below(rng, total - i) < n - found) chosen[found++] = i;
}

void ock_lm_compose(size_t total, size_t n, ock_rng *rng, size_t *lengths) {
  assert(n >= 1 && n <= total);
  choose(total - 1, n - 1, rng, lengths); /* parts end behind these */
  size_t before = 0;
  for (size_t i = 0; i < n; i++) {
    size_t end = i + 1 < n ? lengths[i] + 1 : total;
    lengths[i] = end - before;
    before = end;
  }
}

enum { MOST_SPANS = 4096 };

/* As T5's: kept and hidden parts take turns, kept first; the lengths of either are a random composition. */
static void make_spans(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *own,
                       ock_lm_example *e) {
  size_t kept[MOST_SPANS], hidden[MOST_SPANS], at = 0;
  ock_lm_compose(kind->window - kind->n_noise, kind->n_spans, own, kept);
  ock_lm_compose(kind->n_noise, kind->n_spans, own, hidden);
  if (kind->mode >= 0) give_one(e, shape->special + kind->mode);
  for (size_t s = 0; s < kind->n_spans; s++) {
    int32_t sentinel = shape->special + OCK_LM_SENTINEL + (int32_t)(s % OCK_LM_N_SENTINELS);
    give(e, raw + at, kept[s]);
    give_one(e, sentinel);
    ask_one(e, sentinel);
    ask(e, raw + at + kept[s], hidden[s]);
    at += kept[s] + hidden[s];
  }
  e->start = shape->special + OCK_LM_SEPARATOR;
  ask_one(e, e->start); /* the end */
}

static size_t draw_poisson(double mean, ock_rng *rng) {
  size_t n = 0;
  for (double product = ock_rng_uniform(rng); product > exp(-mean); product *= ock_rng_uniform(rng)) n++;
  return n;
}

/* Poisson lengths (a span of none is none) until they sum to `total`; the last is cut to fit. */
static size_t draw_spans(size_t total, double mean, ock_rng *rng, size_t *lengths) {
  size_t n = 0;
  for (size_t sum = 0; sum < total;) {
    size_t length = draw_poisson(mean, rng);
    if (length == 0) continue;
    lengths[n] = length < total - sum ? length : total - sum;
    sum += lengths[n++];
  }
  return n;
}

/* Spans go into different gaps between the tokens that stay, so that none touch. */
static void make_drop(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *own,
                      ock_lm_example *e) {
  size_t lengths[MOST_SPANS], gaps[MOST_SPANS], n_kept = kind->window - kind->n_noise, at = 0, taken = 0;
  size_t n = draw_spans(kind->n_noise, kind->mean, own, lengths);
  choose(n_kept + 1, n, own, gaps);
  for (size_t s = 0; s < n; s++) {
    give(e, raw + at, gaps[s] - taken);
    at += gaps[s] - taken + lengths[s];
    taken = gaps[s];
  }
  give(e, raw + at, kind->window - at);
  ask(e, raw, kind->window);
  e->start = shape->special + OCK_LM_SEPARATOR;
  ask_one(e, e->start); /* the end */
}

/* ---- the middle ---- */

/* Two cuts, uniform; the order of what is given by a coin (an encoder sees no difference). */
static void make_middle(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *lengths,
                        ock_rng *own, ock_lm_example *e) {
  size_t n = kind->window;
  size_t a = (size_t)ock_rng_below(lengths, n + 1), b = (size_t)ock_rng_below(lengths, n + 1);
  size_t first = a < b ? a : b, second = a < b ? b : a;
  bool suffix_first = !shape->encoder && ock_rng_below(own, 2);
  give_one(e, shape->special + OCK_LM_PRE);
  if (!suffix_first) give(e, raw, first);
  give_one(e, shape->special + OCK_LM_SUF);
  give(e, raw + second, n - second);
  if (shape->encoder)
    e->start = shape->special + OCK_LM_MID;
  else
    give_one(e, shape->special + OCK_LM_MID);
  if (suffix_first) give(e, raw, first);
  ask(e, raw + first, second - first);
  ask_one(e, shape->special + OCK_LM_SEPARATOR); /* the end */
  e->loss_on_given = !shape->encoder && !shape->prefix;
}

void ock_lm_make_example(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *lengths,
                         ock_rng *own, ock_lm_example *e) {
  *e = (ock_lm_example){.given = e->given, .asked = e->asked, .start = -1};
  switch (kind->name) {
    case OCK_LM_PLAIN:
      make_plain(kind, raw, e);
      break;
    case OCK_LM_PREFIX:
      make_prefix(shape, kind, raw, lengths, e);
      break;
    case OCK_LM_SPANS:
      make_spans(shape, kind, raw, own, e);
      break;
    case OCK_LM_DROP:
      make_drop(shape, kind, raw, own, e);
      break;
    case OCK_LM_CONTINUE:
      make_continue(shape, kind, raw, lengths, e);
      break;
    case OCK_LM_MIDDLE:
      make_middle(shape, kind, raw, lengths, own, e);
      break;
  }
  e->n_counted = e->n_asked;
}
