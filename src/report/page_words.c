/* SPDX-License-Identifier: Apache-2.0 */
/* The page in words: how sure, and what the elbow would have said. */
#include <math.h>
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

/* A half has less evidence: where it says fewer clusters, that is no contradiction. */
static bool hangs_on_few_rows(const ock_report *r) {
  size_t count, rival = find_rival(r, &count);
  return rival && rival < r->verdict.k && r->verdict.weight > 0.99 && !r->verdict.overruled;
}

static const char *certainty_of_halves(const ock_report *r, char *text, size_t size) {
  const ockham_confidence *c = &r->verdict.confidence;
  char votes[96];
  tell_votes(r, votes, sizeof votes);
  if (c->n_agree == c->n_halves) {
    snprintf(text, size, "Sure: all %zu random halves of the rows say the same.", c->n_halves);
    return "sure";
  }
  bool most = 4 * c->n_agree >= 3 * c->n_halves;
  const char *how = c->unclear             ? "Not sure"
                    : most                 ? "Fairly sure"
                    : hangs_on_few_rows(r) ? "Likely, but half of the rows would not be enough to tell"
                                           : "Not sure";
  snprintf(text, size, "%s: of %zu random halves %s.", how, c->n_halves, votes);
  return *how == 'N' ? "open" : "fair";
}

static const char *certainty_of_weight(const ock_report *r, char *text, size_t size) {
  const double high = 0.99, fair = 0.75;
  double weight = r->verdict.weight;
  const char *how = weight >= high ? "Sure" : weight >= fair ? "Fairly sure" : "Not sure";
  if (weight > 0.999)
    snprintf(text, size, "%s among the numbers tried, by %s: its posterior probability is above 0.999.", how,
             r->verdict.criterion->title);
  else
    snprintf(text, size, "%s among the numbers tried, by %s: its posterior probability is %.3g.", how,
             r->verdict.criterion->title, weight);
  return weight >= high ? "sure" : weight >= fair ? "fair" : "open";
}

const char *ock_page_certainty(const ock_report *r, char *text, size_t size) {
  const ockham_verdict *v = &r->verdict;
  const char *why = NULL;
  if (v->partial)
    why = "Stopped early: there was no time to look everywhere.";
  else if (v->undecided)
    why = "The criterion chose none of the numbers tried.";
  else if (r->curve->n_points == 1)
    why = "No other number was tried.";
  else if (v->at_edge)
    why = "Open: it is the largest number tried, and there may be more.";
  if (why) {
    snprintf(text, size, "%s", why);
    return "open";
  }
  if (v->confidence.bent_share >= 0.5) {
    snprintf(text, size, "Beware: %.0f %% of the rows hang together in rings, arcs or spirals, which have no centre.",
             100 * v->confidence.bent_share);
    return "open";
  }
  if (v->confidence.n_halves && ock_report_count_votes(r)) return certainty_of_halves(r, text, size);
  if (isfinite(v->weight)) return certainty_of_weight(r, text, size);
  snprintf(text, size, "Chosen by %s, which does not say how sure it is.", v->criterion->title);
  return "fair";
}

/* ---- the elbow ---- */

/* Where inertia over the first n points bends; 0: nowhere. */
static size_t elbow_of_first(const ockham_curve *curve, size_t n) {
  double *room = ock_alloc_array(2 * n, sizeof *room);
  size_t bend = SIZE_MAX;
  if (!room) return 0;
  for (size_t i = 0; i < n; i++) {
    room[i] = (double)curve->points[i].k;
    room[n + i] = curve->points[i].inertia;
  }
  if (n > 1) bend = ockham_kneedle(room, room + n, n);
  ock_free(room);
  return bend == SIZE_MAX ? 0 : curve->points[bend].k;
}

/* Another elbow, in a shorter range; 0: there is none. */
static size_t other_elbow(const ockham_curve *curve, size_t elbow, size_t *range) {
  for (size_t n = curve->n_points / 2; n > 4; n = 2 * n / 3) {
    size_t k = elbow_of_first(curve, n);
    *range = curve->points[n - 1].k;
    if (k && k != elbow) return k;
  }
  return 0;
}

/* That the elbow moves with the range is the plainest thing against it. */
static void tell_range(const ock_report *r, size_t elbow, FILE *out) {
  size_t range, other = other_elbow(r->curve, elbow, &range);
  if (other)
    fprintf(out, " The elbow moves with the range: drawn only up to %zu, the same curve has it at %zu.", range, other);
}

static double inertia_at(const ockham_curve *curve, size_t k) {
  return curve->points[k - curve->points[0].k].inertia;
}

/* Whether what decides weighs a fit against its parameters. */
static bool is_likelihood(const ock_report *r) {
  return r->verdict.criterion->evidence == OCKHAM_EVIDENCE_MIXTURES ||
         strstr(r->verdict.criterion->name, "bic") != NULL;
}

static void tell_early(const ock_report *r, size_t elbow, FILE *out) {
  size_t k = r->verdict.k;
  double at_elbow = inertia_at(r->curve, elbow), fall = 1 - inertia_at(r->curve, k) / at_elbow;
  fprintf(
      out,
      "The elbow says %zu, %s %zu. Inertia falls with every cluster that is added, and the elbow is merely where it "
      "begins to fall less steeply: in itself no sign that clusters end there.",
      elbow, r->verdict.criterion->title, k);
  if (at_elbow > 0) fprintf(out, " From %zu to %zu it falls by another %.0f %%.", elbow, k, 100 * fall);
  if (is_likelihood(r))
    fprintf(out,
            " BIC weighs each such gain against what it costs to describe one more cluster, and it pays up to %zu.", k);
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
  size_t elbow = elbow_of_first(curve, curve->n_points), k = r->verdict.k;
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
