/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json.h"

#ifdef OCK_HAVE_JANSSON

#include <math.h>
#include <string.h>

#include "report/page.h"

void ock_json_put(json_t **object, const char *key, json_t *value) {
  if (json_object_set_new(*object, key, value) == 0) return;
  json_decref(*object);
  *object = NULL;
}

void ock_json_append(json_t **array, json_t *value) {
  if (json_array_append_new(*array, value) == 0) return;
  json_decref(*array);
  *array = NULL;
}

json_t *ock_json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

json_t *ock_json_integer(uint64_t value) {
  return json_integer((json_int_t)value);
}

json_t *ock_json_text(const char *from, size_t most_characters) {
  if (!from) return json_null();
  char *clean = ock_text_clean(from, most_characters);
  json_t *string = clean ? json_string(clean) : NULL;
  ock_free(clean);
  return string;
}

bool ock_json_dump(json_t *object, FILE *out) {
  bool whole = object && json_dumpf(object, out, JSON_REAL_PRECISION(17)) == 0;
  json_decref(object);
  return whole;
}

/* ASCII only, and "<", ">" and "&" escaped, too: then nothing in it ends the element, nor begins a comment. */
static int write_escaped(const char *buffer, size_t size, void *arg) {
  FILE *out = arg;
  for (size_t i = 0; i < size; i++) {
    if (strchr("<>&", buffer[i]) && buffer[i])
      fprintf(out, "\\u%04x", (unsigned)buffer[i]);
    else
      fputc(buffer[i], out);
  }
  return 0;
}

bool ock_json_dump_escaped(json_t *object, FILE *out) {
  bool whole = object && json_dump_callback(object, write_escaped, out,
                                            JSON_REAL_PRECISION(17) | JSON_ENSURE_ASCII | JSON_COMPACT) == 0;
  json_decref(object);
  return whole;
}

/* A seed of 2^63 and more, which a JSON integer of jansson cannot hold, is a string. */
static json_t *seed(uint64_t value) {
  char digits[24];
  if (value <= INT64_MAX) return ock_json_integer(value);
  snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
  return json_string(digits);
}

static json_t *choices(const ock_report *r) {
  const ockham_curve *curve = r->curve;
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  json_t *object = json_object();
  for (size_t c = 0; c < n; c++) {
    if (!ock_report_shows(r, &criteria[c])) continue;
    size_t i = ockham_criterion_choose(&criteria[c], curve);
    ock_json_put(&object, criteria[c].name, i == SIZE_MAX ? json_null() : ock_json_integer(curve->points[i].k));
  }
  return object;
}

/* Standard errors, and the s(k) of gaps, of what is shown. */
static void put_resample_errors(const ock_report *r, const ockham_resample_statistics *s, json_t **object) {
  const struct {
    const char *criterion, *key;
    double value;
  } errors[] = {{"gap", "gap_error", s->gap.error},
                {"gap-pca", "gap-pca_error", s->gap_pca.error},
                {"gap-star", "gap-star_error", s->gap_star.error},
                {"prediction-strength", "prediction-strength_error", s->prediction_strength_error},
                {"bootstrap-instability", "bootstrap-instability_error", s->instability_error},
                {"bootstrap-jaccard", "bootstrap-jaccard_mean", s->jaccard_mean}};
  for (size_t e = 0; e < sizeof errors / sizeof *errors; e++)
    if (ock_report_shows(r, ockham_criterion_find(errors[e].criterion)))
      ock_json_put(object, errors[e].key, ock_json_number(errors[e].value));
}

