/* SPDX-License-Identifier: Apache-2.0 */
#include "report/drift_json.h"

#ifdef OCK_HAVE_JANSSON

#include <math.h>

enum { NAME_CHARACTERS = OCKHAM_PAGE_NAME_CHARACTERS };

static const char *signal_kind(ockham_signal_kind kind) {
#define WORD(name, word, meaning, group) [OCKHAM_SIGNAL_##name] = word,
  static const char *const words[] = {OCKHAM_SIGNAL_LIST(WORD)};
#undef WORD
  return words[kind];
}

static const char *group_name(ockham_signal_group group) {
#define WORD(name, word) [OCKHAM_GROUP_##name] = word,
  static const char *const words[] = {OCKHAM_SIGNAL_GROUP_LIST(WORD)};
#undef WORD
  return words[group];
}

/* ---- signals ---- */

static json_t *bins(const ock_drift *d, size_t s) {
  const ockham_drift_bin *bin = ock_drift_bins(d, s);
  const ockham_signal *signal = d->signals[s].signal;
  json_t *array = json_array();
  for (size_t b = 0; bin && b < signal->n_bins; b++) {
    json_t *object = json_object();
    ock_json_put(&object, "name", ock_json_text(signal->bin_names[b], NAME_CHARACTERS));
    ock_json_put(&object, "reference", ock_json_number(bin[b].reference));
    ock_json_put(&object, "now", ock_json_number(bin[b].now));
    ock_json_put(&object, "low", ock_json_number(bin[b].low));
    ock_json_put(&object, "high", ock_json_number(bin[b].high));
    ock_json_append(&array, object);
  }
  return array;
}

static void put_mean(const ock_drift *d, size_t s, json_t **object) {
  bool known = ock_drift_is_number(d, s) && !isnan(d->signals[s].shift);
  ock_json_put(object, "mean_reference", ock_json_number(known ? ock_drift_mean_then(d, s) : NAN));
  ock_json_put(object, "mean_now", ock_json_number(known ? ock_drift_mean_now(d, s) : NAN));
}

/* A direction's columns of the largest weights. */
static json_t *made_of(const ock_drift *d, size_t direction) {
  enum { MOST = 3 };
  size_t columns[MOST];
  double weights[MOST];
  size_t n = ockham_profile_direction_columns(d->profile, direction, MOST, columns, weights);
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) {
    json_t *object = json_object();
    ock_json_put(&object, "column", ock_json_text(d->profile->columns[columns[i]].name, NAME_CHARACTERS));
    ock_json_put(&object, "weight", ock_json_number(weights[i]));
    ock_json_append(&array, object);
  }
  return array;
}

static json_t *signal_object(const ock_drift *d, size_t s) {
  const ockham_drift_signal *signal = &d->signals[s];
  json_t *object = json_object();
  ock_json_put(&object, "name", ock_json_text(signal->signal->name, NAME_CHARACTERS));
  ock_json_put(&object, "kind", json_string(signal_kind(signal->signal->kind)));
  ock_json_put(&object, "group", json_string(group_name(signal->signal->group)));
  ock_json_put(&object, "drifted", json_boolean(signal->drifted));
  ock_json_put(&object, "p_value", ock_json_number(signal->p_value));
  ock_json_put(&object, "statistic", ock_json_number(signal->statistic));
  ock_json_put(&object, "limit", ock_json_number(signal->limit));
  ock_json_put(&object, "run_length", ock_json_number(signal->run_length));
  ock_json_put(&object, "asked_run_length", ock_json_number(signal->asked_run_length));
  ock_json_put(&object, "rows_effective", ock_json_number(signal->n_effective));
  ock_json_put(&object, "psi", ock_json_number(signal->psi));
  ock_json_put(&object, "psi_low", ock_json_number(signal->psi_low));
  ock_json_put(&object, "psi_high", ock_json_number(signal->psi_high));
  ock_json_put(&object, "js", ock_json_number(signal->js));
  ock_json_put(&object, "shift", ock_json_number(signal->shift));
  ock_json_put(&object, "shift_low", ock_json_number(signal->shift_low));
  ock_json_put(&object, "shift_high", ock_json_number(signal->shift_high));
  put_mean(d, s, &object);
  if (signal->signal->kind == OCKHAM_SIGNAL_DIRECTION)
    ock_json_put(&object, "made_of", made_of(d, signal->signal->index));
  ock_json_put(&object, "stickiness", ock_json_number(signal->signal->stickiness));
  ock_json_put(&object, "bins", bins(d, s));
  return object;
}

