/* SPDX-License-Identifier: Apache-2.0 */
/* How places are known: vectors added to the tokens', angles of rope, biases by distance. */
#include <math.h>

#include "lm/net.h"

enum { N_BUCKETS = 32, MOST_DISTANCE = 128 };

static bool has_bias(const ockham_lm_config *c) {
  return c->position == OCKHAM_LM_POSITION_ALIBI || c->position == OCKHAM_LM_POSITION_T5;
}

void ock_lm_position_place(ock_lm_net *net, stack *s) {
  const ockham_lm_config *c = &net->config;
  if (has_bias(c)) s->bias = ock_lm_pile_take(&net->layout->pile, c->heads * (2 * s->length - 1));
}

/* ---- rope: place i turns pair m by i 10000^(-2m/D) ---- */

static void fill_angles(ock_lm_layout *l, size_t half) {
  for (size_t i = 0; i < l->n_angles; i++)
    for (size_t m = 0; m < half; m++) {
      double angle = (double)i * pow(10000, -(double)m / (double)half);
      l->cosines[i * half + m] = (real)cos(angle);
      l->sines[i * half + m] = (real)sin(angle);
    }
}

ockham_status ock_lm_position_angles(ock_lm_net *net, size_t length, ockham_error *err) {
  ock_lm_layout *l = net->layout;
  size_t half = net->config.width / net->config.heads / 2, n = 2 * length * half;
  if (net->config.position != OCKHAM_LM_POSITION_ROPE || length <= l->n_angles) return OCKHAM_OK;
  real *angles = ock_realloc_array(l->cosines, n, sizeof *angles);
  if (!angles) return ock_fail_memory(err, "rope's angles", ock_size_product(n, sizeof *angles));
  l->n_angles = length;
  l->cosines = angles;
  l->sines = angles + length * half;
  fill_angles(l, half);
  return OCKHAM_OK;
}

/* ---- biases: of i - j, kept at T - 1 - (i - j), so that a row of logits meets them in its order ---- */

/* Half of the buckets are a distance each, the others grow by a constant factor up to MOST_DISTANCE. */
static size_t bucket_of(size_t distance, size_t n_buckets) {
  size_t exact = n_buckets / 2;
  if (distance < exact) return distance;
  double part = log((double)distance / (double)exact) / log((double)MOST_DISTANCE / (double)exact);
  size_t bucket = exact + (size_t)(part * (double)(n_buckets - exact));
  return bucket < n_buckets ? bucket : n_buckets - 1;
}

/* Where places see what is behind them, half of the buckets are for that. */
static size_t bucket_at(const ock_lm_net *net, const stack *s, size_t at) {
  bool both_ways = s->encoder || net->config.architecture == OCKHAM_LM_ARCHITECTURE_PREFIX;
  size_t back = at < s->length ? s->length - 1 - at : 0, ahead = at < s->length ? 0 : at - (s->length - 1);
  if (!both_ways) return bucket_of(back, N_BUCKETS);
  return ahead ? N_BUCKETS / 2 + bucket_of(ahead, N_BUCKETS / 2) : bucket_of(back, N_BUCKETS / 2);
}

static void fill_bias(ock_lm_net *net, stack *s) {
  size_t heads = net->config.heads, n = 2 * s->length - 1;
  for (size_t h = 0; h < heads; h++)
    for (size_t at = 0; at < n; at++) {
      double distance = fabs((double)at - (double)(s->length - 1));
      s->bias[h * n + at] = s->buckets ? s->buckets->weight[bucket_at(net, s, at) * heads + h]
                                       : (real)(-exp2(-8 * (double)(h + 1) / (double)heads) * distance);
    }
}

void ock_lm_position_bias_backward(ock_lm_net *net, const stack *s) {
  if (!s->buckets) return;
  size_t heads = net->config.heads, n = 2 * s->length - 1;
  for (size_t h = 0; h < heads; h++)
    for (size_t at = 0; at < n; at++)
      s->buckets->gradient[bucket_at(net, s, at) * heads + h] += net->layout->scratch.bias[h * n + at];
}

void ock_lm_position_prepare(ock_lm_net *net, stack *s) {
  if (has_bias(&net->config)) fill_bias(net, s);
}

/* ---- vectors ---- */

/* Places past the context, which only a held-out text with its marks reaches, share the last vector. */
static size_t place_row(const stack *s, size_t i) {
  return i < s->places->rows ? i : s->places->rows - 1;
}

/* Pair m of d / 2: sine, then cosine, of i 10000^(-2m/d). */
static void add_sinusoid(size_t d, size_t i, real *x) {
  for (size_t m = 0; m < d; m++) {
    double angle = (double)i * pow(10000, -(double)(m / 2 * 2) / (double)d);
    x[m] += (real)(m % 2 ? cos(angle) : sin(angle));
  }
}

void ock_lm_position_add(ock_lm_net *net, const stack *s) {
  size_t d = net->config.width;
  const ock_lm_loops *loops = net->layout->loops;
  bool sinusoidal = net->config.position == OCKHAM_LM_POSITION_SINUSOIDAL;
  for (size_t i = 0; (s->places || sinusoidal) && i < s->length; i++)
    for (size_t b = 0; b < s->n_sequences; b++) {
      real *x = s->embedded + (b * s->length + i) * d;
      if (sinusoidal)
        add_sinusoid(d, i, x);
      else
        loops->add(d, x, 1, s->places->weight + place_row(s, i) * d, x);
    }
}

void ock_lm_position_add_backward(ock_lm_net *net, const stack *s, const real *d_embedded) {
  if (!s->places) return;
  size_t d = net->config.width;
  for (size_t i = 0; i < s->length; i++) {
    real *gradient = s->places->gradient + place_row(s, i) * d;
    for (size_t b = 0; b < s->n_sequences; b++)
      net->layout->loops->add(d, gradient, 1, d_embedded + (b * s->length + i) * d, gradient);
  }
}
