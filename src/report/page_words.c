/* SPDX-License-Identifier: Apache-2.0 */
/* The page in words: how sure, and what the elbow would have said. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/page.h"

/* ---- how sure ---- */

/* What most of the halves say that do not say the answer; 0: none. */
static size_t find_rival(const ock_report *r, size_t *count) {
  size_t rival = 0;
  *count = 0;
  for (size_t i = 0; i < r->curve->n_points; i++) {
    size_t k = r->curve->points[i].k, n = ockham_sweep_half_count(r->sweep, k);
    if (k == r->verdict.k || n <= *count) continue;
    *count = n;
    rival = k;
  }
  return rival;
}

/* "7 say the same, 13 say 3." */
static void tell_votes(const ock_report *r, char *text, size_t size) {
  size_t count, rival = find_rival(r, &count), n_agree = r->verdict.confidence.n_agree;
  int used = snprintf(text, size, "%zu say%s the same", n_agree, n_agree == 1 ? "s" : "");
  if (rival && (size_t)used < size)
    snprintf(text + used, size - (size_t)used, ", %zu say%s %zu", count, count == 1 ? "s" : "", rival);
}

static const char sure[] = "sure", fair[] = "fair", unsure[] = "open";

OCK_PRINTF(2, 3) static ock_certainty certainty(const char *tone, const char *format, ...) {
  ock_certainty c = {.tone = tone};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(c.text, sizeof c.text, format, arguments);
  va_end(arguments);
  return c;
}

/* A half has less evidence: where it says fewer clusters, that is no contradiction. */
static bool hangs_on_few_rows(const ock_report *r) {
  size_t count, rival = find_rival(r, &count);
  return rival && rival < r->verdict.k && r->verdict.weight > 0.99 && !r->verdict.overruled;
}

static ock_certainty certainty_of_halves(const ock_report *r) {
  const ockham_confidence *c = &r->verdict.confidence;
  char votes[96];
  tell_votes(r, votes, sizeof votes);
  if (c->n_agree == c->n_halves)
    return certainty(sure, "Sure: all %zu random halves of the rows say the same.", c->n_halves);
  if (!c->unclear && 4 * c->n_agree >= 3 * c->n_halves)
    return certainty(fair, "Fairly sure: of %zu random halves %s.", c->n_halves, votes);
  if (!c->unclear && hangs_on_few_rows(r))
    return certainty(fair, "Likely, but half of the rows would not be enough to tell: of %zu random halves %s.",
                     c->n_halves, votes);
  return certainty(unsure, "Not sure: of %zu random halves %s.", c->n_halves, votes);
}

static ock_certainty certainty_of_weight(const ock_report *r) {
  const char *criterion = r->verdict.criterion->title;
  double weight = r->verdict.weight;
  if (weight > 0.999)
    return certainty(sure, "Sure among the numbers tried, by %s: its posterior probability is above 0.999.", criterion);
  if (weight >= 0.99)
    return certainty(sure, "Sure among the numbers tried, by %s: its posterior probability is %.3g.", criterion,
                     weight);
  bool likely = weight >= 0.75;
  return certainty(likely ? fair : unsure, "%s among the numbers tried, by %s: its posterior probability is %.3g.",
                   likely ? "Fairly sure" : "Not sure", criterion, weight);
}

ock_certainty ock_page_certainty(const ock_report *r) {
  const ockham_verdict *v = &r->verdict;
  if (v->partial) return certainty(unsure, "Stopped early: there was no time to look everywhere.");
  if (v->undecided) return certainty(unsure, "The criterion chose none of the numbers tried.");
  if (r->curve->n_points == 1) return certainty(unsure, "No other number was tried.");
  if (v->at_edge) return certainty(unsure, "Open: it is the largest number tried, and there may be more.");
  if (v->confidence.bent_share >= 0.5)
    return certainty(unsure,
                     "Beware: %.0f %% of the rows hang together in rings, arcs or spirals, which have no centre.",
                     100 * v->confidence.bent_share);
  if (v->confidence.n_halves && ock_report_count_votes(r)) return certainty_of_halves(r);
  if (isfinite(v->weight)) return certainty_of_weight(r);
  return certainty(fair, "Chosen by %s, which does not say how sure it is.", v->criterion->title);
}

/* ---- criteria ---- */

