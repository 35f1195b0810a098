/* SPDX-License-Identifier: Apache-2.0 */
#include "report/drift.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what it is of ---- */

/* How much a signal shows: above all that it drifted, then how improbable it is, then how large. */
static double weight_of(const ockham_drift_signal *s) {
  double surprise = !isnan(s->p_value)  ? -log10(s->p_value > 1e-300 ? s->p_value : 1e-300)
                    : s->run_length > 1 ? log10(s->run_length)
                                        : 0;
  return (s->drifted ? 1e6 : 0) + surprise + (s->psi > 0 ? s->psi : 0);
}

static bool order_signals(ock_drift *d) {
  d->order = ock_alloc_array(d->n_signals ? d->n_signals : 1, sizeof *d->order);
  if (!d->order) return false;
  for (size_t s = 0; s < d->n_signals; s++) {
    size_t at = s;
    double weight = weight_of(&d->signals[s]);
    for (; at > 0 && weight_of(&d->signals[d->order[at - 1]]) < weight; at--) d->order[at] = d->order[at - 1];
    d->order[at] = s;
  }
  return true;
}

bool ock_drift_make(const ockham_drift_account *account, ock_drift *drift) {
  const ockham_drift_comparison *batch = account->batch;
  const ockham_drift_state *course = account->course;
  *drift = (ock_drift){.account = account, .profile = account->profile};
  if (batch) {
    drift->signals = batch->signals;
    drift->n_signals = batch->n_signals;
    drift->n_rows = batch->n_rows;
    drift->leading = batch->leading;
    drift->verdict = batch->verdict;
  } else {
    drift->signals = course->signals;
    drift->n_signals = course->n_signals;
    drift->n_rows = course->n_rows;
    drift->leading = course->leading;
    drift->verdict = course->n_episodes > 0 ? OCKHAM_DRIFT_FOUND : OCKHAM_DRIFT_NONE;
  }
  return order_signals(drift);
}

void ock_drift_clear(ock_drift *drift) {
  ock_free(drift->order);
  *drift = (ock_drift){0};
}

const char *ock_drift_verdict_name(ockham_drift_verdict verdict) {
  static const char *const names[] = {
      [OCKHAM_DRIFT_NONE] = "none", [OCKHAM_DRIFT_TRIVIAL] = "trivial", [OCKHAM_DRIFT_FOUND] = "found"};
  return names[verdict];
}

const char *ock_drift_headline(const ock_drift *d) {
  if (d->verdict == OCKHAM_DRIFT_NONE) return "No drift";
  if (d->verdict == OCKHAM_DRIFT_TRIVIAL) return "A difference too small to matter";
  if (d->account->batch) return "Drift found";
  return d->account->course->drifted ? "Drift, and it lasts" : "There was drift; it is over";
}

/* ---- bins ---- */

const ockham_drift_bin *ock_drift_bins(const ock_drift *d, size_t s) {
  const ockham_drift_bin *const *bins = d->account->batch ? d->account->batch->bins : d->account->bins;
  return bins ? bins[s] : NULL;
}

size_t ock_drift_moved_bin(const ock_drift *d, size_t s) {
  const ockham_drift_bin *bins = ock_drift_bins(d, s);
  const ockham_signal *signal = d->signals[s].signal;
  size_t most = signal->kind == OCKHAM_SIGNAL_MISSING; /* not the rows that lack nothing: others say what came */
  for (size_t b = most + 1; bins && b < signal->n_bins; b++)
    if (fabs(bins[b].now - bins[b].reference) > fabs(bins[most].now - bins[most].reference)) most = b;
  return most;
}

size_t ock_drift_example_bin(const ock_drift *d) {
  return d->account->batch ? d->account->batch->grown_bin : d->account->example_bin;
}

bool ock_drift_is_column(const ock_drift *d, size_t s) {
  ockham_signal_kind kind = d->signals[s].signal->kind;
  return kind == OCKHAM_SIGNAL_COLUMN || kind == OCKHAM_SIGNAL_OUTPUT;
}

bool ock_drift_is_number(const ock_drift *d, size_t s) {
  const ockham_signal *signal = d->signals[s].signal;
  return ock_drift_is_column(d, s) && d->profile->columns[signal->index].kind == OCKHAM_COLUMN_NUMBER;
}

