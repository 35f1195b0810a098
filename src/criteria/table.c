/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of criteria: names, help, JSON keys and functions come from it. */
#include <math.h>
#include <string.h>

#include "criteria/internal.h"

/* X(function, name, title, direction, defined for k = 1, formula, source) */
#define CRITERIA(X)                                                                                                   \
  X(ock_bic, "bic", "BIC", OCKHAM_MAXIMUM, true,                                                                      \
    "2 ln L - p ln n; ln L = sum n_j ln(n_j/n) - nd/2 [ln(2 pi S/(nd)) + 1], p = k(d+1), or a variance for each "     \
    "cluster, p = k(d+2)-1, whichever is better",                                                                     \
    "Schwarz 1978; Banfield & Raftery 1993 (EII and VII by classification likelihood)")                               \
  X(ock_bicc, "bicc", "BIC for few rows", OCKHAM_MAXIMUM, true, "2 ln L - p ln n * nd/(nd-p-2), models as for bic",   \
    "McQuarrie 1999")                                                                                                 \
  X(ock_aic, "aic", "AIC", OCKHAM_MAXIMUM, true, "2 ln L - 2p, models as for bic", "Akaike 1974")                     \
  X(ock_bic_goxmeans, "bic-goxmeans", "BIC of goxmeans", OCKHAM_MAXIMUM, true,                                        \
    "sum [n_j ln n_j - n_j ln n - n_j d/2 ln(2 pi S_j/(n_j-1)) - (n_j-1)/2] - k(d+1)/2 ln n",                         \
    "the Go program goxmeans, as it computes; docs/criteria.md lists its errors")                                     \
  X(ock_mixture_bic, "mixture", "BIC of mixtures", OCKHAM_MAXIMUM, true,                                              \
    "2 ln L - p ln n, p raised for few rows; L: of the best mixture of k components in families EII VII VVI EEE VEV " \
    "VVV, with "                                                                                                      \
    "Gaussian tails or others (p + 1); where mixtures were asked for",                                                \
    "Fraley & Raftery 1998; McQuarrie 1999; tails: Dang et al. 2015")                                                 \
  X(ock_mixture_icl, "mixture-icl", "ICL of mixtures", OCKHAM_MAXIMUM, true,                                          \
    "BIC of mixtures + 2 sum over rows of ln of the largest posterior probability", "Biernacki et al. 2000")          \
  X(ock_silhouette, "silhouette", "silhouette", OCKHAM_MAXIMUM, false,                                                \
    "mean over rows of (b-a)/max(a,b); a, b: mean distance to the own and to the nearest other cluster",              \
    "Rousseeuw 1987")                                                                                                 \
  X(ock_simplified_silhouette, "simplified-silhouette", "silhouette, simplified", OCKHAM_MAXIMUM, false,              \
    "as silhouette, with distances to centroids for mean distances to rows", "Hruschka et al. 2004")                  \
  X(ock_calinski_harabasz, "calinski-harabasz", "Calinski-Harabasz", OCKHAM_MAXIMUM, false,                           \
    "(B/(k-1)) / (W/(n-k)); B, W: sums of squares between and within clusters", "Calinski & Harabasz 1974")           \
  X(ock_davies_bouldin, "davies-bouldin", "Davies-Bouldin", OCKHAM_MINIMUM, false,                                    \
    "mean over clusters of max over others of (s_i+s_j)/|c_i-c_j|; s: mean distance to the centroid",                 \
    "Davies & Bouldin 1979")                                                                                          \
  X(ock_inertia, "elbow", "elbow (Kneedle)", OCKHAM_KNEE, false,                                                      \
    "first knee of inertia over k, both scaled to 0..1, sensitivity 1", "Satopaa et al. 2011")

#define PUBLIC_ENTRY(function, ...) {__VA_ARGS__},
static const ockham_criterion entries[] = {CRITERIA(PUBLIC_ENTRY)};
#undef PUBLIC_ENTRY

#define FUNCTION_ENTRY(function, ...) function,
static ock_criterion_function *const functions[] = {CRITERIA(FUNCTION_ENTRY)};
#undef FUNCTION_ENTRY

enum { N_CRITERIA = sizeof entries / sizeof *entries };

const ockham_criterion *ockham_criteria(size_t *n) {
  *n = N_CRITERIA;
  return entries;
}

const ockham_criterion *ockham_criterion_find(const char *name) {
  for (size_t c = 0; c < N_CRITERIA; c++)
    if (strcmp(entries[c].name, name) == 0) return &entries[c];
  return NULL;
}

double ockham_criterion_value(const ockham_criterion *criterion, const ockham_curve *curve, size_t i) {
  return functions[criterion - entries](curve, i);
}

bool ockham_criterion_is_of_mixtures(const ockham_criterion *criterion) {
  ock_criterion_function *function = functions[criterion - entries];
  return function == ock_mixture_bic || function == ock_mixture_icl;
}

static size_t choose_extreme(const ockham_criterion *criterion, const ockham_curve *curve) {
  double sign = criterion->direction == OCKHAM_MINIMUM ? -1 : 1, best = -INFINITY;
  size_t chosen = SIZE_MAX;
  for (size_t i = 0; i < curve->n_points; i++) {
    double value = sign * ockham_criterion_value(criterion, curve, i);
    if (value > best) {
      best = value;
      chosen = i;
    }
  }
  return chosen;
}

static size_t choose_knee(const ockham_criterion *criterion, const ockham_curve *curve) {
  size_t n = curve->n_points, knee = SIZE_MAX;
  double *x = ock_alloc_array(n, 2 * sizeof(double));
  if (x) {
    double *y = x + n;
    for (size_t i = 0; i < n; i++) {
      x[i] = (double)curve->points[i].k;
      y[i] = ockham_criterion_value(criterion, curve, i);
    }
    knee = ockham_kneedle(x, y, n);
  }
  ock_free(x);
  return knee;
}

size_t ockham_criterion_choose(const ockham_criterion *criterion, const ockham_curve *curve) {
  return criterion->direction == OCKHAM_KNEE ? choose_knee(criterion, curve) : choose_extreme(criterion, curve);
}
