/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "data/table.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "NPY is written as memory holds it: little-endian");

/* Text on its way to a file. Failures stay in the output, where committing finds them. */
enum { BUFFER_SIZE = 256 * 1024, LONGEST_NUMBER = 32 };

typedef struct text_writer {
  ock_output *output;
  char *buffer;
  size_t used;
} text_writer;

static void flush_text(text_writer *writer) {
  ock_output_write(writer->output, writer->buffer, writer->used);
  writer->used = 0;
}

static void put_character(text_writer *writer, char character) {
  if (writer->used == BUFFER_SIZE) flush_text(writer);
  writer->buffer[writer->used++] = character;
}

static void put_number(text_writer *writer, double value) {
  if (BUFFER_SIZE - writer->used < LONGEST_NUMBER) flush_text(writer);
  writer->used += ock_number_format(value, writer->buffer + writer->used);
}

/* ---- CSV (RFC 4180, with line feeds) ---- */

/* Blanks at the ends would be lost, and delimiters or quotes misread, without quotes. */
static bool needs_quotes(const char *text) {
  size_t length = strlen(text);
  return length == 0 || strpbrk(text, ",;|\t\"\r\n") || text[0] == ' ' || text[length - 1] == ' ';
}

static void put_cell(text_writer *writer, const char *text) {
  bool quotes = needs_quotes(text);
  if (quotes) put_character(writer, '"');
  for (; *text; text++) {
    if (*text == '"') put_character(writer, '"');
    put_character(writer, *text);
  }
  if (quotes) put_character(writer, '"');
}

static bool has_column(const ockham_table *table, const char *name) {
  for (size_t j = 0; j < table->n_columns; j++)
    if (strcmp(table->names[j], name) == 0) return true;
  return false;
}

/* "label", or "label_2", "label_3", ... where features have those names. */
static void name_label(const ockham_table *table, char name[32]) {
  snprintf(name, 32, "label");
  for (size_t i = 2; has_column(table, name); i++) snprintf(name, 32, "label_%zu", i);
}

static void put_names(text_writer *writer, const char *const *names, size_t n) {
  for (size_t j = 0; j < n; j++) {
    if (j > 0) put_character(writer, ',');
    put_cell(writer, names[j]);
  }
}

static void put_numbers(text_writer *writer, ockham_rows rows, size_t i) {
  for (size_t j = 0; j < rows.n_columns; j++) {
    if (j > 0) put_character(writer, ',');
    put_number(writer, ock_rows_get(rows, i, j));
  }
}

/* ---- NPY 1.0 ---- */

enum { NPY_HEADER_SIZE = 128 };

/* The header has one size whatever the number of rows, so that it can be written again when that is known. */
static void write_npy_header(ock_output *output, ockham_dtype dtype, uint64_t n_rows, size_t n_columns) {
  enum { PRELUDE_SIZE = 10, DICTIONARY_SIZE = NPY_HEADER_SIZE - PRELUDE_SIZE };
  const unsigned char prelude[PRELUDE_SIZE] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, DICTIONARY_SIZE, 0};
  char text[DICTIONARY_SIZE];
  int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%llu, %zu), }",
                        dtype == OCKHAM_FLOAT32 ? "<f4" : "<f8", (unsigned long long)n_rows, n_columns);
  memset(text + length, ' ', sizeof text - 1 - (size_t)length);
  text[sizeof text - 1] = '\n';
  ock_output_write(output, prelude, sizeof prelude);
  ock_output_write(output, text, sizeof text);
}