ock_odd_bins ock_drift_odd_bins(const ock_drift *d, size_t s) {
  ock_odd_bins odd = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
  size_t n = d->signals[s].signal->n_bins;
  if (!ock_drift_is_column(d, s) || n < 3) return odd;
  odd.missing = n - 1;
  if (ock_drift_is_number(d, s)) {
    odd.below = 0;
    odd.above = n - 2;
  } else {
    odd.fresh = n - 2;
    odd.other = n - 3;
  }
  return odd;
}

/* ---- columns and clusters ---- */

double ock_drift_mean_then(const ock_drift *d, size_t s) {
  return d->profile->ranges[d->signals[s].signal->index].mean;
}

double ock_drift_mean_now(const ock_drift *d, size_t s) {
  const ockham_column_range *range = &d->profile->ranges[d->signals[s].signal->index];
  return range->mean + d->signals[s].shift * range->sd;
}

bool ock_drift_shifted(const ockham_drift_signal *signal) {
  return signal->shift_low > 0 || signal->shift_high < 0;
}

double ock_drift_cluster_centre(const ock_drift *d, size_t c, size_t number) {
  const ockham_profile_parts *p = d->profile;
  double factor = p->factor ? p->factor[number] : 1, centre = p->centre ? p->centre[number] : 0;
  return p->centroids[c * p->n_numbers + number] / factor + centre;
}

static double distance_from_mean(const ock_drift *d, size_t c, size_t number) {
  const ockham_column_range *range = &d->profile->ranges[d->profile->numbers[number]];
  return range->sd > 0 ? fabs(ock_drift_cluster_centre(d, c, number) - range->mean) / range->sd : 0;
}

size_t ock_drift_cluster_marks(const ock_drift *d, size_t c, size_t most, size_t *which) {
  size_t n = 0;
  for (size_t number = 0; number < d->profile->n_numbers; number++) {
    double distance = distance_from_mean(d, c, number);
    if (!(distance >= 0.5)) continue;
    size_t at = n < most ? n++ : most;
    for (; at > 0 && distance_from_mean(d, c, which[at - 1]) < distance; at--)
      if (at < most) which[at] = which[at - 1];
    if (at < most) which[at] = number;
  }
  return n;
}

/* ---- words ---- */

/* Up to OCK_DRIFT_TEXT bytes of it. */
static const char *copy_clean(const char *from, char text[OCK_DRIFT_TEXT]) {
  size_t n = 0;
  for (; from[n] && n + 1 < OCK_DRIFT_TEXT; n++) text[n] = iscntrl((unsigned char)from[n]) ? '?' : from[n];
  while (from[n] && n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80) n--; /* not inside a character */
  text[n] = '\0';
  return text;
}

/* To so many bytes, not inside a character. */
static void cut_to(char *text, size_t most) {
  size_t n = strlen(text);
  if (n <= most) return;
  n = most;
  while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
  text[n] = '\0';
}

const char *ock_drift_name(const ock_drift *d, size_t s, char text[OCK_DRIFT_TEXT]) {
  const ockham_signal *signal = d->signals[s].signal;
  char name[OCK_DRIFT_TEXT];
  switch (signal->kind) {
    case OCKHAM_SIGNAL_CLUSTERS:
      return copy_clean("shares of the clusters", text);
    case OCKHAM_SIGNAL_DISTANCE:
      return copy_clean("distance from centres", text);
    case OCKHAM_SIGNAL_MISSING:
      return copy_clean("missing cells a row", text);
    case OCKHAM_SIGNAL_DIRECTION:
      snprintf(text, OCK_DRIFT_TEXT, "%.16s: %.*s", signal->name, OCK_DRIFT_TEXT - 20,
               ock_drift_direction(d, signal->index, name));
      return text;
    default:
      copy_clean(signal->name, name);
      snprintf(text, OCK_DRIFT_TEXT, "%s %.*s", signal->kind == OCKHAM_SIGNAL_OUTPUT ? "output" : "column",
               OCK_DRIFT_TEXT - 8, name);
      return text;
  }
}

