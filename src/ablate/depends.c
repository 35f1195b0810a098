/* SPDX-License-Identifier: Apache-2.0 */
/* Mains that say little by themselves: what a change does is a mean over the others, and one that helps beside one
 * level and hurts beside another is nothing in the mean. */
#include <math.h>

#include "ablate/analysis.h"

/* A main beside another: log gains (or log losses, less is better made more, where there is no law). */
typedef struct company {
  const ockham_effect *pair;
  size_t other; /* a main */
  double without, with;
} company;

static bool is_of(const ockham_effect *pair, const ock_main *main, bool *is_first) {
  *is_first = pair->factor == main->factor && pair->level == main->level;
  return *is_first || (pair->other_factor == main->factor && pair->other_level == main->level);
}

static size_t find_main(const ock_analysis *a, size_t factor, size_t level) {
  size_t j = 0;
  while (j < a->n_mains && !(a->mains[j].factor == factor && a->mains[j].level == level)) j++;
  return j;
}

/* Columns are centred: the main is of the mean over the other's levels. */
static company fill_company(const ock_analysis *a, size_t j, const ockham_effect *pair, bool is_first) {
  company c = {.pair = pair};
  c.other = is_first ? find_main(a, pair->other_factor, pair->other_level) : find_main(a, pair->factor, pair->level);
  double exponent = a->model.n_blocks ? 1 : ock_exponent(a, a->fit.coefficients);
  double main = a->out->mains[j].log_loss.value, centre = a->model.centre[c.other];
  c.without = -(main - centre * pair->log_loss.value) / exponent;
  c.with = -(main + (1 - centre) * pair->log_loss.value) / exponent;
  return c;
}

/* Of all pairs that were found with the main, the one that changes it most. */
static bool find_company(const ock_analysis *a, size_t j, company *most) {
  *most = (company){0};
  for (size_t i = 0; i < a->out->n_interactions; i++) {
    const ockham_effect *pair = &a->out->interactions[i];
    bool is_first, is_found = pair->p_adjusted <= a->how.false_calls;
    if (!is_found || !is_of(pair, &a->mains[j], &is_first)) continue;
    if (!most->pair || fabs(pair->log_loss.value) > fabs(most->pair->log_loss.value))
      *most = fill_company(a, j, pair, is_first);
  }
  return most->pair != NULL;
}

/* It turns from help to harm, or what seems to be nothing is something. */
static bool misleads(const ock_analysis *a, const ockham_effect *main, const company *c) {
  double rope = a->model.n_blocks ? 0 : log(a->how.negligible);
  double least = fmin(fabs(c->without), fabs(c->with)), most = fmax(fabs(c->without), fabs(c->with));
  bool turns = c->without * c->with < 0 && least > rope;
  bool hides = main->verdict == OCKHAM_EFFECT_NEGLIGIBLE || main->verdict == OCKHAM_EFFECT_UNDECIDED;
  return turns || (hides && most > rope);
}

static ockham_status warn_of(ock_analysis *a, size_t j, const company *c) {
  const ockham_study_factor *factor = &a->study->factors[a->mains[j].factor];
  const ockham_study_factor *other = &a->study->factors[a->mains[c->other].factor];
  const char *level = factor->levels[a->mains[j].level], *with = other->levels[a->mains[c->other].level];
  if (a->model.n_blocks)
    return ock_warn(a,
                    "'%s' at '%s' depends on '%s': it changes the loss by %+.2g %% with '%s' and by %+.2g %% without; "
                    "what is said of it is the mean",
                    factor->name, level, other->name, 100 * expm1(-c->with), with, 100 * expm1(-c->without));
  return ock_warn(a,
                  "'%s' at '%s' depends on '%s': its CEG is %.2f with '%s' and %.2f without; what is said of it is the "
                  "mean",
                  factor->name, level, other->name, exp(c->with), with, exp(c->without));
}

ockham_status ock_depends_find(ock_analysis *a, ockham_error *err) {
  for (size_t j = 0; j < a->n_mains; j++) {
    ockham_effect *main = &a->out->mains[j];
    company c;
    if (!a->main_told[j] || !find_company(a, j, &c) || !misleads(a, main, &c)) continue;
    if (main->verdict == OCKHAM_EFFECT_NEGLIGIBLE) {
      main->verdict = OCKHAM_EFFECT_UNDECIDED;
      main->runs_to_decide = INFINITY;
    }
    if (warn_of(a, j, &c)) return ock_no_room(err);
  }
  return OCKHAM_OK;
}
