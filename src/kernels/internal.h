/* SPDX-License-Identifier: Apache-2.0 */
/* kernels: the inner loops over distances, once for each instruction set, picked at run time.
 * Main type: ock_kernels (a table of loops). Rows come in panels: OCK_PANEL rows with their coordinates transposed, so
 *   that one vector holds the same coordinate of several rows and every loop is free of horizontal sums.
 * Invariants: distances of doubles are sums of squared differences, so no digits cancel; the searches for nearest
 * centres (ock_search_kernels) take |x|^2 / 2 + |c|^2 / 2 - x c and say what that may be wrong by; equal distances, as
 *   computed, go to the lower centroid; every table gives what `reference` gives, to rounding, and the same bits run
 *   after run.
 * Threads: tables are constants; panels belong to the caller.
 * Source: our own; register tiles after Goto & van de Geijn, ACM TOMS 34(3), 2008 (doi:10.1145/1356052.1356053). */
#ifndef OCK_KERNELS_INTERNAL_H
#define OCK_KERNELS_INTERNAL_H

#include "core/internal.h"

/* Rows of a panel. Coordinate l of row r is panel[l * OCK_PANEL + r], in one of doubles; ock_contest has another order.
 */
enum { OCK_PANEL = 64 };
/* Bounds come in multiples of this. */
enum { OCK_BOUNDS = 16 };
/* Rows of a strip: what pair_sums works on, laid out like a panel of this many rows; and most rows that it meets. */
enum { OCK_STRIP = 16, OCK_PAIR_ROWS = 128 };

/* Rows that lie together, for pair_sums: at most OCK_PAIR_ROWS, in n_pieces pieces, which are summed apart. */
typedef struct ock_pair_block {
  const double *origin; /* d */
  const float *rows;    /* n_rows x d, relative to the origin */
  size_t n_rows, n_pieces;
  const uint32_t *length; /* rows of each piece, all more than 0 */
  const float *weights;   /* n_rows, at most 1: distances are summed by these; NULL: all 1 */
} ock_pair_block;

/* A panel of rows that meets m centres. Elements are floats or doubles, as the table says that takes it. */
typedef struct ock_contest {
  const void *panel;        /* strips of OCK_STRIP rows, each d x OCK_STRIP: ock_strip_place() */
  const void *half_squares; /* OCK_PANEL: |x|^2 / 2 of each row */
  const void *centres;      /* m x d */
  const void *half_norms;   /* m: |c|^2 / 2 */
  size_t d, m;              /* 0 < m < 2^24 */
  double rounding;          /* what half a squared distance, as computed, may be wrong by */
} ock_contest;

/* Where coordinate l of row r stands in such a panel. */
static inline size_t ock_strip_place(size_t d, size_t r, size_t l) {
  return r / OCK_STRIP * OCK_STRIP * d + l * OCK_STRIP + r % OCK_STRIP;
}

/* Half a squared distance to within this is |x|^2 / 2 + |c|^2 / 2 - x c, for |x| <= x and |c| <= c: each coordinate
 * adds one rounding of at most the size of the sum, and the two numbers came rounded. */
static inline double ock_contest_rounding(size_t element_bytes, size_t d, double x, double c) {
  bool narrow = element_bytes == sizeof(float);
  double unit = narrow ? 0x1p-24 : 0x1p-53, least = narrow ? 0x1p-149 : 0x1p-1074; /* where products underflow */
  return ((double)d + 4) * (unit * 0.5 * (x + c) * (x + c) + least);
}

typedef struct ock_search_kernels {
  size_t element_bytes;

  /* For each row the number of its nearest centre. least[j] is at most the distance from any row to centre j, *upper at
   * least the distance from any row to its nearest. */
  void (*nearest)(const ock_contest *contest, uint32_t *which, float *least, float *upper);

  /* For each row the nearest centre, the second nearest (0 when m is 1), and by how much half their squared distances
   * differ. Bit r of the result is set when rounding may have chosen between the two. least, unless it is NULL, as
   * above; then reach[0] is at least the distance from any row to its nearest centre, reach[1] that to its second
   * nearest (infinite when m is 1). */
  uint64_t (*nearest_two)(const ock_contest *contest, uint32_t *which, uint32_t *runner_up, float *gap, float *least,
                          float reach[2]);

  /* Add the rows x with label j and x normal > threshold to sums (d doubles), by their weights (OCK_PANEL elements;
   * NULL: all 1); returns the sum of these: how many there are. */
  double (*take_side)(const void *panel, size_t d, const void *normal, double threshold, const uint32_t *label,
                      uint32_t j, const void *weights, double *sums);

  /* Add all rows of a panel to sums (d doubles); returns the sum of their squares. */
  double (*sum_panel)(const void *panel, const void *half_squares, size_t d, double *sums);
} ock_search_kernels;

enum { OCK_TAIL_SUMS = 4 };

/* Of OCK_PANEL squared lengths m: log m, m^tail, and its derivative, tail m^(tail - 1). */
typedef struct ock_powers {
  double *logarithm, *power, *pull;
} ock_powers;

