/* SPDX-License-Identifier: Apache-2.0 */
/* The covariance families: for each the step from moments to covariances. Diagonal ones keep d variances a component,
 * full ones a packed lower triangle. A step gives the best covariances for these moments; where there is no closed form
 * it goes on until nothing changes by more than `settled`, or for so many inner steps: the next step goes on from
 * there. What takes the cube of the columns asks the watch whether to stop. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "cluster/mixture.h"
#include "stats/internal.h"

enum { MOST_INNER_STEPS = 200, MOST_TURNS = 20 };
static const double settled = 1e-9;

static double sum(const double *values, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += values[i];
  return total;
}

static double total_weight(const ock_moments *m) {
  return sum(m->weight, m->k);
}

static const double *scatter_of(const ock_moments *m, size_t j) {
  return m->scatter + j * ock_second_moments(m->d, m->full);
}

/* Scatters, divided by the divisors (NULL: by 1), summed. */
static void sum_scatters(const ock_moments *m, const double *divisor, double *out) {
  size_t n = ock_second_moments(m->d, m->full);
  memset(out, 0, n * sizeof *out);
  for (size_t j = 0; j < m->k; j++)
    for (size_t i = 0; i < n; i++) out[i] += scatter_of(m, j)[i] / (divisor ? divisor[j] : 1);
}

static void scale(double *values, size_t n, double factor) {
  for (size_t i = 0; i < n; i++) values[i] *= factor;
}

/* The geometric mean of d positive numbers; 0 when one is not positive. */
static double geometric_mean(const double *values, size_t d) {
  double logs = 0;
  for (size_t l = 0; l < d; l++) {
    if (!(values[l] > 0)) return 0;
    logs += log(values[l]);
  }
  return exp(logs / (double)d);
}

/* The d-th root of the determinant of a packed matrix; 0 when it is singular. Its Cholesky factor goes to w->factor. */
static double volume_of(const double *packed, size_t d, ock_covariance_scratch *w) {
  memcpy(w->factor, packed, ock_second_moments(d, true) * sizeof *w->factor);
  if (!ock_cholesky_watched(w->factor, d, &w->watch)) return 0;
  return exp(2 * ock_factor_log_root(w->factor, d) / (double)d);
}

static void unpack(const double *packed, size_t d, double *square) {
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j <= i; j++) square[i * d + j] = square[j * d + i] = packed[i * (i + 1) / 2 + j];
}

/* vectors diag(values) vectors', packed; false when stopped. */
static bool compose(const double *vectors, const double *values, size_t d, double *packed, ock_watch *watch) {
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j <= i; j++) {
      double total = 0;
      for (size_t l = 0; l < d; l++) total += vectors[i * d + l] * values[l] * vectors[j * d + l];
      packed[i * (i + 1) / 2 + j] = total;
    }
    if (ock_watch_stopped(watch, 2 * (double)i * (double)d)) return false;
  }
  return true;
}

static bool changes(double before, double now) {
  return !(fabs(now - before) <= settled * fabs(now));
}

/* ---- along the axes ---- */

static bool all_positive(const double *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!(values[i] > 0)) return false;
  return true;
}

static bool step_EII(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  (void)w;
  double variance = sum(m->scatter, m->k * m->d) / (total_weight(m) * (double)m->d);
  for (size_t i = 0; i < m->k * m->d; i++) out[i] = variance;
  return variance > 0;
}

static bool step_VII(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  (void)w;
  for (size_t j = 0; j < m->k; j++) {
    double variance = sum(scatter_of(m, j), m->d) / (m->weight[j] * (double)m->d);
    for (size_t l = 0; l < m->d; l++) out[j * m->d + l] = variance;
  }
  return all_positive(out, m->k * m->d);
}

static bool step_EEI(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  sum_scatters(m, NULL, w->common);
  for (size_t j = 0; j < m->k; j++)
    for (size_t l = 0; l < m->d; l++) out[j * m->d + l] = w->common[l] / total_weight(m);
  return all_positive(out, m->k * m->d);
}

