/* SPDX-License-Identifier: Apache-2.0 */
/* The noise: of equal runs, and of what the model leaves. Each scale has a variance of its own; where pure error and
 * residuals disagree, cells differ by more than their runs do, and a variance between cells is added. A unit's own
 * variance is its scale's, moved by what its replicates and its residual say. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

static const double prior_runs = 2;      /* what a scale's variance weighs in a unit's own */
static const double prior_scales = .5;   /* what all scales' relative variance weighs in one scale's */
static const double most_replicates = 3; /* degrees of freedom by which a cell speaks for the noise of all others */
static const double least_relative = 1e-9;

/* ---- as it is told ---- */

static bool takes_all(const ock_analysis *a, size_t run, size_t scale) {
  return a->runs[run].scale == scale;
}

/* The noise of equal runs with a level, and of those without it. */
typedef struct parted {
  double squares[2], freedom[2]; /* without, with */
} parted;

static parted part_by_level(const ock_unit *units, size_t n, size_t factor, size_t level) {
  parted p = {{0}, {0}};
  for (size_t u = 0; u < n; u++) {
    bool has = units[u].levels[factor] == level;
    p.squares[has] += units[u].squares, p.freedom[has] += (double)units[u].n - 1;
  }
  return p;
}

/* How many times the standard deviation without the level is that with it; 0: no more than chance may do. */
static double ratio_of(const parted *p) {
  const double significant = .001, worth_telling = 4;
  if (!(p->freedom[0] > 0 && p->freedom[1] > 0 && p->squares[0] > 0)) return 0;
  double f = p->squares[1] / p->freedom[1] / (p->squares[0] / p->freedom[0]);
  if (f < worth_telling * worth_telling || ock_f_tail(f, p->freedom[1], p->freedom[0]) > significant) return 0;
  return sqrt(f);
}

/* Where the noise is: of all levels those whose equal runs differ most, which are several where equal runs are of few
 * cells. */
typedef struct noisy {
  double ratio; /* 0: none stands out */
  parted parted;
  size_t n_levels, factor, level; /* of the first */
  bool all_first, all_second;
  char names[160];
} noisy;

static bool is_same_part(const parted *a, const parted *b) {
  return a->squares[1] == b->squares[1] && a->freedom[1] == b->freedom[1] && a->squares[0] == b->squares[0];
}

static void add_level(const ockham_study *study, noisy *found, size_t factor, size_t level) {
  size_t used = strlen(found->names);
  if (found->n_levels++ == 0) found->factor = factor, found->level = level;
  found->all_first = found->all_first && level == 0;
  found->all_second = found->all_second && level == 1;
  snprintf(found->names + used, sizeof found->names - used, "%s%s=%s", used ? ", " : "", study->factors[factor].name,
           study->factors[factor].levels[level]);
}

static noisy find_noisy(const ockham_study *study, const ock_unit *units, size_t n) {
  noisy found = {.ratio = 0};
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 0; l < study->factors[f].n_levels; l++) {
      parted p = part_by_level(units, n, f, l);
      double ratio = ratio_of(&p);
      if (ratio > found.ratio) found = (noisy){.ratio = ratio, .parted = p, .all_first = true, .all_second = true};
      if (ratio > 0 && is_same_part(&p, &found.parted)) add_level(study, &found, f, l);
    }
  return found;
}

/* One noise for all is asked of the model: a level that is much noisier than the others blurs what is told of these. */
static ockham_status warn_of_level(ock_analysis *a, size_t scale, const ock_unit *units, size_t n) {
  const ockham_study *study = a->study;
  noisy found = find_noisy(study, units, n);
  if (!(found.ratio > 0)) return OCKHAM_OK;
  bool every_factor = found.n_levels == study->n_factors && found.n_levels > 1;
  bool is_baseline = every_factor && found.all_first, is_recipe = every_factor && found.all_second;
  const char *advice = found.n_levels > 1 ? "equal runs of more cells would tell which level it is"
                       : found.level == 0 ? "a study with another baseline tells more of the rest"
                                          : "a study without it tells more of the rest";
  return ock_warn(
      a, "scale '%s': equal runs %s%s differ by %.2g, the others by %.2g, which makes intervals of all wider: %s",
      study->scales[scale].name, is_baseline || is_recipe ? "of " : "at ",
      is_baseline ? "the baseline"
      : is_recipe ? "the recipe"
                  : found.names,
      sqrt(found.parted.squares[1] / found.parted.freedom[1]), sqrt(found.parted.squares[0] / found.parted.freedom[0]),
      advice);
}

