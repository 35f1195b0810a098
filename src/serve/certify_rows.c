/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a sample as requests, and requests that are odd. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "serve/certify.h"

/* ---- numbers of a datatype ---- */

typedef struct range {
  double least, most;
  bool whole;
} range;

static bool find_range(ock_datatype datatype, range *r) {
  switch (datatype) {
    case OCK_BOOL:
      *r = (range){0, 1, true};
      return true;
    case OCK_UINT8:
      *r = (range){0, UINT8_MAX, true};
      return true;
    case OCK_UINT16:
      *r = (range){0, UINT16_MAX, true};
      return true;
    case OCK_UINT32:
      *r = (range){0, UINT32_MAX, true};
      return true;
    case OCK_UINT64:
      *r = (range){0, 18446744073709549568.0, true};
      return true; /* the largest double below 2^64 */
    case OCK_INT8:
      *r = (range){INT8_MIN, INT8_MAX, true};
      return true;
    case OCK_INT16:
      *r = (range){INT16_MIN, INT16_MAX, true};
      return true;
    case OCK_INT32:
      *r = (range){INT32_MIN, INT32_MAX, true};
      return true;
    case OCK_INT64:
      *r = (range){-9223372036854775808.0, 9223372036854774784.0, true};
      return true;
    case OCK_FP32:
      *r = (range){-(double)FLT_MAX, (double)FLT_MAX, false};
      return true;
    case OCK_FP64:
      *r = (range){-DBL_MAX, DBL_MAX, false};
      return true;
    default:
      return false;
  }
}

#define PUT(name, type)       \
  case OCK_##name: {          \
    type x = (type)value;     \
    memcpy(to, &x, sizeof x); \
    return;                   \
  }

static void put_number(ock_datatype datatype, double value, unsigned char *to) {
  switch (datatype) {
    PUT(BOOL, uint8_t)
    PUT(UINT8, uint8_t)
    PUT(UINT16, uint16_t)
    PUT(UINT32, uint32_t)
    PUT(UINT64, uint64_t)
    PUT(INT8, int8_t)
    PUT(INT16, int16_t)
    PUT(INT32, int32_t)
    PUT(INT64, int64_t)
    PUT(FP32, float)
    PUT(FP64, double)
    default:
      return;
  }
}

/* The input that a column goes into. */
static const ock_field *field_of(const ock_schema *schema, size_t column) {
  return &schema->inputs[schema->layout == OCK_LAYOUT_COLUMNS ? column : 0];
}

/* ---- reading ---- */

static ockham_status check_schema(const ock_schema *schema, ockham_error *err) {
  range r;
  if (schema->layout == OCK_LAYOUT_NONE)
    return ock_fail(
        err, OCKHAM_UNSUPPORTED,
        "expected a model that takes rows (one input of shape [-1, n], or one of shape [-1] a column), found "
        "other tensors");
  for (size_t i = 0; i < schema->n_inputs; i++)
    if (!find_range(schema->inputs[i].datatype, &r))
      return ock_fail(err, OCKHAM_UNSUPPORTED, "expected inputs of numbers, found '%.64s' of %s",
                      schema->inputs[i].name, ock_datatype_name(schema->inputs[i].datatype));
  return OCKHAM_OK;
}

static ockham_status check_row(const ock_schema *schema, const double *row, size_t n_columns, uint64_t source_row,
                               ockham_error *err) {
  for (size_t j = 0; j < n_columns; j++) {
    const ock_field *field = field_of(schema, j);
    range r;
    find_range(field->datatype, &r);
    if (row[j] >= r.least && row[j] <= r.most && (!r.whole || row[j] == floor(row[j]))) continue;
    return ock_fail_at(err, OCKHAM_BAD_DATA, source_row, j + 1, "row %llu: expected %s in column %zu, found %.15g",
                       (unsigned long long)source_row, ock_datatype_name(field->datatype), j + 1, row[j]);
  }
  return OCKHAM_OK;
}