static json_t *point(const ock_report *r, size_t i) {
  const ockham_curve *curve = r->curve;
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  ockham_fit_score bic = ockham_score_bic(curve, i);
  json_t *object = json_object();
  ock_json_put(&object, "k", ock_json_integer(curve->points[i].k));
  ock_json_put(&object, "inertia", ock_json_number(curve->points[i].inertia));
  for (size_t c = 0; c < n; c++)
    if (criteria[c].direction != OCKHAM_KNEE && ock_report_shows(r, &criteria[c]))
      ock_json_put(&object, criteria[c].name, ock_json_number(ockham_criterion_value(&criteria[c], curve, i)));
  double silhouette = curve->points[i].silhouette;
  ock_json_put(&object, "silhouette_error",
               ock_json_number(isnan(silhouette) ? NAN : curve->points[i].silhouette_error));
  ock_json_put(&object, "model", json_string(bic.variances_differ ? "VII" : "EII"));
  ock_json_put(&object, "log_likelihood", ock_json_number(bic.log_likelihood));
  if (curve->has_mixtures && isfinite(curve->points[i].mixture_bic)) {
    ock_json_put(&object, "mixture_family", json_string(ockham_covariance_name(curve->points[i].mixture_family)));
    ock_json_put(&object, "mixture_tail", ock_json_number(curve->points[i].mixture_tail));
    static const char *const shapes[] = {[OCKHAM_SHAPE_COMPONENTS] = "components",
                                         [OCKHAM_SHAPE_STUDENT] = "student",
                                         [OCKHAM_SHAPE_SKEWED] = "skewed",
                                         [OCKHAM_SHAPE_BOX] = "box"};
    ock_json_put(&object, "mixture_shape", json_string(shapes[curve->points[i].mixture_shape]));
  }
  if (curve->points[i].resamples) put_resample_errors(r, curve->points[i].resamples, &object);
  return object;
}

static json_t *points(const ock_report *r) {
  json_t *array = json_array();
  for (size_t i = 0; i < r->curve->n_points; i++) ock_json_append(&array, point(r, i));
  return array;
}

static json_t *sizes(const ockham_verdict *v) {
  json_t *array = json_array();
  for (size_t j = 0; j < v->k; j++) ock_json_append(&array, ock_json_integer(v->sizes[j]));
  return array;
}

static json_t *weights(const ockham_verdict *v) {
  json_t *array = json_array();
  for (size_t j = 0; j < v->k; j++) ock_json_append(&array, ock_json_number(v->weights[j]));
  return array;
}

static const char *scale_name(const ockham_scaling *scaling) {
  if (!scaling || scaling->kind == OCKHAM_SCALE_NONE) return "none";
  return scaling->kind == OCKHAM_SCALE_ROBUST ? "robust" : "standard";
}

static void add_context(json_t **object, const ock_report *r) {
  const ockham_report_options *o = r->options;
  ock_json_put(object, "scale", json_string(scale_name(o->scaling)));
  ock_json_put(object, "rows_dropped", ock_json_integer(o->n_rows_dropped));
  ock_json_put(object, "cells_filled", ock_json_integer(o->n_cells_filled));
  ock_json_put(object, "seed", seed(o->seed));
  ock_json_put(object, "version", json_string(ockham_version()));
  if (!o->agreement) return;
  ock_json_put(object, "adjusted_rand", ock_json_number(o->agreement->adjusted_rand));
  ock_json_put(object, "adjusted_mutual_information", ock_json_number(o->agreement->adjusted_mutual_information));
}

static json_t *work(const ock_report *r) {
  ockham_work w = ockham_sweep_work(r->sweep);
  json_t *object = json_object();
  ock_json_put(&object, "distances", ock_json_integer(w.distances));
  ock_json_put(&object, "plain_distances", ock_json_integer(w.plain_distances));
  ock_json_put(&object, "steps", ock_json_integer(w.steps));
  ock_json_put(&object, "passes", ock_json_integer(w.passes));
  return object;
}

