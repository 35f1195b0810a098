/* SPDX-License-Identifier: Apache-2.0 */
/* The answer first: what each change does, what it is worth, and how that goes on; then how it is known. */
#include <math.h>
#include <string.h>

#include "report/ablation.h"

enum { NAME_WIDTH = 40, CELL_WIDTH = 25, CHANGE_WIDTH = 30, USUAL_INTERACTIONS = 6 };

typedef struct teller {
  const ock_ablation_report *report;
  const ockham_study *study;
  const ockham_ablation *ablation;
  const char *arrow, *times, *dash;
  int gap; /* blanks that are due before the next cell, if there is one */
  FILE *out;
} teller;

/* ---- cells ---- */

static int display_width(const char *text) {
  int width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

static void put(teller *t, const char *text) {
  fprintf(t->out, "%*s%s", *text == '\n' ? 0 : t->gap, "", text);
  t->gap = 0;
}

/* The rest of a line, or more. */
OCK_PRINTF(2, 3) static void tell(teller *t, const char *format, ...) {
  va_list arguments;
  if (*format != '\n') put(t, "");
  t->gap = 0;
  va_start(arguments, format);
  vfprintf(t->out, format, arguments);
  va_end(arguments);
}

static void put_left(teller *t, const char *text, int width) {
  int shown = display_width(text);
  put(t, text);
  t->gap = shown < width ? width - shown : 1;
}

static void end_line(teller *t) {
  fputc('\n', t->out);
  t->gap = 0;
}

/* Three digits or so, without an exponent where that is readable. */
static void number(double value, char text[24]) {
  if (isinf(value))
    strcpy(text, value > 0 ? "beyond" : "-beyond");
  else if (fabs(value) >= 1e5 || (fabs(value) < 1e-4 && value != 0))
    snprintf(text, 24, "%.2g", value);
  else if (fabs(value) >= 100)
    snprintf(text, 24, "%.0f", value);
  else if (fabs(value) >= 10)
    snprintf(text, 24, "%.1f", value);
  else if (fabs(value) >= 0.1)
    snprintf(text, 24, "%.2f", value);
  else
    snprintf(text, 24, "%.4f", value);
}

/* "1.44 (1.30 to 1.61)" */
static void put_interval(teller *t, const ockham_interval *x, int width) {
  char value[24], low[24], high[24], text[96];
  if (isnan(x->value)) {
    put_left(t, t->dash, width);
    return;
  }
  number(x->value, value);
  number(x->low, low);
  number(x->high, high);
  if (isnan(x->low) || isnan(x->high))
    snprintf(text, sizeof text, "%s", value);
  else
    snprintf(text, sizeof text, "%s (%s to %s)", value, low, high);
  put_left(t, text, width);
}

/* What was read off the baseline's curve may only be a bound, and so may an end of its interval. */
static void put_measured(teller *t, const ockham_interval *x, int width) {
  char value[24], low[24], high[24], text[96];
  bool no_low = x->low == 0, no_high = isinf(x->high);
  number(x->value, value);
  number(x->low, low);
  number(x->high, high);
  if (isnan(x->value) || (no_low && no_high)) {
    put_left(t, t->dash, width);
    return;
  }
  if (no_high && x->value >= 1)
    snprintf(text, sizeof text, "at least %s", low);
  else if (no_low && x->value <= 1)
    snprintf(text, sizeof text, "at most %s", high);
  else
    snprintf(text, sizeof text, "%s (%s to %s)", value, no_low ? "no bound" : low, no_high ? "no bound" : high);
  put_left(t, text, width);
}

/* A change of the loss: three digits behind the point, and its sign. */
static void put_change(teller *t, const ockham_interval *x, int width) {
  char text[96];
  if (isnan(x->value)) {
    put_left(t, t->dash, width);
    return;
  }
  if (isnan(x->low) || isnan(x->high))
    snprintf(text, sizeof text, "%+.4f", x->value);
  else
    snprintf(text, sizeof text, "%+.3f (%+.3f to %+.3f)", x->value, x->low, x->high);
  put_left(t, text, width);
}

static void put_title(teller *t, const char *title) {
  tell(t, "\n%s\n", title);
}

static void put_name(teller *t, const ockham_effect *e) {
  char name[160];
  ock_effect_name(t->study, e, t->arrow, name, sizeof name);
  put(t, "  ");
  put_left(t, name, NAME_WIDTH);
}

/* ---- what it is of ---- */

static void put_head(teller *t) {
  const ockham_study *s = t->study;
  size_t n_diverged = 0, n_failed = 0, n_begun = 0;
  for (size_t i = 0; i < s->n_scales; i++) {
    const ockham_scale_noise *scale = &t->ablation->scales[i];
    n_diverged += scale->n_diverged;
    n_failed += scale->n_failed;
    n_begun += scale->n_runs + scale->n_failed > 0;
  }
  tell(t, "%s%s%s\n", s->name, s->question ? ": " : "", s->question ? s->question : "");
  tell(t, "  %zu run%s at ", t->report->account->n_runs, ock_plural(t->report->account->n_runs));
  if (n_begun < s->n_scales) tell(t, "%zu of ", n_begun);
  tell(t, "%zu scale%s", s->n_scales, ock_plural(s->n_scales));
  if (n_diverged) tell(t, "; %zu diverged", n_diverged);
  if (n_failed) tell(t, "; %zu failed", n_failed);
  tell(t, "; %s, lower is better; intervals of %.0f %%\n", s->metric, 100 * t->report->account->level);
}

/* ---- verdicts ---- */

static int verdict_width(const teller *t) {
  for (size_t i = 0; i < t->ablation->n_mains; i++)
    if (t->ablation->mains[i].diverges) return 23;
  return 12;
}

static void put_verdict(teller *t, const ockham_effect *e) {
  char text[96];
  put_name(t, e);
  snprintf(text, sizeof text, "%s%s", ock_effect_verdict_word(e->verdict), e->diverges ? " (diverges)" : "");
  put_left(t, text, verdict_width(t));
  put_left(t, e->trend == OCKHAM_TREND_UNKNOWN ? t->dash : ock_trend_word(e->trend), 10);
  snprintf(text, sizeof text, "%.2g", e->p_adjusted);
  put_left(t, isnan(e->p_adjusted) ? t->dash : text, 10);
  if (e->verdict != OCKHAM_EFFECT_UNDECIDED || isnan(e->runs_to_decide))
    put(t, t->dash);
  else if (isinf(e->runs_to_decide))
    put(t, "beyond reach");
  else
    tell(t, "%.0f", ceil(e->runs_to_decide));
  end_line(t);
}

static void put_verdicts(teller *t) {
  put_title(t, "What each change does (p: family-wise over all changes; runs: how many of this design would decide)");
  put(t, "  ");
  put_left(t, "change", NAME_WIDTH);
  put_left(t, "verdict", verdict_width(t));
  put_left(t, "its CEG", 10);
  put_left(t, "p", 10);
  tell(t, "runs\n");
  for (size_t i = 0; i < t->ablation->n_mains; i++) put_verdict(t, &t->ablation->mains[i]);
}

static void put_scale_names(teller *t, int width, bool with_elasticity) {
  put(t, "  ");
  put_left(t, "change", NAME_WIDTH);
  for (size_t s = 0; s < t->study->n_scales; s++) put_left(t, t->study->scales[s].name, width);
  if (with_elasticity) put(t, "as a power of compute");
  end_line(t);
}

static void put_losses(teller *t) {
  put_title(t, "Change of the loss");
  put_scale_names(t, CHANGE_WIDTH, false);
  for (size_t i = 0; i < t->ablation->n_mains; i++) {
    put_name(t, &t->ablation->mains[i]);
    for (size_t s = 0; s < t->study->n_scales; s++) put_change(t, &t->ablation->mains[i].loss[s], CHANGE_WIDTH);
    end_line(t);
  }
}

static void put_gains(teller *t) {
  char title[200];
  snprintf(title, sizeof title,
           "Compute-equivalent gain (CEG) %s: 2 means that it saves half of the compute; below it as read off the "
           "baseline's curve",
           ock_account_about(t->report->account->account));
  put_title(t, title);
  put_scale_names(t, CELL_WIDTH, true);
  for (size_t i = 0; i < t->ablation->n_mains; i++) {
    const ockham_effect *e = &t->ablation->mains[i];
    put_name(t, e);
    for (size_t s = 0; s < t->study->n_scales; s++) put_interval(t, &e->ceg[s], CELL_WIDTH);
    put_interval(t, &e->elasticity, CELL_WIDTH);
    if (!isnan(e->crossover.value)) tell(t, "turns at %.2g", e->crossover.value);
    end_line(t);
    bool measured = false;
    for (size_t s = 0; s < t->study->n_scales && e->ceg_measured; s++)
      measured = measured || !isnan(e->ceg_measured[s].value);
    if (!measured) continue;
    put(t, "  ");
    put_left(t, "  measured", NAME_WIDTH);
    for (size_t s = 0; s < t->study->n_scales; s++) put_measured(t, &e->ceg_measured[s], CELL_WIDTH);
    end_line(t);
  }
}

/* ---- accounts side by side ---- */

static const ockham_ablation *by_account(teller *t, size_t k) {
  return (ockham_compute_account)k == t->report->account->account ? t->ablation : t->report->account->beside[k];
}

static bool has_gains(const teller *t, const ockham_ablation *a) {
  for (size_t i = 0; a && i < a->n_mains; i++)
    if (!isnan(a->mains[i].ceg[ock_effect_last_scale(t->study, &a->mains[i])].value)) return true;
  return false;
}

static void put_accounts(teller *t) {
  size_t n = 0;
  bool any = false;
  for (size_t k = 0; k < OCKHAM_N_ACCOUNTS; k++) {
    n += by_account(t, k) != NULL;
    any |= has_gains(t, by_account(t, k));
  }
  if (n < 2 || !any) return;
  put_title(t, "The same gain by other accounts, at the largest scale");
  put(t, "  ");
  put_left(t, "change", NAME_WIDTH);
  for (size_t k = 0; k < OCKHAM_N_ACCOUNTS; k++)
    if (by_account(t, k)) put_left(t, ock_account_word((ockham_compute_account)k), CELL_WIDTH);
  end_line(t);
  for (size_t i = 0; i < t->ablation->n_mains; i++) {
    put_name(t, &t->ablation->mains[i]);
    for (size_t k = 0; k < OCKHAM_N_ACCOUNTS; k++) {
      const ockham_ablation *a = by_account(t, k);
      if (a && i < a->n_mains)
        put_interval(t, &a->mains[i].ceg[ock_effect_last_scale(t->study, &a->mains[i])], CELL_WIDTH);
    }
    end_line(t);
  }
}

/* ---- what they cost ---- */

static bool is_one(double ratio) {
  return fabs(ratio - 1) < 5e-4;
}

static bool is_told(const ockham_effect *e) {
  return !isnan(e->parameters) || !isnan(e->flops_per_token);
}

static void put_ratio(teller *t, double ratio, int width) {
  char text[40];
  snprintf(text, sizeof text, ratio < 10 ? "%s%.3f" : "%s%.3g", t->times, ratio);
  put_left(t, isnan(ratio) ? t->dash : text, width);
}

/* Only of those that differ from the baseline. */
static void put_costs(teller *t) {
  size_t n_told = 0, n_same = 0;
  for (size_t i = 0; i < t->ablation->n_mains; i++) {
    const ockham_effect *e = &t->ablation->mains[i];
    bool is_same = is_one(e->parameters) && is_one(e->flops_per_token);
    n_same += is_same;
    if (is_same || !is_told(e)) continue;
    if (n_told++ == 0) {
      put_title(t, "What a change alone makes of the baseline, at the largest scale that was not held out");
      put(t, "  ");
      put_left(t, "change", NAME_WIDTH);
      put_left(t, "parameters", 12);
      tell(t, "FLOPs a token\n");
    }
    put_name(t, e);
    put_ratio(t, e->parameters, 12);
    put_ratio(t, e->flops_per_token, 0);
    end_line(t);
  }
  if (n_same)
    tell(t, "%s  %zu %schange%s the baseline's parameters and FLOPs a token\n", n_told ? "" : "\n", n_same,
         n_told ? "other " : "", n_same == 1 ? " has" : "s have");
}

/* ---- together ---- */

static void put_interactions(teller *t) {
  size_t n = t->ablation->n_interactions, shown = 0;
  for (size_t i = 0; i < n; i++) {
    const ockham_effect *e = &t->ablation->interactions[i];
    bool stands_out = e->p_adjusted < 0.1 || e->inclusion > 0.5;
    if (!t->report->options->every && (!stands_out || shown == USUAL_INTERACTIONS)) continue;
    if (shown++ == 0)
      put_title(t, "Pairs that are more, or less, than their parts (change of log loss; p: false discovery rate)");
    put_name(t, e);
    put_interval(t, &e->log_loss, CELL_WIDTH);
    tell(t, "p %.2g, weight of the models with it %.2f\n", e->p_adjusted, e->inclusion);
  }
  if (n && !shown) tell(t, "\nOf %zu pair%s of changes none stands out\n", n, ock_plural(n));
}

static void put_joints(teller *t) {
  bool any = false;
  for (size_t s = 0; s < t->study->n_scales; s++) any = any || !isnan(t->ablation->joints[s].joint.value);
  if (!any) return;
  put_title(t, "All changes together (each factor's second level) against the product of their gains");
  put(t, "  ");
  put_left(t, "scale", 12);
  put_left(t, "together", CELL_WIDTH);
  put_left(t, "product", CELL_WIDTH);
  tell(t, "ratio\n");
  for (size_t s = 0; s < t->study->n_scales; s++) {
    const ockham_joint *j = &t->ablation->joints[s];
    put(t, "  ");
    put_left(t, t->study->scales[s].name, 12);
    put_interval(t, &j->joint, CELL_WIDTH);
    put_interval(t, &j->product, CELL_WIDTH);
    put_interval(t, &j->ratio, CELL_WIDTH);
    end_line(t);
  }
}

static void put_shapley(teller *t) {
  bool any = false;
  for (size_t i = 0; i < t->ablation->n_mains && t->ablation->shapley; i++)
    any = any || !isnan(t->ablation->shapley[i].value);
  if (!any) return;
  put_title(t, "Part of each in the joint gain at the largest scale, mean over all orders (Shapley; log of the CEG)");
  for (size_t i = 0; i < t->ablation->n_mains; i++) {
    if (isnan(t->ablation->shapley[i].value)) continue;
    put_name(t, &t->ablation->mains[i]);
    put_interval(t, &t->ablation->shapley[i], CELL_WIDTH);
    tell(t, "%s%.2f\n", t->times, exp(t->ablation->shapley[i].value));
  }
}

/* ---- claims ---- */

/* They are of every scale. */
static void put_claims_title(teller *t) {
  size_t n_run = 0;
  char text[96];
  for (size_t s = 0; s < t->ablation->n_scales; s++) n_run += t->ablation->scales[s].n_runs > 0;
  snprintf(text, sizeof text, "Claims made beforehand, so far: %zu of %zu scales have been run", n_run,
           t->study->n_scales);
  put_title(t, n_run < t->study->n_scales ? text : "Claims made beforehand");
}

static void put_claims(teller *t) {
  if (!t->study->n_claims) return;
  put_claims_title(t);
  for (size_t c = 0; c < t->study->n_claims; c++) {
    char why[200];
    ockham_answer answer = ockham_claim_answer(t->study, t->ablation, c, why);
    bool after = t->report->account->claimed_after && t->report->account->claimed_after[c];
    put(t, "  ");
    put_left(t, t->study->claims[c].text, NAME_WIDTH);
    put_left(t, ock_answer_word(answer), 6);
    tell(t, "%s%s\n", why, after ? " (beware: claimed when runs had ended already)" : "");
  }
}

/* ---- stability ---- */

/* Each cell is at one level of the first factor. */
static void put_edges(teller *t) {
  size_t n = 0, n_at_edge = 0;
  for (size_t l = 0; l < t->study->factors[0].n_levels; l++) {
    n += t->report->stability[l].n_probed;
    n_at_edge += t->report->stability[l].n_at_edge;
  }
  if (n_at_edge > 0)
    tell(t,
         "  " OCK_BEWARE "of %zu cells %zu did best at the lowest or highest rate tried: better ones may lie beyond\n",
         n, n_at_edge);
}

static void put_stability(teller *t) {
  bool probed = false;
  for (size_t i = 0; i < t->report->n_levels; i++) probed = probed || t->report->stability[i].n_probed;
  put_title(t, "Stability: a second answer, beside the loss");
  put(t, "  ");
  put_left(t, "level", NAME_WIDTH);
  put_left(t, "runs", 8);
  put_left(t, "diverged", 10);
  put_left(t, "failed", 8);
  tell(t, "%s", probed ? "lost to a wrong rate   best multiple of the rate\n" : "\n");
  for (size_t i = 0; i < t->report->n_levels; i++) {
    const ockham_level_stability *l = &t->report->stability[i];
    char name[160];
    snprintf(name, sizeof name, "%s=%s", t->study->factors[l->factor].name,
             t->study->factors[l->factor].levels[l->level]);
    put(t, "  ");
    put_left(t, name, NAME_WIDTH);
    tell(t, "%-8zu%-10zu%-8zu", l->n_runs, l->n_diverged, l->n_failed);
    if (l->n_probed && l->rate > 0)
      tell(t, "%-23.4f%.2f", l->rate_sensitivity, l->rate);
    else if (l->n_probed)
      tell(t, "%-23.4f%s", l->rate_sensitivity, t->dash);
    end_line(t);
  }
  if (probed) put_edges(t);
}

/* ---- how it is known ---- */

static void put_noise(teller *t) {
  put_title(t, "Noise: between equal runs but for their seed");
  put(t, "  ");
  put_left(t, "scale", 12);
  put_left(t, "runs", 8);
  put_left(t, "compute", 12);
  put_left(t, "sd of the loss", 18);
  put_left(t, "seen with 80 % power", 22);
  tell(t, "in transition, kept out of CEGs\n");
  for (size_t s = 0; s < t->study->n_scales; s++) {
    const ockham_scale_noise *n = &t->ablation->scales[s];
    char text[64];
    put(t, "  ");
    put_left(t, t->study->scales[s].name, 12);
    tell(t, "%-8zu", n->n_runs);
    snprintf(text, sizeof text, "%.3g", n->compute);
    put_left(t, isnan(n->compute) ? t->dash : text, 12);
    if (n->degrees)
      snprintf(text, sizeof text, "%.4f (%zu df)", n->sd, n->degrees);
    else
      snprintf(text, sizeof text, "no replicates");
    put_left(t, text, 18);
    snprintf(text, sizeof text, "%.4f", n->detectable);
    put_left(t, isnan(n->detectable) ? t->dash : text, 22);
    tell(t, "%zu\n", n->n_transition);
  }
}

static void put_law(teller *t) {
  const ockham_ablation_law *l = &t->ablation->law;
  if (!l->fitted) {
    tell(t, "\nNo law of scale: it needs two scales\n");
    return;
  }
  put_title(t, "The baseline's law: log(loss - E) falls with log(compute)");
  put(t, "  irreducible loss E  ");
  put_interval(t, &l->irreducible, 0);
  put(t, "\n  exponent            ");
  put_interval(t, &l->exponent, 0);
  tell(t, "\n  residual            %.4f of log(loss - E), %zu runs of %zu cells\n", l->residual, l->n_used, l->n_cells);
}

/* What was predicted goes first. */
static void put_held_out(teller *t) {
  const ockham_ablation *a = t->ablation;
  if (isnan(a->predicted.value)) return;
  put_title(t, "Held out");
  tell(t, "  predicted for the baseline at compute %.3g, from the smaller scales: ", a->predicted_compute);
  put_interval(t, &a->predicted, 0);
  if (isnan(a->held_loss)) {
    tell(t, "\n  not measured yet\n");
    return;
  }
  bool inside = a->held_loss >= a->predicted.low && a->held_loss <= a->predicted.high;
  tell(t, "\n  measured: %.4f, %s the interval\n", a->held_loss, inside ? "inside" : "outside");
}

static void put_warnings(teller *t) {
  for (size_t i = 0; i < t->ablation->n_warnings; i++)
    tell(t, "%s  " OCK_BEWARE "%s\n", i ? "" : "\n", t->ablation->warnings[i]);
}

void ock_ablation_text(const ock_ablation_report *report, FILE *out) {
  bool ascii = report->options->ascii;
  teller t = {.report = report,
              .study = report->study,
              .ablation = report->ablation,
              .arrow = ascii ? "->" : "→",
              .times = ascii ? "x" : "×",
              .dash = ascii ? "-" : "–",
              .out = out};
  put_head(&t);
  put_verdicts(&t);
  put_losses(&t);
  if (t.ablation->law.fitted) put_gains(&t);
  put_accounts(&t);
  put_costs(&t);
  put_claims(&t);
  put_interactions(&t);
  put_joints(&t);
  put_shapley(&t);
  put_stability(&t);
  put_noise(&t);
  put_law(&t);
  put_held_out(&t);
  put_warnings(&t);
}