const char *ock_drift_direction(const ock_drift *d, size_t direction, char text[OCK_DRIFT_TEXT]) {
  enum { MOST = 3, NAME_BYTES = 32 };
  size_t columns[MOST], used = 0;
  double weights[MOST], all = 0;
  size_t n = ockham_profile_direction_columns(d->profile, direction, MOST, columns, weights);
  text[0] = '\0';
  for (size_t i = 0; i < n && all < 0.995; i++) {
    char name[OCK_DRIFT_TEXT], sign = weights[i] < 0 ? '-' : '+';
    copy_clean(d->profile->columns[columns[i]].name, name);
    cut_to(name, NAME_BYTES);
    if (i > 0)
      used += (size_t)snprintf(text + used, OCK_DRIFT_TEXT - used, " %c ", sign);
    else if (sign == '-')
      used += (size_t)snprintf(text + used, OCK_DRIFT_TEXT - used, "-");
    used += (size_t)snprintf(text + used, OCK_DRIFT_TEXT - used, "%.2f %s", fabs(weights[i]), name);
    all += weights[i] * weights[i];
  }
  if (all < 0.995) snprintf(text + used, OCK_DRIFT_TEXT - used, " + ...");
  return text;
}

/* Distances are ranked within their cluster: of one alone there is a range. */
static const char *distance_bin(const ock_drift *d, const char *name, size_t bin, char text[OCK_DRIFT_TEXT]) {
  enum { N_EDGES = OCKHAM_PROFILE_DISTANCE_BINS - 1 };
  const double *edges = d->profile->distance_edges;
  char low[32], high[32];
  if (d->profile->k != 1 || !edges || bin > N_EDGES) return copy_clean(name, text);
  if (bin > 0) ock_drift_amount(sqrt(edges[bin - 1]), low);
  if (bin < N_EDGES) ock_drift_amount(sqrt(edges[bin]), high);
  if (bin == 0)
    snprintf(text, OCK_DRIFT_TEXT, "below %s (%s)", high, name);
  else if (bin == N_EDGES)
    snprintf(text, OCK_DRIFT_TEXT, "above %s (%s)", low, name);
  else
    snprintf(text, OCK_DRIFT_TEXT, "%s to %s (%s)", low, high, name);
  return text;
}

const char *ock_drift_bin(const ock_drift *d, size_t s, size_t bin, char text[OCK_DRIFT_TEXT]) {
  const ockham_signal *signal = d->signals[s].signal;
  size_t k = d->profile->k;
  if (signal->kind == OCKHAM_SIGNAL_MISSING) {
    snprintf(text, OCK_DRIFT_TEXT, "%.32s missing cell%s", bin ? signal->bin_names[bin] : "no", bin < 2 ? "" : "s");
    return text;
  }
  if (signal->kind == OCKHAM_SIGNAL_DISTANCE) return distance_bin(d, signal->bin_names[bin], bin, text);
  if (signal->kind != OCKHAM_SIGNAL_CLUSTERS) return copy_clean(signal->bin_names[bin], text);
  if (bin >= k) return copy_clean(bin == k ? "outside all clusters" : "rows without a number", text);
  snprintf(text, OCK_DRIFT_TEXT, "cluster %zu", bin);
  return text;
}

const char *ock_drift_cluster(const ock_drift *d, size_t c, char text[OCK_DRIFT_TEXT]) {
  enum { MOST = 3, MOST_BYTES = 34 };
  size_t which[MOST], n = ock_drift_cluster_marks(d, c, MOST, which), used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < n; i++) {
    char name[OCK_DRIFT_TEXT], value[32];
    copy_clean(d->profile->columns[d->profile->numbers[which[i]]].name, name);
    ock_drift_amount(ock_drift_cluster_centre(d, c, which[i]), value);
    if (used + strlen(name) + strlen(value) + 3 > MOST_BYTES) continue;
    used += (size_t)snprintf(text + used, OCK_DRIFT_TEXT - used, "%s%s %s", used ? ", " : "", name, value);
  }
  return text;
}

const char *ock_drift_example_text(const ock_drift *d, size_t i, size_t column) {
  const ockham_profile_column *c = &d->profile->columns[column];
  size_t at = i * d->profile->n_columns + column;
  double value = d->account->example_values[at];
  if (d->account->example_texts && d->account->example_texts[at]) return d->account->example_texts[at];
  return value >= 0 && value < (double)c->n_texts ? c->texts[(size_t)value] : NULL;
}