ockham_status ock_scale_noise_find(ock_analysis *a, ockham_error *err) {
  for (size_t s = 0; s < a->study->n_scales; s++) {
    ockham_scale_noise *noise = &a->out->scales[s];
    ock_unit *units;
    size_t n;
    OCK_TRY(ock_units_gather(a, takes_all, s, &units, &n, err));
    double squares = 0;
    for (size_t u = 0; u < n; u++) squares += units[u].squares, noise->degrees += units[u].n - 1;
    noise->sd = noise->degrees ? sqrt(squares / (double)noise->degrees) : NAN;
    noise->detectable = NAN;
    if (warn_of_level(a, s, units, n)) return ock_no_room(err);
  }
  return OCKHAM_OK;
}

/* ---- as it is used ---- */

typedef struct squares {
  double pure, pure_freedom, rest, rest_freedom, magnitude; /* of losses; rest: what the model leaves */
  double n;
} squares;

static squares sum_scale(const ock_model *m, const ock_fit *fit, size_t scale) {
  squares s = {0};
  for (size_t u = 0; u < m->n_units; u++) {
    const ock_unit *unit = &m->units[u];
    if (unit->scale != scale) continue;
    double freedom = (double)unit->n - 1, part = fmin(1, most_replicates / fmax(freedom, 1));
    s.pure += part * unit->squares, s.pure_freedom += part * freedom;
    s.n++;
    if (!fit) {
      s.magnitude += m->fitted[u];
      continue;
    }
    double rest = fit->magnitude[u] * fit->residual[u];
    s.rest += (double)unit->n * rest * rest, s.rest_freedom += 1 - fit->leverage[u];
    s.magnitude += fit->magnitude[u];
  }
  s.magnitude /= s.n;
  if (s.rest_freedom < 1e-6) s.rest_freedom = s.rest = 0; /* rounding */
  return s;
}

/* The mean over scales of the logarithm of the variance in units of their magnitude, by degrees of freedom; what chi-
 * squared's logarithm is too low by is put back. -INFINITY: nothing is known. */
static double log_relative(const squares *q, bool with_rest, double *freedom) {
  double square = q->pure + (with_rest ? q->rest : 0), n = q->pure_freedom + (with_rest ? q->rest_freedom : 0);
  double least = least_relative * least_relative;
  *freedom = n > .5 ? n : 0;
  return n > .5 ? log(fmax(square / n / (q->magnitude * q->magnitude), least)) + 1 / n : 0;
}

/* A variance of the loss for each scale, its logarithm moved towards that of all in units of their magnitude: an
 * outlying scale moves no other. fit NULL: by pure error alone; with_rest: with what the model leaves, too. */
static void pool_scales(ock_model *m, const ock_fit *fit, bool with_rest) {
  const double guess = 1e-4;
  double sum = 0, total = 0, freedom;
  for (size_t s = 0; s < m->n_scales; s++) {
    squares q = sum_scale(m, fit, s);
    if (!(q.n > 0)) continue;
    double own = log_relative(&q, with_rest, &freedom);
    sum += freedom * own, total += freedom;
  }
  double middle = total > 0 ? sum / total : log(guess);
  for (size_t s = 0; s < m->n_scales; s++) {
    squares q = sum_scale(m, fit, s);
    double own = log_relative(&q, with_rest, &freedom);
    m->freedom[s] = q.n > 0 ? freedom : 0;
    double part = freedom / (freedom + prior_scales);
    if (freedom > 0) own -= 1 / freedom * part;
    m->variance[s] = q.n > 0 ? q.magnitude * q.magnitude * exp(part * own + (1 - part) * middle) : 1;
  }
}

