/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "data/table.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "NPY is written as memory holds it: little-endian");

/* Text on its way to a file. Failures stay in the stream, where committing the output finds them. */
enum { BUFFER_SIZE = 256 * 1024, LONGEST_NUMBER = 32 };

typedef struct text_writer {
  FILE *stream;
  char *buffer;
  size_t used;
} text_writer;

static void flush_text(text_writer *writer) {
  if (writer->used > 0) (void)!fwrite(writer->buffer, 1, writer->used, writer->stream);
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

static void put_header(text_writer *writer, const ockham_table *table) {
  for (size_t j = 0; j < table->n_columns; j++) {
    if (j > 0) put_character(writer, ',');
    put_cell(writer, table->names[j]);
  }
  if (table->label) {
    char name[32];
    name_label(table, name);
    put_character(writer, ',');
    put_cell(writer, name);
  }
  put_character(writer, '\n');
}

static void put_row(text_writer *writer, const ockham_table *table, size_t i) {
  size_t at = i * table->n_columns;
  for (size_t j = 0; j < table->n_columns; j++) {
    if (j > 0) put_character(writer, ',');
    put_number(writer, table->dtype == OCKHAM_FLOAT32 ? (double)((const float *)table->values)[at + j]
                                                      : ((const double *)table->values)[at + j]);
  }
  if (table->label) {
    put_character(writer, ',');
    put_cell(writer, table->labels.texts[table->label[i]]);
  }
  put_character(writer, '\n');
}

static ockham_status write_csv(const ockham_table *table, FILE *stream, ockham_error *err) {
  text_writer writer = {.stream = stream, .buffer = ock_alloc(BUFFER_SIZE)};
  if (!writer.buffer) return ock_fail_memory(err, "a buffer for writing", BUFFER_SIZE);
  put_header(&writer, table);
  for (size_t i = 0; i < table->n_rows; i++) put_row(&writer, table, i);
  flush_text(&writer);
  ock_free(writer.buffer);
  return OCKHAM_OK;
}

/* ---- NPY 1.0 ---- */

static void write_npy(const ockham_table *table, FILE *stream) {
  enum { PRELUDE_SIZE = 10, ALIGNMENT = 64 };
  bool float32 = table->dtype == OCKHAM_FLOAT32;
  char text[256];
  int written = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }",
                         float32 ? "<f4" : "<f8", table->n_rows, table->n_columns);
  size_t length = (size_t)written + 1; /* with the line feed at the end */
  size_t padding = (ALIGNMENT - (PRELUDE_SIZE + length) % ALIGNMENT) % ALIGNMENT;
  length += padding;
  const unsigned char prelude[PRELUDE_SIZE] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)length, 0};
  (void)!fwrite(prelude, 1, sizeof prelude, stream);
  fprintf(stream, "%s%*s\n", text, (int)padding, "");
  size_t size = float32 ? sizeof(float) : sizeof(double);
  (void)!fwrite(table->values, size, table->n_rows * table->n_columns, stream);
}

static bool ends_in_npy(const char *path) {
  size_t length = strlen(path);
  return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

ockham_status ockham_table_write(const ockham_table *table, const char *path, ockham_error *err) {
  ock_output output;
  ockham_status status = OCKHAM_OK;
  OCK_TRY(ock_output_open(&output, path, err));
  if (ends_in_npy(path))
    write_npy(table, output.stream);
  else
    status = write_csv(table, output.stream, err);
  if (!status) status = ock_output_commit(&output, err);
  ock_output_abandon(&output);
  return status;
}
