/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of Gaussian mixtures, compiled once for each instruction set like vector.c. Lanes are rows of a panel in
 * strips (ock_contest). */
#include <math.h>
#include <string.h>

#include "kernels/internal.h"
#include "kernels/tables.h"
#include "kernels/vector_ops.h"

#include "kernels/panel_ops.h"

#define NAME_(function, isa) ock_##function##_##isa
#define NAME(function, isa) NAME_(function, isa)

/* Rows that are worked on at once: two strips. */
enum { ROWS = 2 * OCK_STRIP, VECTORS = ROWS / LANES, DOTS = 4 };

/* Rows first ... first + ROWS - 1 of the panel, less the mean: centred is d x ROWS. */
static void centre(const double *panel, size_t d, size_t first, const double *mean, double *centred) {
  for (size_t l = 0; l < d; l++) {
    vec m = broadcast(mean[l]);
    for (size_t q = 0; q < VECTORS; q++)
      store(centred + l * ROWS + q * LANES, sub(load(panel + ock_strip_place(d, first + q * LANES, l)), m));
  }
}

/* sum_l (factor[l] centred[l])^2, for ROWS rows. */
static void scale_squares(const double *centred, size_t d, const double *factor, double *out) {
  vec sum[VECTORS];
  for (size_t q = 0; q < VECTORS; q++) sum[q] = broadcast(0);
  for (size_t l = 0; l < d; l++) {
    vec f = broadcast(factor[l]);
    for (size_t q = 0; q < VECTORS; q++) sum[q] = square_add(mul(load(centred + l * ROWS + q * LANES), f), sum[q]);
  }
  for (size_t q = 0; q < VECTORS; q++) store(out + q * LANES, sum[q]);
}

/* |F centred|^2 for a lower triangle F, packed by rows. */
static void turn_squares(const double *centred, size_t d, const double *factor, double *out) {
  vec sum[VECTORS];
  for (size_t q = 0; q < VECTORS; q++) sum[q] = broadcast(0);
  for (size_t i = 0; i < d; i++) {
    vec turned[VECTORS];
    for (size_t q = 0; q < VECTORS; q++) turned[q] = broadcast(0);
    for (size_t l = 0; l <= i; l++) {
      vec f = broadcast(*factor++);
      for (size_t q = 0; q < VECTORS; q++) turned[q] = product_add(load(centred + l * ROWS + q * LANES), f, turned[q]);
    }
    for (size_t q = 0; q < VECTORS; q++) sum[q] = square_add(turned[q], sum[q]);
  }
  for (size_t q = 0; q < VECTORS; q++) store(out + q * LANES, sum[q]);
}

/* ---- moments ---- */

/* Add a b[j] to sums[j], summed over the rows of a panel, for n (at most DOTS) columns. Always inlined with a constant
 * n: sums in registers. */
__attribute__((always_inline)) static inline void dot_columns(const double *a, const double *b, size_t n,
                                                              double *sums) {
  vec sum[DOTS * STRIP_VECTORS];
  for (size_t i = 0; i < n * STRIP_VECTORS; i++) sum[i] = broadcast(0);
  for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
    for (size_t q = 0; q < STRIP_VECTORS; q++) {
      vec x = load(a + r + q * LANES);
      for (size_t j = 0; j < n; j++)
        sum[j * STRIP_VECTORS + q] =
            product_add(load(b + j * OCK_PANEL + r + q * LANES), x, sum[j * STRIP_VECTORS + q]);
    }
  for (size_t j = 0; j < n; j++) sums[j] += sum_parts(sum + j * STRIP_VECTORS);
}

static void dot_all(const double *a, const double *b, size_t n, double *sums) {
  size_t j = 0;
  for (; j + DOTS <= n; j += DOTS) dot_columns(a, b + j * OCK_PANEL, DOTS, sums + j);
  for (; j < n; j++) dot_columns(a, b + j * OCK_PANEL, 1, sums + j);
}

void NAME(add_moments, OCK_VECTOR_ISA)(const double *panel, size_t d, const double *mean, bool full,
                                       const double *weight, double *scratch, double *sums) {
  double *centred = scratch, *weighted = scratch + d * OCK_PANEL, *first = sums + 1, *second = first + d;
  const vec zero = broadcast(0);
  vec total[STRIP_VECTORS];
  for (size_t q = 0; q < STRIP_VECTORS; q++) total[q] = zero;
  for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
    for (size_t q = 0; q < STRIP_VECTORS; q++) total[q] = add(total[q], load(weight + r + q * LANES));
  sums[0] += sum_parts(total);
  for (size_t l = 0; l < d; l++) {
    vec m = broadcast(mean[l]);
    for (size_t r = 0; r < OCK_PANEL; r += LANES)
      store(centred + l * OCK_PANEL + r, sub(load(panel + ock_strip_place(d, r, l)), m));
  }
  dot_all(weight, centred, d, first);
  for (size_t i = 0; i < d; i++) {
    for (size_t r = 0; r < OCK_PANEL; r += LANES)
      store(weighted + r, mul(load(centred + i * OCK_PANEL + r), load(weight + r)));
    if (full)
      dot_all(weighted, centred, i + 1, second + i * (i + 1) / 2);
    else
      dot_columns(weighted, centred + i * OCK_PANEL, 1, second + i);
  }
}

