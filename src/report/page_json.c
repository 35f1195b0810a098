/* SPDX-License-Identifier: Apache-2.0 */
/* What the page's scripts draw, as JSON. */
#include "report/page.h"

#ifdef OCK_HAVE_JANSSON

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put(json_t **object, const char *key, json_t *value) {
  ock_json_put(object, key, value);
}

static void append(json_t **array, json_t *value) {
  ock_json_append(array, value);
}

/* A text that came from anywhere; NULL as null. */
static json_t *text(const char *from, size_t most_characters) {
  if (!from) return json_null();
  char *clean = ock_text_clean(from, most_characters);
  json_t *string = clean ? json_string(clean) : NULL;
  ock_free(clean);
  return string;
}

static json_t *column_name(const ock_page *p, size_t j) {
  char number[32];
  const char *const *names = p->options->column_names;
  if (names && names[j]) return text(names[j], OCK_PAGE_NAME_CHARACTERS);
  snprintf(number, sizeof number, "x%zu", j + 1);
  return json_string(number);
}

/* ---- the answer in words ---- */

/* Each line of a text as a sentence. */
static json_t *sentences(char *lines) {
  json_t *array = json_array();
  for (char *line = lines, *end; *line; line = end) {
    end = line + strcspn(line, "\n");
    if (*end) *end++ = '\0';
    line += strspn(line, " ");
    if (*line >= 'a' && *line <= 'z') *line = (char)(*line - 'a' + 'A');
    append(&array, json_string(line));
  }
  return array;
}

typedef void writer(const ock_report *report, FILE *out);

/* What a function writes, from malloc; NULL when memory ran out. */
static char *written(const ock_page *p, writer *write) {
  char *buffer = NULL;
  size_t size;
  FILE *out = open_memstream(&buffer, &size);
  if (!out) return NULL;
  ock_report report = p->report;
  report.wrap = " ";
  write(&report, out);
  bool whole = !ferror(out);
  if (fclose(out) == 0 && whole) return buffer;
  free(buffer);
  return NULL;
}

static void put_words(const ock_page *p, json_t **object) {
  char headline[160], certainty[256];
  ock_report_answer(&p->report, headline, sizeof headline);
  if (*headline >= 'a' && *headline <= 'z') *headline = (char)(*headline - 'a' + 'A');
  put(object, "headline", json_string(headline));
  put(object, "tone", json_string(ock_page_certainty(&p->report, certainty, sizeof certainty)));
  put(object, "certainty", json_string(certainty));
  char *elbow = written(p, ock_page_elbow), *reasons = written(p, ock_report_explain);
  put(object, "elbow", elbow ? json_string(elbow) : NULL);
  put(object, "reasons", reasons ? sentences(reasons) : NULL);
  free(elbow);
  free(reasons);
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
  json_t *object = json_object();
  put(&object, "name", json_string(c->name));
  put(&object, "title", json_string(c->title));
  put(&object, "direction", json_string(direction_name(c->direction)));
  put(&object, "rule", text(c->rule, SIZE_MAX / 8));
  put(&object, "can_answer_one", json_boolean(c->can_answer_one));
  put(&object, "choice", i == SIZE_MAX ? json_null() : ock_json_integer(curve->points[i].k));
  return object;
}

static json_t *criteria(const ock_page *p) {
  size_t n;
  const ockham_criterion *all = ockham_criteria(&n);
  json_t *array = json_array();
  for (size_t c = 0; c < n; c++)
    if (ock_report_shows(&p->report, &all[c])) append(&array, criterion(p, &all[c]));
  return array;
}

/* ---- clusters and columns ---- */

