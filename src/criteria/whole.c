/* SPDX-License-Identifier: Apache-2.0 */
/* Is every cluster whole? Each is split in two by 2-means; a test says whether the halves explain more than those of
 * one cluster would. The tests were made for one split of a hierarchy: here all clusters of a k must pass. */
#include <math.h>

#include "criteria/internal.h"
#include "stats/internal.h"

/* What a test says of a cluster of so many rows whose sum of squares falls to this share: the higher, the more whole.
 */
typedef double whole_test(double n, double share, double d);

/* The least that it says of any cluster; NaN when none could be tested: two rows or fewer, or all of them equal. */
static double least_whole(const ockham_curve *curve, size_t i, whole_test *test) {
  const ockham_curve_point *p = &curve->points[i];
  double least = INFINITY;
  for (size_t j = 0; p->rows && j < p->k; j++) {
    double n = ock_point_weight(p, j), share = p->rows->halves[j] / p->within[j];
    if (n > 2 && p->within[j] > 0) least = fmin(least, test(n, fmin(share, 1), (double)curve->n_varying));
  }
  return ock_defined(least);
}

/* By how much the share is above the critical one: its mean for one normal cluster less 3.2 standard deviations. */
static double test_of_duda(double n, double share, double d) {
  static const double pi = 3.141592653589793, z = 3.2;
  return share - (1 - 2 / (pi * d) - z * sqrt(2 * (1 - 8 / (pi * pi * d)) / (n * d)));
}

/* How probable so small a share is. */
static double test_of_beale(double n, double share, double d) {
  double expected = (n - 1) / (n - 2) * pow(2, 2 / d) - 1;
  return share > 0 ? ock_f_tail((1 - share) / share / expected, d, (n - 2) * d) : 0;
}

double ock_duda(const ockham_curve *curve, size_t i) {
  return least_whole(curve, i, test_of_duda);
}

double ock_beale(const ockham_curve *curve, size_t i) {
  return least_whole(curve, i, test_of_beale);
}
