/* SPDX-License-Identifier: Apache-2.0 */
/* The plain twin of every kernel: what the others are tested against, and what runs where there is no other. */
#include <math.h>

#include "kernels/internal.h"
#include "kernels/tables.h"

static double squared_distance(const double *lane, size_t width, const double *y, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) {
    double difference = lane[l * width] - y[l];
    sum += difference * difference;
  }
  return sum;
}

static void fill_float64(const double *data, const size_t *offset, size_t d, const double *origin, double *panel) {
  for (size_t r = 0; r < OCK_PANEL; r++)
    for (size_t l = 0; l < d; l++) panel[l * OCK_PANEL + r] = data[offset[r] + l] - origin[l];
}

static void fill_float32(const float *data, const size_t *offset, size_t d, const double *origin, double *panel) {
  for (size_t r = 0; r < OCK_PANEL; r++)
    for (size_t l = 0; l < d; l++) panel[l * OCK_PANEL + r] = (double)data[offset[r] + l] - origin[l];
}

static void nearest_two(const double *panel, size_t d, const double *centroids, size_t k, uint32_t *label,
                        double *nearest, double *second) {
  for (size_t r = 0; r < OCK_PANEL; r++) {
    label[r] = 0;
    nearest[r] = second[r] = INFINITY;
    for (size_t j = 0; j < k; j++) {
      double distance = squared_distance(panel + r, OCK_PANEL, centroids + j * d, d);
      if (distance < nearest[r]) {
        second[r] = nearest[r];
        nearest[r] = distance;
        label[r] = (uint32_t)j;
      } else if (distance < second[r]) {
        second[r] = distance;
      }
    }
  }
}

static void distances(const double *panel, size_t d, const double *centroids, size_t m, double *out) {
  for (size_t j = 0; j < m; j++)
    for (size_t r = 0; r < OCK_PANEL; r++)
      out[j * OCK_PANEL + r] = squared_distance(panel + r, OCK_PANEL, centroids + j * d, d);
}

static void own_distance(const double *panel, size_t d, const double *centroids, const uint32_t *label, double *out) {
  for (size_t r = 0; r < OCK_PANEL; r++) out[r] = squared_distance(panel + r, OCK_PANEL, centroids + label[r] * d, d);
}

static float narrow_distance(const float *lane, const float *y, size_t d) {
  float sum = 0;
  for (size_t l = 0; l < d; l++) {
    float difference = lane[l * OCK_STRIP] - y[l];
    sum += difference * difference;
  }
  return sqrtf(sum);
}

static void pair_sums(const double *strip, size_t d, const ock_pair_block *block, float *shifted, double *sums) {
  for (size_t i = 0; i < d * OCK_STRIP; i++) shifted[i] = (float)(strip[i] - block->origin[i / OCK_STRIP]);
  const float *y = block->rows, *weight = block->weights;
  for (size_t i = 0; i < block->n_pieces; i++, sums += OCK_STRIP) {
    for (size_t r = 0; r < OCK_STRIP; r++) sums[r] = 0;
    for (size_t j = 0; j < block->length[i]; j++, y += d) {
      float times = weight ? *weight++ : 1;
      for (size_t r = 0; r < OCK_STRIP; r++) sums[r] += (double)(times * narrow_distance(shifted + r, y, d));
    }
  }
}

static void merge_sums(const double *from, size_t n, const uint32_t *into, double *sums) {
  for (size_t i = 0; i < n; i++)
    for (size_t r = 0; r < OCK_STRIP; r++) sums[into[i] * OCK_STRIP + r] += from[i * OCK_STRIP + r];
}

static double squared_length(const double *panel, size_t d, size_t r, const ock_gaussian *g) {
  const double *factor = g->factor;
  double sum = 0;
  for (size_t i = 0; i < d; i++) {
    double turned = 0;
    for (size_t l = g->full ? 0 : i; l <= i; l++) turned += *factor++ * (panel[ock_strip_place(d, r, l)] - g->mean[l]);
    sum += turned * turned;
  }
  return sum;
}

