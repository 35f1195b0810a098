/* SPDX-License-Identifier: Apache-2.0 */
#include "report/internal.h"

#ifdef OCK_HAVE_JANSSON

#include <jansson.h>
#include <math.h>

/* Once something cannot be had for want of memory the object is NULL, and so is whatever it would have been put into:
 * a report is whole or there is none. */
static void put(json_t **object, const char *key, json_t *value) {
  if (json_object_set_new(*object, key, value) == 0) return;
  json_decref(*object);
  *object = NULL;
}

static void append(json_t **array, json_t *value) {
  if (json_array_append_new(*array, value) == 0) return;
  json_decref(*array);
  *array = NULL;
}

static json_t *number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *integer(uint64_t value) {
  return json_integer((json_int_t)value);
}

/* A seed of 2^63 and more, which a JSON integer of jansson cannot hold, is a string. */
static json_t *seed(uint64_t value) {
  char digits[24];
  if (value <= INT64_MAX) return integer(value);
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
    put(&object, criteria[c].name, i == SIZE_MAX ? json_null() : integer(curve->points[i].k));
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
      put(object, errors[e].key, number(errors[e].value));
}

static json_t *point(const ock_report *r, size_t i) {
  const ockham_curve *curve = r->curve;
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  ockham_fit_score bic = ockham_score_bic(curve, i);
  json_t *object = json_object();
  put(&object, "k", integer(curve->points[i].k));
  put(&object, "inertia", number(curve->points[i].inertia));
  for (size_t c = 0; c < n; c++)
    if (criteria[c].direction != OCKHAM_KNEE && ock_report_shows(r, &criteria[c]))
      put(&object, criteria[c].name, number(ockham_criterion_value(&criteria[c], curve, i)));
  double silhouette = curve->points[i].silhouette;
  put(&object, "silhouette_error", number(isnan(silhouette) ? NAN : curve->points[i].silhouette_error));
  put(&object, "model", json_string(bic.variances_differ ? "VII" : "EII"));
  put(&object, "log_likelihood", number(bic.log_likelihood));
  if (curve->has_mixtures && isfinite(curve->points[i].mixture_bic)) {
    put(&object, "mixture_family", json_string(ockham_covariance_name(curve->points[i].mixture_family)));
    put(&object, "mixture_tail", number(curve->points[i].mixture_tail));
    static const char *const shapes[] = {[OCKHAM_SHAPE_COMPONENTS] = "components",
                                         [OCKHAM_SHAPE_STUDENT] = "student",
                                         [OCKHAM_SHAPE_SKEWED] = "skewed",
                                         [OCKHAM_SHAPE_BOX] = "box"};
    put(&object, "mixture_shape", json_string(shapes[curve->points[i].mixture_shape]));
  }
  if (curve->points[i].resamples) put_resample_errors(r, curve->points[i].resamples, &object);
  return object;
}

static json_t *points(const ock_report *r) {
  json_t *array = json_array();
  for (size_t i = 0; i < r->curve->n_points; i++) append(&array, point(r, i));
  return array;
}

static json_t *sizes(const ockham_verdict *v) {
  json_t *array = json_array();
  for (size_t j = 0; j < v->k; j++) append(&array, integer(v->sizes[j]));
  return array;
}

static json_t *weights(const ockham_verdict *v) {
  json_t *array = json_array();
  for (size_t j = 0; j < v->k; j++) append(&array, number(v->weights[j]));
  return array;
}

static const char *scale_name(const ockham_scaling *scaling) {
  if (!scaling || scaling->kind == OCKHAM_SCALE_NONE) return "none";
  return scaling->kind == OCKHAM_SCALE_ROBUST ? "robust" : "standard";
}

static void add_context(json_t **object, const ock_report *r) {
  const ockham_report_options *o = r->options;
  put(object, "scale", json_string(scale_name(o->scaling)));
  put(object, "rows_dropped", integer(o->n_rows_dropped));
  put(object, "cells_filled", integer(o->n_cells_filled));
  put(object, "seed", seed(o->seed));
  put(object, "version", json_string(ockham_version()));
  if (!o->agreement) return;
  put(object, "adjusted_rand", number(o->agreement->adjusted_rand));
  put(object, "adjusted_mutual_information", number(o->agreement->adjusted_mutual_information));
}

