/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a request is what a model takes, and an answer what it gives; and a request's rows as one matrix. */
#include <math.h>
#include <string.h>

#include "wire/json.h"

/* ---- words ---- */

void ock_names_show(const char *const *names, size_t n, size_t stride, char shown[OCK_NAMES_SHOWN]) {
  size_t used = 0;
  shown[0] = '\0';
  for (size_t i = 0; i < n; i++) {
    const char *name = *(const char *const *)((const char *)names + i * stride);
    size_t length = strlen(name);
    if (used + length + 8 > OCK_NAMES_SHOWN) {
      snprintf(shown + used, OCK_NAMES_SHOWN - used, "%s...", i ? ", " : "");
      return;
    }
    used += (size_t)snprintf(shown + used, OCK_NAMES_SHOWN - used, "%s%s", i ? ", " : "", name);
  }
}

static void show_fields(const ock_field *fields, size_t n, char shown[OCK_NAMES_SHOWN]) {
  ock_names_show(&fields->name, n, sizeof *fields, shown);
}

static void show_field_shape(const ock_field *field, char shown[OCK_SHAPE_SHOWN]) {
  size_t n = (size_t)snprintf(shown, OCK_SHAPE_SHOWN, "[");
  for (size_t i = 0; i < field->n_dimensions; i++)
    n += (size_t)snprintf(shown + n, OCK_SHAPE_SHOWN - n, "%s%lld", i ? ", " : "", (long long)field->shape[i]);
  snprintf(shown + n, OCK_SHAPE_SHOWN - n, "]");
}

/* ---- one input ---- */

static ockham_status check_datatype(const char *name, ock_datatype wanted, const ock_tensor *tensor, bool convert,
                                    ockham_error *err) {
  bool numbers = wanted != OCK_BYTES && tensor->datatype != OCK_BYTES;
  if (tensor->datatype == wanted || (convert && numbers)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "input '%.60s': expected datatype %s, found %s", name,
                  ock_datatype_name(wanted), ock_datatype_name(tensor->datatype));
}

static bool shape_fits(const ock_field *field, const ock_tensor *tensor) {
  if (field->n_dimensions != tensor->n_dimensions) return false;
  for (size_t i = 0; i < field->n_dimensions; i++)
    if (field->shape[i] >= 0 && (uint64_t)field->shape[i] != tensor->shape[i]) return false;
  return true;
}

static ockham_status check_shape(const ock_field *field, const ock_tensor *tensor, ockham_error *err) {
  if (shape_fits(field, tensor)) return OCKHAM_OK;
  char expected[OCK_SHAPE_SHOWN], found[OCK_SHAPE_SHOWN];
  show_field_shape(field, expected);
  ock_shape_show(tensor->shape, tensor->n_dimensions, found);
  return ock_fail(err, OCKHAM_BAD_DATA, "input '%.60s': expected shape %s, found %s", field->name, expected, found);
}

static ockham_status check_rows(const ock_tensor *first, const ock_tensor *tensor, ockham_error *err) {
  if (first->shape[0] == tensor->shape[0]) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "input '%.60s': expected %llu rows as in '%.60s', found %llu", tensor->name,
                  (unsigned long long)first->shape[0], first->name, (unsigned long long)tensor->shape[0]);
}

static ockham_status fail_missing(const ock_message *request, const char *name, ockham_error *err) {
  char found[OCK_NAMES_SHOWN] = "none";
  const ock_tensor *tensors = request->tensors;
  if (request->n_tensors) ock_names_show(&tensors->name, request->n_tensors, sizeof *tensors, found);
  return ock_fail(err, OCKHAM_BAD_DATA, "expected the input '%.60s', found %s", name, found);
}

/* ---- all inputs ---- */

static ockham_status check_fields(const ock_schema *schema, const ock_message *request, bool convert,
                                  ockham_error *err) {
  const ock_tensor *first = NULL;
  for (size_t i = 0; i < schema->n_inputs; i++) {
    const ock_field *field = &schema->inputs[i];
    const ock_tensor *tensor = ock_message_find(request, field->name);
    if (!tensor) return fail_missing(request, field->name, err);
    OCK_TRY(check_datatype(field->name, field->datatype, tensor, convert, err));
    OCK_TRY(check_shape(field, tensor, err));
    if (!field->n_dimensions || field->shape[0] != -1) continue;
    if (!first) first = tensor;
    OCK_TRY(check_rows(first, tensor, err));
  }
  return OCKHAM_OK;
}

static ockham_status check_known(const ock_schema *schema, const ock_message *request, ockham_error *err) {
  char shown[OCK_NAMES_SHOWN];
  for (size_t i = 0; i < request->n_tensors; i++) {
    if (ock_field_find(schema->inputs, schema->n_inputs, request->tensors[i].name)) continue;
    show_fields(schema->inputs, schema->n_inputs, shown);
    return ock_fail(err, OCKHAM_BAD_DATA, "expected the inputs %s, found also '%.60s'", shown,
                    request->tensors[i].name);
  }
  return OCKHAM_OK;
}

static ockham_status check_wanted(const ock_schema *schema, const ock_message *request, ockham_error *err) {
  char shown[OCK_NAMES_SHOWN];
  for (size_t i = 0; i < request->n_wanted; i++) {
    if (ock_field_find(schema->outputs, schema->n_outputs, request->wanted[i].name)) continue;
    show_fields(schema->outputs, schema->n_outputs, shown);
    return ock_fail(err, OCKHAM_BAD_DATA, "expected outputs out of %s, found '%.60s'", shown, request->wanted[i].name);
  }
  return OCKHAM_OK;
}

/* ---- one tensor a column in place of a matrix ---- */

