/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "outputs.h"

/* End a file that `status` says is complete, or leave what was there before. */
static ockham_status finish(ockham_writer *writer, ockham_status status, ockham_error *err) {
  if (!status) return ockham_writer_close(writer, err);
  ockham_writer_abandon(writer);
  return status;
}

ockham_status cli_write_labels(const char *path, const ockham_table *table, const uint32_t *labels, ockham_error *err) {
  static const char *const names[] = {"row", "cluster"};
  ockham_writer *writer;
  ockham_status status = ockham_writer_open(path, names, 2, &writer, err);
  if (status) return status;
  size_t n = ockham_table_rows(table).n_rows;
  for (size_t i = 0; i < n && !status; i++) {
    double cells[2] = {(double)ockham_table_source_row(table, i), (double)labels[i]};
    status = ockham_writer_put(writer, (ockham_rows){.data = cells, .n_rows = 1, .n_columns = 2}, err);
  }
  return finish(writer, status, err);
}

ockham_status cli_write_probabilities(const char *path, const ockham_table *table, const double *probabilities,
                                      size_t k, ockham_error *err) {
  enum { NAME_BYTES = 16 };
  const char **names = malloc((k + 1) * sizeof *names);
  char *text = malloc(k * NAME_BYTES);
  double *cells = malloc((k + 1) * sizeof *cells);
  ockham_writer *writer = NULL;
  ockham_status status = names && text && cells ? OCKHAM_OK : cli_no_memory("the names of the columns", err);
  if (!status) {
    names[0] = "row";
    for (size_t j = 0; j < k; j++) {
      snprintf(text + j * NAME_BYTES, NAME_BYTES, "p%u", (unsigned)j);
      names[j + 1] = text + j * NAME_BYTES;
    }
    status = ockham_writer_open(path, names, k + 1, &writer, err);
  }
  size_t n = ockham_table_rows(table).n_rows;
  for (size_t i = 0; i < n && !status; i++) {
    cells[0] = (double)ockham_table_source_row(table, i);
    memcpy(cells + 1, probabilities + i * k, k * sizeof *cells);
    status = ockham_writer_put(writer, (ockham_rows){.data = cells, .n_rows = 1, .n_columns = k + 1}, err);
  }
  if (writer) status = finish(writer, status, err);
  free(names);
  free(text);
  free(cells);
  return status;
}

ockham_status cli_write_centroids(const char *path, const ockham_model *model, ockham_error *err) {
  const ockham_model_parts *parts = ockham_model_look(model);
  size_t n_before = parts->weights ? 3 : 2, n_columns = parts->n_columns + n_before;
  const char **names = malloc(n_columns * sizeof *names);
  double *cells = malloc(n_columns * sizeof *cells);
  ockham_writer *writer = NULL;
  ockham_status status = names && cells ? OCKHAM_OK : cli_no_memory("the names of the columns", err);
  if (!status) {
    names[0] = "cluster";
    names[1] = "rows";
    if (parts->weights) names[2] = "weight";
    memcpy(names + n_before, parts->column_names, parts->n_columns * sizeof *names);
    status = ockham_writer_open(path, names, n_columns, &writer, err);
  }
  for (size_t j = 0; j < parts->k && !status; j++) {
    cells[0] = (double)j;
    cells[1] = (double)parts->sizes[j];
    if (parts->weights) cells[2] = parts->weights[j];
    ockham_model_centroid(model, j, cells + n_before);
    status = ockham_writer_put(writer, (ockham_rows){.data = cells, .n_rows = 1, .n_columns = n_columns}, err);
  }
  if (writer) status = finish(writer, status, err);
  free(names);
  free(cells);
  return status;
}

typedef const char *name_of_column(const void *from, size_t j);

static const char *name_in_table(const void *from, size_t j) {
  return ockham_table_column_name(from, j);
}

static const char *name_in_reader(const void *from, size_t j) {
  return ockham_reader_column_name(from, j);
}

static ockham_status new_model(name_of_column *name, const void *from, ockham_model_parts parts, ockham_model **model,
                               ockham_error *err) {
  const char **names = malloc(parts.n_columns * sizeof *names);
  if (!names) return cli_no_memory("the names of the columns", err);
  for (size_t j = 0; j < parts.n_columns; j++) names[j] = name(from, j);
  parts.column_names = names;
  for (size_t j = 0; j < parts.k; j++) parts.n_rows += parts.sizes[j];
  ockham_status status = ockham_model_new(&parts, model, err);
  free(names);
  return status;
}

ockham_status cli_model_new(const ockham_table *table, ockham_model_parts parts, ockham_model **model,
                            ockham_error *err) {
  parts.n_columns = ockham_table_rows(table).n_columns;
  return new_model(name_in_table, table, parts, model, err);
}

ockham_status cli_model_of_reader(const ockham_reader *reader, ockham_model_parts parts, ockham_model **model,
                                  ockham_error *err) {
  parts.n_columns = ockham_reader_n_columns(reader);
  return new_model(name_in_reader, reader, parts, model, err);
}

ockham_status cli_print_notes(const ockham_table *table, const ockham_scaling *scaling, const uint32_t *labels,
                              ockham_error *err) {
  const uint32_t *known = ockham_table_labels(table);
  if (scaling->kind != OCKHAM_SCALE_NONE)
    printf("columns were scaled (spreads differ by %.3g to 1); --scale none leaves them as they are\n",
           scaling->spread_ratio);
  if (!known) return OCKHAM_OK;
  ockham_agreement agreement;
  ockham_status status = ockham_agreement_measure(labels, known, ockham_table_rows(table).n_rows, &agreement, err);
  if (!status)
    printf("against the %zu known labels%s: adjusted Rand %.3f, adjusted mutual information %.3f\n",
           ockham_table_n_label_values(table), ockham_table_weights(table) ? " (each row counted once)" : "",
           agreement.adjusted_rand, agreement.adjusted_mutual_information);
  return status;
}
