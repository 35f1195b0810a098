/* SPDX-License-Identifier: Apache-2.0 */
/* The answer first, then why, then the table of criteria, then the clusters. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/internal.h"

enum { WIDTH = 100, MOST_CLUSTERS_LISTED = 24 };

/* The few characters that are not ASCII. */
typedef struct glyphs {
  const char *times, *dots, *dash, *arrow, *plus_minus;
} glyphs;

static glyphs glyphs_for(const ock_report *r) {
  if (r->options->ascii) return (glyphs){"x", "...", "-", "<-", "+-"};
  return (glyphs){"\u00d7", "\u2026", "\u2013", "\u25c4", "\u00b1"};
}

/* How many columns a UTF-8 text takes: all our characters are one wide. */
static int display_width(const char *text) {
  int width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

/* 1234567 -> "1,234,567" */
const char *ock_grouped(uint64_t value, char text[32]) {
  char digits[24];
  int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value), out = 0;
  for (int i = 0; i < n; i++) {
    if (i > 0 && (n - i) % 3 == 0) text[out++] = ',';
    text[out++] = digits[i];
  }
  text[out] = '\0';
  return text;
}

const char *ock_plural(uint64_t n) {
  return n == 1 ? "" : "s";
}

/* ---- the answer ---- */

/* That there is no structure can be said only after looking for some. */
void ock_report_answer(const ock_report *r, char *text, size_t size) {
  const ockham_verdict *v = &r->verdict;
  bool looked = r->curve->n_points > 1 && !v->partial;
  const char *limits = v->partial ? " (partial: stopped early)" : looked ? "" : " (no other k tried)";
  if (v->undecided)
    snprintf(text, size, "no answer from %s%s", v->criterion->title, limits);
  else if (v->k == 1)
    snprintf(text, size, "1 cluster%s%s", looked ? ": no structure found" : "", limits);
  else if (v->confidence.bent_share >= 0.5)
    snprintf(text, size, "no clusters about centres: %zu bent group%s in %zu pieces%s", v->confidence.n_bent,
             ock_plural(v->confidence.n_bent), v->k, limits);
  else if (v->confidence.unclear)
    snprintf(text, size, "no clear structure: %zu clusters at best%s", v->k, limits);
  else
    snprintf(text, size, "%zu clusters%s", v->k, limits);
}

static void answer(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  const ockham_curve *curve = r->curve;
  glyphs g = glyphs_for(r);
  char left[120], right[200], rows[32], columns[32], weight[48] = "", time[32] = "";
  ock_report_answer(r, left, sizeof left);
  if (curve->weighted) snprintf(weight, sizeof weight, " of weight %.10g", curve->total_weight);
  if (!r->options->no_tables) /* sentences are the same each time */
    snprintf(time, sizeof time, " in %.*f s", v->seconds < 0.1 ? 3 : v->seconds < 10 ? 2 : 0, v->seconds);
  snprintf(right, sizeof right, "%s row%s%s %s %s column%s, k = %zu %s %zu tried%s", ock_grouped(curve->n_rows, rows),
           ock_plural(curve->n_rows), weight, g.times, ock_grouped(curve->n_columns, columns),
           ock_plural(curve->n_columns), curve->points[0].k, g.dots, curve->points[curve->n_points - 1].k, time);
  int gap = WIDTH - display_width(left) - display_width(right);
  if (r->options->no_tables)
    fprintf(out, "%s\n  %s\n", left, right);
  else
    fprintf(out, "%s%*s%s\n", left, gap > 2 ? gap : 2, "", right);
}

/* ---- why ---- */

/* The points that come second and third by the deciding criterion; SIZE_MAX where there are none. */
static void find_runners_up(const ock_report *r, size_t runner_up[2]) {
  const ockham_criterion *c = r->verdict.criterion;
  double sign = c->direction == OCKHAM_MINIMUM ? -1 : 1, value[2] = {-INFINITY, -INFINITY};
  runner_up[0] = runner_up[1] = SIZE_MAX;
  for (size_t i = 0; i < r->curve->n_points; i++) {
    double v = sign * ockham_criterion_value(c, r->curve, i);
    if (i == r->verdict.point) continue;
    if (v > value[0]) {
      value[1] = value[0];
      runner_up[1] = runner_up[0];
      value[0] = v;
      runner_up[0] = i;
    } else if (v > value[1]) {
      value[1] = v;
      runner_up[1] = i;
    }
  }
}

/* 4 significant digits, and no exponent for everyday sizes. */
static const char *amount(double value, char text[32]) {
  double size = fabs(value);
  if (size >= 1000 && size < 1e9)
    snprintf(text, 32, "%.0f", value);
  else
    snprintf(text, 32, "%.4g", value);
  return text;
}

