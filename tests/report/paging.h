/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the page: rows with a sweep over them, and what the page holds. */
#ifndef OCK_REPORT_PAGING_H
#define OCK_REPORT_PAGING_H

#include <jansson.h>
#include <ockham/report.h>

#include "select/sweeping.h"

typedef struct paged {
  double *x;
  ockham_rows rows;
  ockham_sweep *sweep;
  uint32_t *labels;
} paged;

/* k blobs in d columns. */
static inline paged paged_blobs(size_t n, size_t d, size_t k, ockham_sweep_options options) {
  paged p = {.x = make_blobs(n, d, k, 1)};
  p.rows = rows_of(p.x, n, d);
  p.sweep = sweep_with(p.rows, options);
  p.labels = malloc(n * sizeof *p.labels);
  assert_ok(ockham_sweep_verdict_labels(p.sweep, p.rows, 1, p.labels, err));
  return p;
}

static inline void paged_free(paged *p) {
  free(p->x);
  free(p->labels);
  ockham_sweep_free(p->sweep);
}

/* To be freed. */
static inline char *paged_html(const paged *p, ockham_page_options options) {
  char *html = NULL;
  assert_ok(ockham_report_page(p->sweep, p->rows, p->labels, &options, &html, err));
  assert_non_null(html);
  char *copy = strdup(html);
  ockham_text_free(html);
  return copy;
}

/* The bytes of the page's data, *size of them. */
static inline const char *paged_data(const char *html, size_t *size) {
  static const char before[] = "<script type=\"application/json\" id=\"report\">";
  const char *begin = strstr(html, before);
  assert_non_null(begin);
  begin += sizeof before - 1;
  *size = (size_t)(strstr(begin, "</script>") - begin);
  return begin;
}

static inline json_t *paged_json(const paged *p, ockham_page_options options) {
  char *html = paged_html(p, options);
  size_t size;
  json_error_t problem;
  const char *data = paged_data(html, &size);
  json_t *object = json_loadb(data, size, JSON_REJECT_DUPLICATES, &problem);
  if (!object) fail_msg("%s", problem.text);
  free(html);
  return object;
}

static inline const json_t *at_path(const json_t *from, const char *first, const char *second) {
  const json_t *value = json_object_get(from, first);
  return second ? json_object_get(value, second) : value;
}

static inline double real_at(const json_t *array, size_t i) {
  return json_number_value(json_array_get(array, i));
}

#endif
