/* SPDX-License-Identifier: Apache-2.0 */
/* What the page's scripts draw, as JSON. */
#include <math.h>
#include <string.h>

#include "report/json.h"
#include "report/page.h"

#ifdef OCK_HAVE_JANSSON

static json_t *column_name(const ock_page *p, size_t j) {
  char number[32];
  const char *const *names = p->options->column_names;
  if (names && names[j]) return ock_json_text(names[j], OCKHAM_PAGE_NAME_CHARACTERS);
  snprintf(number, sizeof number, "x%zu", j + 1);
  return json_string(number);
}

/* ---- the answer in words ---- */

static void begin_large(char *text) {
  if (*text >= 'a' && *text <= 'z') *text = (char)(*text - 'a' + 'A');
}

/* What ock_report_explain() writes, sentence by sentence; `kind` is "beware" for those against the answer. */
static json_t *sentences(char *lines) {
  json_t *array = json_array();
  for (char *line = lines, *end; *line; line = end) {
    end = line + strcspn(line, "\n");
    if (*end) *end++ = '\0';
    line += strspn(line, " ");
    json_t *sentence = json_object();
    bool beware = strncmp(line, OCK_BEWARE, sizeof OCK_BEWARE - 1) == 0;
    begin_large(line);
    ock_json_put(&sentence, "text", json_string(line));
    ock_json_put(&sentence, "kind", json_string(beware ? "beware" : "reason"));
    ock_json_append(&array, sentence);
  }
  return array;
}

static bool write_elbow(const void *report, FILE *out) {
  ock_page_elbow(report, out);
  return true;
}

static bool write_reasons(const void *report, FILE *out) {
  ock_report_explain(report, out);
  return true;
}

static void put_words(const ock_page *p, json_t **object) {
  char headline[160];
  ock_report_answer(&p->report, headline, sizeof headline);
  begin_large(headline);
  ock_certainty certainty = ock_page_certainty(&p->report);
  char *elbow = ock_text_of(write_elbow, &p->report), *reasons = ock_text_of(write_reasons, &p->report);
  ock_json_put(object, "headline", json_string(headline));
  ock_json_put(object, "tone", json_string(certainty.tone));
  ock_json_put(object, "certainty", json_string(certainty.text));
  ock_json_put(object, "elbow", elbow ? json_string(elbow) : NULL);
  ock_json_put(object, "reasons", reasons ? sentences(reasons) : NULL);
  ock_free(elbow);
  ock_free(reasons);
}

/* ---- criteria ---- */

static const char *direction_name(ockham_direction direction) {
  static const char *const names[] = {
      [OCKHAM_MAXIMUM] = "maximum", [OCKHAM_MINIMUM] = "minimum", [OCKHAM_KNEE] = "knee", [OCKHAM_RULE] = "rule"};
  return names[direction];
}

static json_t *criterion(const ock_page *p, const ockham_criterion *c) {
  const ockham_curve *curve = p->report.curve;
  size_t i = ockham_criterion_choose(c, curve);
  ock_manner manner = ock_page_manner(c);
  json_t *object = json_object();
  ock_json_put(&object, "name", json_string(c->name));
  ock_json_put(&object, "title", json_string(c->title));
  ock_json_put(&object, "short", json_string(manner.short_title));
  ock_json_put(&object, "scale", json_string(manner.scale));
  ock_json_put(&object, "direction", json_string(direction_name(c->direction)));
  ock_json_put(&object, "rule", ock_json_text(c->rule, SIZE_MAX / 8));
  ock_json_put(&object, "can_answer_one", json_boolean(c->can_answer_one));
  ock_json_put(&object, "choice", i == SIZE_MAX ? json_null() : ock_json_integer(curve->points[i].k));
  return object;
}

static json_t *criteria(const ock_page *p) {
  size_t n;
  const ockham_criterion *all = ockham_criteria(&n);
  json_t *array = json_array();
  for (size_t c = 0; c < n; c++)
    if (ock_report_shows(&p->report, &all[c])) ock_json_append(&array, criterion(p, &all[c]));
  return array;
}

/* ---- clusters and columns ---- */

static json_t *top_columns(const ock_page *p, size_t j) {
  size_t top[OCK_PAGE_TOP], n = ock_page_top_columns(p, j, top);
  json_t *array = json_array();
  for (size_t t = 0; t < n; t++) {
    size_t at = j * p->n_columns + top[t];
    json_t *object = json_object();
    ock_json_put(&object, "name", column_name(p, top[t]));
    ock_json_put(&object, "distance", ock_json_number(p->distance[at]));
    ock_json_put(&object, "value", ock_json_number(ock_page_own_units(p, top[t], p->centres[at])));
    ock_json_put(&object, "average", ock_json_number(ock_page_own_units(p, top[t], p->mean[top[t]])));
    ock_json_append(&array, object);
  }
  return array;
}

