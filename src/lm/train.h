/* SPDX-License-Identifier: Apache-2.0 */
/* What training, its checkpoints and sampling share. */
#ifndef OCK_LM_TRAIN_H
#define OCK_LM_TRAIN_H

#include "data/internal.h"
#include "lm/internal.h"

/* All that a run is, besides its config, weights and the optimiser's state: what follows is a function of these. Kept
 * in checkpoints as it is. */
typedef struct ock_lm_run {
  uint64_t n_done; /* steps */
  uint64_t diverged, diverged_step;
  uint64_t n_since, n_last, n_smooth; /* losses in the sums below */
  double since;                       /* losses since the last point of the curve */
  double largest_norm;                /* of gradients since then */
  double last;                        /* losses of the last tenth of steps */
  double smooth;                      /* a running mean of losses after the warm-up */
  double seconds;
  uint64_t corpus; /* a checksum of its text */
} ock_lm_run;
_Static_assert(sizeof(ock_lm_run) == 12 * 8, "a run has no gaps");

/* A curve that grows. Zero-initialise. */
typedef struct ock_lm_curve {
  ockham_lm_point *points;
  size_t n, capacity;
} ock_lm_curve;
_Static_assert(sizeof(ockham_lm_point) == 8 * 8, "a point has no gaps");
ockham_status ock_lm_curve_add(ock_lm_curve *curve, const ockham_lm_point *point, ockham_error *err);

typedef struct ock_lm_trainer {
  ockham_lm_config config; /* complete */
  ockham_lm_cost cost;
  ock_lm_feed *feed;
  ock_lm_net *net;
  ock_lm_optimizer *optimizer;
  ock_lm_run run;
  ock_lm_curve curve;
  float *nll; /* room for the losses of single targets */
  size_t nll_capacity;
} ock_lm_trainer;

/* ---- held-out text ---- */

typedef struct ock_lm_bits {
  double at[3];  /* suffixes after 1/4, 1/2, 3/4: bits a byte */
  double suffix; /* their mean */
  double whole;  /* NaN: not defined, or not asked for */
} ock_lm_bits;
/* Of the first n_bytes held out, rounded up to whole pieces. */
ockham_status ock_lm_measure(ock_lm_trainer *trainer, uint64_t n_bytes, bool whole, ock_lm_bits *bits,
                             ockham_error *err);
/* Whether the objective defines the whole. */
bool ock_lm_has_whole(const ock_lm_trainer *trainer);

/* ---- checkpoints: a container of kind "LMCK" ---- */

ockham_status ock_lm_checkpoint_write(const ock_lm_trainer *trainer, const char *path, ockham_error *err);
/* A checkpoint's pieces: views of the container, sizes checked against the config, which is complete. */
typedef struct ock_lm_checkpoint {
  ock_container container;
  ockham_lm_config config;
  ock_lm_run run;
  const float *weights, *state;
  size_t n_weights, n_state;
  const int32_t *merges;
  size_t n_merges;
  const ockham_lm_point *points;
  size_t n_points;
} ock_lm_checkpoint;
ockham_status ock_lm_checkpoint_open(const char *path, ock_lm_checkpoint *checkpoint, ockham_error *err);
/* The same of bytes in memory, which are borrowed: do not clear it. */
ockham_status ock_lm_checkpoint_parse(const char *path, unsigned char *bytes, size_t size,
                                      ock_lm_checkpoint *checkpoint, ockham_error *err);
void ock_lm_checkpoint_clear(ock_lm_checkpoint *checkpoint);
/* Go on from it: config, corpus and merges must be those of the trainer. */
ockham_status ock_lm_checkpoint_resume(const ock_lm_checkpoint *checkpoint, const char *path, ock_lm_trainer *trainer,
                                       ockham_error *err);
/* One of n logits, which are finite: by temperature (above 0, or negative: the likeliest), of the likeliest `top` (0:
 * all; equals of the last count as well). scratch has room for n. */
size_t ock_lm_choose(const float *logits, size_t n, double temperature, size_t top, ock_rng *rng, float *scratch);
/* A model for sampling; what ockham_lm_load() does once the file is open. */
ockham_status ock_lm_of_checkpoint(const ock_lm_checkpoint *checkpoint, const char *path, ockham_lm **model,
                                   ockham_error *err);

#endif
