/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares by orthogonal columns, each made so twice: as exact as reflections, and it tells at once which column
 * depends on those before. Giraud, Langou & Rozloznik, Comput. Math. Appl. 50, 2005 (twice is enough). */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "stats/internal.h"

/* Four sums, for one waits on itself. */
static double dot(const double *a, const double *b, size_t n) {
  double sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t l = 0; l < 4; l++) sum[l] += a[i + l] * b[i + l];
  for (; i < n; i++) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

bool ock_basis_make(ock_basis *basis, ock_arena *arena, size_t n, size_t most) {
  *basis = (ock_basis){.n = n, .most = most};
  basis->q = ock_arena_array(arena, ock_size_product(n, most + 1), sizeof *basis->q);
  basis->r = ock_arena_array(arena, ock_size_product(most, most), sizeof *basis->r);
  basis->room = ock_arena_array(arena, most + 1, sizeof *basis->room);
  return basis->q && basis->r && basis->room;
}

/* x, less what lies along the columns so far; where it lay is added to `along`. */
static void take_off(const ock_basis *basis, double *x, double *along) {
  size_t n = basis->n;
  for (size_t j = 0; j < basis->rank; j++) {
    const double *q = basis->q + j * n;
    double part = dot(q, x, n);
    for (size_t i = 0; i < n; i++) x[i] -= part * q[i];
    along[j] += part;
  }
}

double ock_basis_rest(const ock_basis *basis, double *x, double *along) {
  memset(along, 0, basis->rank * sizeof *along);
  take_off(basis, x, along);
  take_off(basis, x, along);
  return sqrt(dot(x, x, basis->n));
}

bool ock_basis_add(ock_basis *basis, const double *x, double least, double *along) {
  assert(basis->rank < basis->most || basis->rank == basis->n);
  size_t n = basis->n;
  double length = sqrt(dot(x, x, n)), *q = basis->q + basis->rank * n, *parts = along ? along : basis->room;
  memcpy(q, x, n * sizeof *q);
  double rest = ock_basis_rest(basis, q, parts);
  if (basis->rank == basis->n || basis->rank == basis->most || !(rest > least * length)) return false;
  for (size_t i = 0; i < n; i++) q[i] /= rest;
  double *column = basis->r + basis->rank * basis->most;
  memcpy(column, parts, basis->rank * sizeof *column);
  column[basis->rank++] = rest;
  return true;
}

void ock_basis_solve(const ock_basis *basis, double *along) {
  for (size_t j = basis->rank; j-- > 0;) {
    const double *column = basis->r + j * basis->most;
    along[j] /= column[j];
    for (size_t i = 0; i < j; i++) along[i] -= along[j] * column[i];
  }
}