/* The logarithm of a density: log_scale - m^tail / 2, m = |F (x - mean)|^2; Gaussian where tail is 1. */
typedef struct ock_gaussian {
  const double *mean;   /* d */
  const double *factor; /* F: d numbers on its diagonal, or when full its lower triangle, packed by rows */
  bool full;
  double log_scale, tail;
  const ock_powers *power; /* receives what a tail other than 1 takes; m of less than 1e-200 counts as that */
} ock_gaussian;
/* How many numbers second moments of d columns take, and a factor. */
static inline size_t ock_second_moments(size_t d, bool full) {
  return full ? d * (d + 1) / 2 : d;
}

typedef struct ock_kernels {
  const char *isa;
  bool (*runs_here)(void);
  const ock_search_kernels *narrow, *wide; /* on floats, on doubles */

  /* Carry the bounds of a panel over a motion of k centres (arrays padded to a multiple of OCK_BOUNDS, lower with
   * infinity and drift with 0): every lower falls by its centre's drift, *upper grows by the most that a centre within
   * reach moved. Returns how many centres are within reach now, lower <= *upper, and their numbers, ascending; *most is
   * the largest drift among them. */
  size_t (*carry)(float *lower, float *upper, const float *drift, size_t k, uint32_t *within_reach, float *most);

  /* Fill a panel with OCK_PANEL rows: row r begins offset[r] elements after data, and origin (d values) is subtracted.
   */
  void (*fill_float64)(const double *data, const size_t *offset, size_t d, const double *origin, double *panel);
  void (*fill_float32)(const float *data, const size_t *offset, size_t d, const double *origin, double *panel);

  /* For each row of the panel: the nearest of k >= 1 centroids (k x d, row-major), its squared distance, and the
   * squared distance of the second nearest (infinity when k is 1). All three outputs have OCK_PANEL entries. */
  void (*nearest_two)(const double *panel, size_t d, const double *centroids, size_t k, uint32_t *label,
                      double *nearest, double *second);

  /* Squared distances from each row of the panel to each of m centroids: out is m x OCK_PANEL. */
  void (*distances)(const double *panel, size_t d, const double *centroids, size_t m, double *out);

  /* Squared distance from row r of the panel to centroid label[r], for each r: out has OCK_PANEL entries. */
  void (*own_distance)(const double *panel, size_t d, const double *centroids, const uint32_t *label, double *out);

  /* For each row r of a strip and each piece i of a block the sum of their (unsquared) distances:
   * sums[i * OCK_STRIP + r]. Distances are float32, relative to the block's origin: their errors are small beside the
   * sum over the block when the origin is its mean. shifted is scratch of d * OCK_STRIP. */
  void (*pair_sums)(const double *strip, size_t d, const ock_pair_block *block, float *shifted, double *sums);

  /* Logarithms of the density at the rows of a panel of doubles in strips: out has OCK_PANEL entries; scratch is of
   * d * OCK_PANEL. */
  void (*log_density)(const double *panel, size_t d, const ock_gaussian *gaussian, double *scratch, double *out);

  /* Add the moments of such rows about a mean, by their weights (OCK_PANEL): to sums[0] the weights, to the next d the
   * differences, then their squares or, when full, the products i, l <= i, packed by rows. scratch is of
   * (d + 1) * OCK_PANEL. */
  void (*add_moments)(const double *panel, size_t d, const double *mean, bool full, const double *weight,
                      double *scratch, double *sums);

  /* Add such rows, each so many times as its product with v and its weight are: to sums (d). */
  void (*add_projected)(const double *panel, size_t d, const double *v, const double *weight, double *sums);

  /* Whose densities have another tail: to sums[0] the memberships (OCK_PANEL) are added, to the next m^tail, m^tail
   * log m and m^tail (log m)^2 by these; then rows that are far out pull less where tails are heavy, by membership. */
  void (*weigh_tail)(double *membership, const ock_powers *powers, double sums[OCK_TAIL_SUMS]);

  /* The least and the largest of OCK_PANEL values. */
  void (*range)(const double *values, double range[2]);

  /* From logarithms of k densities (k x OCK_PANEL) to each row's posterior probabilities, and the logarithm of its sum
   * of densities (OCK_PANEL). Probabilities below e^-36 may be 0. */
  void (*posterior)(double *values, size_t k, double *log_sum);

  /* Add such sums up: from[i * OCK_STRIP + r] to sums[into[i] * OCK_STRIP + r], for each of n pieces. */
  void (*merge_sums)(const double *from, size_t n, const uint32_t *into, double *sums);
} ock_kernels;

/* The fastest table that runs here, or the one that OCKHAM_ISA names (if it runs here). */
const ock_kernels *ock_kernels_pick(void);

/* All tables compiled in, slowest first; NULL-terminated. For tests and for OCKHAM_ISA. */
const ock_kernels *const *ock_kernels_all(void);

/* Fill a panel with rows first ... first + n - 1 of x minus origin (n_columns values); 0 < n <= OCK_PANEL. The other
 * lanes hold the first of these rows again. */
void ock_panel_load(const ock_kernels *kernels, ockham_rows x, const double *origin, size_t first, size_t n,
                    double *panel);

/* The same with the rows index[0] ... index[n - 1]. */
void ock_panel_gather(const ock_kernels *kernels, ockham_rows x, const double *origin, const size_t *index, size_t n,
                      double *panel);

#endif
