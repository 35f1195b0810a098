/* SPDX-License-Identifier: Apache-2.0 */
#include "report/internal.h"

#ifdef OCK_HAVE_JANSSON

#include <jansson.h>
#include <math.h>

static json_t *number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *integer(uint64_t value) {
  return json_integer((json_int_t)value);
}

static json_t *choices(const ockham_curve *curve) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  json_t *object = json_object();
  for (size_t c = 0; c < n; c++) {
    size_t i = ockham_criterion_choose(&criteria[c], curve);
    json_object_set_new(object, criteria[c].name, i == SIZE_MAX ? json_null() : integer(curve->points[i].k));
  }
  return object;
}

static json_t *point(const ockham_curve *curve, size_t i) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  ockham_fit_score bic = ockham_score_bic(curve, i);
  json_t *object = json_object();
  json_object_set_new(object, "k", integer(curve->points[i].k));
  json_object_set_new(object, "inertia", number(curve->points[i].inertia));
  for (size_t c = 0; c < n; c++)
    if (criteria[c].direction != OCKHAM_KNEE)
      json_object_set_new(object, criteria[c].name, number(ockham_criterion_value(&criteria[c], curve, i)));
  json_object_set_new(object, "model", json_string(bic.uniform ? "uniform" : bic.variances_differ ? "VII" : "EII"));
  json_object_set_new(object, "log_likelihood", number(bic.log_likelihood));
  return object;
}

static json_t *points(const ockham_curve *curve) {
  json_t *array = json_array();
  for (size_t i = 0; i < curve->n_points; i++) json_array_append_new(array, point(curve, i));
  return array;
}

static json_t *sizes(const ockham_curve_point *point) {
  json_t *array = json_array();
  for (size_t j = 0; j < point->k; j++) json_array_append_new(array, integer(point->sizes[j]));
  return array;
}

static const char *scale_name(const ockham_scaling *scaling) {
  if (!scaling || scaling->kind == OCKHAM_SCALE_NONE) return "none";
  return scaling->kind == OCKHAM_SCALE_ROBUST ? "robust" : "standard";
}

static void add_context(json_t *object, const ock_report *r) {
  const ockham_report_options *o = r->options;
  json_object_set_new(object, "scale", json_string(scale_name(o->scaling)));
  json_object_set_new(object, "rows_dropped", integer(o->n_rows_dropped));
  json_object_set_new(object, "cells_filled", integer(o->n_cells_filled));
  json_object_set_new(object, "seed", integer(o->seed));
  json_object_set_new(object, "version", json_string(ockham_version()));
  if (!o->agreement) return;
  json_object_set_new(object, "adjusted_rand", number(o->agreement->adjusted_rand));
  json_object_set_new(object, "adjusted_mutual_information", number(o->agreement->adjusted_mutual_information));
}

char *ock_report_json(const ock_report *r) {
  const ockham_verdict *v = &r->verdict;
  const ockham_curve *curve = r->curve;
  json_t *object = json_object();
  json_object_set_new(object, "n_rows", integer(curve->n_rows));
  json_object_set_new(object, "n_columns", integer(curve->n_columns));
  json_object_set_new(object, "k", v->undecided ? json_null() : integer(v->k));
  json_object_set_new(object, "criterion", json_string(v->criterion->name));
  json_object_set_new(object, "weight", number(v->weight));
  json_object_set_new(object, "k_min", integer(curve->points[0].k));
  json_object_set_new(object, "k_max", integer(curve->points[curve->n_points - 1].k));
  json_object_set_new(object, "at_edge", json_boolean(v->at_edge));
  json_object_set_new(object, "partial", json_boolean(v->partial));
  json_object_set_new(object, "criteria", choices(curve));
  json_object_set_new(object, "sizes", sizes(&curve->points[v->point]));
  json_object_set_new(object, "seconds", number(v->seconds));
  add_context(object, r);
  json_object_set_new(object, "curve", points(curve));
  char *text = object ? json_dumps(object, JSON_REAL_PRECISION(17)) : NULL;
  json_decref(object);
  return text;
}

#else

char *ock_report_json(const ock_report *report) {
  (void)report;
  return NULL;
}

#endif