static void log_density(const double *panel, size_t d, const ock_gaussian *g, double *scratch, double *out) {
  (void)scratch;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double m = squared_length(panel, d, r, g), power = m;
    if (g->tail != 1) {
      m = m > 1e-200 ? m : 1e-200;
      g->power->logarithm[r] = log(m);
      g->power->power[r] = power = exp(fmin(fmax(g->tail * log(m), -700), 700));
      g->power->pull[r] = g->tail * power / m;
    }
    out[r] = g->log_scale - 0.5 * power;
  }
}

static void add_moments(const double *panel, size_t d, const double *mean, bool full, const double *weight,
                        double *scratch, double *sums) {
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double *sum = sums;
    *sum++ += weight[r];
    for (size_t l = 0; l < d; l++) scratch[l] = panel[ock_strip_place(d, r, l)] - mean[l];
    for (size_t l = 0; l < d; l++) *sum++ += weight[r] * scratch[l];
    for (size_t i = 0; i < d; i++)
      for (size_t l = full ? 0 : i; l <= i; l++) *sum++ += weight[r] * scratch[i] * scratch[l];
  }
}

static void add_projected(const double *panel, size_t d, const double *v, const double *weight, double *sums) {
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double along = 0;
    for (size_t l = 0; l < d; l++) along += v[l] * panel[ock_strip_place(d, r, l)];
    for (size_t l = 0; l < d; l++) sums[l] += weight[r] * along * panel[ock_strip_place(d, r, l)];
  }
}

static void weigh_tail(double *membership, const ock_powers *powers, double sums[OCK_TAIL_SUMS]) {
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double part = membership[r];
    sums[0] += part;
    part *= powers->power[r];
    for (size_t i = 1; i < OCK_TAIL_SUMS; i++, part *= powers->logarithm[r]) sums[i] += part;
    membership[r] *= powers->pull[r];
  }
}

static void range_of(const double *values, double range[2]) {
  range[0] = range[1] = values[0];
  for (size_t r = 1; r < OCK_PANEL; r++) {
    range[0] = fmin(range[0], values[r]);
    range[1] = fmax(range[1], values[r]);
  }
}

static void posterior(double *values, size_t k, double *log_sum) {
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double most = -INFINITY, total = 0;
    for (size_t j = 0; j < k; j++) most = values[j * OCK_PANEL + r] > most ? values[j * OCK_PANEL + r] : most;
    for (size_t j = 0; j < k; j++) total += values[j * OCK_PANEL + r] = exp(values[j * OCK_PANEL + r] - most);
    for (size_t j = 0; j < k; j++) values[j * OCK_PANEL + r] /= total;
    log_sum[r] = most + log(total);
  }
}

static size_t carry(float *lower, float *upper, const float *drift, size_t k, uint32_t *within_reach, float *most) {
  float fastest = 0;
  for (size_t j = 0; j < k; j++)
    if (lower[j] <= *upper && drift[j] > fastest) fastest = drift[j];
  *upper = *upper * (1 + 0x1p-22f) + fastest;
  *most = 0;
  size_t n = 0;
  for (size_t j = 0; j < k; j++) {
    lower[j] = lower[j] * (1 - 0x1p-22f) - drift[j];
    if (lower[j] > *upper) continue;
    within_reach[n++] = (uint32_t)j;
    if (drift[j] > *most) *most = drift[j];
  }
  return n;
}

static bool runs_here(void) {
  return true;
}

const ock_kernels ock_kernels_reference = {
    .isa = "reference",
    .runs_here = runs_here,
    .narrow = &ock_search_reference_float,
    .wide = &ock_search_reference_double,
    .carry = carry,
    .fill_float64 = fill_float64,
    .fill_float32 = fill_float32,
    .nearest_two = nearest_two,
    .distances = distances,
    .own_distance = own_distance,
    .pair_sums = pair_sums,
    .merge_sums = merge_sums,
    .log_density = log_density,
    .add_moments = add_moments,
    .add_projected = add_projected,
    .weigh_tail = weigh_tail,
    .range = range_of,
    .posterior = posterior,
};
