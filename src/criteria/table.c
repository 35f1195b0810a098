/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of criteria: names, help, JSON keys and functions come from it. */
#include <string.h>

#include "criteria/internal.h"

/* X(value, choice, name, title, direction, defined for k = 1, formula, source, evidence, rule, usual) */
#define MAXIMUM ock_choose_largest
#define MINIMUM ock_choose_smallest
#define CURVE OCKHAM_EVIDENCE_CURVE, NULL
#define MIXTURES OCKHAM_EVIDENCE_MIXTURES, NULL
#define RESAMPLES OCKHAM_EVIDENCE_RESAMPLES

#define CRITERIA_OF_CURVE(X)                                                                                           \
  X(ock_bic, MAXIMUM, "bic", "BIC", OCKHAM_MAXIMUM, true,                                                              \
    "2 ln L - p ln n; ln L = sum n_j ln(n_j/n) - nd/2 [ln(2 pi S/(nd)) + 1], p = k(d+1), or a variance for each "      \
    "cluster, p = k(d+2)-1, whichever is better",                                                                      \
    "Schwarz 1978; Banfield & Raftery 1993 (EII and VII by classification likelihood)", CURVE, true)                   \
  X(ock_bicc, MAXIMUM, "bicc", "BIC for few rows", OCKHAM_MAXIMUM, true,                                               \
    "2 ln L - p ln n * nd/(nd-p-2), models as for bic", "McQuarrie 1999", CURVE, true)                                 \
  X(ock_aic, MAXIMUM, "aic", "AIC", OCKHAM_MAXIMUM, true, "2 ln L - 2p, models as for bic", "Akaike 1974", CURVE,      \
    true)                                                                                                              \
  X(ock_bic_goxmeans, MAXIMUM, "bic-goxmeans", "BIC of goxmeans", OCKHAM_MAXIMUM, true,                                \
    "sum [n_j ln n_j - n_j ln n - n_j d/2 ln(2 pi S_j/(n_j-1)) - (n_j-1)/2] - k(d+1)/2 ln n",                          \
    "the Go program goxmeans, as it computes; docs/criteria.md lists its errors", CURVE, true)                         \
  X(ock_mixture_bic, MAXIMUM, "mixture", "BIC of mixtures", OCKHAM_MAXIMUM, true,                                      \
    "2 ln L - p ln n, p raised for few rows; L: of the best mixture of k components in families EII VII VVI EEE VEV "  \
    "VVV, with "                                                                                                       \
    "Gaussian tails or others (p + 1); where mixtures were asked for",                                                 \
    "Fraley & Raftery 1998; McQuarrie 1999; tails: Dang et al. 2015", MIXTURES, true)                                  \
  X(ock_mixture_icl, MAXIMUM, "mixture-icl", "ICL of mixtures", OCKHAM_MAXIMUM, true,                                  \
    "BIC of mixtures + 2 sum over rows of ln of the largest posterior probability", "Biernacki et al. 2000", MIXTURES, \
    true)                                                                                                              \
  X(ock_silhouette, MAXIMUM, "silhouette", "silhouette", OCKHAM_MAXIMUM, false,                                        \
    "mean over rows of (b-a)/max(a,b); a, b: mean distance to the own and to the nearest other cluster",               \
    "Rousseeuw 1987", CURVE, true)                                                                                     \
  X(ock_simplified_silhouette, MAXIMUM, "simplified-silhouette", "silhouette, simplified", OCKHAM_MAXIMUM, false,      \
    "as silhouette, with distances to centroids for mean distances to rows", "Hruschka et al. 2004", CURVE, true)      \
  X(ock_calinski_harabasz, MAXIMUM, "calinski-harabasz", "Calinski-Harabasz", OCKHAM_MAXIMUM, false,                   \
    "(B/(k-1)) / (W/(n-k)); B, W: sums of squares between and within clusters", "Calinski & Harabasz 1974", CURVE,     \
    true)                                                                                                              \
  X(ock_davies_bouldin, MINIMUM, "davies-bouldin", "Davies-Bouldin", OCKHAM_MINIMUM, false,                            \
    "mean over clusters of max over others of (s_i+s_j)/|c_i-c_j|; s: mean distance to the centroid",                  \
    "Davies & Bouldin 1979", CURVE, true)                                                                              \
  X(ock_inertia, ock_choose_knee, "elbow", "elbow (Kneedle)", OCKHAM_KNEE, false,                                      \
    "first knee of inertia over k, both scaled to 0..1, sensitivity 1", "Satopaa et al. 2011", CURVE, true)

