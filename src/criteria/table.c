/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of criteria: names, help, JSON keys and functions come from it. */
#include <string.h>

#include "criteria/internal.h"

/* X(value, choice, name, title, direction, defined for k = 1, formula, source, evidence, rule, usual) */
#define MAXIMUM ock_choose_largest
#define MINIMUM ock_choose_smallest
#define CURVE OCKHAM_EVIDENCE_CURVE, NULL
#define MIXTURES OCKHAM_EVIDENCE_MIXTURES, NULL
#define PAIRS OCKHAM_EVIDENCE_PAIRS, NULL
#define ROWS OCKHAM_EVIDENCE_ROWS, NULL
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
    "Gaussian tails or others (p + 1); of up to 12,000 rows",                                                          \
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
    "first knee of inertia over k, both scaled to 0..1, sensitivity 1", "Satopaa et al. 2011", CURVE, true)            \
  X(ock_aicc, MAXIMUM, "aicc", "AICc", OCKHAM_MAXIMUM, true, "2 ln L - 2p * nd/(nd-p-1), models as for bic",           \
    "Hurvich & Tsai 1989", CURVE, false)                                                                               \
  X(ock_bic_pelleg_moore, MAXIMUM, "bic-pelleg-moore", "BIC of Pelleg & Moore", OCKHAM_MAXIMUM, true,                  \
    "sum [n_j ln n_j - n_j ln n - n_j/2 ln(2 pi) - n_j d/2 ln(S/(n-k)) - (n_j-k)/2] - k(d+1)/2 ln n",                  \
    "Pelleg & Moore 2000, as printed; docs/criteria.md lists its errors", CURVE, false)                                \
  X(ock_log_likelihood, ock_choose_by_slope, "slope-heuristic", "slope heuristic", OCKHAM_RULE, true,                  \
    "ln L of EII, as for bic; kappa: its slope over p = k(d+1) among the largest k, by a robust line",                 \
    "Birge & Massart 2007; Baudry, Maugis & Michel 2012", OCKHAM_EVIDENCE_CURVE, "highest ln L - 2 kappa p", false)    \
  X(ock_banfield_raftery, MINIMUM, "banfield-raftery", "Banfield-Raftery", OCKHAM_MINIMUM, true,                       \
    "sum n_j ln(S_j/n_j)", "Banfield & Raftery 1993, without a price for k", CURVE, false)                             \
  X(ock_krzanowski_lai, MAXIMUM, "krzanowski-lai", "Krzanowski-Lai", OCKHAM_MAXIMUM, false,                            \
    "|D_k / D_(k+1)|, D_k = (k-1)^(2/d) S_(k-1) - k^(2/d) S_k", "Krzanowski & Lai 1988", CURVE, false)                 \
  X(ock_hartigan, ock_choose_hartigan, "hartigan", "Hartigan", OCKHAM_RULE, true, "(S_k/S_(k+1) - 1)(n-k-1)",          \
    "Hartigan 1975", OCKHAM_EVIDENCE_CURVE, "first k with a value of at most 10", false)                               \
  X(ock_trcovw, MAXIMUM, "trcovw", "trace Cov W", OCKHAM_MAXIMUM, false, "S_(k-1)/(n-k+1) - S_k/(n-k)",                \
    "Milligan & Cooper 1985", CURVE, false)                                                                            \
  X(ock_tracew, MAXIMUM, "tracew", "trace W", OCKHAM_MAXIMUM, false, "(S_(k-1) - S_k) - (S_k - S_(k+1))",              \
    "Edwards & Cavalli-Sforza 1965; Milligan & Cooper 1985", CURVE, false)                                             \
  X(ock_ball_hall, MAXIMUM, "ball-hall", "Ball-Hall", OCKHAM_MAXIMUM, false, "S_(k-1)/(k-1) - S_k/k",                  \
    "Ball & Hall 1965; Milligan & Cooper 1985", CURVE, false)                                                          \
  X(ock_log_ss_ratio, MAXIMUM, "log-ss-ratio", "log SS ratio", OCKHAM_MAXIMUM, false,                                  \
    "(r_k - r_(k-1)) - (r_(k+1) - r_k), r = ln(B/S); B: sum of squares between clusters",                              \
    "Hartigan 1975; Dimitriadou et al. 2002", CURVE, false)                                                            \
  X(ock_jump, MAXIMUM, "jump", "jump", OCKHAM_MAXIMUM, true, "ln[(T/S_k)^(d/2) - (T/S_(k-1))^(d/2)], T = S_1",         \
    "Sugar & James 2003", CURVE, false)                                                                                \
  X(ock_pham, MINIMUM, "pham", "Pham f(k)", OCKHAM_MINIMUM, true,                                                      \
    "S_k / (a_k S_(k-1)), a_k = 1 - 3/(4d) (5/6)^(k-2); 1 for k = 1", "Pham, Dimov & Nguyen 2005", CURVE, false)       \
  X(ock_wb_index, MINIMUM, "wb-index", "WB index", OCKHAM_MINIMUM, false, "k S/B", "Zhao, Xu & Franti 2009", CURVE,    \
    false)                                                                                                             \
  X(ock_variance_explained, ock_choose_explained, "variance-explained", "variance explained", OCKHAM_RULE, false,      \
    "B/T", "custom", OCKHAM_EVIDENCE_CURVE, "first k with a value of at least 0.9", false)                             \
  X(ock_xie_beni, MINIMUM, "xie-beni", "Xie-Beni", OCKHAM_MINIMUM, false,                                              \
    "S/n / (least |c_i-c_j|)^2; also called ray-turi", "Xie & Beni 1991; Ray & Turi 1999", CURVE, false)               \
  X(ock_pbm, MAXIMUM, "pbm", "PBM", OCKHAM_MAXIMUM, false,                                                             \
    "(E_1/E_k * greatest |c_i-c_j| / k)^2, E: sum of distances to the centroid",                                       \
    "Pakhira, Bandyopadhyay & Maulik 2004", CURVE, false)