const char *ock_drift_change(const ock_drift *d, size_t s, const char *arrow, char text[2 * OCK_DRIFT_TEXT]) {
  const ockham_drift_bin *bins = ock_drift_bins(d, s);
  char a[32], b[32], name[OCK_DRIFT_TEXT];
  size_t bin = ock_drift_moved_bin(d, s);
  text[0] = '\0';
  if (ock_drift_is_number(d, s) && ock_drift_shifted(&d->signals[s]))
    snprintf(text, 2 * OCK_DRIFT_TEXT, "mean %s %s %s", ock_drift_amount(ock_drift_mean_then(d, s), a), arrow,
             ock_drift_amount(ock_drift_mean_now(d, s), b));
  else if (bins)
    snprintf(text, 2 * OCK_DRIFT_TEXT, "%s: %s %s %s", ock_drift_bin(d, s, bin, name),
             ock_drift_percent(bins[bin].reference, a), arrow, ock_drift_percent(bins[bin].now, b));
  return text;
}

/* Those of a column: of an output with the word before it. */
static void say_rows_of_column(const ock_drift *d, size_t s, size_t bin, char text[2 * OCK_DRIFT_TEXT]) {
  const ockham_signal *signal = d->signals[s].signal;
  ock_odd_bins odd = ock_drift_odd_bins(d, s);
  char name[OCK_DRIFT_TEXT], in[OCK_DRIFT_TEXT];
  const char *output = signal->kind == OCKHAM_SIGNAL_OUTPUT ? "output " : "";
  copy_clean(signal->name, name);
  ock_drift_bin(d, s, bin, in);
  if (bin == signal->n_bins - 1)
    snprintf(text, 2 * OCK_DRIFT_TEXT, "rows without %s%s", output, name);
  else if (bin == odd.fresh)
    snprintf(text, 2 * OCK_DRIFT_TEXT, "rows with texts in %s%s that the reference has not", output, name);
  else if (bin == odd.other)
    snprintf(text, 2 * OCK_DRIFT_TEXT, "rows with rare texts in %s%s", output, name);
  else
    snprintf(text, 2 * OCK_DRIFT_TEXT, ock_drift_is_number(d, s) ? "rows with %s%s %s" : "rows with %s%s '%s'", output,
             name, in);
}

static void say_rows(const ock_drift *d, size_t s, size_t bin, char text[2 * OCK_DRIFT_TEXT]) {
  const ockham_signal *signal = d->signals[s].signal;
  char in[OCK_DRIFT_TEXT], marks[OCK_DRIFT_TEXT] = "";
  ock_drift_bin(d, s, bin, in);
  switch (signal->kind) {
    case OCKHAM_SIGNAL_CLUSTERS:
      if (bin < d->profile->k) ock_drift_cluster(d, bin, marks);
      snprintf(text, 2 * OCK_DRIFT_TEXT, "%s%s%s%s%s", bin == d->profile->k ? "rows " : "", in, marks[0] ? " (" : "",
               marks, marks[0] ? ")" : "");
      return;
    case OCKHAM_SIGNAL_DISTANCE:
      if (bin == signal->n_bins - 1)
        snprintf(text, 2 * OCK_DRIFT_TEXT, "rows at an unknown distance from their cluster's centre");
      else if (d->profile->k == 1)
        snprintf(text, 2 * OCK_DRIFT_TEXT, "rows at a distance %s from the centre", in);
      else
        snprintf(text, 2 * OCK_DRIFT_TEXT, "rows in the %s bins of distance from their cluster's centre", in);
      return;
    case OCKHAM_SIGNAL_DIRECTION:
      snprintf(text, 2 * OCK_DRIFT_TEXT, "rows whose %.120s is %s (%.16s)",
               ock_drift_direction(d, signal->index, marks), in, signal->name);
      return;
    case OCKHAM_SIGNAL_MISSING:
      snprintf(text, 2 * OCK_DRIFT_TEXT, "rows with %s", in);
      return;
    default:
      say_rows_of_column(d, s, bin, text);
  }
}