#define CRITERIA_OF_ROWS(X)
#define CRITERIA_OF_PAIRS(X)
#define CRITERIA_OF_RESAMPLES(X)                                                                                      \
  X(ock_gap, ock_choose_gap, "gap", "gap", OCKHAM_RULE, true,                                                         \
    "mean ln S* - ln S, S* of as many rows drawn evenly from the box of the columns, 50 times; "                      \
    "s = sd(ln S*) sqrt(1 + 1/50)",                                                                                   \
    "Tibshirani, Walther & Hastie 2001", RESAMPLES, "smallest k with gap(k) >= gap(k+1) - s(k+1)", false)             \
  X(ock_gap_pca, ock_choose_gap_pca, "gap-pca", "gap, principal axes", OCKHAM_RULE, true,                             \
    "as gap, the box along the principal axes; d at most 256", "Tibshirani, Walther & Hastie 2001", RESAMPLES,        \
    "smallest k with gap(k) >= gap(k+1) - s(k+1)", false)                                                             \
  X(ock_gap_star, ock_choose_gap_star, "gap-star", "gap without logarithm", OCKHAM_RULE, true,                        \
    "mean S* - S, S* as for gap; s = sd(S*) sqrt(1 + 1/50)", "Mohajer, Englmeier & Schmitz 2011", RESAMPLES,          \
    "smallest k with gap(k) >= gap(k+1) - s(k+1)", false)                                                             \
  X(ock_prediction_strength, ock_choose_predictable, "prediction-strength", "prediction strength", OCKHAM_RULE, true, \
    "mean over 50 splits in halves of the least share, over a half's clusters, of pairs that the other half's "       \
    "centroids keep together; 1 for one cluster",                                                                     \
    "Tibshirani & Walther 2005", RESAMPLES, "largest k where it is 0.8 or more", false)                               \
  X(ock_instability, MINIMUM, "bootstrap-instability", "bootstrap instability", OCKHAM_MINIMUM, false,                \
    "share of pairs of rows that are together by the centroids of one bootstrap sample and apart by those of "        \
    "another, "                                                                                                       \
    "mean of 50 pairs of samples",                                                                                    \
    "Fang & Wang 2012", RESAMPLES, NULL, false)                                                                       \
  X(ock_jaccard, ock_choose_stable, "bootstrap-jaccard", "bootstrap Jaccard", OCKHAM_RULE, true,                      \
    "least over clusters of the mean over 100 bootstrap samples of the Jaccard similarity to the most similar of "    \
    "their clusters; 1 for one cluster",                                                                              \
    "Hennig 2007", RESAMPLES, "largest k where every cluster has 0.75 or more", false)

#define CRITERIA(X)    \
  CRITERIA_OF_CURVE(X) \
  CRITERIA_OF_ROWS(X)  \
  CRITERIA_OF_PAIRS(X) \
  CRITERIA_OF_RESAMPLES(X)

#define PUBLIC_ENTRY(value, choice, ...) {__VA_ARGS__},
static const ockham_criterion entries[] = {CRITERIA(PUBLIC_ENTRY)};
#undef PUBLIC_ENTRY

/* What is not public of each. */
static const struct {
  ock_criterion_function *value;
  ock_choice_function *choose;
} functions[] = {
#define FUNCTION_ENTRY(value, choice, ...) {value, choice},
    CRITERIA(FUNCTION_ENTRY)
#undef FUNCTION_ENTRY
};

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
  return functions[criterion - entries].value(curve, i);
}

size_t ockham_criterion_choose(const ockham_criterion *criterion, const ockham_curve *curve) {
  return functions[criterion - entries].choose(criterion, curve);
}

bool ockham_criterion_has_evidence(const ockham_criterion *criterion, const ockham_curve *curve) {
  const ockham_curve_point *last = &curve->points[curve->n_points - 1];
  switch (criterion->evidence) {
    case OCKHAM_EVIDENCE_MIXTURES:
      return curve->has_mixtures;
    case OCKHAM_EVIDENCE_ROWS:
      return last->rows != NULL;
    case OCKHAM_EVIDENCE_PAIRS:
      return last->pairs != NULL;
    case OCKHAM_EVIDENCE_RESAMPLES:
      return last->resamples != NULL;
    case OCKHAM_EVIDENCE_CURVE:
      break;
  }
  return true;
}