static bool step_VVI(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  (void)w;
  for (size_t j = 0; j < m->k; j++)
    for (size_t l = 0; l < m->d; l++) out[j * m->d + l] = scatter_of(m, j)[l] / m->weight[j];
  return all_positive(out, m->k * m->d);
}

static bool step_EVI(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  double volume = 0;
  for (size_t j = 0; j < m->k; j++) {
    w->volume[j] = geometric_mean(scatter_of(m, j), m->d);
    if (!(w->volume[j] > 0)) return false;
    volume += w->volume[j];
  }
  volume /= total_weight(m);
  for (size_t j = 0; j < m->k; j++)
    for (size_t l = 0; l < m->d; l++) out[j * m->d + l] = volume * scatter_of(m, j)[l] / w->volume[j];
  return true;
}

/* One shape along the axes, a volume each: in turn the best of one for the other. */
static bool step_VEI(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  double *shape = w->shape;
  for (size_t j = 0; j < m->k; j++) w->volume[j] = 1;
  for (size_t step = 0; step < MOST_INNER_STEPS; step++) {
    bool changed = false;
    sum_scatters(m, w->volume, w->common);
    double norm = geometric_mean(w->common, m->d);
    if (!(norm > 0)) return false;
    for (size_t l = 0; l < m->d; l++) {
      double next = w->common[l] / norm;
      changed = changed || step == 0 || changes(shape[l], next);
      shape[l] = next;
    }
    for (size_t j = 0; j < m->k; j++) {
      double total = 0;
      for (size_t l = 0; l < m->d; l++) total += scatter_of(m, j)[l] / shape[l];
      double next = total / (m->weight[j] * (double)m->d);
      if (!(next > 0)) return false;
      changed = changed || changes(w->volume[j], next);
      w->volume[j] = next;
    }
    if (!changed) break;
  }
  for (size_t j = 0; j < m->k; j++)
    for (size_t l = 0; l < m->d; l++) out[j * m->d + l] = w->volume[j] * shape[l];
  return true;
}

/* ---- any orientation ---- */

static bool step_EEE(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  size_t n = ock_second_moments(m->d, true);
  sum_scatters(m, NULL, w->common);
  for (size_t j = 0; j < m->k; j++)
    for (size_t i = 0; i < n; i++) out[j * n + i] = w->common[i] / total_weight(m);
  return true;
}

static bool step_VVV(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  (void)w;
  size_t n = ock_second_moments(m->d, true);
  for (size_t j = 0; j < m->k; j++)
    for (size_t i = 0; i < n; i++) out[j * n + i] = scatter_of(m, j)[i] / m->weight[j];
  return true;
}

static bool step_EVV(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  size_t n = ock_second_moments(m->d, true);
  double volume = 0;
  for (size_t j = 0; j < m->k; j++) {
    w->volume[j] = volume_of(scatter_of(m, j), m->d, w);
    if (!(w->volume[j] > 0)) return false;
    volume += w->volume[j];
  }
  volume /= total_weight(m);
  for (size_t j = 0; j < m->k; j++)
    for (size_t i = 0; i < n; i++) out[j * n + i] = volume * scatter_of(m, j)[i] / w->volume[j];
  return true;
}

/* trace(A B) of packed symmetric matrices. */
static double trace_of_product(const double *a, const double *b, size_t d) {
  double total = 0;
  for (size_t i = 0; i < d; i++) {
    const double *x = a + i * (i + 1) / 2, *y = b + i * (i + 1) / 2;
    for (size_t j = 0; j < i; j++) total += 2 * x[j] * y[j];
    total += x[i] * y[i];
  }
  return total;
}

/* The inverse of a packed matrix whose Cholesky factor this is, over it; false when stopped. */
static bool invert_from_factor(double *factor, size_t d, ock_watch *watch) {
  if (!ock_triangle_invert_watched(factor, d, watch)) return false;
  for (size_t i = 0; i < d; i++) { /* L'^-1 L^-1: row i needs rows i and below only */
    double *row = factor + i * (i + 1) / 2, last = row[i];
    for (size_t j = 0; j <= i; j++) row[j] *= last;
    for (size_t l = i + 1; l < d; l++) {
      const double *below = factor + l * (l + 1) / 2;
      for (size_t j = 0; j <= i; j++) row[j] += below[i] * below[j];
    }
    if (ock_watch_stopped(watch, (double)i * (double)(d - i))) return false;
  }
  return true;
}