static ockham_status grow(ock_sample *sample, size_t n, ockham_error *err) {
  size_t rows = sample->n_rows + n;
  double *values = ock_realloc_array(sample->values, ock_size_product(rows, sample->n_columns), sizeof *values);
  if (values) sample->values = values;
  uint64_t *sources = ock_realloc_array(sample->source_rows, rows, sizeof *sources);
  if (sources) sample->source_rows = sources;
  return values && sources ? OCKHAM_OK : ock_fail_memory(err, "the sample", rows * sizeof *values);
}

static ockham_status take_block(ock_sample *sample, const ock_schema *schema, const ockham_reader *reader,
                                ockham_rows block, ockham_error *err) {
  size_t room = MOST_SAMPLE_ROWS - sample->n_rows, n = block.n_rows < room ? block.n_rows : room;
  OCK_TRY(grow(sample, n, err));
  for (size_t i = 0; i < n; i++) {
    double *row = sample->values + sample->n_rows * sample->n_columns;
    for (size_t j = 0; j < sample->n_columns; j++) row[j] = ock_rows_get(block, i, j);
    sample->source_rows[sample->n_rows] = ockham_reader_source_row(reader, i);
    OCK_TRY(check_row(schema, row, sample->n_columns, sample->source_rows[sample->n_rows], err));
    sample->n_rows++;
  }
  return OCKHAM_OK;
}

static ockham_status read_all(ock_sample *sample, const ock_schema *schema, ockham_reader *reader, ockham_error *err) {
  sample->n_columns = ockham_reader_n_columns(reader);
  if (sample->n_columns != schema->n_columns)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected %zu columns, which the model takes, found %zu", schema->n_columns,
                    sample->n_columns);
  ockham_rows block;
  do {
    OCK_TRY(ockham_reader_next(reader, &block, err));
    OCK_TRY(take_block(sample, schema, reader, block, err));
  } while (block.n_rows && sample->n_rows < MOST_SAMPLE_ROWS);
  return sample->n_rows ? OCKHAM_OK : ock_fail(err, OCKHAM_BAD_DATA, "expected rows, found none");
}

ockham_status ock_sample_read(const char *path, const ockham_read_options *options, const ock_schema *schema,
                              ock_sample *sample, ockham_error *err) {
  ockham_read_options all = options ? *options : (ockham_read_options){0};
  ockham_reader *reader;
  *sample = (ock_sample){0};
  OCK_TRY(check_schema(schema, err));
  all.columns = schema->columns;
  all.n_columns = schema->columns ? schema->n_columns : 0;
  OCK_TRY(ockham_reader_open(path, &all, &reader, err));
  ockham_error inner = {0};
  ockham_status status = read_all(sample, schema, reader, &inner);
  ockham_reader_close(reader);
  if (!status) return OCKHAM_OK;
  ock_sample_clear(sample);
  bool named = strncmp(inner.message, path, strlen(path)) == 0; /* the reader's messages are */
  return ock_fail_at(err, status, inner.row, inner.column, "%.160s%s%s", named ? "" : path, named ? "" : ": ",
                     inner.message);
}

void ock_sample_clear(ock_sample *sample) {
  ock_free(sample->values);
  ock_free(sample->source_rows);
  *sample = (ock_sample){0};
}

/* ---- requests ---- */

static double value_at(const ock_sample *sample, size_t first, const size_t *order, size_t i, size_t column) {
  size_t row = (first + (order ? order[i] : i)) % sample->n_rows;
  return sample->values[row * sample->n_columns + column];
}

static ockham_status no_memory(size_t n_rows, ockham_error *err) {
  return ock_fail_memory(err, "a request", n_rows * sizeof(double));
}

/* An input with some of the sample's columns. */
static ockham_status add_input(const ock_sample *sample, const ock_field *field, size_t first_column, size_t n_columns,
                               size_t first, size_t n_rows, const size_t *order, ock_message *request,
                               ockham_error *err) {
  const uint64_t shape[] = {n_rows, n_columns};
  size_t size = ock_datatype_size(field->datatype);
  ock_tensor *tensor = ock_message_add(request, field->name, field->datatype, shape, field->n_dimensions,
                                       ock_size_product(n_rows, n_columns * size));
  if (!tensor) return no_memory(n_rows, err);
  unsigned char *to = tensor->data;
  for (size_t i = 0; i < n_rows; i++)
    for (size_t j = 0; j < n_columns; j++, to += size)
      put_number(field->datatype, value_at(sample, first, order, i, first_column + j), to);
  return OCKHAM_OK;
}