/* How much more cells vary than their runs do, by moments; 0 unless the F test of lack of fit is below 5 %. */
static double find_between(const ock_model *m, const ock_fit *fit) {
  const double significant = .05, fewest = 4;
  double pure = 0, rest = 0, rest_freedom = 0, slope = 0;
  for (size_t u = 0; u < m->n_units; u++) {
    const ock_unit *unit = &m->units[u];
    double variance = m->variance[unit->scale], left = fit->magnitude[u] * fit->residual[u], n = (double)unit->n;
    pure += n - 1;
    rest += n * left * left / variance, rest_freedom += 1 - fit->leverage[u];
    slope += (1 - fit->leverage[u]) * n * fit->magnitude[u] * fit->magnitude[u] / variance;
  }
  if (pure < fewest || rest_freedom < 1 || !(rest > rest_freedom)) return 0;
  if (ock_f_tail(rest / rest_freedom, rest_freedom, pure) > significant) return 0;
  return (rest - rest_freedom) / slope;
}

static void find_own(ock_model *m, const ock_fit *fit) {
  for (size_t u = 0; u < m->n_units; u++) {
    const ock_unit *unit = &m->units[u];
    double variance = m->variance[unit->scale], n = (double)unit->n;
    double sum = prior_runs * variance + unit->squares, freedom = prior_runs + n - 1;
    double magnitude = fit ? fit->magnitude[u] : 0;
    if (fit && m->between == 0 && fit->leverage[u] < 1 - 1e-6) {
      double left = magnitude * fit->residual[u];
      sum += n * left * left, freedom += 1 - fit->leverage[u];
    }
    m->own[u] = sum / freedom / n + m->between * magnitude * magnitude;
  }
}

/* Weights of scales that are estimates make a mean of scales less precise than they say, by 1 + 4 w (1 - w) / freedom
 * (Meier, Biometrics 9, 1953): at most, for w = 1/2. */
static void allow_for_weights(ock_model *m) {
  for (size_t u = 0; u < m->n_units; u++) m->own[u] *= 1 + 1 / fmax(m->freedom[m->units[u].scale], 1);
}

double ock_total_freedom(const ock_model *m) {
  double sum = 0;
  for (size_t s = 0; s < m->n_scales; s++) sum += m->freedom[s];
  return sum;
}

void ock_variance_guess(ock_model *m) {
  m->between = 0;
  pool_scales(m, NULL, false);
  find_own(m, NULL);
}

/* Nothing is replicated and nothing is left over: most effects are taken for noise, as Lenth does (Technometrics 31,
 * 1989), and a third of their number for its degrees of freedom. */
static void guess_by_effects(ock_model *m, const ock_fit *fit) {
  size_t first = ock_first_main(m), n = 0;
  double *t = fit->row; /* room */
  for (size_t j = 0; j < m->n_mains; j++) {
    if (!fit->kept[first + j]) continue;
    double variance = ock_fit_variance(fit, m, first + j, NULL);
    if (variance > 0) t[n++] = fabs(fit->coefficients[first + j]) / sqrt(variance);
  }
  if (!n) return;
  qsort(t, n, sizeof *t, ock_compare_doubles);
  double spread = 1.5 * (t[(n - 1) / 2] + t[n / 2]) / 2;
  size_t n_small = 0;
  while (n_small < n && t[n_small] <= 2.5 * spread) n_small++;
  if (n_small) spread = 1.5 * (t[(n_small - 1) / 2] + t[n_small / 2]) / 2;
  for (size_t s = 0; s < m->n_scales; s++) {
    m->variance[s] *= fmax(spread * spread, 1e-12);
    m->freedom[s] = (double)n / 3;
  }
  m->by_effects = true;
}

void ock_variance_find(ock_model *m, const ock_fit *fit) {
  m->between = 0, m->by_effects = false;
  pool_scales(m, fit, false);
  m->between = find_between(m, fit);
  if (m->between == 0) pool_scales(m, fit, true);
  find_own(m, fit);
  if (m->between > 0) { /* what matters then is how many cells there are */
    double rest = 0;
    for (size_t u = 0; u < m->n_units; u++) rest += 1 - fit->leverage[u];
    for (size_t s = 0; s < m->n_scales; s++) m->freedom[s] = fmax(1, rest);
  }
  if (ock_total_freedom(m) < .5) {
    guess_by_effects(m, fit);
    find_own(m, NULL);
  }
  if (!m->n_blocks) allow_for_weights(m);
}