static json_t *cluster(const ock_page *p, size_t j) {
  const ockham_verdict *v = &p->report.verdict;
  double weight = ock_report_weight(&p->report, j);
  json_t *object = json_object();
  ock_json_put(&object, "rows", ock_json_integer(v->sizes[j]));
  if (v->weights) ock_json_put(&object, "weight", ock_json_number(weight));
  ock_json_put(&object, "share", ock_json_number(ock_report_share(&p->report, j)));
  ock_json_put(&object, "radius", ock_json_number(weight > 0 ? sqrt(v->within[j] / weight) : NAN));
  ock_json_put(&object, "top", top_columns(p, j));
  return object;
}

static json_t *clusters(const ock_page *p) {
  json_t *array = json_array();
  for (size_t j = 0; j < p->k; j++) ock_json_append(&array, cluster(p, j));
  return array;
}

/* One column of the heat map: where each cluster's centre is, and by how many standard deviations it is off. */
static json_t *column(const ock_page *p, size_t j) {
  json_t *object = json_object(), *values = json_array(), *distances = json_array();
  for (size_t c = 0; c < p->k; c++) {
    size_t at = c * p->n_columns + j;
    ock_json_append(&values, ock_json_number(ock_page_own_units(p, j, p->centres[at])));
    ock_json_append(&distances, ock_json_number(p->distance[at]));
  }
  ock_json_put(&object, "name", column_name(p, j));
  ock_json_put(&object, "number", ock_json_integer(j + 1));
  ock_json_put(&object, "explained", ock_json_number(p->explained[j]));
  ock_json_put(&object, "average", ock_json_number(ock_page_own_units(p, j, p->mean[j])));
  ock_json_put(&object, "values", values);
  ock_json_put(&object, "distances", distances);
  return object;
}

static json_t *columns(const ock_page *p) {
  json_t *array = json_array();
  for (size_t j = 0; j < p->n_shown_columns; j++) ock_json_append(&array, column(p, p->columns[j]));
  return array;
}

/* ---- the rows on two axes ---- */

static json_t *places(const ock_page *p, size_t axis) {
  const ock_places *at = &p->places[axis];
  json_t *object = json_object(), *numbers = json_array();
  for (size_t i = 0; i < p->n_shown_rows; i++) ock_json_append(&numbers, ock_json_integer(at->numbers[i]));
  ock_json_put(&object, "low", ock_json_number(at->low));
  ock_json_put(&object, "step", ock_json_number(at->step));
  ock_json_put(&object, "numbers", numbers);
  return object;
}

/* Whether x has only some of the rows. */
static bool is_sample(const ock_page *p) {
  return p->x.n_rows < p->report.curve->n_rows;
}

/* Whether it is known which ones they are. */
static bool has_numbers(const ock_page *p) {
  return p->options->row_numbers || (!is_sample(p) && p->report.options->n_rows_dropped == 0);
}

static void put_rows(const ock_page *p, json_t **object) {
  json_t *labels = json_array(), *numbers = json_array();
  for (size_t i = 0; i < p->n_shown_rows; i++) {
    size_t row = p->rows[i];
    ock_json_append(&labels, ock_json_integer(p->labels[row]));
    ock_json_append(&numbers, ock_json_integer(p->options->row_numbers ? p->options->row_numbers[row] : row + 1));
  }
  ock_json_put(object, "cluster", labels);
  ock_json_put(object, "row", has_numbers(p) ? numbers : json_null());
  if (!has_numbers(p)) json_decref(numbers);
}

static json_t *known_text(const ock_page *p, uint32_t value) {
  char number[16];
  if (p->options->known_label_texts && value < p->options->report.n_label_values)
    return ock_json_text(p->options->known_label_texts[value], OCKHAM_PAGE_NAME_CHARACTERS);
  snprintf(number, sizeof number, "%u", (unsigned)value);
  return json_string(number);
}

/* The different labels, and which of them each row has. */
static void put_known(const ock_page *p, json_t **object) {
  const ock_known *known = &p->known;
  if (!known->of_rows) return;
  json_t *texts = json_array(), *numbers = json_array();
  for (size_t v = 0; v < known->n_values; v++) ock_json_append(&texts, known_text(p, known->values[v]));
  for (size_t i = 0; i < p->n_shown_rows; i++) ock_json_append(&numbers, ock_json_integer(known->of_rows[i]));
  ock_json_put(object, "known_texts", texts);
  ock_json_put(object, "known", numbers);
}