void NAME(add_projected, OCK_VECTOR_ISA)(const double *panel, size_t d, const double *v, const double *weight,
                                         double *sums) {
  const vec zero = broadcast(0);
  double along[OCK_PANEL];
  vec sum[STRIP_VECTORS];
  for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP) {
    const double *x = panel + ock_strip_place(d, r, 0);
    for (size_t q = 0; q < STRIP_VECTORS; q++) sum[q] = zero;
    for (size_t l = 0; l < d; l++) {
      vec f = broadcast(v[l]);
      for (size_t q = 0; q < STRIP_VECTORS; q++) sum[q] = product_add(load(x + l * OCK_STRIP + q * LANES), f, sum[q]);
    }
    for (size_t q = 0; q < STRIP_VECTORS; q++) store(along + r + q * LANES, mul(sum[q], load(weight + r + q * LANES)));
  }
  for (size_t l = 0; l < d; l++) {
    for (size_t q = 0; q < STRIP_VECTORS; q++) sum[q] = zero;
    for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
      for (size_t q = 0; q < STRIP_VECTORS; q++)
        sum[q] = product_add(load(panel + ock_strip_place(d, r + q * LANES, l)), load(along + r + q * LANES), sum[q]);
    sums[l] += sum_parts(sum);
  }
}

/* ---- powers ---- */

/* a b + c in one step where there is one, as product_add() has it; in plain C, of which compilers make vectors. */
static inline double fused(double a, double b, double c) {
#if defined(OCK_VECTOR_sse2)
  return a * b + c;
#else
  return __builtin_fma(a, b, c);
#endif
}

/* e^x for -708 <= x <= 708, to 2 units in the last place: x = n ln 2 + f, and a polynomial in f (Taylor's, whose
 * 13 terms are enough for |f| <= ln 2 / 2). */
static void exponentiate(double *values) {
  static const double high = 0x1.62e42feep-1, low = 0x1.a39ef35793c76p-33; /* ln 2: n high is exact */
  static const double inverse = 0x1.71547652b82fep+0;
  static const double round = 0x1.8p52;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double x = values[r], shifted = x * inverse + round, n = shifted - round;
    double f = fused(-n, low, x - n * high);
    double p = 1.0 / 6227020800.0;
    p = fused(p, f, 1.0 / 479001600.0);
    p = fused(p, f, 1.0 / 39916800.0);
    p = fused(p, f, 1.0 / 3628800.0);
    p = fused(p, f, 1.0 / 362880.0);
    p = fused(p, f, 1.0 / 40320.0);
    p = fused(p, f, 1.0 / 5040.0);
    p = fused(p, f, 1.0 / 720.0);
    p = fused(p, f, 1.0 / 120.0);
    p = fused(p, f, 1.0 / 24.0);
    p = fused(p, f, 1.0 / 6.0);
    p = fused(p, f, 0.5);
    p = fused(p, f, 1.0);
    p = fused(p, f, 1.0);
    uint64_t bits, power;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&power, &shifted, sizeof power);
    bits += power << 52;
    memcpy(&values[r], &bits, sizeof bits);
  }
}

/* The natural logarithm of positive normal numbers, to some units in the last place: m = 2^e f with f about 1, and
 * 2 atanh((f - 1) / (f + 1)) by its series. */
static void take_logarithms(const double *values, double *out) {
  static const double ln2 = 0x1.62e42fefa39efp-1;
  const uint64_t half = 0x3fe6a09e667f3bcdu, magic = 0x4330000000000000u; /* the root of 1/2; 2^52 */
  for (size_t r = 0; r < OCK_PANEL; r++) {
    uint64_t bits, above, exponent, mantissa;
    double f, e;
    memcpy(&bits, &values[r], sizeof bits);
    above = bits - half;                      /* so that f is from the root of 1/2 to the root of 2 */
    exponent = (above >> 52 ^ 0x800) & 0xfff; /* biased by 2048 */
    mantissa = bits - ((above >> 52) << 52);
    memcpy(&f, &mantissa, sizeof f);
    exponent |= magic;
    memcpy(&e, &exponent, sizeof e);
    e -= 0x1p52 + 2048;
    double s = (f - 1) / (f + 1), q = s * s, p = 1.0 / 21;
    p = fused(p, q, 1.0 / 19);
    p = fused(p, q, 1.0 / 17);
    p = fused(p, q, 1.0 / 15);
    p = fused(p, q, 1.0 / 13);
    p = fused(p, q, 1.0 / 11);
    p = fused(p, q, 1.0 / 9);
    p = fused(p, q, 1.0 / 7);
    p = fused(p, q, 1.0 / 5);
    p = fused(p, q, 1.0 / 3);
    p = fused(p, q, 1.0);
    out[r] = fused(e, ln2, 2 * s * p);
  }
}