static void explain_weight(double weight, FILE *out) {
  if (weight > 0.999)
    fputs(" (posterior weight > 0.999)", out);
  else
    fprintf(out, " (posterior weight %.*f)", weight < 0.01 ? 4 : weight < 0.99 ? 2 : 3, weight);
}

/* The value, and by how much it beats the next two. */
static void explain_extreme(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  const ockham_criterion *c = v->criterion;
  size_t runner_up[2];
  char text[32];
  find_runners_up(r, runner_up);
  double best = ockham_criterion_value(c, r->curve, v->point);
  if (runner_up[0] == SIZE_MAX) {
    fprintf(out, "  %s is %s at %zu: there is no other k to compare with\n", c->title, amount(best, text), v->k);
    return;
  }
  fprintf(out, "  %s is %s at %zu", c->title, c->direction == OCKHAM_MINIMUM ? "lowest" : "highest", v->k);
  if (!isfinite(v->weight)) fprintf(out, ", %s", amount(best, text));
  for (int n = 0; n < 2 && runner_up[n] != SIZE_MAX; n++) {
    double difference = fabs(best - ockham_criterion_value(c, r->curve, runner_up[n]));
    fprintf(out, "%s %s %s %zu", n == 0 ? ":" : ",", amount(difference, text),
            c->direction == OCKHAM_MINIMUM ? "below" : "above", r->curve->points[runner_up[n]].k);
  }
  if (isfinite(v->weight)) explain_weight(v->weight, out);
  fputc('\n', out);
}

static void explain_overruled(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  size_t best = ockham_criterion_choose(v->criterion, r->curve);
  double most = ockham_criterion_value(v->criterion, r->curve, best);
  fprintf(out, "  %s is highest at %zu, but ", v->criterion->title, r->curve->points[best].k);
  if (v->confidence.like_one) {
    fprintf(out,
            "clusters are no tighter than in rows of one Gaussian whose%scolumns are correlated like these (z = %.2g; "
            "SigClust): rows are too few to fit its matrix\n",
            r->wrap, v->confidence.z);
    return;
  }
  fprintf(out, "only %.2g above %zu", most - ockham_criterion_value(v->criterion, r->curve, v->point), v->k);
  explain_weight(v->weight, out);
  fputs(", which halves of the rows prefer\n", out);
}

static void explain_rule(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  char text[32];
  fprintf(out, "  %s chooses %zu: %s; there it is %s\n", v->criterion->title, v->k, v->criterion->rule,
          amount(ockham_criterion_value(v->criterion, r->curve, v->point), text));
}

static void explain_choice(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  const ockham_criterion *c = v->criterion;
  if (v->undecided) {
    fprintf(out, "  %s found no k in this range\n", c->title);
  } else if (v->one_suffices || v->crowded) {
    size_t best = r->curve->points[ockham_criterion_choose(c, r->curve)].k;
    fprintf(out, "  BIC is highest at %zu, but for so few rows one cluster explains as much", best);
    if (v->crowded) fprintf(out, "; of the other k, at %zu", v->k);
    fputc('\n', out);
  } else if (v->overruled) {
    explain_overruled(r, out);
  } else if (c->direction == OCKHAM_KNEE) {
    fprintf(out, "  the curve of inertia bends at %zu; where it bends depends on the range of k\n", v->k);
  } else if (c->direction == OCKHAM_RULE) {
    explain_rule(r, out);
  } else {
    explain_extreme(r, out);
  }
}

static void explain_fallback(const ock_report *r, FILE *out) {
  size_t n = r->verdict.n_constant;
  if (n == 0) return;
  fputs("  BIC of k-means decides, for mixtures need columns that vary, and ", out);
  if (n == 1)
    fputs("one is constant\n", out);
  else
    fprintf(out, "%zu are constant\n", n);
}

static void explain_scaling(const ock_report *r, FILE *out) {
  const ockham_scaling *s = r->options->scaling;
  if (!s || s->kind == OCKHAM_SCALE_NONE) return;
  fprintf(out, "  columns were %s", s->kind == OCKHAM_SCALE_ROBUST ? "scaled by median and quartiles" : "standardised");
  if (r->options->scaling_chosen)
    fprintf(out, ": their spreads differ by %.3g to 1; with scale none they stay as they are", s->spread_ratio);
  fputc('\n', out);
}

static void explain_range(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  size_t k_max = r->curve->points[r->curve->n_points - 1].k;
  if (v->extended) fprintf(out, "  the range was extended to %zu, for the best k stood near its end\n", k_max);
  if (v->at_lower_edge)
    fprintf(out, "  %zu is the least k tried: there may be fewer clusters; a smaller k_min tries less\n", v->k);
  if (v->at_edge)
    fprintf(out, "  %zu is the largest k tried: there may be more clusters; a larger k_max tries more\n", k_max);
  if (v->distinct_limit)
    fprintf(out, "  there %s only %zu different row%s, so there cannot be more clusters\n", k_max == 1 ? "is" : "are",
            k_max, ock_plural(k_max));
  if (v->exact) fputs("  one column: every clustering is the best there is\n", out);
}