/* An array of `width` numbers for each cluster; null where there are none. */
static json_t *of_clusters(const ock_page *p, const double *numbers, size_t width) {
  if (!numbers) return json_null();
  json_t *array = json_array();
  for (size_t j = 0; j < p->k; j++) {
    json_t *item = json_array();
    for (size_t i = 0; i < width; i++) ock_json_append(&item, ock_json_number(numbers[j * width + i]));
    ock_json_append(&array, item);
  }
  return array;
}

/* The share of the variance that an axis has, and the columns it mostly goes along. */
static json_t *map_axis(const ock_page *p, size_t axis) {
  const double *direction = p->axes.directions + axis * p->n_columns;
  double total = p->axes.total_variance;
  size_t top = 0, second = SIZE_MAX;
  for (size_t l = 1; l < p->n_columns; l++) {
    if (fabs(direction[l]) > fabs(direction[top])) {
      second = top;
      top = l;
    } else if (second == SIZE_MAX || fabs(direction[l]) > fabs(direction[second])) {
      second = l;
    }
  }
  json_t *object = json_object(), *names = json_array();
  ock_json_append(&names, column_name(p, p->plain ? axis : top));
  if (!p->plain && second != SIZE_MAX) ock_json_append(&names, column_name(p, second));
  ock_json_put(&object, "share", ock_json_number(total > 0 ? p->axes.variances[axis] / total : 0));
  ock_json_put(&object, "columns", names);
  return object;
}

static json_t *map(const ock_page *p) {
  if (p->n_columns < 2) return json_null();
  json_t *object = json_object(), *axes = json_array();
  for (size_t axis = 0; axis < 2; axis++) ock_json_append(&axes, map_axis(p, axis));
  ock_json_put(&object, "axes", axes);
  ock_json_put(&object, "x", places(p, 0));
  ock_json_put(&object, "y", places(p, 1));
  put_rows(p, &object);
  put_known(p, &object);
  ock_json_put(&object, "centres", of_clusters(p, p->map_centres, 2));
  ock_json_put(&object, "ellipses", of_clusters(p, p->ellipses, 3));
  ock_json_put(&object, "plain", json_boolean(p->plain));
  ock_json_put(&object, "sample", json_boolean(is_sample(p)));
  return object;
}

/* ---- one column: a histogram ---- */

static json_t *bins(const ock_page *p) {
  const ock_histogram *h = &p->histogram;
  json_t *array = json_array();
  for (size_t bin = 0; bin < h->n_bins; bin++)
    for (size_t j = 0; j < p->k; j++) {
      double weight = h->weights[bin * p->k + j];
      if (!(weight > 0)) continue;
      json_t *item = json_object();
      ock_json_put(&item, "from", ock_json_number(ock_page_own_units(p, 0, h->low + (double)bin * h->width)));
      ock_json_put(&item, "to", ock_json_number(ock_page_own_units(p, 0, h->low + (double)(bin + 1) * h->width)));
      ock_json_put(&item, "cluster", ock_json_integer(j));
      ock_json_put(&item, "weight", ock_json_number(weight));
      ock_json_append(&array, item);
    }
  return array;
}

static json_t *histogram(const ock_page *p) {
  if (p->histogram.n_bins == 0) return json_null();
  json_t *object = json_object();
  ock_json_put(&object, "bins", bins(p));
  ock_json_put(&object, "sample", json_boolean(is_sample(p)));
  ock_json_put(&object, "rows", ock_json_integer(p->x.n_rows));
  return object;
}

/* ---- the whole ---- */

static json_t *page_object(const ock_page *p) {
  json_t *object = json_object();
  ock_json_put(&object, "source", ock_json_text(p->options->source, OCKHAM_PAGE_SOURCE_CHARACTERS));
  ock_json_put(&object, "command", ock_json_text(p->options->command, SIZE_MAX / 8));
  put_words(p, &object);
  ock_json_put(&object, "sweep", ock_json_sweep(&p->report));
  ock_json_put(&object, "criteria", criteria(p));
  ock_json_put(&object, "weighted", json_boolean(p->report.curve->weighted));
  ock_json_put(&object, "mixture", json_boolean(p->report.verdict.mixture != NULL));
  ock_json_put(&object, "n_columns", ock_json_integer(p->n_columns));
  ock_json_put(&object, "clusters", clusters(p));
  ock_json_put(&object, "columns", columns(p));
  ock_json_put(&object, "map", map(p));
  ock_json_put(&object, "histogram", histogram(p));
  return object;
}

bool ock_page_json(const ock_page *p, FILE *out) {
  json_t *object = page_object(p);
  return ock_json_dump_escaped(object, out);
}

#else

bool ock_page_json(const ock_page *page, FILE *out) {
  (void)page;
  (void)out;
  return false;
}

#endif
