/* SPDX-License-Identifier: Apache-2.0 */
/* Small symmetric matrices. LAPACK would do, but its bits depend on the processor and its threads, and starting it
 * takes longer than most of our runs; what mixtures need are matrices of some ten columns. */
#include <math.h>
#include <string.h>

#include "stats/internal.h"

bool ock_watch_stopped(ock_watch *watch, double work) {
  const double long_enough = 1e6;
  if (!watch || !watch->ticker) return false;
  watch->work += work;
  if (watch->work < long_enough) return watch->ticker->stopped;
  watch->work = 0;
  return ock_ticker_stopped(watch->ticker);
}

/* ---- triangles ---- */

bool ock_cholesky_watched(double *a, size_t d, ock_watch *watch) {
  for (size_t i = 0; i < d; i++) {
    double *row = a + i * (i + 1) / 2;
    for (size_t j = 0; j <= i; j++) {
      const double *other = a + j * (j + 1) / 2;
      double sum = row[j];
      for (size_t l = 0; l < j; l++) sum -= row[l] * other[l];
      if (j < i)
        row[j] = sum / other[j];
      else if (sum > 0)
        row[i] = sqrt(sum);
      else
        return false;
    }
    if (ock_watch_stopped(watch, (double)i * (double)i)) return false;
  }
  return true;
}

/* By rows, for their elements stand together: row i of the inverse is -1 / L_ii times the sum over l < i of L_il times
 * row l. */
bool ock_triangle_invert_watched(double *a, size_t d, ock_watch *watch) {
  for (size_t i = 0; i < d; i++) {
    double *row = a + i * (i + 1) / 2;
    for (size_t l = 0; l < i; l++) {
      const double *before = a + l * (l + 1) / 2;
      double by = row[l];
      row[l] = 0;
      for (size_t j = 0; j <= l; j++) row[j] -= by * before[j];
    }
    for (size_t j = 0; j < i; j++) row[j] /= row[i];
    row[i] = 1 / row[i];
    if (ock_watch_stopped(watch, (double)i * (double)i)) return false;
  }
  return true;
}

double ock_factor_log_root(const double *factor, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += log(factor[l * (l + 1) / 2 + l]);
  return sum;
}

bool ock_inverse_factor_watched(double *matrix, size_t d, bool full, const double *floor, double *log_root,
                                ock_watch *watch) {
  *log_root = 0;
  if (full && !ock_cholesky_watched(matrix, d, watch)) return false;
  for (size_t l = 0; l < d; l++) {
    double deviation = full ? matrix[l * (l + 1) / 2 + l] : sqrt(matrix[l]);
    if (!(deviation * deviation > (floor ? floor[l] : 0))) return false;
    *log_root += log(deviation);
    if (!full) matrix[l] = 1 / deviation;
  }
  return !full || ock_triangle_invert_watched(matrix, d, watch);
}

/* ---- eigenvectors ---- */

void ock_rotate_columns(double *m, size_t d, size_t p, size_t q, double cosine, double sine) {
  for (size_t i = 0; i < d; i++) {
    double x = m[i * d + p], y = m[i * d + q];
    m[i * d + p] = cosine * x + sine * y;
    m[i * d + q] = cosine * y - sine * x;
  }
}

void ock_rotate_rows(double *m, size_t d, size_t p, size_t q, double cosine, double sine) {
  for (size_t i = 0; i < d; i++) {
    double x = m[p * d + i], y = m[q * d + i];
    m[p * d + i] = cosine * x + sine * y;
    m[q * d + i] = cosine * y - sine * x;
  }
}

static double off_diagonal(const double *a, size_t d) {
  double sum = 0;
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < i; j++) sum += a[i * d + j] * a[i * d + j];
  return sum;
}

/* Largest first. */
static void sort_eigen(size_t d, double *values, double *vectors) {
  for (size_t i = 0; i < d; i++) {
    size_t most = i;
    for (size_t j = i + 1; j < d; j++) most = values[j] > values[most] ? j : most;
    if (most == i) continue;
    double swap = values[i];
    values[i] = values[most];
    values[most] = swap;
    for (size_t l = 0; vectors && l < d; l++) {
      swap = vectors[l * d + i];
      vectors[l * d + i] = vectors[l * d + most];
      vectors[l * d + most] = swap;
    }
  }
}

static void set_identity(double *a, size_t d) {
  memset(a, 0, d * d * sizeof *a);
  for (size_t i = 0; i < d; i++) a[i * d + i] = 1;
}

