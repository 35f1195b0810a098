/* SPDX-License-Identifier: Apache-2.0 */
/* Bits a byte of held-out text: the same pieces for every config of one context. */
#include <math.h>

#include "lm/train.h"

static ockham_status reserve_nll(ock_lm_trainer *trainer, size_t n, ockham_error *err) {
  if (n <= trainer->nll_capacity) return OCKHAM_OK;
  float *nll = ock_realloc_array(trainer->nll, n, sizeof *nll);
  if (!nll) return ock_fail_memory(err, "losses of single tokens", ock_size_product(n, sizeof *nll));
  trainer->nll = nll;
  trainer->nll_capacity = n;
  return OCKHAM_OK;
}

/* Targets of the first n sequences: a batch may hold pieces beyond the last that counts. */
static size_t count_targets(const ock_lm_batch *batch, uint64_t n) {
  size_t count = 0, tokens = (size_t)n * batch->length;
  for (size_t i = 0; i < tokens; i++) count += batch->targets[i] >= 0;
  return count;
}

/* Nats and bytes of pieces `first` ... n_pieces - 1 that one batch holds; *n: how many. Undefined: *n is 0. */
static ockham_status measure_batch(ock_lm_trainer *trainer, uint64_t first, uint64_t n_pieces, int cut, double *nats,
                                   double *bytes, uint64_t *n, ockham_error *err) {
  const ock_lm_batch *batch;
  uint64_t n_bytes;
  double loss;
  *n = 0;
  ock_lm_feed_held(trainer->feed, first, cut, &batch, n, &n_bytes);
  if (!batch || !*n) return OCKHAM_OK;
  OCK_TRY(reserve_nll(trainer, batch->n_targets, err));
  OCK_TRY(ock_lm_net_forward(trainer->net, batch, false, 0, &loss, trainer->nll, err));
  uint64_t counted = *n < n_pieces - first ? *n : n_pieces - first;
  size_t n_targets = count_targets(batch, counted * (batch->n_sequences / *n));
  for (size_t i = 0; i < n_targets; i++) *nats += (double)trainer->nll[i];
  *bytes += (double)n_bytes / (double)*n * (double)counted;
  *n = counted;
  return OCKHAM_OK;
}

/* NaN where it is not defined. */
static ockham_status measure_cut(ock_lm_trainer *trainer, uint64_t n_pieces, int cut, double *bits, ockham_error *err) {
  double nats = 0, bytes = 0;
  for (uint64_t first = 0, n; first < n_pieces; first += n) {
    OCK_TRY(measure_batch(trainer, first, n_pieces, cut, &nats, &bytes, &n, err));
    if (!n) break;
  }
  *bits = bytes > 0 ? nats / log(2) / bytes : NAN;
  return OCKHAM_OK;
}

bool ock_lm_has_whole(const ock_lm_trainer *trainer) {
  const ock_lm_batch *batch;
  uint64_t n, n_bytes;
  ock_lm_feed_held(trainer->feed, 0, 0, &batch, &n, &n_bytes);
  return batch != NULL;
}

ockham_status ock_lm_measure(ock_lm_trainer *trainer, uint64_t n_bytes, bool whole, ock_lm_bits *bits,
                             ockham_error *err) {
  uint64_t context = trainer->config.context, n_held = ock_lm_feed_n_held(trainer->feed);
  uint64_t n_pieces = (n_bytes - 1) / context + 1;
  if (n_pieces > n_held) n_pieces = n_held;
  *bits = (ock_lm_bits){.whole = NAN};
  for (int c = 0; c < 3; c++) {
    OCK_TRY(measure_cut(trainer, n_pieces, c + 1, &bits->at[c], err));
    bits->suffix += bits->at[c] / 3;
  }
  return whole ? measure_cut(trainer, n_pieces, 0, &bits->whole, err) : OCKHAM_OK;
}
