/* SPDX-License-Identifier: Apache-2.0 */
/* Where the next centre should go: greedy k-means++. */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

size_t ock_lloyd_n_candidates(size_t k) {
  size_t n = 2 + (size_t)log((double)(k > 1 ? k : 1));
  return n < OCK_MAX_CANDIDATES ? n : OCK_MAX_CANDIDATES;
}

void ock_lloyd_row_position(const ock_lloyd *s, size_t i, double *position) {
  memset(position, 0, s->d * sizeof(double));
  ock_lloyd_add_row(s, i, 1, position);
}

static void weigh_block(void *arg, size_t b, size_t worker) {
  (void)worker;
  ock_lloyd *s = arg;
  ock_lloyd_block *block = &s->blocks[b];
  block->weight = 0;
  for (size_t i = block->first; i < block->end; i++) block->weight += s->upper[i] * s->upper[i];
}

double ock_lloyd_weigh(ock_lloyd *s) {
  double total = 0;
  ock_lloyd_run_blocks(s, weigh_block, s);
  for (size_t b = 0; b < s->n_blocks; b++) total += s->blocks[b].weight;
  return total;
}

/* The row at which the running sum of squared distances passes a random share of the total. */
size_t ock_lloyd_draw_row(const ock_lloyd *s, ock_rng *rng, double total) {
  double target = ock_rng_uniform(rng) * total;
  size_t b = 0;
  while (b + 1 < s->n_blocks && target >= s->blocks[b].weight) target -= s->blocks[b++].weight;
  size_t last = s->blocks[b].first;
  for (size_t i = s->blocks[b].first; i < s->blocks[b].end; i++) {
    double weight = s->upper[i] * s->upper[i];
    if (weight > 0) last = i; /* never a row that lies on its centre, whatever rounding did to target */
    if (target < weight) return i;
    target -= weight;
  }
  return last;
}

typedef struct candidate_contest {
  ock_lloyd *s;
  const double *positions;
  size_t n;
} candidate_contest;

/* What each candidate would take off the inertia if nothing else moved. */
static void gain_block(void *arg, size_t b, size_t worker) {
  const candidate_contest *contest = arg;
  ock_lloyd *s = contest->s;
  ock_lloyd_block *block = &s->blocks[b];
  double *panel = s->workers[worker].panel, *squared = s->workers[worker].candidates;
  memset(block->gain, 0, contest->n * sizeof(double));
  for (size_t first = block->first; first < block->end; first += OCK_PANEL) {
    size_t n = block->end - first < OCK_PANEL ? block->end - first : OCK_PANEL;
    ock_panel_load(s->kernels, s->x, s->origin, first, n, panel);
    s->kernels->distances(panel, s->d, contest->positions, contest->n, squared);
    for (size_t c = 0; c < contest->n; c++)
      for (size_t r = 0; r < n; r++) {
        double gain = s->upper[first + r] * s->upper[first + r] - squared[c * OCK_PANEL + r];
        block->gain[c] += gain > 0 ? gain : 0;
      }
  }
}

bool ock_lloyd_propose(ock_lloyd *s, ock_rng *rng, size_t n_candidates, double *position, double *gain) {
  double total = ock_lloyd_weigh(s);
  if (!(total > 0)) return false;
  if (n_candidates > OCK_MAX_CANDIDATES) n_candidates = OCK_MAX_CANDIDATES;

  double *positions = s->candidates;
  for (size_t c = 0; c < n_candidates; c++)
    ock_lloyd_row_position(s, ock_lloyd_draw_row(s, rng, total), positions + c * s->d);
  ock_lloyd_run_blocks(s, gain_block, &(candidate_contest){s, positions, n_candidates});
  size_t best = 0;
  for (size_t c = 0; c < n_candidates; c++) {
    for (size_t b = 1; b < s->n_blocks; b++) s->blocks[0].gain[c] += s->blocks[b].gain[c];
    if (s->blocks[0].gain[c] > s->blocks[0].gain[best]) best = c;
  }
  memcpy(position, positions + best * s->d, s->d * sizeof(double));
  *gain = s->blocks[0].gain[best];
  return true;
}

void ock_lloyd_seed(ock_lloyd *s, size_t k, ock_rng *rng) {
  double *position = s->previous, gain;
  ock_lloyd_row_position(s, ock_rng_below(rng, s->n), position);
  ock_lloyd_assign(s, position, 1);
  while (s->k < k && ock_lloyd_propose(s, rng, ock_lloyd_n_candidates(k), position, &gain)) {
    ock_lloyd_insert(s, position);
    if (s->ticker && ock_ticker_stopped(s->ticker)) break;
  }
}