const char *ock_drift_sentence(const ock_drift *d, size_t s, char text[3 * OCK_DRIFT_TEXT]) {
  const ockham_drift_bin *bins = ock_drift_bins(d, s);
  char a[32], b[32], rows[2 * OCK_DRIFT_TEXT];
  size_t bin = ock_drift_moved_bin(d, s);
  text[0] = '\0';
  if (ock_drift_is_number(d, s) && ock_drift_shifted(&d->signals[s])) {
    copy_clean(d->signals[s].signal->name, rows);
    snprintf(text, 3 * OCK_DRIFT_TEXT, "the mean of %s%s %s from %s to %s",
             d->signals[s].signal->kind == OCKHAM_SIGNAL_OUTPUT ? "output " : "", rows,
             d->signals[s].shift > 0 ? "rose" : "fell", ock_drift_amount(ock_drift_mean_then(d, s), a),
             ock_drift_amount(ock_drift_mean_now(d, s), b));
  } else if (bins) {
    say_rows(d, s, bin, rows);
    snprintf(text, 3 * OCK_DRIFT_TEXT, "%s %s from %s to %s", rows,
             bins[bin].now < bins[bin].reference ? "fell" : "rose", ock_drift_percent(bins[bin].reference, a),
             ock_drift_percent(bins[bin].now, b));
  }
  return text;
}

const char *ock_drift_percent(double share, char text[32]) {
  double percent = 100 * share, size = fabs(percent), from_all = fabs(100 - size);
  bool fine = (size > 0 && size < 0.0995) || (from_all > 1e-9 && from_all < 0.0995);
  snprintf(text, 32, "%.*f %%", fine ? 2 : 1, percent);
  return text;
}

const char *ock_drift_fixed(double value, int digits, char text[32]) {
  snprintf(text, 32, "%.*f", digits, value);
  if (text[0] == '-' && strtod(text, NULL) == 0) snprintf(text, 32, "%.*f", digits, 0.0);
  return text;
}

const char *ock_drift_signed(double value, int digits, char text[32]) {
  for (int more = 0; more < 2; more++) {
    snprintf(text, 32, "%+.*f", digits + more, value);
    if (strtod(text, NULL) != 0) return text;
  }
  snprintf(text, 32, "%.*f", digits, 0.0);
  return text;
}

const char *ock_drift_amount(double value, char text[32]) {
  double size = fabs(value);
  char digits[32];
  if (isnan(value))
    snprintf(text, 32, "-");
  else if (size >= 1000 && size < 1e9)
    snprintf(text, 32, "%s%s", value < 0 ? "-" : "", ock_grouped((uint64_t)(size + 0.5), digits));
  else
    snprintf(text, 32, "%.4g", value);
  return text;
}

const char *ock_drift_p(double p, char text[32]) {
  if (p < 1e-16)
    snprintf(text, 32, "p < 1e-16");
  else
    snprintf(text, 32, "p = %.2g", p);
  return text;
}

/* ---- texts for callers ---- */

typedef struct telling {
  const ock_drift *drift;
  const ockham_drift_report_options *options;
  bool alarm;
} telling;

static bool tell(const void *what, FILE *out) {
  const telling *t = what;
  if (t->options->format == OCKHAM_FORMAT_JSON)
    return t->alarm ? ock_drift_alarm_json(t->drift, out) : ock_drift_json(t->drift, out);
  if (t->alarm)
    ock_drift_alarm_text(t->drift, out);
  else
    ock_drift_text(t->drift, t->options, out);
  return true;
}

static ockham_status report(const ockham_drift_account *account, const ockham_drift_report_options *options, bool alarm,
                            char **text, ockham_error *err) {
  static const ockham_drift_report_options defaults = {0};
  ock_drift drift;
  telling t = {.drift = &drift, .options = options ? options : &defaults, .alarm = alarm};
  *text = NULL;
#ifndef OCK_HAVE_JANSSON
  if (t.options->format == OCKHAM_FORMAT_JSON)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "this build has no JSON (jansson was not found when it was configured)");
#endif
  if (ock_drift_make(account, &drift)) *text = ock_text_of(tell, &t);
  ock_drift_clear(&drift);
  return *text ? OCKHAM_OK : ock_fail_memory(err, "the report", 1);
}

ockham_status ockham_report_drift(const ockham_drift_account *account, const ockham_drift_report_options *options,
                                  char **text, ockham_error *err) {
  return report(account, options, false, text, err);
}

ockham_status ockham_report_drift_alarm(const ockham_drift_account *account, const ockham_drift_report_options *options,
                                        char **text, ockham_error *err) {
  return report(account, options, true, text, err);
}