static void explain_passes(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  char searched[32], all[32];
  if (v->searched_rows)
    fprintf(out, "  searched on %s of %s rows, measured on all in %zu pass%s\n",
            ock_grouped(v->searched_rows, searched), ock_grouped(r->curve->n_rows, all), v->n_passes,
            v->n_passes == 1 ? "" : "es");
}

static void explain_pairs(const ock_report *r, FILE *out) {
  char text[32];
  if (r->verdict.pair_rows)
    fprintf(out, "  criteria of pairs of rows are estimates from %s rows drawn at random\n",
            ock_grouped(r->verdict.pair_rows, text));
}

static void explain_missing(const ock_report *r, FILE *out) {
  char text[32];
  uint64_t dropped = r->options->n_rows_dropped, filled = r->options->n_cells_filled;
  if (dropped)
    fprintf(out, "  %s row%s with missing values left out\n", ock_grouped(dropped, text), ock_plural(dropped));
  if (filled)
    fprintf(out, "  %s missing cell%s filled with the column's mean\n", ock_grouped(filled, text), ock_plural(filled));
}

/* BIC counts round clusters, and needs several for one that is long or skewed: the geometry then says far fewer. */
static void explain_disagreement(const ock_report *r, FILE *out) {
  size_t k = r->verdict.k, davies_bouldin = ock_report_choice(r, "davies-bouldin"),
         silhouette = ock_report_choice(r, "silhouette");
  if (silhouette == 0) silhouette = ock_report_choice(r, "simplified-silhouette");
  if (strcmp(r->verdict.criterion->name, "bic") != 0 || k < 4 || !silhouette || !davies_bouldin) return;
  if (2 * silhouette > k || 2 * davies_bouldin > k) return;
  fprintf(out,
          "  " OCK_BEWARE
          "silhouette says %zu and Davies-Bouldin %zu; BIC counts round clusters, and takes several for one%s"
          "that is long or skewed%s\n",
          silhouette, davies_bouldin, r->wrap,
          r->curve->has_mixtures ? "" : "; the default criterion tries such shapes, too");
}

static const char *agreement_in_words(double adjusted_rand) {
  return adjusted_rand > 0.95  ? "nearly the same"
         : adjusted_rand > 0.7 ? "much alike"
         : adjusted_rand > 0.3 ? "alike in part"
                               : "hardly alike";
}

static void explain_agreement(const ock_report *r, FILE *out) {
  const ockham_agreement *a = r->options->agreement;
  if (!a) return;
  fprintf(out, "  against the %zu known labels%s: adjusted Rand %.3f, adjusted mutual information %.3f",
          r->options->n_label_values, r->curve->weighted ? " (each row counted once)" : "", a->adjusted_rand,
          a->adjusted_mutual_information);
  if (r->verdict.k > 1 && !r->verdict.undecided) fprintf(out, ": %s", agreement_in_words(a->adjusted_rand));
  fputc('\n', out);
}

/* ---- tables ---- */

/* The resamples were of some of the rows. */
static void resampled_rows(const ock_report *r, const ockham_curve_point *point, FILE *out) {
  char text[32];
  if (point->resamples && (double)point->resamples->n_rows < r->curve->total_weight)
    fprintf(out, "  from %s rows", ock_grouped(point->resamples->n_rows, text));
}

/* What a criterion chose, and whether it could have said 1 at all. */
static void criterion_row(const ock_report *r, const ockham_criterion *criterion, FILE *out) {
  glyphs g = glyphs_for(r);
  size_t i = ockham_criterion_choose(criterion, r->curve);
  char text[32];
  fprintf(out, "  %-24s ", criterion->title);
  if (i == SIZE_MAX)
    fprintf(out, "%*s%s  %12s", 5, "", g.dash, "");
  else
    fprintf(out, "%6zu  %12s", r->curve->points[i].k, amount(ockham_criterion_value(criterion, r->curve, i), text));
  fprintf(out, "  %*s%s", criterion->can_answer_one ? 7 : 9, "", criterion->can_answer_one ? "yes" : g.dash);
  if (criterion == r->verdict.criterion) fprintf(out, "  %s decides", g.arrow);
  if (i != SIZE_MAX && r->verdict.silhouette_rows && strcmp(criterion->name, "silhouette") == 0)
    fprintf(out, "  %s %.2g, from %s rows", g.plus_minus, r->curve->points[i].silhouette_error,
            ock_grouped(r->verdict.silhouette_rows, text));
  if (i != SIZE_MAX && criterion->evidence == OCKHAM_EVIDENCE_RESAMPLES) resampled_rows(r, &r->curve->points[i], out);
  fputc('\n', out);
}