static json_t *work(const ock_report *r) {
  ockham_work w = ockham_sweep_work(r->sweep);
  json_t *object = json_object();
  put(&object, "distances", integer(w.distances));
  put(&object, "plain_distances", integer(w.plain_distances));
  put(&object, "steps", integer(w.steps));
  put(&object, "passes", integer(w.passes));
  return object;
}

static json_t *confidence(const ock_report *r) {
  const ockham_confidence *c = &r->verdict.confidence;
  json_t *object = json_object(), *halves = json_object();
  for (size_t i = 0; i < r->curve->n_points; i++) {
    char k[24];
    size_t count = ockham_sweep_half_count(r->sweep, r->curve->points[i].k);
    snprintf(k, sizeof k, "%zu", r->curve->points[i].k);
    if (count) put(&halves, k, integer(count));
  }
  put(&object, "halves", halves);
  put(&object, "n_halves", integer(c->n_halves));
  put(&object, "unclear", json_boolean(c->unclear));
  if (!isnan(c->z)) put(&object, "z", number(c->z));
  put(&object, "overlap", number(c->overlap));
  json_t *most = json_array();
  append(&most, integer(c->merge_a));
  append(&most, integer(c->merge_b));
  put(&object, "overlapping", c->overlap > 0 ? most : json_null());
  if (!(c->overlap > 0)) json_decref(most);
  put(&object, "peaks", c->n_peaks ? integer(c->n_peaks) : json_null());
  put(&object, "bent_groups", integer(c->n_bent));
  put(&object, "bent_share", number(c->bent_share));
  put(&object, "split", c->has_split ? integer(c->split) : json_null());
  return object;
}

bool ock_report_json(const ock_report *r, FILE *out) {
  const ockham_verdict *v = &r->verdict;
  const ockham_curve *curve = r->curve;
  json_t *object = json_object();
  put(&object, "n_rows", integer(curve->n_rows));
  put(&object, "n_columns", integer(curve->n_columns));
  put(&object, "k", v->undecided ? json_null() : integer(v->k));
  put(&object, "criterion", json_string(v->criterion->name));
  put(&object, "weight", number(v->weight));
  put(&object, "k_min", integer(curve->points[0].k));
  put(&object, "k_max", integer(curve->points[curve->n_points - 1].k));
  put(&object, "at_edge", json_boolean(v->at_edge));
  put(&object, "at_lower_edge", json_boolean(v->at_lower_edge));
  put(&object, "extended", json_boolean(v->extended));
  put(&object, "distinct_limit", json_boolean(v->distinct_limit));
  put(&object, "one_suffices", json_boolean(v->one_suffices));
  put(&object, "crowded", json_boolean(v->crowded));
  put(&object, "partial", json_boolean(v->partial));
  put(&object, "silhouette_rows", integer(v->silhouette_rows));
  if (v->confidence.n_halves) put(&object, "confidence", confidence(r));
  if (v->mixture_rows) put(&object, "mixture_rows", integer(v->mixture_rows));
  if (v->pair_rows) put(&object, "pair_rows", integer(v->pair_rows));
  put(&object, "searched_rows", integer(v->searched_rows ? v->searched_rows : curve->n_rows));
  put(&object, "passes", integer(v->n_passes));
  put(&object, "criteria", choices(r));
  put(&object, "sizes", sizes(v));
  if (curve->weighted) {
    put(&object, "total_weight", number(curve->total_weight));
    put(&object, "weights", weights(v));
  }
  put(&object, "seconds", number(v->seconds));
  put(&object, "work", work(r));
  add_context(&object, r);
  put(&object, "curve", points(r));
  bool whole = object && json_dumpf(object, out, JSON_REAL_PRECISION(17)) == 0;
  json_decref(object);
  return whole;
}

#else

bool ock_report_json(const ock_report *report, FILE *out) {
  (void)report;
  (void)out;
  return false;
}

#endif
