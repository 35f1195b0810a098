/* SPDX-License-Identifier: Apache-2.0 */
#include "report/drift.h"

#include <ctype.h>
#include <math.h>
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
  size_t most = 0;
  for (size_t b = 1; bins && b < d->signals[s].signal->n_bins; b++)
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
      return copy_clean(signal->name, text);
    default:
      copy_clean(signal->name, name);
      snprintf(text, OCK_DRIFT_TEXT, "%s %.*s", signal->kind == OCKHAM_SIGNAL_OUTPUT ? "output" : "column",
               OCK_DRIFT_TEXT - 8, name);
      return text;
  }
}

const char *ock_drift_bin(const ock_drift *d, size_t s, size_t bin, char text[OCK_DRIFT_TEXT]) {
  const ockham_signal *signal = d->signals[s].signal;
  size_t k = d->profile->k;
  if (signal->kind == OCKHAM_SIGNAL_MISSING) {
    snprintf(text, OCK_DRIFT_TEXT, "%.32s missing", signal->bin_names[bin]);
    return text;
  }
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

const char *ock_drift_percent(double share, char text[32]) {
  double percent = 100 * share, size = fabs(percent);
  snprintf(text, 32, "%.*f %%", size > 0 && size < 0.0995 ? 2 : 1, percent);
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