static json_t *top_columns(const ock_page *p, size_t j) {
  size_t top[OCK_PAGE_TOP], n = ock_page_top_columns(p, j, top);
  json_t *array = json_array();
  for (size_t t = 0; t < n; t++) {
    size_t at = j * p->n_columns + top[t];
    json_t *object = json_object();
    put(&object, "name", column_name(p, top[t]));
    put(&object, "distance", ock_json_number(p->distance[at]));
    put(&object, "value", ock_json_number(ock_page_own_units(p, top[t], p->centres[at])));
    put(&object, "average", ock_json_number(ock_page_own_units(p, top[t], p->mean[top[t]])));
    append(&array, object);
  }
  return array;
}

static json_t *cluster(const ock_page *p, size_t j) {
  const ockham_verdict *v = &p->report.verdict;
  const ockham_curve *curve = p->report.curve;
  double weight = v->weights ? v->weights[j] : (double)v->sizes[j];
  json_t *object = json_object();
  put(&object, "rows", ock_json_integer(v->sizes[j]));
  if (v->weights) put(&object, "weight", ock_json_number(weight));
  put(&object, "share", ock_json_number(weight / (v->weights ? curve->total_weight : (double)curve->n_rows)));
  put(&object, "radius", ock_json_number(weight > 0 ? sqrt(v->within[j] / weight) : NAN));
  put(&object, "top", top_columns(p, j));
  return object;
}

static json_t *clusters(const ock_page *p) {
  json_t *array = json_array();
  for (size_t j = 0; j < p->k; j++) append(&array, cluster(p, j));
  return array;
}

/* One column of the heat map: where each cluster's centre is, and by how many standard deviations it is off. */
static json_t *column(const ock_page *p, size_t j) {
  json_t *object = json_object(), *values = json_array(), *distances = json_array();
  for (size_t c = 0; c < p->k; c++) {
    size_t at = c * p->n_columns + j;
    append(&values, ock_json_number(ock_page_own_units(p, j, p->centres[at])));
    append(&distances, ock_json_number(p->distance[at]));
  }
  put(&object, "name", column_name(p, j));
  put(&object, "number", ock_json_integer(j + 1));
  put(&object, "explained", ock_json_number(p->explained[j]));
  put(&object, "average", ock_json_number(ock_page_own_units(p, j, p->mean[j])));
  put(&object, "values", values);
  put(&object, "distances", distances);
  return object;
}

static json_t *columns(const ock_page *p) {
  json_t *array = json_array();
  for (size_t j = 0; j < p->n_shown_columns; j++) append(&array, column(p, p->columns[j]));
  return array;
}

/* ---- the rows on two axes ---- */

/* Whole numbers, of which the page makes low + number * step: 16 bits are finer than any screen. */
static json_t *coordinates(const ock_page *p, size_t axis) {
  const double most = 65535;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < p->n_shown_rows; i++) {
    double at = p->coordinates[2 * i + axis];
    low = fmin(low, at);
    high = fmax(high, at);
  }
  double step = high > low ? (high - low) / most : 1;
  json_t *object = json_object(), *numbers = json_array();
  for (size_t i = 0; i < p->n_shown_rows; i++)
    append(&numbers, ock_json_integer((uint64_t)((p->coordinates[2 * i + axis] - low) / step + 0.5)));
  put(&object, "low", ock_json_number(low));
  put(&object, "step", ock_json_number(step));
  put(&object, "numbers", numbers);
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
    append(&labels, ock_json_integer(p->labels[row]));
    append(&numbers, ock_json_integer(p->options->row_numbers ? p->options->row_numbers[row] : row + 1));
  }
  put(object, "cluster", labels);
  put(object, "row", has_numbers(p) ? numbers : json_null());
  if (!has_numbers(p)) json_decref(numbers);
}

static json_t *known_text(const ock_page *p, uint32_t value) {
  char number[16];
  if (p->options->known_label_texts && value < p->options->report.n_label_values)
    return text(p->options->known_label_texts[value], OCK_PAGE_NAME_CHARACTERS);
  snprintf(number, sizeof number, "%u", (unsigned)value);
  return json_string(number);
}