static void criteria_table(const ock_report *r, FILE *out) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  fprintf(out, "\n  %-24s %6s  %12s  %10s\n", "criterion", "k", "value", "can say 1");
  for (size_t c = 0; c < n; c++)
    if (ock_report_shows(r, &criteria[c])) criterion_row(r, &criteria[c], out);
}

static void clusters_table(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  glyphs g = glyphs_for(r);
  char text[32];
  if (v->k < 2) return;
  bool scaled = r->options->scaling && r->options->scaling->kind != OCKHAM_SCALE_NONE;
  fprintf(out, "\n  %-8s %12s", "cluster", "rows");
  if (v->weights) fprintf(out, " %16s", "weight");
  fprintf(out, " %8s  %s%s\n", "share", "root mean squared distance to centroid", scaled ? ", scaled" : "");
  for (size_t j = 0; j < v->k && j < MOST_CLUSTERS_LISTED; j++) {
    double weight = ock_report_weight(r, j);
    fprintf(out, "  %-8zu %12s", j, ock_grouped(v->sizes[j], text));
    if (v->weights) fprintf(out, " %16.10g", weight);
    fprintf(out, " %7.1f%%  %.4g\n", 100 * ock_report_share(r, j), weight > 0 ? sqrt(v->within[j] / weight) : 0);
  }
  if (v->k <= MOST_CLUSTERS_LISTED) return;
  uint64_t n_rest = 0;
  for (size_t j = MOST_CLUSTERS_LISTED; j < v->k; j++) n_rest += v->sizes[j];
  fprintf(out, "  %s %zu more with %s rows\n", g.dots, v->k - MOST_CLUSTERS_LISTED, ock_grouped(n_rest, text));
}

static void cell(double value, int width, const char *dash, FILE *out) {
  char text[32];
  if (isfinite(value))
    fprintf(out, " %*s", width, amount(value, text));
  else
    fprintf(out, "%*s%s", width, "", dash);
}

enum { MOST_OF_CURVE = 6 };

/* The criteria of the table of every k: the one that decides and some that are known best; returns how many. A knee is
 * one of the inertia, which is there anyway. */
static size_t criteria_of_curve(const ock_report *r, const ockham_criterion *shown[MOST_OF_CURVE]) {
  static const char *const names[] = {"bic", "aic", "silhouette", "calinski-harabasz", "davies-bouldin"};
  enum { N = sizeof names / sizeof *names };
  size_t n = 0;
  bool among_them = r->verdict.criterion->direction == OCKHAM_KNEE;
  for (size_t c = 0; c < N; c++) among_them |= strcmp(names[c], r->verdict.criterion->name) == 0;
  if (!among_them) shown[n++] = r->verdict.criterion;
  for (size_t c = 0; c < N; c++) shown[n++] = ockham_criterion_find(names[c]);
  return n;
}

static void curve_table(const ock_report *r, FILE *out) {
  enum { LEAST_WIDTH = 17 };
  const ockham_criterion *shown[MOST_OF_CURVE];
  size_t n = criteria_of_curve(r, shown);
  glyphs g = glyphs_for(r);
  fprintf(out, "\n  %4s %14s", "k", "inertia");
  for (size_t c = 0; c < n; c++) fprintf(out, " %*s", LEAST_WIDTH, shown[c]->title);
  fputc('\n', out);
  for (size_t i = 0; i < r->curve->n_points; i++) {
    fprintf(out, "  %4zu", r->curve->points[i].k);
    cell(r->curve->points[i].inertia, 14, g.dash, out);
    for (size_t c = 0; c < n; c++) {
      int width = display_width(shown[c]->title);
      cell(ockham_criterion_value(shown[c], r->curve, i), width > LEAST_WIDTH ? width : LEAST_WIDTH, g.dash, out);
    }
    fprintf(out, "%s%s\n", i == r->verdict.point ? "  " : "", i == r->verdict.point ? g.arrow : "");
  }
}

void ock_report_explain(const ock_report *r, FILE *out) {
  explain_choice(r, out);
  explain_fallback(r, out);
  ock_report_reasons(r, out);
  explain_disagreement(r, out);
  explain_range(r, out);
  explain_scaling(r, out);
  explain_passes(r, out);
  explain_pairs(r, out);
  explain_missing(r, out);
  explain_agreement(r, out);
}

void ock_report_text(const ock_report *r, FILE *out) {
  answer(r, out);
  ock_report_explain(r, out);
  if (r->options->no_tables) return;
  criteria_table(r, out);
  clusters_table(r, out);
  if (r->options->all_k) curve_table(r, out);
}