/* From squared lengths m to m^tail, and what the step after needs besides. */
static void raise(double *values, double tail, const ock_powers *to) {
  static const double least = 1e-200, most = 700;
  double exponent[OCK_PANEL];
  for (size_t r = 0; r < OCK_PANEL; r++) values[r] = values[r] > least ? values[r] : least;
  take_logarithms(values, to->logarithm);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double x = tail * to->logarithm[r];
    exponent[r] = x < most ? x : most;
  }
  for (size_t r = 0; r < OCK_PANEL; r++) exponent[r] = exponent[r] > -most ? exponent[r] : -most;
  exponentiate(exponent);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    to->power[r] = exponent[r];
    to->pull[r] = tail * exponent[r] / values[r];
    values[r] = exponent[r];
  }
}

void NAME(log_density, OCK_VECTOR_ISA)(const double *panel, size_t d, const ock_gaussian *g, double *scratch,
                                       double *out) {
  for (size_t first = 0; first < OCK_PANEL; first += ROWS) {
    centre(panel, d, first, g->mean, scratch);
    if (g->full)
      turn_squares(scratch, d, g->factor, out + first);
    else
      scale_squares(scratch, d, g->factor, out + first);
  }
  if (g->tail != 1) raise(out, g->tail, g->power);
  for (size_t r = 0; r < OCK_PANEL; r++) out[r] = g->log_scale - 0.5 * out[r];
}

void NAME(weigh_tail, OCK_VECTOR_ISA)(double *membership, const ock_powers *powers, double sums[OCK_TAIL_SUMS]) {
  vec part[OCK_TAIL_SUMS][STRIP_VECTORS];
  for (size_t i = 0; i < OCK_TAIL_SUMS; i++)
    for (size_t q = 0; q < STRIP_VECTORS; q++) part[i][q] = broadcast(0);
  for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
    for (size_t q = 0; q < STRIP_VECTORS; q++) {
      size_t at = r + q * LANES;
      vec value = load(membership + at), logarithm = load(powers->logarithm + at);
      vec power = mul(value, load(powers->power + at)), slope = mul(power, logarithm);
      part[0][q] = add(part[0][q], value);
      part[1][q] = add(part[1][q], power);
      part[2][q] = add(part[2][q], slope);
      part[3][q] = product_add(slope, logarithm, part[3][q]);
      store(membership + at, mul(value, load(powers->pull + at)));
    }
  for (size_t i = 0; i < OCK_TAIL_SUMS; i++) sums[i] += sum_parts(part[i]);
}

/* ---- probabilities ---- */

void NAME(range, OCK_VECTOR_ISA)(const double *values, double range[2]) {
  vec least = load(values);
  for (size_t r = LANES; r < OCK_PANEL; r += LANES) least = minimum(least, load(values + r));
  range[0] = least_lane(least);
  range[1] = largest_of(values);
}

void NAME(posterior, OCK_VECTOR_ISA)(double *values, size_t k, double *log_sum) {
  static const double least = -708, nothing = -36; /* whose powers are as good as 0 */
  double most[OCK_PANEL], total[OCK_PANEL];
  memcpy(most, values, sizeof most);
  for (size_t j = 1; j < k; j++)
    for (size_t r = 0; r < OCK_PANEL; r++)
      most[r] = values[j * OCK_PANEL + r] > most[r] ? values[j * OCK_PANEL + r] : most[r];
  memset(total, 0, sizeof total);
  for (size_t j = 0; j < k; j++) {
    double *value = values + j * OCK_PANEL;
    for (size_t r = 0; r < OCK_PANEL; r++) {
      double below = value[r] - most[r];
      value[r] = below > least ? below : least;
    }
    if (largest_of(value) < nothing) { /* nobody would see it beside 1 */
      memset(value, 0, OCK_PANEL * sizeof *value);
      continue;
    }
    exponentiate(value);
    for (size_t r = 0; r < OCK_PANEL; r++) total[r] += value[r];
  }
  take_logarithms(total, log_sum);
  for (size_t r = 0; r < OCK_PANEL; r++) log_sum[r] += most[r];
  for (size_t r = 0; r < OCK_PANEL; r++) total[r] = 1 / total[r];
  for (size_t j = 0; j < k; j++)
    for (size_t r = 0; r < OCK_PANEL; r++) values[j * OCK_PANEL + r] *= total[r];
}