static bool comes_in_columns(const ock_schema *schema, const ock_message *request) {
  return schema->layout == OCK_LAYOUT_MATRIX && schema->columns && !ock_message_find(request, schema->inputs[0].name) &&
         ock_message_find(request, schema->columns[0]);
}

static ockham_status check_columns(const ock_schema *schema, const ock_message *request, ockham_error *err) {
  const ock_tensor *first = ock_message_find(request, schema->columns[0]);
  for (size_t i = 0; i < schema->n_columns; i++) {
    const ock_tensor *tensor = ock_message_find(request, schema->columns[i]);
    if (!tensor) return fail_missing(request, schema->columns[i], err);
    OCK_TRY(check_datatype(tensor->name, schema->inputs[0].datatype, tensor, true, err));
    ock_field column = {.name = tensor->name, .n_dimensions = tensor->n_dimensions == 2 ? 2 : 1, .shape = {-1, 1}};
    OCK_TRY(check_shape(&column, tensor, err));
    OCK_TRY(check_rows(first, tensor, err));
  }
  if (request->n_tensors == schema->n_columns) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "expected one input a column, %zu in all, found %zu", schema->n_columns,
                  request->n_tensors);
}

ockham_status ock_schema_check(const ock_schema *schema, const ock_message *request, bool convert, ockham_error *err) {
  if (convert && comes_in_columns(schema, request)) {
    OCK_TRY(check_columns(schema, request, err));
  } else {
    OCK_TRY(check_fields(schema, request, convert, err));
    OCK_TRY(check_known(schema, request, err));
  }
  return check_wanted(schema, request, err);
}

/* ---- answers ---- */

static ockham_status check_output(const ock_schema *schema, const ock_tensor *tensor, ockham_error *err) {
  const ock_field *field = ock_field_find(schema->outputs, schema->n_outputs, tensor->name);
  if (!field) return ock_fail(err, OCKHAM_BAD_DATA, "expected no output '%.64s' in the answer", tensor->name);
  if (field->datatype == tensor->datatype && shape_fits(field, tensor)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "expected output '%.64s' as declared, %s of %zu dimensions, found %s of %zu%s",
                  tensor->name, ock_datatype_name(field->datatype), field->n_dimensions,
                  ock_datatype_name(tensor->datatype), tensor->n_dimensions,
                  field->n_dimensions == tensor->n_dimensions ? " and another shape" : "");
}

ockham_status ock_schema_check_answer(const ock_schema *schema, const ock_message *request, const ock_message *answer,
                                      ockham_error *err) {
  int binary;
  for (size_t i = 0; i < answer->n_tensors; i++) OCK_TRY(check_output(schema, &answer->tensors[i], err));
  for (size_t i = 0; i < schema->n_outputs; i++) {
    const char *name = schema->outputs[i].name;
    if (ock_message_wants(request, name, &binary) && !ock_message_find(answer, name))
      return ock_fail(err, OCKHAM_BAD_DATA, "expected output '%.64s' in the answer, found none", name);
  }
  return OCKHAM_OK;
}

/* ---- the rows as a matrix ---- */

static const char *bad_number(double value) {
  return isnan(value) ? "NaN" : value > 0 ? "an infinity" : "minus infinity";
}

static ockham_status fail_finite(const ock_schema *schema, size_t row, size_t column, double value, ockham_error *err) {
  char name[80];
  if (schema->columns)
    snprintf(name, sizeof name, "'%.60s'", schema->columns[column]);
  else
    snprintf(name, sizeof name, "%zu", column + 1);
  return ock_fail_at(err, OCKHAM_BAD_DATA, row + 1, column + 1,
                     "row %zu, column %s: expected a finite number, found %s", row + 1, name, bad_number(value));
}

static ockham_status check_finite(const ock_schema *schema, const double *values, size_t n_rows, size_t n_columns,
                                  ockham_error *err) {
  for (size_t i = 0; i < n_rows * n_columns; i++)
    if (!isfinite(values[i])) return fail_finite(schema, i / n_columns, i % n_columns, values[i], err);
  return OCKHAM_OK;
}

static void copy_column(const ock_tensor *tensor, size_t n_rows, size_t n_columns, double *values) {
  for (size_t i = 0; i < n_rows; i++) values[i * n_columns] = ock_tensor_number(tensor, i);
}

ockham_status ock_message_matrix(const ock_schema *schema, ock_message *request, ockham_rows *rows, ockham_error *err) {
  const ock_tensor *whole = ock_message_find(request, schema->inputs[0].name);
  const ock_tensor *first = whole ? whole : ock_message_find(request, schema->columns[0]);
  size_t n_rows = (size_t)first->shape[0], n_columns = whole ? (size_t)whole->shape[1] : schema->n_columns;
  double *values;
  if (whole && whole->datatype == OCK_FP64) {
    values = (double *)(void *)whole->data;
  } else {
    size_t n = ock_size_product(n_rows, n_columns);
    values = ock_arena_array(&request->arena, n, sizeof *values);
    if (!values) return ock_fail_memory(err, "the rows of a request", ock_size_product(n, sizeof *values));
    for (size_t j = 0; !whole && j < n_columns; j++)
      copy_column(ock_message_find(request, schema->columns[j]), n_rows, n_columns, values + j);
    for (size_t i = 0; whole && i < n; i++) values[i] = ock_tensor_number(whole, i);
  }
  OCK_TRY(check_finite(schema, values, n_rows, n_columns, err));
  *rows = (ockham_rows){.data = values, .n_rows = n_rows, .n_columns = n_columns, .dtype = OCKHAM_FLOAT64};
  return OCKHAM_OK;
}