static json_t *signals(const ock_drift *d) {
  json_t *array = json_array();
  for (size_t i = 0; i < d->n_signals; i++) ock_json_append(&array, signal_object(d, d->order[i]));
  return array;
}

/* ---- clusters by what marks them ---- */

static json_t *cluster(const ock_drift *d, size_t c) {
  enum { MOST = 3 };
  size_t which[MOST], n = ock_drift_cluster_marks(d, c, MOST, which);
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) {
    size_t column = d->profile->numbers[which[i]];
    json_t *object = json_object();
    ock_json_put(&object, "column", ock_json_text(d->profile->columns[column].name, NAME_CHARACTERS));
    ock_json_put(&object, "centre", ock_json_number(ock_drift_cluster_centre(d, c, which[i])));
    ock_json_put(&object, "mean", ock_json_number(d->profile->ranges[column].mean));
    ock_json_append(&array, object);
  }
  return array;
}

static json_t *clusters(const ock_drift *d) {
  json_t *array = json_array();
  for (size_t c = 0; c < d->profile->k; c++) ock_json_append(&array, cluster(d, c));
  return array;
}

/* ---- the course ---- */

static json_t *episode(const ock_drift *d, const ockham_drift_episode *e) {
  json_t *object = json_object();
  ock_json_put(&object, "number", ock_json_integer(e->number));
  ock_json_put(&object, "since_row", ock_json_integer(e->since_row));
  ock_json_put(&object, "noticed_row", ock_json_integer(e->noticed_row));
  ock_json_put(&object, "until_row", e->until_row ? ock_json_integer(e->until_row) : json_null());
  ock_json_put(&object, "signal", ock_json_text(d->signals[e->signal].signal->name, NAME_CHARACTERS));
  ock_json_put(&object, "kind", json_string(signal_kind(d->signals[e->signal].signal->kind)));
  ock_json_put(&object, "run_length", ock_json_number(e->run_length));
  ock_json_put(&object, "psi", ock_json_number(e->psi));
  ock_json_put(&object, "since_s", ock_json_number(e->since_s > 0 ? e->since_s : NAN));
  ock_json_put(&object, "noticed_s", ock_json_number(e->noticed_s > 0 ? e->noticed_s : NAN));
  return object;
}

static json_t *episodes(const ock_drift *d, const ockham_drift_state *c) {
  json_t *array = json_array();
  for (size_t i = 0; i < c->n_kept; i++) ock_json_append(&array, episode(d, &c->episodes[i]));
  return array;
}

/* Each point as [row, alarm level]. */
static json_t *points(const ockham_drift_state *c) {
  json_t *array = json_array();
  for (size_t i = 0; i < c->n_points; i++) {
    json_t *point = json_array();
    ock_json_append(&point, ock_json_integer(c->points[i].row));
    ock_json_append(&point, ock_json_number(c->points[i].alarm_level));
    ock_json_append(&array, point);
  }
  return array;
}

static json_t *course(const ock_drift *d) {
  const ockham_drift_state *c = d->account->course;
  if (!c) return json_null();
  json_t *object = json_object();
  ock_json_put(&object, "rows", ock_json_integer(c->n_rows));
  ock_json_put(&object, "drifted", json_boolean(c->drifted));
  ock_json_put(&object, "rows_per_false_alarm", ock_json_number(c->asked_run_length));
  ock_json_put(&object, "rehearsed", ock_json_number(c->achieved_run_length));
  ock_json_put(&object, "rehearsed_low", ock_json_number(c->achieved_low));
  ock_json_put(&object, "rehearsed_high", ock_json_number(c->achieved_high));
  ock_json_put(&object, "n_episodes", ock_json_integer(c->n_episodes));
  ock_json_put(&object, "episodes", episodes(d, c));
  ock_json_put(&object, "points", points(c));
  return object;
}

/* ---- examples ---- */

static json_t *cell(const ock_drift *d, size_t i, size_t column) {
  double value = d->account->example_values[i * d->profile->n_columns + column];
  if (d->profile->columns[column].kind == OCKHAM_COLUMN_NUMBER || isnan(value)) return ock_json_number(value);
  return ock_json_text(ock_drift_example_text(d, i, column), NAME_CHARACTERS);
}

