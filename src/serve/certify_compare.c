/* SPDX-License-Identifier: Apache-2.0 */
/* How far two answers differ. */
#include <math.h>
#include <string.h>

#include "serve/certify.h"
#include "serve/compare.h"

static bool has_rows(const ock_tensor *tensor, size_t n_rows) {
  return tensor->n_dimensions > 0 && tensor->shape[0] == n_rows;
}

/* Below this a difference is that of numbers that cancel out: a billionth of the largest. */
static double floor_of(const ock_tensor *tensor) {
  double most = 0;
  for (size_t i = 0; i < tensor->n_elements; i++) {
    double value = fabs(ock_tensor_number(tensor, i));
    if (isfinite(value) && value > most) most = value;
  }
  return 1e-9 * most;
}

static void note(ock_deviation *difference, double relative, const char *output, size_t row) {
  difference->differs = true;
  if (*difference->output && relative <= difference->relative) return;
  difference->relative = relative;
  difference->row = row;
  snprintf(difference->output, sizeof difference->output, "%s", output);
}

/* Where element i of texts begins, and how long it is with its length. */
static const unsigned char *text_at(const ock_tensor *tensor, size_t i, size_t *size) {
  const unsigned char *at = tensor->data;
  uint32_t length;
  for (;; i--) {
    memcpy(&length, at, sizeof length);
    *size = sizeof length + length;
    if (i == 0) return at;
    at += *size;
  }
}

static bool same_text(const ock_tensor *a, size_t i, const ock_tensor *b, size_t j) {
  size_t a_size, b_size;
  const unsigned char *x = text_at(a, i, &a_size), *y = text_at(b, j, &b_size);
  return a_size == b_size && memcmp(x, y, a_size) == 0;
}

static void compare_elements(const ock_tensor *a, size_t a_first, const ock_tensor *b, size_t b_first, size_t n,
                             size_t row, ock_deviation *difference) {
  size_t size = ock_datatype_size(a->datatype);
  if (a->datatype != b->datatype) {
    note(difference, (double)INFINITY, a->name, row);
    return;
  }
  if (size && memcmp(a->data + a_first * size, b->data + b_first * size, n * size) == 0) return;
  double floor = size ? floor_of(a) : 0;
  for (size_t i = 0; i < n; i++) {
    if (size == 0) {
      if (!same_text(a, a_first + i, b, b_first + i)) note(difference, (double)INFINITY, a->name, row);
      continue;
    }
    if (memcmp(a->data + (a_first + i) * size, b->data + (b_first + i) * size, size) == 0) continue;
    double x = ock_tensor_number(a, a_first + i), y = ock_tensor_number(b, b_first + i);
    note(difference, ock_relative_difference(x, y, floor), a->name, row);
  }
}

void ock_compare_row(const ock_answer *a, size_t a_row, const ock_answer *b, size_t b_row, ock_deviation *difference) {
  for (size_t t = 0; t < a->message.n_tensors; t++) {
    const ock_tensor *x = &a->message.tensors[t], *y = ock_message_find(&b->message, x->name);
    if (!has_rows(x, a->n_rows)) continue;
    size_t n = x->n_elements / a->n_rows;
    if (!y || !has_rows(y, b->n_rows) || y->n_elements / b->n_rows != n)
      note(difference, (double)INFINITY, x->name, a_row);
    else
      compare_elements(x, a_row * n, y, b_row * n, n, a_row, difference);
  }
  difference->n_rows_compared++;
}

void ock_compare_whole(const ock_answer *a, const ock_answer *b, ock_deviation *difference) {
  for (size_t i = 0; i < a->n_rows; i++) ock_compare_row(a, i, b, i, difference);
  for (size_t t = 0; t < a->message.n_tensors; t++) {
    const ock_tensor *x = &a->message.tensors[t], *y = ock_message_find(&b->message, x->name);
    if (has_rows(x, a->n_rows)) continue;
    if (!y || y->n_elements != x->n_elements)
      note(difference, (double)INFINITY, x->name, 0);
    else
      compare_elements(x, 0, y, 0, x->n_elements, 0, difference);
  }
}

size_t ock_count_bad_numbers(const ock_answer *answer, size_t *row, char output[64]) {
  size_t n_bad = 0;
  for (size_t t = 0; t < answer->message.n_tensors; t++) {
    const ock_tensor *tensor = &answer->message.tensors[t];
    if (tensor->datatype == OCK_BYTES) continue;
    for (size_t i = 0; i < tensor->n_elements; i++) {
      if (isfinite(ock_tensor_number(tensor, i)) || n_bad++) continue;
      *row = has_rows(tensor, answer->n_rows) ? i / (tensor->n_elements / answer->n_rows) : 0;
      snprintf(output, 64, "%s", tensor->name);
    }
  }
  return n_bad;
}

double ock_rounding(const ock_answer *answer) {
  double least = 1e-9;
  for (size_t t = 0; t < answer->message.n_tensors; t++) {
    ock_datatype datatype = answer->message.tensors[t].datatype;
    if (datatype == OCK_FP32) least = fmax(least, 1e-4);
    if (datatype == OCK_FP16 || datatype == OCK_BF16) least = fmax(least, 2e-2);
  }
  return least;
}
