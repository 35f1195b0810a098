/* SPDX-License-Identifier: Apache-2.0 */
/* What the runs say to the claims that were made before them. */
#include <math.h>
#include <string.h>

#include "ablate/internal.h"

static const ockham_effect *find_main(const ockham_ablation *a, size_t factor, size_t level) {
  for (size_t i = 0; i < a->n_mains; i++)
    if (a->mains[i].factor == factor && a->mains[i].level == level) return &a->mains[i];
  return NULL;
}

/* "-0.031 (-0.040 to -0.022) at S1" */
static void put_loss(const ockham_study *study, const ockham_effect *e, size_t scale, char why[200]) {
  const ockham_interval *x = &e->loss[scale];
  snprintf(why, 200, "the loss changes by %+.3g (%+.3g to %+.3g) at %s", x->value, x->low, x->high,
           study->scales[scale].name);
}

/* Runs with the level mostly diverge: what those that ended say does not matter. */
static bool hurts_by_diverging(const ockham_effect *e, char why[200]) {
  bool most = e->diverges && e->diverged.value > .5;
  if (most) snprintf(why, 200, "%zu of %zu runs diverged", e->n_diverged, e->n_runs);
  return most;
}

/* sign -1: helps. At every scale, says the claim: one that says the contrary answers it. */
static ockham_answer answer_sign(const ockham_study *study, const ockham_effect *e, double sign, char why[200]) {
  size_t n_for = 0, n_known = 0, open = SIZE_MAX, last = 0;
  for (size_t s = 0; s < study->n_scales; s++) {
    double low = sign * e->loss[s].low, high = sign * e->loss[s].high, least = fmin(low, high), most = fmax(low, high);
    if (isnan(low) || isnan(high)) continue;
    n_known++;
    last = s;
    if (most < 0) {
      put_loss(study, e, s, why);
      return OCKHAM_ANSWER_NO;
    }
    if (least > 0)
      n_for++;
    else
      open = s;
  }
  if (n_known == 0) {
    snprintf(why, 200, "no run tells");
    return OCKHAM_ANSWER_OPEN;
  }
  put_loss(study, e, open != SIZE_MAX ? open : last, why);
  return n_for == n_known ? OCKHAM_ANSWER_YES : OCKHAM_ANSWER_OPEN;
}

/* A gain of those that ended, where others did not for it, is not all there is to say. */
static ockham_answer answer_helps(const ockham_study *study, const ockham_effect *e, char why[200]) {
  ockham_answer answer = answer_sign(study, e, -1, why);
  if (answer != OCKHAM_ANSWER_YES || !e->diverges) return answer;
  size_t n = strlen(why);
  snprintf(why + n, 200 - n, "; but %zu of %zu runs diverged", e->n_diverged, e->n_runs);
  return OCKHAM_ANSWER_OPEN;
}

static ockham_answer answer_negligible(const ockham_study *study, const ockham_effect *e, char why[200]) {
  size_t last = study->n_scales - 1;
  while (last > 0 && isnan(e->ceg[last].value)) last--;
  if (isnan(e->ceg[last].value))
    put_loss(study, e, last, why);
  else
    snprintf(why, 200, "its CEG at %s is %.3g (%.3g to %.3g)", study->scales[last].name, e->ceg[last].value,
             e->ceg[last].low, e->ceg[last].high);
  if (e->verdict == OCKHAM_EFFECT_UNDECIDED) return OCKHAM_ANSWER_OPEN;
  return e->verdict == OCKHAM_EFFECT_NEGLIGIBLE ? OCKHAM_ANSWER_YES : OCKHAM_ANSWER_NO;
}

static ockham_answer answer_trend(const ockham_effect *e, ockham_trend wanted, char why[200]) {
#define X(name, word) word,
  static const char *const words[] = {OCKHAM_TREND_LIST(X)};
#undef X
  if (isnan(e->elasticity.value) || e->elasticity.low == e->elasticity.high) {
    snprintf(why, 200, "too few scales or runs tell of a trend");
    return OCKHAM_ANSWER_OPEN;
  }
  if (e->trend == OCKHAM_TREND_UNKNOWN) {
    snprintf(why, 200, "no trend can be told: its CEG goes with compute to the power of %+.2f (%+.2f to %+.2f)",
             e->elasticity.value, e->elasticity.low, e->elasticity.high);
    return OCKHAM_ANSWER_OPEN;
  }
  snprintf(why, 200, "its CEG %s: it goes with compute to the power of %+.2f (%+.2f to %+.2f), p = %.2g",
           words[e->trend], e->elasticity.value, e->elasticity.low, e->elasticity.high, e->p_trend);
  if (e->trend == wanted) return OCKHAM_ANSWER_YES;
  if (e->trend != OCKHAM_TREND_CONSTANT) return OCKHAM_ANSWER_NO;
  /* No trend was found: the claim is wrong only where none of any size can be there. */
  bool narrow = fmax(fabs(e->elasticity.low), fabs(e->elasticity.high)) < 0.05;
  return narrow ? OCKHAM_ANSWER_NO : OCKHAM_ANSWER_OPEN;
}

static ockham_answer answer_joint(const ockham_study *study, const ockham_ablation *a, char why[200]) {
  for (size_t s = study->n_scales; s-- > 0;) {
    const ockham_joint *j = &a->joints[s];
    if (isnan(j->ratio.low) || isnan(j->ratio.high)) continue;
    snprintf(why, 200, "together %.3g at %s, the product is %.3g: their ratio is %.3g (%.3g to %.3g)", j->joint.value,
             study->scales[s].name, j->product.value, j->ratio.value, j->ratio.low, j->ratio.high);
    return j->ratio.high < 1 ? OCKHAM_ANSWER_YES : j->ratio.low > 1 ? OCKHAM_ANSWER_NO : OCKHAM_ANSWER_OPEN;
  }
  snprintf(why, 200, "the CEG of all changes together is not known");
  return OCKHAM_ANSWER_OPEN;
}

ockham_answer ockham_claim_answer(const ockham_study *study, const ockham_ablation *ablation, size_t claim,
                                  char why[200]) {
  const ockham_study_claim *c = &study->claims[claim];
  if (c->kind == OCKHAM_CLAIM_SUBMULTIPLICATIVE) return answer_joint(study, ablation, why);
  const ockham_effect *e = find_main(ablation, c->factor, c->level);
  if (e && c->kind <= OCKHAM_CLAIM_NEGLIGIBLE && hurts_by_diverging(e, why))
    return c->kind == OCKHAM_CLAIM_HURTS ? OCKHAM_ANSWER_YES : OCKHAM_ANSWER_NO;
  if (e && c->kind == OCKHAM_CLAIM_HELPS) return answer_helps(study, e, why);
  if (e && c->kind == OCKHAM_CLAIM_HURTS) return answer_sign(study, e, 1, why);
  if (e && c->kind == OCKHAM_CLAIM_NEGLIGIBLE) return answer_negligible(study, e, why);
  if (e && c->kind == OCKHAM_CLAIM_GROWS) return answer_trend(e, OCKHAM_TREND_GROWS, why);
  if (e && c->kind == OCKHAM_CLAIM_VANISHES) return answer_trend(e, OCKHAM_TREND_VANISHES, why);
  snprintf(why, 200, "no run tells");
  return OCKHAM_ANSWER_OPEN;
}