static json_t *example(const ock_drift *d, size_t i) {
  const ockham_drift_account *a = d->account;
  json_t *object = json_object(), *values = json_array();
  for (size_t j = 0; j < d->profile->n_columns; j++) ock_json_append(&values, cell(d, i, j));
  ock_json_put(&object, "row", ock_json_integer(a->example_rows[i]));
  ock_json_put(&object, "values", values);
  return object;
}

static json_t *examples(const ock_drift *d) {
  const ockham_drift_account *a = d->account;
  const ockham_drift_bin *bin = d->n_signals ? ock_drift_bins(d, d->leading) : NULL;
  json_t *object = json_object(), *rows = json_array(), *columns = json_array();
  if (a->n_examples == 0 || !bin) {
    json_decref(object);
    json_decref(rows);
    json_decref(columns);
    return json_null();
  }
  const ockham_signal *signal = d->signals[d->leading].signal;
  size_t b = ock_drift_example_bin(d);
  for (size_t j = 0; j < d->profile->n_columns; j++)
    ock_json_append(&columns, ock_json_text(d->profile->columns[j].name, NAME_CHARACTERS));
  for (size_t i = 0; i < a->n_examples; i++) ock_json_append(&rows, example(d, i));
  ock_json_put(&object, "signal", ock_json_text(signal->name, NAME_CHARACTERS));
  ock_json_put(&object, "kind", json_string(signal_kind(signal->kind)));
  ock_json_put(&object, "bin", ock_json_text(signal->bin_names[b], NAME_CHARACTERS));
  ock_json_put(&object, "reference", ock_json_number(bin[b].reference));
  ock_json_put(&object, "now", ock_json_number(bin[b].now));
  ock_json_put(&object, "columns", columns);
  ock_json_put(&object, "rows", rows);
  return object;
}

/* ---- the whole ---- */

static json_t *absent(const ock_drift *d) {
  json_t *array = json_array();
  for (size_t i = 0; i < d->account->n_absent; i++)
    ock_json_append(&array, ock_json_text(d->account->absent_columns[i], NAME_CHARACTERS));
  return array;
}

static void put_batch(const ock_drift *d, json_t **object) {
  const ockham_drift_comparison *b = d->account->batch;
  if (!b) return;
  ock_json_put(object, "p_value", ock_json_number(b->p_value));
  ock_json_put(object, "level", ock_json_number(b->level));
  ock_json_put(object, "min_effect", ock_json_number(b->min_effect));
  ock_json_put(object, "smallest_shift", ock_json_number(b->smallest_shift));
}

json_t *ock_json_drift(const ock_drift *d) {
  const ockham_drift_account *a = d->account;
  json_t *object = json_object();
  ock_json_put(&object, "format", ock_json_integer(1));
  if (!a->batch) ock_json_put(&object, "event", json_string("summary"));
  ock_json_put(&object, "kind", json_string(a->batch ? "batch" : "stream"));
  ock_json_put(&object, "verdict", json_string(ock_drift_verdict_name(d->verdict)));
  ock_json_put(&object, "n_rows", ock_json_integer(d->n_rows));
  ock_json_put(&object, "reference_rows", ock_json_integer(d->profile->n_rows));
  put_batch(d, &object);
  ock_json_put(&object, "leading",
               d->n_signals ? ock_json_text(d->signals[d->leading].signal->name, NAME_CHARACTERS) : json_null());
  ock_json_put(&object, "course", course(d));
  ock_json_put(&object, "examples", examples(d));
  ock_json_put(&object, "absent_columns", absent(d));
  ock_json_put(&object, "extra_columns", ock_json_integer(a->n_extra));
  ock_json_put(&object, "clusters", clusters(d));
  ock_json_put(&object, "signals", signals(d));
  ock_json_put(&object, "version", json_string(ockham_version()));
  return object;
}

bool ock_drift_json(const ock_drift *drift, FILE *out) {
  return ock_json_dump(ock_json_drift(drift), out);
}

bool ock_drift_alarm_json(const ock_drift *d, FILE *out) {
  const ockham_drift_state *c = d->account->course;
  if (c->n_kept == 0) return ock_json_dump(json_object(), out);
  json_t *object = episode(d, &c->episodes[c->n_kept - 1]);
  ock_json_put(&object, "event", json_string(c->episodes[c->n_kept - 1].until_row ? "end" : "alarm"));
  return ock_json_dump(object, out);
}

#else

bool ock_drift_json(const ock_drift *drift, FILE *out) {
  (void)drift;
  (void)out;
  return false;
}

bool ock_drift_alarm_json(const ock_drift *drift, FILE *out) {
  (void)drift;
  (void)out;
  return false;
}

#endif