bool ock_eigen_by_rotations(double *a, size_t d, double *values, double *vectors, ock_watch *watch) {
  enum { MOST_SWEEPS = 50 };
  double trace = 0;
  if (vectors) set_identity(vectors, d);
  for (size_t i = 0; i < d; i++) trace += fabs(a[i * d + i]);
  for (size_t sweep = 0; sweep < MOST_SWEEPS && off_diagonal(a, d) > 1e-32 * trace * trace; sweep++)
    for (size_t p = 0; p < d; p++)
      for (size_t q = p + 1; q < d; q++) {
        double x = a[p * d + q];
        if (x == 0) continue;
        double theta = (a[q * d + q] - a[p * d + p]) / (2 * x);
        double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
        ock_rotate_columns(a, d, p, q, c, -s);
        ock_rotate_rows(a, d, p, q, c, -s);
        if (vectors) ock_rotate_columns(vectors, d, p, q, c, -s);
        if (ock_watch_stopped(watch, 12 * (double)d)) return false;
      }
  for (size_t i = 0; i < d; i++) values[i] = a[i * d + i];
  sort_eigen(d, values, vectors);
  return true;
}

/* ---- by reflections ---- */

/* Column k below the diagonal, x, onto its first element: I - by v v' with v = x + sign(x_0) |x| e_0, made 1 in front.
 * x (n), which becomes v but for its first element; that is what is left of x. Returns `by`; 0: nothing to do. */
static double reflect(double *x, size_t n) {
  double squares = 0;
  for (size_t i = 1; i < n; i++) squares += x[i] * x[i];
  if (squares == 0) return 0;
  double length = sqrt(x[0] * x[0] + squares), first = x[0] + copysign(length, x[0]);
  if (first * first == 0) return 0; /* all of it underflows */
  for (size_t i = 1; i < n; i++) x[i] /= first;
  x[0] = -copysign(length, x[0]);
  return 2 / (1 + squares / (first * first));
}

/* a (n x n, rows `stride` apart, its upper triangle) to (I - by v v') a (I - by v v'); v_0 is 1, whatever is there.
 * room: n. */
static void reflect_both_sides(double *a, size_t stride, size_t n, const double *v, double by, double *room) {
  memset(room, 0, n * sizeof *room);
  for (size_t i = 0; i < n; i++) { /* a v */
    const double *row = a + i * stride;
    double at = i ? v[i] : 1, sum = row[i] * at;
    for (size_t j = i + 1; j < n; j++) sum += row[j] * v[j];
    for (size_t j = i + 1; j < n; j++) room[j] += row[j] * at;
    room[i] += sum;
  }
  double along = room[0];
  for (size_t i = 1; i < n; i++) along += room[i] * v[i];
  room[0] = by * (room[0] - by / 2 * along);
  for (size_t i = 1; i < n; i++) room[i] = by * (room[i] - by / 2 * along * v[i]);
  for (size_t i = 0; i < n; i++) {
    double *row = a + i * stride, at = i ? v[i] : 1, other = room[i];
    row[i] -= 2 * at * other;
    for (size_t j = i + 1; j < n; j++) row[j] -= at * room[j] + other * v[j];
  }
}

/* To three diagonals: `values`, and above it the one of a, beyond which the reflections stay. What is below the
 * diagonal of a is room. */
static bool make_tridiagonal(double *a, size_t d, double *values, ock_watch *watch) {
  double *room = a + (d - 1) * d;
  for (size_t k = 0; k + 2 < d; k++) {
    size_t n = d - k - 1;
    double *v = a + k * d + k + 1, by = reflect(v, n);
    if (by > 0) reflect_both_sides(a + (k + 1) * (d + 1), d, n, v, by, room);
    if (ock_watch_stopped(watch, 4 * (double)n * (double)n)) return false;
  }
  for (size_t i = 0; i < d; i++) values[i] = a[i * d + i];
  return true;
}

/* The product of the reflections that a keeps. room: d. */
static bool multiply_reflections(const double *a, size_t d, double *vectors, double *room, ock_watch *watch) {
  set_identity(vectors, d);
  for (size_t k = d - 2; k-- > 0;) {
    const double *v = a + k * d + k + 1;
    size_t n = d - k - 1;
    double *block = vectors + (k + 1) * (d + 1), squares = 0;
    for (size_t i = 1; i < n; i++) squares += v[i] * v[i];
    if (squares == 0) continue;
    memcpy(room, block, n * sizeof *room);
    for (size_t i = 1; i < n; i++)
      for (size_t j = 0; j < n; j++) room[j] += v[i] * block[i * d + j];
    for (size_t i = 0; i < n; i++) {
      double by = 2 / (1 + squares) * (i ? v[i] : 1);
      for (size_t j = 0; j < n; j++) block[i * d + j] -= by * room[j];
    }
    if (ock_watch_stopped(watch, 2 * (double)n * (double)n)) return false;
  }
  return true;
}

