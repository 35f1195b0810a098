/* SPDX-License-Identifier: Apache-2.0 */
/* Designs from inside: regular fractions as columns over GF(2), models as columns of contrasts, subsets of cells. */
#ifndef OCK_ABLATE_DESIGN_H
#define OCK_ABLATE_DESIGN_H

#include <math.h>

#include "ablate/internal.h"

enum { OCK_FRACTION_MOST_FACTORS = 24, OCK_FRACTION_MOST_BASIC = 7 };

/* ---- regular two-level fractions ---- */

/* Cell x in 0 ... 2^n_basic - 1 has factor i at level parity(column[i] & x): cell 0 is the baseline, and the cells
 * of a subspace are the cells of a smaller regular fraction. Columns are different, not 0, and span the space. */
typedef struct ock_fraction {
  size_t n_factors, n_basic;
  uint8_t column[OCK_FRACTION_MOST_FACTORS];
} ock_fraction;

static inline unsigned ock_parity(unsigned bits) {
  return (unsigned)__builtin_parity(bits);
}

/* The fraction of least aberration that the search finds; n_basic <= n_factors < 2^n_basic. The first n_basic factors
 * are a full design. */
void ock_fraction_search(size_t n_factors, size_t n_basic, ock_fraction *fraction);
/* words[j], j <= n_factors, is how many words of the defining relation have j letters; words[0] is 1. */
void ock_fraction_words(const ock_fraction *fraction, uint64_t words[OCK_FRACTION_MOST_FACTORS + 1]);
/* The shortest word; 0: none, for all combinations are there. */
size_t ock_fraction_resolution(const ock_fraction *fraction);
/* The part of its cells that is a fraction of so many, and whose pattern of words is best; *part may be *fraction.
 * False where two factors would always go together in every such part. */
bool ock_fraction_part(const ock_fraction *fraction, size_t n_basic, ock_fraction *part);
/* The best of which these cells are a half; n_basic < min(n_factors, OCK_FRACTION_MOST_BASIC). */
void ock_fraction_double(const ock_fraction *fraction, ock_fraction *twice);
/* Sets of main effects and pairs that cannot be told apart, as texts. */
ockham_status ock_fraction_aliases(const ock_fraction *fraction, const ockham_study_factor *factors, char ***aliases,
                                   size_t *n_aliases, ockham_error *err);

/* Its cells, resolution and aliases; design is zeroed, and the caller's also after a failure. */
ockham_status ock_fraction_fill(const ock_fraction *fraction, const ockham_study_factor *factors, ockham_design *design,
                                ockham_error *err);
/* The same again from its cells; false: it is neither regular nor every combination of at most 7 two-level factors. */
bool ock_fraction_of(const ockham_design *design, ock_fraction *fraction);

/* ---- models ---- */

/* Terms: one for the mean, for each factor its levels less one, for each pair their products. */
typedef struct ock_design_model {
  size_t n_factors, n_forbidden, n_pairs, n_terms;
  const ockham_study_factor *factors;
  const ockham_study_forbidden *forbidden;
  const size_t *pairs;
} ock_design_model;
ock_design_model ock_design_model_make(const ockham_study_factor *factors, size_t n_factors,
                                       const ockham_study_forbidden *forbidden, size_t n_forbidden, const size_t *pairs,
                                       size_t n_pairs);

/* Helmert's contrasts, scaled so that over all combinations X'X / n is the identity. j in 1 ... n_levels - 1. */
static inline double ock_design_contrast(size_t n_levels, size_t j, size_t level) {
  double height = level < j ? 1 : level == j ? -(double)j : 0;
  return height * sqrt((double)n_levels / (double)(j * (j + 1)));
}
void ock_design_row(const ock_design_model *model, const uint8_t *cell, double *row);
/* The rule that a cell breaks, or n_forbidden. */
size_t ock_design_broken(const ock_design_model *model, const uint8_t *cell);
/* log det(X'X) of cells: the model's D-criterion; -INFINITY: singular. False: no memory. */
bool ock_design_log_det(const ock_design_model *model, const uint8_t *cells, size_t n_cells, double *log_det);
/* Set design->efficiency from its cells. */
ockham_status ock_design_weigh(const ock_design_model *model, ockham_design *design, ockham_error *err);
/* (X'X)^-1 of n rows of d numbers, d x d; false: singular. packed: d (d + 1) / 2 of scratch. */
bool ock_design_inverse(const double *rows, size_t n, size_t d, double ridge, double *packed, double *inverse);
/* Every allowed cell in order, the last factor fastest, up to `most` of them: *n_cells > most says that there are more.
 * *cells: ock_free(). */
ockham_status ock_design_allowed(const ock_design_model *model, size_t most, uint8_t **cells, size_t *n_cells,
                                 ockham_error *err);

/* ---- D-optimal sets of different cells ---- */

/* Of all allowed cells. cells: n_cells x n_factors. */
ockham_status ock_design_optimal(const ock_design_model *model, size_t n_cells, uint64_t seed, uint8_t *cells,
                                 ockham_error *err);
/* Of n_listed cells: *picked are their numbers, ascending. Cell `kept` (n_listed: none) is among them. */
ockham_status ock_design_subset(const ock_design_model *model, const uint8_t *listed, size_t n_listed, size_t n_cells,
                                size_t kept, uint64_t seed, size_t *picked, ockham_error *err);

#endif