static int compare_labels(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The known labels of the rows shown: the different ones, and which of them each row has. */
static void put_known(const ock_page *p, json_t **object) {
  const uint32_t *known = p->options->known_labels;
  size_t n = p->n_shown_rows, n_values = 0;
  if (!known) return;
  uint32_t *values = ock_alloc_array(n ? n : 1, sizeof *values);
  json_t *texts = json_array(), *numbers = json_array();
  for (size_t i = 0; values && i < n; i++) values[i] = known[p->rows[i]];
  if (values) qsort(values, n, sizeof *values, compare_labels);
  for (size_t i = 0; values && i < n; i++)
    if (i == 0 || values[i] != values[n_values - 1]) append(&texts, known_text(p, values[n_values++] = values[i]));
  for (size_t i = 0; values && i < n; i++) {
    const uint32_t *at = bsearch(&known[p->rows[i]], values, n_values, sizeof *values, compare_labels);
    append(&numbers, ock_json_integer((uint64_t)(at - values)));
  }
  put(object, "known_texts", values ? texts : NULL);
  put(object, "known", values ? numbers : NULL);
  if (!values) json_decref(texts), json_decref(numbers);
  ock_free(values);
}

static double along(const ock_page *p, size_t axis, const double *vector, const double *origin) {
  double sum = 0;
  for (size_t l = 0; l < p->n_columns; l++)
    sum += (vector[l] - (origin ? origin[l] : 0)) * p->axes.directions[axis * p->n_columns + l];
  return sum;
}

static json_t *pair(double a, double b) {
  json_t *array = json_array();
  append(&array, ock_json_number(a));
  append(&array, ock_json_number(b));
  return array;
}

static json_t *map_centres(const ock_page *p) {
  json_t *array = json_array();
  for (size_t j = 0; j < p->k; j++) {
    const double *centre = p->centres + j * p->n_columns;
    append(&array, pair(along(p, 0, centre, p->axes.mean), along(p, 1, centre, p->axes.mean)));
  }
  return array;
}

/* Between two axes, the covariance of component j: a' C b. */
static double covariance(const ock_page *p, size_t j, size_t axis, size_t other) {
  const ockham_mixture *m = p->report.verdict.mixture;
  size_t d = p->n_columns, size = ockham_covariance_size(m->family, d);
  const double *c = m->covariances + j * size, *a = p->axes.directions + axis * d, *b = p->axes.directions + other * d;
  double sum = 0;
  for (size_t l = 0; l < d; l++)
    if (size == d)
      sum += a[l] * c[l] * b[l];
    else
      sum += a[l] * along(p, other, c + l * d, NULL);
  return sum;
}

static json_t *ellipses(const ock_page *p) {
  if (!p->report.verdict.mixture) return json_null();
  json_t *array = json_array();
  for (size_t j = 0; j < p->k; j++) {
    json_t *matrix = pair(covariance(p, j, 0, 0), covariance(p, j, 0, 1));
    append(&matrix, ock_json_number(covariance(p, j, 1, 1)));
    append(&array, matrix);
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
  append(&names, column_name(p, p->plain ? axis : top));
  if (!p->plain && second != SIZE_MAX) append(&names, column_name(p, second));
  put(&object, "share", ock_json_number(total > 0 ? p->axes.variances[axis] / total : 0));
  put(&object, "columns", names);
  return object;
}

static json_t *map(const ock_page *p) {
  if (p->n_columns < 2) return json_null();
  json_t *object = json_object(), *axes = json_array();
  for (size_t axis = 0; axis < 2; axis++) append(&axes, map_axis(p, axis));
  put(&object, "axes", axes);
  put(&object, "x", coordinates(p, 0));
  put(&object, "y", coordinates(p, 1));
  put_rows(p, &object);
  put_known(p, &object);
  put(&object, "centres", map_centres(p));
  put(&object, "ellipses", ellipses(p));
  put(&object, "plain", json_boolean(p->plain));
  put(&object, "sample", json_boolean(is_sample(p)));
  return object;
}

/* ---- one column: a histogram ---- */

enum { LEAST_BINS = 10, MOST_BINS = 60 };

typedef struct histogram {
  double low, width;
  size_t n_bins;
  double *weights; /* n_bins x k */
} histogram;

static void fill(const ock_page *p, histogram *h) {
  double high = -INFINITY;
  h->low = INFINITY;
  for (size_t i = 0; i < p->x.n_rows; i++) {
    h->low = fmin(h->low, ock_rows_get(p->x, i, 0));
    high = fmax(high, ock_rows_get(p->x, i, 0));
  }
  h->width = high > h->low ? (high - h->low) / (double)h->n_bins : 1;
  for (size_t i = 0; i < p->x.n_rows; i++) {
    size_t bin = (size_t)((ock_rows_get(p->x, i, 0) - h->low) / h->width);
    if (bin >= h->n_bins) bin = h->n_bins - 1;
    h->weights[bin * p->k + p->labels[i]] += p->options->weights ? p->options->weights[i] : 1;
  }
}

static json_t *bins(const ock_page *p, const histogram *h) {
  json_t *array = json_array();
  for (size_t bin = 0; bin < h->n_bins; bin++)
    for (size_t j = 0; j < p->k; j++) {
      double weight = h->weights[bin * p->k + j];
      if (!(weight > 0)) continue;
      json_t *item = json_object();
      put(&item, "from", ock_json_number(ock_page_own_units(p, 0, h->low + (double)bin * h->width)));
      put(&item, "to", ock_json_number(ock_page_own_units(p, 0, h->low + (double)(bin + 1) * h->width)));
      put(&item, "cluster", ock_json_integer(j));
      put(&item, "weight", ock_json_number(weight));
      append(&array, item);
    }
  return array;
}

static json_t *one_column(const ock_page *p) {
  if (p->n_columns > 1) return json_null();
  size_t wanted = (size_t)(2 * cbrt((double)p->x.n_rows)) + 2 * p->k;
  histogram h = {.n_bins = wanted < LEAST_BINS ? LEAST_BINS : wanted > MOST_BINS ? MOST_BINS : wanted};
  h.weights = ock_alloc_zeroed(h.n_bins * p->k, sizeof *h.weights);
  if (!h.weights) return NULL;
  fill(p, &h);
  json_t *object = json_object();
  put(&object, "bins", bins(p, &h));
  put(&object, "sample", json_boolean(is_sample(p)));
  put(&object, "rows", ock_json_integer(p->x.n_rows));
  ock_free(h.weights);
  return object;
}

/* ---- the whole ---- */

static json_t *page_object(const ock_page *p) {
  json_t *object = json_object();
  put(&object, "source", text(p->options->source, 4 * OCK_PAGE_NAME_CHARACTERS));
  put(&object, "command", text(p->options->command, SIZE_MAX / 8));
  put_words(p, &object);
  put(&object, "sweep", ock_json_sweep(&p->report));
  put(&object, "criteria", criteria(p));
  put(&object, "weighted", json_boolean(p->report.curve->weighted));
  put(&object, "known_labels", ock_json_integer(p->options->report.agreement ? p->options->report.n_label_values : 0));
  put(&object, "mixture", json_boolean(p->report.verdict.mixture != NULL));
  put(&object, "n_columns", ock_json_integer(p->n_columns));
  put(&object, "clusters", clusters(p));
  put(&object, "columns", columns(p));
  put(&object, "map", map(p));
  put(&object, "histogram", one_column(p));
  return object;
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

bool ock_page_json(const ock_page *p, FILE *out) {
  json_t *object = page_object(p);
  bool whole = object && json_dump_callback(object, write_escaped, out,
                                            JSON_REAL_PRECISION(17) | JSON_ENSURE_ASCII | JSON_COMPACT) == 0;
  json_decref(object);
  return whole;
}

#endif