#define CRITERIA_OF_ROWS(X)                                                                                            \
  X(ock_ccc, MAXIMUM, "ccc", "CCC", OCKHAM_MAXIMUM, true,                                                              \
    "ln[(1-E)/(1-R^2)] sqrt(n p/2) / (0.001+E)^1.2, R^2 = B/T; E: the same for cubes cut from an even box with p "     \
    "long "                                                                                                            \
    "edges; 0 for k = 1",                                                                                              \
    "Sarle 1983 (SAS A-108)", ROWS, false)                                                                             \
  X(ock_scott, MAXIMUM, "scott", "Scott-Symons", OCKHAM_MAXIMUM, false, "n ln(|W_(k-1)|/|W_k|)",                       \
    "Scott & Symons 1971; Milligan & Cooper 1985", ROWS, false)                                                        \
  X(ock_marriot, MINIMUM, "marriot", "Marriott", OCKHAM_MINIMUM, true, "k^2 |W|/|T|; also called ksq-detw",            \
    "Marriott 1971", ROWS, false)                                                                                      \
  X(ock_friedman, MAXIMUM, "friedman", "Friedman-Rubin trace", OCKHAM_MAXIMUM, false,                                  \
    "tr(W^-1 B) at k less that at k-1", "Friedman & Rubin 1967; Milligan & Cooper 1985", ROWS, false)                  \
  X(ock_rubin, MAXIMUM, "rubin", "Friedman-Rubin ratio", OCKHAM_MAXIMUM, false,                                        \
    "(r_k - r_(k-1)) - (r_(k+1) - r_k), r = |T|/|W|", "Friedman & Rubin 1967; Milligan & Cooper 1985", ROWS, false)    \
  X(ock_ratkowsky_lance, MAXIMUM, "ratkowsky-lance", "Ratkowsky-Lance", OCKHAM_MAXIMUM, false,                         \
    "mean over columns of sqrt(B/T), over sqrt(k)", "Ratkowsky & Lance 1978", ROWS, false)                             \
  X(ock_sd_index, MINIMUM, "sd-index", "SD index", OCKHAM_MINIMUM, false,                                              \
    "D(k_max) s + D(k); s: mean |v_j|/|v| of variances of columns, D: greatest over least |c_i-c_j| times sum over i " \
    "of 1 / sum over j of |c_i-c_j|",                                                                                  \
    "Halkidi, Vazirgiannis & Batistakis 2000", ROWS, false)                                                            \
  X(ock_s_dbw, MINIMUM, "s-dbw", "S_Dbw", OCKHAM_MINIMUM, false,                                                       \
    "s + mean over pairs of clusters of the number of rows about the middle over that about the denser centroid; s "   \
    "as for sd-index",                                                                                                 \
    "Halkidi & Vazirgiannis 2001", ROWS, false)                                                                        \
  X(ock_duda, ock_choose_duda, "duda", "Duda-Hart", OCKHAM_RULE, true,                                                 \
    "least over clusters of h - [1 - 2/(pi d) - 3.2 sqrt(2 (1-8/(pi^2 d))/(n_j d))], h = S_j split by 2-means / S_j; " \
    "also called pseudot2",                                                                                            \
    "Duda & Hart 1973; Milligan & Cooper 1985", OCKHAM_EVIDENCE_ROWS, "first k with a value of at least 0", false)     \
  X(ock_beale, ock_choose_beale, "beale", "Beale", OCKHAM_RULE, true,                                                  \
    "least over clusters of P(F > (1/h-1) / [(n_j-1)/(n_j-2) 2^(2/d) - 1]), F with d and (n_j-2)d degrees of "         \
    "freedom; "                                                                                                        \
    "h as for duda",                                                                                                   \
    "Beale 1969; Gordon 1999", OCKHAM_EVIDENCE_ROWS, "first k with a value of at least 0.005", false)

/* Generalised Dunn: which separation over which diameter. */
#define DUNN(X, numerator, denominator, formula)                                                                      \
  X(ock_dunn_##numerator##denominator, MAXIMUM, "dunn-" #numerator #denominator, "Dunn " #numerator "/" #denominator, \
    OCKHAM_MAXIMUM, false, formula, "Bezdek & Pal 1998", PAIRS, false)