static bool ends_in_npy(const char *path) {
  size_t length = strlen(path);
  return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

/* ---- rows of numbers, as they come ---- */

struct ockham_writer {
  ock_output output;
  text_writer text; /* CSV */
  bool npy;
  size_t n_columns;
  uint64_t n_rows;
};

void ockham_writer_abandon(ockham_writer *writer) {
  if (!writer) return;
  ock_output_abandon(&writer->output);
  ock_free(writer->text.buffer);
  ock_free(writer);
}

ockham_status ockham_writer_open(const char *path, const char *const *names, size_t n_columns, ockham_writer **out,
                                 ockham_error *err) {
  *out = NULL;
  ockham_writer *writer = ock_alloc_zeroed(1, sizeof *writer);
  if (writer) writer->text.buffer = ock_alloc(BUFFER_SIZE);
  if (!writer || !writer->text.buffer) {
    ock_free(writer);
    return ock_fail_memory(err, "a buffer for writing", BUFFER_SIZE);
  }
  writer->npy = ends_in_npy(path);
  writer->n_columns = n_columns;
  ockham_status status = ock_output_open(&writer->output, path, err);
  if (status) {
    ockham_writer_abandon(writer);
    return status;
  }
  writer->text.output = &writer->output;
  if (writer->npy) {
    write_npy_header(&writer->output, OCKHAM_FLOAT64, 0, n_columns);
  } else {
    put_names(&writer->text, names, n_columns);
    put_character(&writer->text, '\n');
  }
  *out = writer;
  return OCKHAM_OK;
}

ockham_status ockham_writer_put(ockham_writer *writer, ockham_rows rows, ockham_error *err) {
  if (rows.n_columns != writer->n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected rows of %zu columns to write, found %zu", writer->n_columns,
                    rows.n_columns);
  for (size_t i = 0; i < rows.n_rows; i++) {
    if (!writer->npy) {
      put_numbers(&writer->text, rows, i);
      put_character(&writer->text, '\n');
      continue;
    }
    for (size_t j = 0; j < rows.n_columns; j++) {
      double value = ock_rows_get(rows, i, j);
      ock_output_write(&writer->output, &value, sizeof value);
    }
  }
  writer->n_rows += rows.n_rows;
  return OCKHAM_OK;
}

ockham_status ockham_writer_close(ockham_writer *writer, ockham_error *err) {
  flush_text(&writer->text);
  if (writer->npy) {
    if (fseek(writer->output.stream, 0, SEEK_SET) != 0 && !writer->output.failure) writer->output.failure = errno;
    write_npy_header(&writer->output, OCKHAM_FLOAT64, writer->n_rows, writer->n_columns);
  }
  ockham_status status = ock_output_commit(&writer->output, err);
  ockham_writer_abandon(writer);
  return status;
}

/* ---- whole tables ---- */

static ockham_status write_csv(const ockham_table *table, ock_output *output, ockham_error *err) {
  text_writer writer = {.output = output, .buffer = ock_alloc(BUFFER_SIZE)};
  if (!writer.buffer) return ock_fail_memory(err, "a buffer for writing", BUFFER_SIZE);
  ockham_rows rows = ockham_table_rows(table);
  char label[32];
  name_label(table, label);
  put_names(&writer, (const char *const *)table->names, table->n_columns);
  if (table->label) {
    put_character(&writer, ',');
    put_cell(&writer, label);
  }
  put_character(&writer, '\n');
  for (size_t i = 0; i < table->n_rows; i++) {
    put_numbers(&writer, rows, i);
    if (table->label) {
      put_character(&writer, ',');
      put_cell(&writer, table->labels.texts[table->label[i]]);
    }
    put_character(&writer, '\n');
  }
  flush_text(&writer);
  ock_free(writer.buffer);
  return OCKHAM_OK;
}

static void write_npy(const ockham_table *table, ock_output *output) {
  size_t size = table->dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  write_npy_header(output, table->dtype, table->n_rows, table->n_columns);
  ock_output_write(output, table->values, size * table->n_rows * table->n_columns);
}

ockham_status ockham_table_write(const ockham_table *table, const char *path, ockham_error *err) {
  ock_output output;
  ockham_status status = OCKHAM_OK;
  OCK_TRY(ock_output_open(&output, path, err));
  if (ends_in_npy(path))
    write_npy(table, &output);
  else
    status = write_csv(table, &output, err);
  if (!status) status = ock_output_commit(&output, err);
  ock_output_abandon(&output);
  return status;
}
