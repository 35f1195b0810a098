/* SPDX-License-Identifier: Apache-2.0 */
/* A profile's columns in the tensors of a request and its answer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serve/drift_watch.h"

/* ---- by the schema ---- */

/* "probabilities_2" of an output of several numbers a row; or its own name when it has one. */
static bool is_part(const ock_field *field, const char *name, ock_drift_source *source) {
  size_t length = strlen(field->name);
  int64_t width = field->n_dimensions >= 2 ? field->shape[1] : 1;
  *source = (ock_drift_source){.tensor = field->name, .width = 1};
  if (field->n_dimensions > 2 || width < 1) return false;
  if (strcmp(field->name, name) == 0) return width == 1;
  if (strncmp(field->name, name, length) != 0 || name[length] != '_') return false;
  char *end;
  unsigned long at = strtoul(name + length + 1, &end, 10);
  source->width = (size_t)width;
  source->offset = at;
  return name[length + 1] >= '0' && name[length + 1] <= '9' && !*end && at < source->width;
}

static bool find_field(const ock_field *fields, size_t n, const char *name, ock_drift_source *source) {
  for (size_t i = 0; i < n; i++)
    if (is_part(&fields[i], name, source)) return true;
  return false;
}

/* In the one input of a schema of rows: by its name; or the n-th input where columns have no names. */
static bool find_column(const ock_schema *schema, const ockham_profile_column *column, size_t n_th, size_t n_inputs,
                        ock_drift_source *source) {
  if (schema->layout != OCK_LAYOUT_MATRIX) return find_field(schema->inputs, schema->n_inputs, column->name, source);
  *source = (ock_drift_source){.tensor = schema->inputs[0].name, .width = schema->n_columns, .alone = column->name};
  if (!schema->columns) {
    source->offset = n_th;
    return n_inputs == schema->n_columns;
  }
  for (size_t j = 0; j < schema->n_columns; j++) {
    source->offset = j;
    if (strcmp(schema->columns[j], column->name) == 0) return true;
  }
  return false;
}

ockham_status ock_drift_find_sources(const ockham_profile *profile, const ock_schema *schema, ock_drift_source *sources,
                                     ockham_error *err) {
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  size_t n_inputs = 0, at = 0;
  for (size_t j = 0; j < parts->n_columns; j++) n_inputs += parts->columns[j].role == OCKHAM_COLUMN_INPUT;
  for (size_t j = 0; j < parts->n_columns; j++) {
    const ockham_profile_column *column = &parts->columns[j];
    bool output = column->role == OCKHAM_COLUMN_OUTPUT;
    bool found = output ? find_field(schema->outputs, schema->n_outputs, column->name, &sources[j])
                        : find_column(schema, column, at++, n_inputs, &sources[j]);
    sources[j].output = output;
    if (!found)
      return ock_fail(err, OCKHAM_BAD_DATA, "the profile has %s '%.100s', and the model has none",
                      output ? "an output" : "a column", column->name);
  }
  return OCKHAM_OK;
}

/* ---- in a request ---- */

bool ock_drift_find_tensors(const ock_drift_source *sources, size_t n_columns, const ock_message *asked,
                            const ock_message *answer, const ock_tensor **tensors) {
  const char *last = NULL;
  for (size_t j = 0; j < n_columns; j++) {
    const ock_drift_source *s = &sources[j];
    if (s->tensor == last && sources[j - 1].output == s->output) {
      tensors[j] = tensors[j - 1];
      continue;
    }
    tensors[j] = ock_message_find(s->output ? answer : asked, s->tensor);
    last = tensors[j] ? s->tensor : NULL;
    if (!tensors[j] && s->alone) tensors[j] = ock_message_find(asked, s->alone);
    if (!tensors[j]) return false;
  }
  return true;
}

/* ---- numbers ---- */

static double number_of_text(const char *text, size_t length) {
  char copy[64], *end;
  if (length == 0 || length >= sizeof copy) return NAN;
  memcpy(copy, text, length);
  copy[length] = '\0';
  double value = strtod(copy, &end);
  return *end ? (double)NAN : value;
}

static double category_of(const ockham_profile *profile, size_t j, const char *text, size_t length) {
  return length ? (double)ockham_profile_category(profile, j, text, length) : (double)NAN;
}

static void copy_texts(const ockham_profile *profile, size_t j, const ock_tensor *t, size_t offset, size_t width,
                       size_t n_rows, double *values, size_t stride) {
  const unsigned char *at = t->data;
  bool is_category = ockham_profile_look(profile)->columns[j].kind == OCKHAM_COLUMN_CATEGORY;
  for (size_t i = 0; i < n_rows * width; i++) {
    uint32_t length;
    memcpy(&length, at, sizeof length);
    const char *text = (const char *)at + sizeof length;
    at += sizeof length + length;
    if (i % width != offset) continue;
    values[i / width * stride] = is_category ? category_of(profile, j, text, length) : number_of_text(text, length);
  }
}

/* A number that stands for a category is the text that a file would have. */
static void copy_categories(const ockham_profile *profile, size_t j, const ock_tensor *t, size_t offset, size_t width,
                            size_t n_rows, double *values, size_t stride) {
  for (size_t i = 0; i < n_rows; i++) {
    char text[32];
    double value = ock_tensor_number(t, i * width + offset);
    int n = isnan(value) ? 0 : snprintf(text, sizeof text, "%.15g", value);
    values[i * stride] = category_of(profile, j, text, (size_t)n);
  }
}

static void copy_column(const ockham_profile *profile, size_t j, const ock_tensor *t, const ock_drift_source *source,
                        size_t n_rows, double *values, size_t stride) {
  bool is_alone = t->n_dimensions < 2 || t->shape[1] == 1;
  size_t width = is_alone ? 1 : source->width, offset = is_alone ? 0 : source->offset;
  if (t->datatype == OCK_BYTES) {
    copy_texts(profile, j, t, offset, width, n_rows, values, stride);
  } else if (ockham_profile_look(profile)->columns[j].kind == OCKHAM_COLUMN_CATEGORY) {
    copy_categories(profile, j, t, offset, width, n_rows, values, stride);
  } else if (t->datatype == OCK_FP64) {
    const double *from = (const double *)(const void *)t->data + offset;
    for (size_t i = 0; i < n_rows; i++) values[i * stride] = from[i * width];
  } else {
    for (size_t i = 0; i < n_rows; i++) values[i * stride] = ock_tensor_number(t, i * width + offset);
  }
}

void ock_drift_copy_rows(const ockham_profile *profile, const ock_drift_source *sources,
                         const ock_tensor *const *tensors, size_t n_rows, double *values) {
  size_t n = ockham_profile_look(profile)->n_columns;
  for (size_t j = 0; j < n; j++) copy_column(profile, j, tensors[j], &sources[j], n_rows, values + j, n);
}