ock_manner ock_page_manner(const ockham_criterion *criterion) {
  static const ock_manner manners[] = {
      {"bic", "BIC", "bic"},
      {"bicc", "BIC for few rows", "bic"},
      {"mixture", "BIC", "bic"},
      {"aic", "AIC", "likelihood"},
      {"aicc", "AICc", "likelihood"},
      {"mixture-icl", "ICL", "likelihood"},
      {"bic-goxmeans", "BIC of goxmeans", "likelihood"},           /* of the log-likelihood, not of twice as much */
      {"bic-pelleg-moore", "BIC of Pelleg & Moore", "likelihood"}, /* likewise */
  };
  for (size_t m = 0; m < sizeof manners / sizeof *manners; m++)
    if (strcmp(manners[m].name, criterion->name) == 0) return manners[m];
  return (ock_manner){criterion->name, criterion->title, "own"};
}

/* ---- the elbow ---- */

/* Another elbow, in a shorter range; 0: there is none. */
static size_t other_elbow(const ock_report *r, size_t elbow, size_t *range) {
  ockham_curve shorter = *r->curve;
  ock_report report = *r;
  report.curve = &shorter;
  for (size_t n = r->curve->n_points / 2; n > 4; n = 2 * n / 3) {
    shorter.n_points = n;
    size_t k = ock_report_choice(&report, "elbow");
    *range = shorter.points[n - 1].k;
    if (k && k != elbow) return k;
  }
  return 0;
}

/* That the elbow moves with the range is the plainest thing against it. */
static void tell_range(const ock_report *r, size_t elbow, FILE *out) {
  size_t range, other = other_elbow(r, elbow, &range);
  if (other)
    fprintf(out, " The elbow moves with the range: drawn only up to %zu, the same curve has it at %zu.", range, other);
}

static double inertia_at(const ockham_curve *curve, size_t k) {
  return curve->points[k - curve->points[0].k].inertia;
}

static void tell_early(const ock_report *r, size_t elbow, FILE *out) {
  size_t k = r->verdict.k;
  double at_elbow = inertia_at(r->curve, elbow), left = inertia_at(r->curve, k) / at_elbow;
  fprintf(
      out,
      "The elbow says %zu, %s %zu. Inertia falls with every cluster that is added, and the elbow is merely where it "
      "begins to fall less steeply: in itself no sign that clusters end there.",
      elbow, r->verdict.criterion->title, k);
  if (left < 0.01) /* "by another 100 %" would be nothing left */
    fprintf(out, " From %zu to %zu it falls to less than a hundredth.", elbow, k);
  else if (at_elbow > 0)
    fprintf(out, " From %zu to %zu it falls by another %.0f %%.", elbow, k, 100 * (1 - left));
  ock_manner manner = ock_page_manner(r->verdict.criterion);
  if (strcmp(manner.scale, "own") != 0)
    fprintf(out, " %s weighs each such gain against what it costs to describe one more cluster, and it pays up to %zu.",
            manner.short_title, k);
}

static void tell_late(const ock_report *r, size_t elbow, FILE *out) {
  size_t k = r->verdict.k;
  fprintf(out, "The elbow says %zu, %s %zu. ", elbow, r->verdict.criterion->title, k);
  if (k == 1)
    fputs(
        "A bend is found in nearly every curve: inertia falls when clusters are cut into pieces, too, and no elbow can "
        "say that there is only one.",
        out);
  else
    fputs(
        "Inertia falls when a cluster is cut into pieces, too, and where it begins to fall less steeply is no sign "
        "that "
        "pieces have become clusters.",
        out);
}

void ock_page_elbow(const ock_report *r, FILE *out) {
  const ockham_curve *curve = r->curve;
  size_t elbow = ock_report_choice(r, "elbow"), k = r->verdict.k;
  if (curve->n_points == 1) {
    fputs("One number of clusters alone has no elbow.", out);
    return;
  }
  if (!elbow) {
    fputs("The elbow says nothing here: inertia falls without a bend.", out);
    return;
  }
  if (r->verdict.undecided || r->verdict.criterion->direction == OCKHAM_KNEE)
    fprintf(out, "The elbow is at %zu.", elbow);
  else if (elbow == k)
    fprintf(out,
            "The elbow happens to agree: it says %zu, too. It could not have said how sure that is, nor that there are "
            "no clusters at all.",
            elbow);
  else if (elbow < k)
    tell_early(r, elbow, out);
  else
    tell_late(r, elbow, out);
  tell_range(r, elbow, out);
}
