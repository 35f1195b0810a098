/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/compare.h"

#include <math.h>
#include <string.h>

static bool is_real(ock_datatype datatype) {
  return datatype == OCK_FP16 || datatype == OCK_BF16 || datatype == OCK_FP32 || datatype == OCK_FP64;
}

static bool same_shape(const ock_tensor *a, const ock_tensor *b) {
  return a->n_dimensions == b->n_dimensions && memcmp(a->shape, b->shape, a->n_dimensions * sizeof a->shape[0]) == 0;
}

static void note(ock_difference *d, const ock_tensor *tensor, size_t at, double distance, double a, double b) {
  d->n_different++;
  if (!(distance > d->worst) && d->n_different > 1) return;
  d->worst = distance;
  d->at = at;
  d->a = a;
  d->b = b;
  snprintf(d->output, sizeof d->output, "%s", tensor->name);
}

double ock_relative_difference(double a, double b, double floor) {
  if (a == b || (isnan(a) && isnan(b))) return 0;
  double scale = fmax(fmax(fabs(a), fabs(b)), floor);
  return isfinite(a) && isfinite(b) ? fabs(a - b) / scale : (double)INFINITY;
}

static void compare_numbers(const ock_tensor *a, const ock_tensor *b, double tolerance, ock_difference *d) {
  double allowed = is_real(a->datatype) || is_real(b->datatype) ? tolerance : 0;
  for (size_t i = 0; i < a->n_elements; i++) {
    double x = ock_tensor_number(a, i), y = ock_tensor_number(b, i), distance = ock_relative_difference(x, y, 0);
    if (distance > allowed) note(d, a, i, distance, x, y);
  }
}

/* The next text of a BYTES tensor. */
static const unsigned char *next_text(const unsigned char **p, uint32_t *size) {
  memcpy(size, *p, sizeof *size);
  const unsigned char *text = *p + sizeof *size;
  *p = text + *size;
  return text;
}

static void compare_texts(const ock_tensor *a, const ock_tensor *b, ock_difference *d) {
  const unsigned char *p = a->data, *q = b->data;
  for (size_t i = 0; i < a->n_elements; i++) {
    uint32_t n, m;
    const unsigned char *s = next_text(&p, &n), *t = next_text(&q, &m);
    if (n != m || memcmp(s, t, n) != 0) note(d, a, i, INFINITY, 0, 0);
  }
}

void ock_answers_compare(const ock_message *a, const ock_message *b, double tolerance, ock_difference *difference) {
  *difference = (ock_difference){0};
  if (a->n_tensors != b->n_tensors) {
    snprintf(difference->shape, sizeof difference->shape, "%zu outputs against %zu", a->n_tensors, b->n_tensors);
    return;
  }
  for (size_t i = 0; i < a->n_tensors && !difference->shape[0]; i++) {
    const ock_tensor *x = &a->tensors[i], *y = ock_message_find(b, x->name);
    if (!y)
      snprintf(difference->shape, sizeof difference->shape, "only one has the output '%.60s'", x->name);
    else if (!same_shape(x, y) || (x->datatype == OCK_BYTES) != (y->datatype == OCK_BYTES))
      snprintf(difference->shape, sizeof difference->shape, "output '%.60s' has another shape or type", x->name);
    else if (x->datatype == OCK_BYTES)
      compare_texts(x, y, difference);
    else
      compare_numbers(x, y, tolerance, difference);
    difference->n_values += x->n_elements;
  }
}