/* One shape and orientation, a volume each. */
static bool step_VEE(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  size_t d = m->d, n = ock_second_moments(d, true);
  for (size_t j = 0; j < m->k; j++) w->volume[j] = 1;
  for (size_t step = 0; step < MOST_INNER_STEPS; step++) {
    bool changed = step == 0;
    sum_scatters(m, w->volume, w->common);
    double norm = volume_of(w->common, d, w);
    if (!(norm > 0)) return false;
    scale(w->common, n, 1 / norm);
    if (!invert_from_factor(w->factor, d, &w->watch)) return false;
    scale(w->factor, n, norm);
    for (size_t j = 0; j < m->k; j++) {
      double next = trace_of_product(scatter_of(m, j), w->factor, d) / (m->weight[j] * (double)d);
      if (!(next > 0)) return false;
      changed = changed || changes(w->volume[j], next);
      w->volume[j] = next;
    }
    if (!changed) break;
  }
  for (size_t j = 0; j < m->k; j++)
    for (size_t i = 0; i < n; i++) out[j * n + i] = w->volume[j] * w->common[i];
  return true;
}

/* Eigenvalues and vectors of each scatter; false when stopped. */
static bool decompose(const ock_moments *m, ock_covariance_scratch *w) {
  size_t d = m->d;
  for (size_t j = 0; j < m->k; j++) {
    unpack(scatter_of(m, j), d, w->square);
    if (!ock_symmetric_eigen_watched(w->square, d, w->shape + j * d, w->vectors + j * d * d, &w->watch)) return false;
    for (size_t l = 0; l < d; l++)
      if (w->shape[j * d + l] < 0) w->shape[j * d + l] = 0;
  }
  return true;
}

static bool step_EEV(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  size_t d = m->d, n = ock_second_moments(d, true);
  if (!decompose(m, w)) return false;
  memset(w->common, 0, d * sizeof(double));
  for (size_t j = 0; j < m->k; j++)
    for (size_t l = 0; l < d; l++) w->common[l] += w->shape[j * d + l];
  scale(w->common, d, 1 / total_weight(m));
  if (!all_positive(w->common, d)) return false;
  for (size_t j = 0; j < m->k; j++)
    if (!compose(w->vectors + j * d * d, w->common, d, out + j * n, &w->watch)) return false;
  return true;
}

/* One shape, volume and orientation each. */
static bool step_VEV(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  size_t d = m->d, n = ock_second_moments(d, true);
  double *shape = w->common;
  if (!decompose(m, w)) return false;
  for (size_t j = 0; j < m->k; j++) w->volume[j] = 1;
  for (size_t step = 0; step < MOST_INNER_STEPS; step++) {
    bool changed = step == 0;
    for (size_t l = 0; l < d; l++) {
      shape[l] = 0;
      for (size_t j = 0; j < m->k; j++) shape[l] += w->shape[j * d + l] / w->volume[j];
    }
    double norm = geometric_mean(shape, d);
    if (!(norm > 0)) return false;
    scale(shape, d, 1 / norm);
    for (size_t j = 0; j < m->k; j++) {
      double total = 0;
      for (size_t l = 0; l < d; l++) total += w->shape[j * d + l] / shape[l];
      double next = total / (m->weight[j] * (double)d);
      if (!(next > 0)) return false;
      changed = changed || changes(w->volume[j], next);
      w->volume[j] = next;
    }
    if (!changed) break;
  }
  for (size_t j = 0; j < m->k; j++) {
    for (size_t l = 0; l < d; l++) w->shape[j * d + l] = w->volume[j] * shape[l];
    if (!compose(w->vectors + j * d * d, w->shape + j * d, d, out + j * n, &w->watch)) return false;
  }
  return true;
}

/* ---- one orientation ---- */