#define SPREAD "; S: twice the largest mean distance of a cluster's rows to the centroid"
#define MEAN_PAIRS "; M: largest mean distance of the rows of one cluster"
#define DIAMETER "; D: largest distance of two rows of one cluster"
#define OF_MEAN "least mean distance of the rows of two clusters / "
#define OF_CENTROIDS "least distance of two centroids / "
#define OF_CROSSED "least mean distance of two clusters' rows to the centroid of the other / "
#define NEAREST "least distance of two rows of different clusters / "

#define CRITERIA_OF_PAIRS(X)                                                                                           \
  X(ock_c_index, MINIMUM, "c-index", "C-index", OCKHAM_MINIMUM, false,                                                 \
    "(S_w - S_min) / (S_max - S_min); S_w: sum of the N_w distances within, S_min, S_max: of the N_w smallest and "    \
    "largest of all",                                                                                                  \
    "Hubert & Levin 1976", PAIRS, false)                                                                               \
  X(ock_gamma, MAXIMUM, "gamma", "gamma", OCKHAM_MAXIMUM, false,                                                       \
    "(s+ - s-) / (s+ + s-); s+, s-: how often a distance within is less, and more, than one between",                  \
    "Baker & Hubert 1975", PAIRS, false)                                                                               \
  X(ock_g_plus, MINIMUM, "g-plus", "G+", OCKHAM_MINIMUM, false, "2 s- / (N (N-1)); N: pairs of rows, s- as for gamma", \
    "Rohlf 1974", PAIRS, false)                                                                                        \
  X(ock_tau, MAXIMUM, "tau", "tau", OCKHAM_MAXIMUM, false,                                                             \
    "(s+ - s-) / sqrt(N_w N_b (N (N-1)/2 - t)), s as for gamma; t: how many two distances are equal (Kendall's "       \
    "tau-b)",                                                                                                          \
    "Rohlf 1974; Milligan 1981", PAIRS, false)                                                                         \
  X(ock_point_biserial, MAXIMUM, "point-biserial", "point-biserial", OCKHAM_MAXIMUM, false,                            \
    "correlation over pairs of rows of their distance with 1 for two clusters, 0 for one", "Milligan 1981", PAIRS,     \
    false)                                                                                                             \
  X(ock_mcclain_rao, MINIMUM, "mcclain-rao", "McClain-Rao", OCKHAM_MINIMUM, false,                                     \
    "mean distance of pairs of rows within clusters / between", "McClain & Rao 1975", PAIRS, false)                    \
  X(ock_hubert, ock_choose_bend, "hubert", "Hubert's statistic", OCKHAM_RULE, false,                                   \
    "correlation over pairs of rows of their distance with that of their clusters' centroids", "Hubert & Arabie 1985", \
    OCKHAM_EVIDENCE_PAIRS, "where its rise slows down most is best", false)                                            \
  X(ock_frey, ock_choose_last_below_one, "frey", "Frey", OCKHAM_RULE, false,                                           \
    "change of the mean distance between clusters from k to k+1 / change of that within",                              \
    "Frey & Van Groenewoud 1972", OCKHAM_EVIDENCE_PAIRS, "the k after its first values below 1 is best", false)        \
  X(ock_dunn_11, MAXIMUM, "dunn", "Dunn", OCKHAM_MAXIMUM, false, NEAREST "D" DIAMETER, "Dunn 1974", PAIRS, false)      \
  DUNN(X, 1, 2, NEAREST "M" MEAN_PAIRS)                                                                                \
  DUNN(X, 1, 3, NEAREST "S" SPREAD)                                                                                    \
  DUNN(X, 3, 1, OF_MEAN "D" DIAMETER)                                                                                  \
  DUNN(X, 3, 2, OF_MEAN "M" MEAN_PAIRS)                                                                                \
  DUNN(X, 3, 3, OF_MEAN "S" SPREAD)                                                                                    \
  DUNN(X, 4, 1, OF_CENTROIDS "D" DIAMETER)                                                                             \
  DUNN(X, 4, 2, OF_CENTROIDS "M" MEAN_PAIRS)                                                                           \
  DUNN(X, 4, 3, OF_CENTROIDS "S" SPREAD)                                                                               \
  DUNN(X, 5, 1, OF_CROSSED "D" DIAMETER)                                                                               \
  DUNN(X, 5, 2, OF_CROSSED "M" MEAN_PAIRS)                                                                             \
  DUNN(X, 5, 3, OF_CROSSED "S" SPREAD)
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

/* Other names for what is the same number, or the same choice. */
static const struct {
  const char *name, *of;
} aliases[] = {{"ray-turi", "xie-beni"}, {"ksq-detw", "marriot"}, {"pseudot2", "duda"}};

const ockham_criterion *ockham_criterion_find(const char *name) {
  for (size_t a = 0; a < sizeof aliases / sizeof *aliases; a++)
    if (strcmp(aliases[a].name, name) == 0) name = aliases[a].of;
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
