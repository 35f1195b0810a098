/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/metrics.h"

#include <math.h>
#include <string.h>

#include "data/internal.h"

enum { LONGEST_LINE = 1 << 14 };

/* ---- values ---- */

static ock_metric *find(const ock_metrics *m, const char *name, size_t length) {
  for (size_t i = 0; i < m->n; i++)
    if (strlen(m->items[i].name) == length && memcmp(m->items[i].name, name, length) == 0) return &m->items[i];
  return NULL;
}

/* Room for one more of *n; false: no memory. */
static bool make_room(void **items, size_t n, size_t *room, size_t size) {
  if (n < *room) return true;
  size_t more = *room ? 2 * *room : 16;
  void *grown = ock_realloc_array(*items, more, size);
  if (!grown) return false;
  *items = grown;
  *room = more;
  return true;
}

void ock_metrics_set(ock_metrics *m, const char *name, size_t length, double value) {
  ock_metric *metric = find(m, name, length);
  if (!metric) {
    if (length >= OCK_METRIC_NAME || m->n >= OCK_MOST_METRICS) {
      m->n_faulty++;
      return;
    }
    void *items = m->items;
    bool grown = make_room(&items, m->n, &m->room, sizeof *m->items);
    m->items = items;
    if (!grown) {
      m->failed = true;
      return;
    }
    metric = &m->items[m->n++];
    memcpy(metric->name, name, length);
    metric->name[length] = '\0';
  }
  metric->value = value;
}

static void add_point(ock_metrics *m, double compute, double loss) {
  if (m->n_points >= OCK_MOST_POINTS) return;
  void *points = m->points;
  bool grown = make_room(&points, m->n_points, &m->room_for_points, 2 * sizeof *m->points);
  m->points = points;
  if (!grown) {
    m->failed = true;
    return;
  }
  m->points[2 * m->n_points] = compute;
  m->points[2 * m->n_points++ + 1] = loss;
}

bool ock_metrics_get(const ock_metrics *m, const char *name, double *value) {
  const ock_metric *metric = find(m, name, strlen(name));
  if (metric) *value = metric->value;
  return metric != NULL;
}

/* ---- lines ---- */

static bool is_name(const char *text, size_t length) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/:";
  for (size_t i = 0; i < length; i++)
    if (!text[i] || !strchr(letters, text[i])) return false;
  return length > 0 && length < OCK_METRIC_NAME;
}

static void read_word(ock_metrics *m, const char *word, size_t length) {
  const char *equals = memchr(word, '=', length);
  size_t name_length = equals ? (size_t)(equals - word) : 0, rest = length - name_length - 1;
  double value, compute;
  if (!equals || !is_name(word, name_length)) {
    m->n_faulty++;
  } else if (name_length == 5 && memcmp(word, "curve", 5) == 0) {
    const char *comma = memchr(equals + 1, ',', rest);
    size_t first = comma ? (size_t)(comma - equals - 1) : 0;
    if (comma && ock_number_parse(equals + 1, first, &compute) &&
        ock_number_parse(comma + 1, rest - first - 1, &value) && isfinite(compute))
      add_point(m, compute, value);
    else
      m->n_faulty++;
  } else if (ock_number_parse(equals + 1, rest, &value)) {
    ock_metrics_set(m, word, name_length, value);
  } else {
    m->n_faulty++;
  }
}

static size_t blanks(const char *text, size_t length) {
  size_t n = 0;
  while (n < length && (text[n] == ' ' || text[n] == '\t' || text[n] == '\r')) n++;
  return n;
}

static void read_line(ock_metrics *m, const char *line, size_t length) {
  static const char word[] = "METRIC";
  size_t at = sizeof word - 1;
  if (length <= at || memcmp(line, word, at) != 0 || (line[at] != ' ' && line[at] != '\t')) return;
  for (at += blanks(line + at, length - at); at < length; at += blanks(line + at, length - at)) {
    size_t n = 0;
    while (at + n < length && !blanks(line + at + n, 1)) n++;
    read_word(m, line + at, n);
    at += n;
  }
}

static void keep(ock_metrics *m, const char *bytes, size_t size) {
  if (m->skipping || size == 0) return;
  if (m->n_line + size > LONGEST_LINE) {
    m->skipping = true;
    return;
  }
  if (!m->line && !(m->line = ock_alloc(LONGEST_LINE))) {
    m->failed = m->skipping = true;
    return;
  }
  memcpy(m->line + m->n_line, bytes, size);
  m->n_line += size;
}

void ock_metrics_end(ock_metrics *m) {
  if (!m->skipping && m->n_line) read_line(m, m->line, m->n_line);
  m->n_line = 0;
  m->skipping = false;
}

void ock_metrics_feed(ock_metrics *m, const char *bytes, size_t size) {
  while (size > 0) {
    const char *end = memchr(bytes, '\n', size);
    size_t n = end ? (size_t)(end - bytes) : size;
    keep(m, bytes, n);
    if (!end) return;
    ock_metrics_end(m);
    bytes += n + 1;
    size -= n + 1;
  }
}

void ock_metrics_clear(ock_metrics *m) {
  ock_free(m->items);
  ock_free(m->points);
  ock_free(m->line);
  *m = (ock_metrics){0};
}

/* ---- what a run came to ---- */

double ock_metrics_slope(const ock_metrics *m) {
  double sx = 0, sy = 0, sxx = 0, sxy = 0, n = 0;
  for (size_t i = m->n_points / 2; i < m->n_points; i++) {
    double x = m->points[2 * i], y = m->points[2 * i + 1];
    if (!(x > 0) || !isfinite(y)) continue;
    x = log(x);
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  double spread = sxx - sx * sx / n;
  return n >= 4 && spread > 1e-12 * sxx ? (sxy - sx * sy / n) / spread : NAN;
}

static double value_of(const ock_metrics *m, const char *name) {
  double value;
  return ock_metrics_get(m, name, &value) ? value : NAN;
}

ock_result ock_metrics_result(const ock_metrics *m, const ockham_study *study, const char *why) {
  ock_result r = {.loss = value_of(m, study->metric),
                  .flops = value_of(m, study->compute),
                  .parameters = value_of(m, "parameters"),
                  .tokens = value_of(m, "tokens"),
                  .seconds = value_of(m, "seconds"),
                  .slope = value_of(m, "slope")};
  double diverged = 0, any;
  bool said = ock_metrics_get(m, study->metric, &any);
  if (ock_metrics_get(m, "diverged", &diverged) && diverged != 0) {
    r.outcome = OCKHAM_OUTCOME_DIVERGED;
  } else if (why) {
    r.outcome = OCKHAM_OUTCOME_FAILED;
    snprintf(r.why, sizeof r.why, "%s", why);
  } else if (!said) {
    r.outcome = OCKHAM_OUTCOME_FAILED;
    snprintf(r.why, sizeof r.why, "it printed no line 'METRIC %.80s=NUMBER'", study->metric);
  } else {
    r.outcome = isfinite(r.loss) ? OCKHAM_OUTCOME_DONE : OCKHAM_OUTCOME_DIVERGED;
  }
  if (r.outcome == OCKHAM_OUTCOME_FAILED || !isfinite(r.loss)) r.loss = NAN;
  if (isnan(r.slope)) r.slope = ock_metrics_slope(m);
  return r;
}