/* The scatters as the common axes see them: orientation' scatter orientation, into w->vectors; false when stopped. */
static bool turn_scatters(const ock_moments *m, ock_covariance_scratch *w) {
  size_t d = m->d;
  for (size_t j = 0; j < m->k; j++) {
    double *turned = w->vectors + j * d * d;
    unpack(scatter_of(m, j), d, w->square);
    for (size_t i = 0; i < d; i++) { /* row i of orientation' scatter, then times the orientation */
      double *row = w->common;
      memset(row, 0, d * sizeof *row);
      for (size_t a = 0; a < d; a++)
        for (size_t b = 0; b < d; b++) row[b] += w->orientation[a * d + i] * w->square[a * d + b];
      memset(turned + i * d, 0, d * sizeof *turned);
      for (size_t a = 0; a < d; a++)
        for (size_t b = 0; b < d; b++) turned[i * d + b] += row[a] * w->orientation[a * d + b];
      if (ock_watch_stopped(&w->watch, 2 * (double)d * (double)d)) return false;
    }
  }
  return true;
}

/* Turn two axes so that the sum over all entries of scatter / spread on the diagonals is least: in their plane the best
 * first axis is the eigenvector of the least eigenvalue of sum_j (1 / spread_jp - 1 / spread_jq) M_j, M_j being scatter
 * j in that plane. Returns the sine of the angle. */
static double turn_axes(const ock_moments *m, ock_covariance_scratch *w, const double *spread, size_t p, size_t q) {
  size_t d = m->d;
  double a = 0, b = 0, c = 0;
  for (size_t j = 0; j < m->k; j++) {
    const double *turned = w->vectors + j * d * d;
    double by = 1 / spread[j * d + p] - 1 / spread[j * d + q];
    a += by * turned[p * d + p];
    b += by * turned[p * d + q];
    c += by * turned[q * d + q];
  }
  if (b == 0 && a <= c) return 0;
  double angle = 0.5 * atan2(2 * b, a - c) + acos(0); /* of the least eigenvalue */
  if (angle > acos(0)) angle -= 2 * acos(0);
  double cosine = cos(angle), sine = sin(angle);
  ock_rotate_columns(w->orientation, d, p, q, cosine, sine);
  for (size_t j = 0; j < m->k; j++) {
    ock_rotate_columns(w->vectors + j * d * d, d, p, q, cosine, sine);
    ock_rotate_rows(w->vectors + j * d * d, d, p, q, cosine, sine);
  }
  return fabs(sine);
}

/* Every pair of axes once. `most`: the largest sine of an angle; false when stopped. */
static bool turn_all(const ock_moments *m, ock_covariance_scratch *w, double *most) {
  size_t d = m->d;
  *most = 0;
  for (size_t p = 0; p < d; p++)
    for (size_t q = p + 1; q < d; q++) {
      *most = fmax(*most, turn_axes(m, w, w->shape, p, q));
      if (ock_watch_stopped(&w->watch, (double)(8 * m->k + 4) * (double)d)) return false;
    }
  return true;
}

/* The spreads along the common axes: of one volume, or each its own. */
static bool spread_along(const ock_moments *m, const ock_covariance_scratch *w, bool one_volume, double *spread) {
  size_t d = m->d;
  double volume = 0;
  for (size_t j = 0; j < m->k; j++) {
    for (size_t l = 0; l < d; l++) spread[j * d + l] = w->vectors[j * d * d + l * d + l];
    double norm = geometric_mean(spread + j * d, d);
    if (!(norm > 0)) return false;
    scale(spread + j * d, d, one_volume ? 1 / norm : 1 / m->weight[j]);
    volume += norm;
  }
  if (one_volume) scale(spread, m->k * d, volume / total_weight(m));
  return true;
}

static bool step_oriented(const ock_moments *m, ock_covariance_scratch *w, bool one_volume, double *out) {
  size_t d = m->d, n = ock_second_moments(d, true);
  if (!w->oriented) { /* the axes of all scatters together */
    sum_scatters(m, NULL, w->common);
    unpack(w->common, d, w->square);
    if (!ock_symmetric_eigen_watched(w->square, d, w->shape, w->orientation, &w->watch)) return false;
    w->oriented = true;
  }
  if (!turn_scatters(m, w)) return false;
  for (size_t step = 0; step < MOST_TURNS; step++) {
    double most;
    if (!spread_along(m, w, one_volume, w->shape) || !turn_all(m, w, &most)) return false;
    if (most <= settled) break;
  }
  if (!spread_along(m, w, one_volume, w->shape)) return false;
  for (size_t j = 0; j < m->k; j++)
    if (!compose(w->orientation, w->shape + j * d, d, out + j * n, &w->watch)) return false;
  return true;
}

