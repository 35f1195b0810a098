/* SPDX-License-Identifier: Apache-2.0 */
/* Small symmetric matrices. LAPACK would do, but its bits depend on the processor and its threads, and starting it
 * takes longer than most of our runs; what mixtures need are matrices of some ten columns. */
#include <math.h>
#include <string.h>

#include "stats/internal.h"

bool ock_cholesky(double *a, size_t d) {
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
  }
  return true;
}

void ock_triangle_invert(double *a, size_t d) {
  for (size_t j = 0; j < d; j++) {
    a[j * (j + 1) / 2 + j] = 1 / a[j * (j + 1) / 2 + j];
    for (size_t i = j + 1; i < d; i++) {
      double *row = a + i * (i + 1) / 2, sum = 0;
      for (size_t l = j; l < i; l++) sum -= row[l] * a[l * (l + 1) / 2 + j];
      row[j] = sum / row[i];
    }
  }
}

double ock_factor_log_root(const double *factor, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += log(factor[l * (l + 1) / 2 + l]);
  return sum;
}

bool ock_inverse_factor(double *matrix, size_t d, bool full, const double *floor, double *log_root) {
  *log_root = 0;
  if (full && !ock_cholesky(matrix, d)) return false;
  for (size_t l = 0; l < d; l++) {
    double deviation = full ? matrix[l * (l + 1) / 2 + l] : sqrt(matrix[l]);
    if (!(deviation * deviation > (floor ? floor[l] : 0))) return false;
    *log_root += log(deviation);
    if (!full) matrix[l] = 1 / deviation;
  }
  if (full) ock_triangle_invert(matrix, d);
  return true;
}

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

void ock_symmetric_eigen(double *a, size_t d, double *values, double *vectors) {
  enum { MOST_SWEEPS = 50 };
  double trace = 0;
  if (vectors) memset(vectors, 0, d * d * sizeof *vectors);
  for (size_t i = 0; i < d; i++) {
    if (vectors) vectors[i * d + i] = 1;
    trace += fabs(a[i * d + i]);
  }
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
      }
  for (size_t i = 0; i < d; i++) values[i] = a[i * d + i];
  sort_eigen(d, values, vectors);
}