static json_t *confidence(const ock_report *r) {
  const ockham_confidence *c = &r->verdict.confidence;
  json_t *object = json_object(), *halves = json_object();
  for (size_t i = 0; i < r->curve->n_points; i++) {
    char k[24];
    size_t count = ockham_sweep_half_count(r->sweep, r->curve->points[i].k);
    snprintf(k, sizeof k, "%zu", r->curve->points[i].k);
    if (count) ock_json_put(&halves, k, ock_json_integer(count));
  }
  ock_json_put(&object, "halves", halves);
  ock_json_put(&object, "n_halves", ock_json_integer(c->n_halves));
  ock_json_put(&object, "unclear", json_boolean(c->unclear));
  if (!isnan(c->z)) ock_json_put(&object, "z", ock_json_number(c->z));
  ock_json_put(&object, "overlap", ock_json_number(c->overlap));
  json_t *most = json_array();
  ock_json_append(&most, ock_json_integer(c->merge_a));
  ock_json_append(&most, ock_json_integer(c->merge_b));
  ock_json_put(&object, "overlapping", c->overlap > 0 ? most : json_null());
  if (!(c->overlap > 0)) json_decref(most);
  ock_json_put(&object, "peaks", c->n_peaks ? ock_json_integer(c->n_peaks) : json_null());
  ock_json_put(&object, "bent_groups", ock_json_integer(c->n_bent));
  ock_json_put(&object, "bent_share", ock_json_number(c->bent_share));
  ock_json_put(&object, "split", c->has_split ? ock_json_integer(c->split) : json_null());
  return object;
}

json_t *ock_json_sweep(const ock_report *r) {
  const ockham_verdict *v = &r->verdict;
  const ockham_curve *curve = r->curve;
  json_t *object = json_object();
  ock_json_put(&object, "n_rows", ock_json_integer(curve->n_rows));
  ock_json_put(&object, "n_columns", ock_json_integer(curve->n_columns));
  ock_json_put(&object, "k", v->undecided ? json_null() : ock_json_integer(v->k));
  ock_json_put(&object, "criterion", json_string(v->criterion->name));
  ock_json_put(&object, "weight", ock_json_number(v->weight));
  ock_json_put(&object, "k_min", ock_json_integer(curve->points[0].k));
  ock_json_put(&object, "k_max", ock_json_integer(curve->points[curve->n_points - 1].k));
  ock_json_put(&object, "at_edge", json_boolean(v->at_edge));
  ock_json_put(&object, "at_lower_edge", json_boolean(v->at_lower_edge));
  ock_json_put(&object, "extended", json_boolean(v->extended));
  ock_json_put(&object, "distinct_limit", json_boolean(v->distinct_limit));
  ock_json_put(&object, "one_suffices", json_boolean(v->one_suffices));
  ock_json_put(&object, "crowded", json_boolean(v->crowded));
  ock_json_put(&object, "partial", json_boolean(v->partial));
  ock_json_put(&object, "silhouette_rows", ock_json_integer(v->silhouette_rows));
  if (v->confidence.n_halves) ock_json_put(&object, "confidence", confidence(r));
  if (v->mixture_rows) ock_json_put(&object, "mixture_rows", ock_json_integer(v->mixture_rows));
  if (v->pair_rows) ock_json_put(&object, "pair_rows", ock_json_integer(v->pair_rows));
  ock_json_put(&object, "searched_rows", ock_json_integer(v->searched_rows ? v->searched_rows : curve->n_rows));
  ock_json_put(&object, "passes", ock_json_integer(v->n_passes));
  ock_json_put(&object, "criteria", choices(r));
  ock_json_put(&object, "sizes", sizes(v));
  if (curve->weighted) {
    ock_json_put(&object, "total_weight", ock_json_number(curve->total_weight));
    ock_json_put(&object, "weights", weights(v));
  }
  ock_json_put(&object, "seconds", ock_json_number(v->seconds));
  ock_json_put(&object, "work", work(r));
  add_context(&object, r);
  ock_json_put(&object, "curve", points(r));
  return object;
}

bool ock_report_json(const ock_report *r, FILE *out) {
  return ock_json_dump(ock_json_sweep(r), out);
}

#else

bool ock_report_json(const ock_report *report, FILE *out) {
  (void)report;
  (void)out;
  return false;
}

#endif