static bool step_EVE(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  return step_oriented(m, w, true, out);
}

static bool step_VVE(const ock_moments *m, ock_covariance_scratch *w, double *out) {
  return step_oriented(m, w, false, out);
}

/* ---- the table ---- */

typedef struct family {
  const char *name, *text;
  bool full;
  bool (*step)(const ock_moments *m, ock_covariance_scratch *w, double *out);
} family;

static const family families[] = {
#define FAMILY(name, full, text) {#name, text, full, step_##name},
    OCKHAM_COVARIANCE_LIST(FAMILY)
#undef FAMILY
};

/* The enum may be a signed type. */
static bool is_listed(ockham_covariance which) {
  return (size_t)which < OCKHAM_N_COVARIANCES;
}

bool ock_covariance_step(ockham_covariance which, const ock_moments *moments, ock_covariance_scratch *scratch,
                         double *covariance) {
  for (size_t j = 0; j < moments->k; j++)
    if (!(moments->weight[j] > 0)) return false;
  return families[which].step(moments, scratch, covariance) && !ock_watch_stopped(&scratch->watch, 0);
}

size_t ockham_covariance_size(ockham_covariance which, size_t n_columns) {
  if (!is_listed(which)) return 0;
  return ock_covariance_is_full(which) ? ock_size_product(n_columns, n_columns) : n_columns;
}

bool ock_covariance_may_be_full(size_t n, size_t d, size_t rows_a_column) {
  const size_t most_columns = 64;
  return d > 1 && d <= most_columns && n > rows_a_column * d;
}

bool ock_covariance_is_full(ockham_covariance which) {
  return families[which].full;
}

bool ock_covariance_is_spherical(ockham_covariance which) {
  return families[which].name[1] == 'I';
}

bool ock_covariance_scratch_init(ock_covariance_scratch *w, size_t k, size_t d, bool full, ock_arena *arena) {
  size_t second = ock_second_moments(d, full), square = full ? ock_size_product(d, d) : 1;
  *w = (ock_covariance_scratch){.common = ock_arena_array(arena, second, sizeof(double)),
                                .factor = ock_arena_array(arena, second, sizeof(double)),
                                .volume = ock_arena_array(arena, k, sizeof(double)),
                                .shape = ock_arena_array(arena, ock_size_product(k, d), sizeof(double)),
                                .vectors = ock_arena_array(arena, ock_size_product(k, square), sizeof(double)),
                                .orientation = ock_arena_array(arena, square, sizeof(double)),
                                .square = ock_arena_array(arena, square, sizeof(double))};
  return w->common && w->factor && w->volume && w->shape && w->vectors && w->orientation && w->square;
}

const char *ockham_covariance_name(ockham_covariance which) {
  return is_listed(which) ? families[which].name : NULL;
}

const char *ockham_covariance_text(ockham_covariance which) {
  return is_listed(which) ? families[which].text : NULL;
}

ockham_covariance ockham_covariance_find(const char *name) {
  size_t i = 0;
  while (i < OCKHAM_N_COVARIANCES && strcasecmp(name, families[i].name) != 0) i++;
  return (ockham_covariance)i;
}

double ockham_covariance_parameters(ockham_covariance which, size_t n_components, size_t n_columns) {
  if (!is_listed(which)) return 0;
  double k = (double)n_components, d = (double)n_columns;
  const char *name = families[which].name;
  double volumes = name[0] == 'E' ? 1 : k;
  double shapes = name[1] == 'I' ? 0 : (name[1] == 'E' ? 1 : k) * (d - 1);
  double orientations = name[2] == 'I' ? 0 : (name[2] == 'E' ? 1 : k) * d * (d - 1) / 2;
  return k - 1 + k * d + volumes + shapes + orientations;
}