ockham_status ock_sample_request(const ock_sample *sample, const ock_schema *schema, size_t first, size_t n_rows,
                                 const size_t *order, ock_message *request, ockham_error *err) {
  bool matrix = schema->layout == OCK_LAYOUT_MATRIX;
  *request = (ock_message){.n_rows = n_rows};
  ockham_status status = OCKHAM_OK;
  for (size_t i = 0; i < schema->n_inputs && !status; i++)
    status = add_input(sample, &schema->inputs[i], matrix ? 0 : i, matrix ? sample->n_columns : 1, first, n_rows, order,
                       request, err);
  request->n_rows = n_rows;
  if (status) ock_message_clear(request);
  return status;
}

/* ---- odd ones ---- */

/* The last column is not there. */
static ockham_status make_missing(const ock_sample *sample, const ock_schema *schema, ock_message *request,
                                  ockham_error *err) {
  if (schema->layout == OCK_LAYOUT_MATRIX)
    return add_input(sample, &schema->inputs[0], 0, sample->n_columns - 1, 0, 1, NULL, request, err);
  for (size_t i = 0; i + 1 < schema->n_inputs; i++)
    OCK_TRY(add_input(sample, &schema->inputs[i], i, 1, 0, 1, NULL, request, err));
  return OCKHAM_OK;
}

/* Each element is "x". */
static ockham_status make_text(const ock_sample *sample, const ock_schema *schema, ock_message *request,
                               ockham_error *err) {
  static const unsigned char element[] = {1, 0, 0, 0, 'x'};
  OCK_TRY(ock_sample_request(sample, schema, 0, 1, NULL, request, err));
  ock_tensor *tensor = &request->tensors[0];
  unsigned char *data = ock_arena_array(&request->arena, tensor->n_elements, sizeof element);
  if (!data) return no_memory(1, err);
  for (size_t i = 0; i < tensor->n_elements; i++) memcpy(data + i * sizeof element, element, sizeof element);
  tensor->datatype = OCK_BYTES;
  tensor->data = data;
  tensor->size_bytes = tensor->n_elements * sizeof element;
  return OCKHAM_OK;
}

/* Every number is the largest of its datatype, or NaN where there is one. */
static ockham_status make_extreme(const ock_sample *sample, const ock_schema *schema, bool nan, ock_message *request,
                                  bool *there, ockham_error *err) {
  OCK_TRY(ock_sample_request(sample, schema, 0, 1, NULL, request, err));
  *there = !nan;
  for (size_t i = 0; i < request->n_tensors; i++) {
    ock_tensor *tensor = &request->tensors[i];
    range r;
    find_range(tensor->datatype, &r);
    if (nan && r.whole) continue;
    *there = true;
    for (size_t j = 0; j < tensor->n_elements; j++)
      put_number(tensor->datatype, nan ? (double)NAN : r.most, tensor->data + j * ock_datatype_size(tensor->datatype));
  }
  return OCKHAM_OK;
}

ockham_status ock_odd_request(const ock_sample *sample, const ock_schema *schema, ock_odd odd, ock_message *request,
                              bool *there, ockham_error *err) {
  ockham_status status;
  *request = (ock_message){0};
  *there = true;
  switch (odd) {
    case OCK_ODD_MISSING:
      status = make_missing(sample, schema, request, err);
      break;
    case OCK_ODD_TEXT:
      status = make_text(sample, schema, request, err);
      break;
    case OCK_ODD_EMPTY:
      status = ock_sample_request(sample, schema, 0, 0, NULL, request, err);
      break;
    default:
      status = make_extreme(sample, schema, odd == OCK_ODD_NO_NUMBER, request, there, err);
      break;
  }
  if (status || !*there) ock_message_clear(request);
  return status;
}