static void transpose(double *a, size_t d) {
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < i; j++) {
      double swap = a[i * d + j];
      a[i * d + j] = a[j * d + i];
      a[j * d + i] = swap;
    }
}

/* Three diagonals and the vectors, as rows, that go with them. */
typedef struct tridiagonal {
  size_t d;
  double *values, *beside; /* d each; beside[d - 1] is room */
  double *rows;            /* NULL: not wanted */
  double nothing;          /* beside the diagonal this is 0 */
  ock_watch *watch;
} tridiagonal;

/* Where the block that begins at l ends. */
static size_t end_of_block(const tridiagonal *t, size_t l) {
  const double rounding = 0x1p-53;
  for (; l + 1 < t->d; l++) {
    double next = fabs(t->beside[l]);
    if (!(next > rounding * (fabs(t->values[l]) + fabs(t->values[l + 1])) && next > t->nothing)) break;
  }
  return l;
}

/* One QL step on the block l ... m, its shift the eigenvalue of its first two rows that is nearer to the first value.
 * False when stopped. */
static bool step_block(tridiagonal *t, size_t l, size_t m) {
  double *value = t->values, *beside = t->beside;
  double half = (value[l + 1] - value[l]) / (2 * beside[l]);
  double g = value[m] - value[l] + beside[l] / (half + copysign(sqrt(half * half + 1), half));
  double sine = 1, cosine = 1, taken = 0;
  for (size_t i = m; i-- > l;) {
    double f = sine * beside[i], b = cosine * beside[i], length = sqrt(f * f + g * g);
    beside[i + 1] = length;
    if (length == 0) { /* it falls in two */
      value[i + 1] -= taken;
      beside[m] = 0;
      return true;
    }
    sine = f / length;
    cosine = g / length;
    g = value[i + 1] - taken;
    double r = (value[i] - g) * sine + 2 * cosine * b;
    taken = sine * r;
    value[i + 1] = g + taken;
    g = cosine * r - b;
    if (t->rows) ock_rotate_rows(t->rows, t->d, i + 1, i, cosine, sine);
    if (ock_watch_stopped(t->watch, t->rows ? 4 * (double)t->d : 1)) return false;
  }
  value[l] -= taken;
  beside[l] = g;
  beside[m] = 0;
  return true;
}

static bool make_diagonal(tridiagonal *t) {
  enum { MOST_STEPS = 60 }; /* two are usual */
  for (size_t l = 0; l < t->d; l++)
    for (size_t step = 0; step < MOST_STEPS; step++) {
      size_t m = end_of_block(t, l);
      if (m == l) break;
      if (!step_block(t, l, m)) return false;
    }
  return true;
}

/* So that squares neither overflow nor underflow: the power of two that the elements were multiplied by. */
static double take_scale(double *a, size_t d) {
  double most = 0;
  int power;
  for (size_t i = 0; i < d * d; i++) most = fmax(most, fabs(a[i]));
  (void)frexp(most, &power);
  double by = power < -1023 ? 0x1p1023 : ldexp(1, -power);
  for (size_t i = 0; i < d * d; i++) a[i] *= by;
  return by;
}

bool ock_eigen_by_reflections(double *a, size_t d, double *values, double *vectors, ock_watch *watch) {
  const double nothing = 0x1p-64; /* no element is above 1 */
  if (d < 3) return ock_eigen_by_rotations(a, d, values, vectors, watch);
  double scale = take_scale(a, d);
  if (!make_tridiagonal(a, d, values, watch)) return false;
  double *beside = a + (d - 1) * d, *room = a + (d - 2) * d; /* two rows without a reflection */
  for (size_t i = 0; i + 1 < d; i++) beside[i] = a[i * d + i + 1];
  if (vectors && !multiply_reflections(a, d, vectors, room, watch)) return false;
  if (vectors) transpose(vectors, d);
  if (!make_diagonal(&(tridiagonal){d, values, beside, vectors, nothing, watch})) return false;
  if (vectors) transpose(vectors, d);
  for (size_t i = 0; i < d; i++) values[i] /= scale;
  sort_eigen(d, values, vectors);
  return true;
}

bool ock_symmetric_eigen_watched(double *a, size_t d, double *values, double *vectors, ock_watch *watch) {
  enum { FEW = 16 };
  return d < FEW ? ock_eigen_by_rotations(a, d, values, vectors, watch)
                 : ock_eigen_by_reflections(a, d, values, vectors, watch);
}
