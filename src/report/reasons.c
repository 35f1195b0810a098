/* SPDX-License-Identifier: Apache-2.0 */
/* How sure an answer of mixtures is, and what would have to be true for another. */
#include <math.h>

#include "report/internal.h"

/* What the clusters look like. */
static void tell_shape(const ock_report *r, FILE *out) {
  static const char *const shapes[] = {
      [OCKHAM_SHAPE_STUDENT] = "an ellipsoid with tails that fall as a power (Student's t)",
      [OCKHAM_SHAPE_SKEWED] = "one whose columns are skewed, or tailed, each in its way",
      [OCKHAM_SHAPE_BOX] = "one that fills a box evenly",
  };
  const ockham_curve_point *p = &r->curve->points[r->verdict.point];
  if (p->mixture_shape != OCKHAM_SHAPE_COMPONENTS) {
    fprintf(out, "  it is best told as %s: more clusters of other shapes tell less\n", shapes[p->mixture_shape]);
    return;
  }
  fprintf(out, "  as %s (%s)", ockham_covariance_text(p->mixture_family), ockham_covariance_name(p->mixture_family));
  if (p->mixture_tail < 1) fputs(", with tails heavier than Gaussian", out);
  if (p->mixture_tail > 1) fputs(", flatter and with less tails than Gaussian", out);
  fputc('\n', out);
}

/* The k that most halves say, of those that are not told yet. */
static size_t next_k(const ock_report *r, size_t told_count, size_t told_k) {
  size_t best = 0, most = 0, n_points = r->curve->n_points;
  for (size_t i = 0; i < n_points; i++) {
    size_t k = r->curve->points[i].k, count = ockham_sweep_half_count(r->sweep, k);
    bool told = count > told_count || (count == told_count && k <= told_k);
    if (told || count <= most) continue;
    most = count;
    best = k;
  }
  return best;
}

size_t ock_report_count_votes(const ock_report *r) {
  size_t n_votes = 0;
  for (size_t i = 0; i < r->curve->n_points; i++) n_votes += ockham_sweep_half_count(r->sweep, r->curve->points[i].k);
  return n_votes;
}

static void tell_halves(const ock_report *r, FILE *out) {
  enum { MOST_TOLD = 4 };
  const ockham_confidence *c = &r->verdict.confidence;
  size_t n_votes = ock_report_count_votes(r), n_told = 0;
  if (n_votes == 0 || r->curve->n_points == 1) return; /* they had no choice */
  fprintf(out, "  of %zu random halves of the rows ", c->n_halves);
  if (c->n_agree == c->n_halves) {
    fprintf(out, "all say %zu\n", r->verdict.k);
    return;
  }
  size_t count = SIZE_MAX, k = 0;
  for (size_t n = 0; n < MOST_TOLD && (k = next_k(r, count, k)) != 0; n++) {
    count = ockham_sweep_half_count(r->sweep, k);
    fprintf(out, "%s%zu say%s %zu", n ? ", " : "", count, count == 1 ? "s" : "", k);
    n_told += count;
  }
  if (n_told < n_votes) fprintf(out, ", %zu otherwise", n_votes - n_told);
  if (n_votes < c->n_halves) fprintf(out, "; %zu could not tell", c->n_halves - n_votes);
  fputc('\n', out);
}

/* By how much BIC falls short of the best at that k; infinite where there is none. */
static double short_of_best(const ock_report *r, size_t k) {
  const ockham_curve *curve = r->curve;
  if (k < curve->points[0].k || k > curve->points[curve->n_points - 1].k) return INFINITY;
  double value = ockham_criterion_value(r->verdict.criterion, curve, k - curve->points[0].k);
  return isnan(value) ? INFINITY : ockham_criterion_value(r->verdict.criterion, curve, r->verdict.point) - value;
}

/* What would have to be so for one cluster less, or one more: of the nearer, where it is not out of the question. */
static void tell_alternative(const ock_report *r, FILE *out) {
  const double out_of_question = 10; /* a difference in BIC that is very strong evidence (Kass & Raftery 1995) */
  const double overlaps = 0.05, worth_a_number = 0.005;
  const ockham_confidence *c = &r->verdict.confidence;
  size_t k = r->verdict.k;
  double fewer = short_of_best(r, k - 1), more = short_of_best(r, k + 1);
  bool say_fewer = k > 1 && c->overlap > 0 && (fewer < out_of_question || c->overlap > overlaps);
  if (say_fewer && c->overlap >= worth_a_number)
    fprintf(out, "  %zu if clusters %zu and %zu count as one: %.2g %% of their rows may be in either\n", k - 1,
            c->merge_a, c->merge_b, 100 * c->overlap);
  else if (say_fewer)
    fprintf(out, "  %zu if clusters %zu and %zu count as one\n", k - 1, c->merge_a, c->merge_b);
  if (c->has_split && more < out_of_question) fprintf(out, "  %zu if cluster %zu is two\n", k + 1, c->split);
}

static void tell_gaps(const ock_report *r, FILE *out) {
  const ockham_confidence *c = &r->verdict.confidence;
  size_t k = r->verdict.k;
  if (k < 2 || c->n_peaks == 0 || c->n_peaks == k) return;
  if (c->n_peaks == 1)
    fprintf(out, "  " OCK_BEWARE "there is no gap between them; one cluster of another shape might look the same\n");
  else
    fprintf(out, "  with gaps between %zu groups of them; some have none\n", c->n_peaks);
}

static void tell_bent(const ock_report *r, FILE *out) {
  const double enough = 0.2; /* as ockham_confidence.bent_share says */
  const ockham_confidence *c = &r->verdict.confidence;
  if (c->n_bent == 0 || c->bent_share < enough) return;
  fprintf(out,
          "  " OCK_BEWARE
          "%.0f %% of the rows hang together in %zu bent group%s (rings, arcs, spirals), which neither%s"
          "centroids nor mixtures describe: clusters are pieces of them\n",
          100 * c->bent_share, c->n_bent, ock_plural(c->n_bent), r->wrap);
}

static void tell_significance(const ock_report *r, FILE *out) {
  const ockham_confidence *c = &r->verdict.confidence;
  if (isfinite(c->z) && r->verdict.k > 1)
    fprintf(out,
            "  tighter than in rows of one Gaussian whose columns are correlated like these (z = %.2g; SigClust)\n",
            c->z);
}

void ock_report_reasons(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  if (v->criterion->evidence != OCKHAM_EVIDENCE_MIXTURES || v->undecided) return;
  if (v->confidence.like_one) { /* the rest is of mixtures, which that overrules */
    tell_halves(r, out);
    return;
  }
  tell_shape(r, out);
  tell_halves(r, out);
  tell_significance(r, out);
  tell_alternative(r, out);
  tell_gaps(r, out);
  tell_bent(r, out);
}
