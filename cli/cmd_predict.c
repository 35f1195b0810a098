/* SPDX-License-Identifier: Apache-2.0 */
/* Label new rows by a model, a block at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

typedef struct predict_options {
  cli_input input;
  const char *output;
} predict_options;

static const cli_option option_table[] = {
    {"output", CLI_TEXT, "FILE", "where to write (default: standard output as CSV; NPY by its ending)",
     offsetof(predict_options, output), NULL},
    CLI_FILE_OPTIONS(predict_options),
    {0},
};

/* Room for the labels of one block. */
typedef struct labelled {
  size_t capacity;
  uint32_t *labels;
  double *distances;
  double *cells; /* row, label and distance side by side, as they are written */
} labelled;

static bool grow(labelled *block, size_t n) {
  if (n <= block->capacity) return true;
  free(block->labels);
  free(block->distances);
  free(block->cells);
  block->labels = malloc(n * sizeof *block->labels);
  block->distances = malloc(n * sizeof *block->distances);
  block->cells = malloc(3 * n * sizeof *block->cells);
  block->capacity = block->labels && block->distances && block->cells ? n : 0;
  return block->capacity == n;
}

static ockham_status predict_block(const ockham_model *model, const ockham_reader *reader, ockham_rows rows,
                                   size_t threads, labelled *block, ockham_writer *writer, ockham_error *err) {
  if (!grow(block, rows.n_rows)) return cli_no_memory("the labels of a block", err);
  ockham_status status = ockham_model_predict(model, rows, threads, block->labels, block->distances, err);
  if (status) return status;
  for (size_t i = 0; i < rows.n_rows; i++) {
    block->cells[3 * i] = (double)ockham_reader_source_row(reader, i);
    block->cells[3 * i + 1] = (double)block->labels[i];
    block->cells[3 * i + 2] = block->distances[i];
  }
  return ockham_writer_put(writer, (ockham_rows){.data = block->cells, .n_rows = rows.n_rows, .n_columns = 3}, err);
}

static ockham_status predict_all(const ockham_model *model, ockham_reader *reader, size_t threads,
                                 ockham_writer *writer, ockham_error *err) {
  labelled block = {0};
  ockham_rows rows;
  ockham_status status;
  while (!(status = ockham_reader_next(reader, &rows, err)) && rows.n_rows > 0)
    if ((status = predict_block(model, reader, rows, threads, &block, writer, err))) break;
  free(block.labels);
  free(block.distances);
  free(block.cells);
  return status;
}

static int predict(const char *model_path, const char *path, const predict_options *o) {
  static const char *const names[] = {"row", "cluster", "squared_distance"};
  ockham_model *model = NULL;
  ockham_reader *reader = NULL;
  ockham_writer *writer = NULL;
  ockham_error err = {0};
  ockham_read_options read_options;
  int code = cli_read_options(&o->input, &read_options);
  if (code) return code;
  ockham_status status = ockham_model_load(model_path, &model, &err);
  if (!status) {
    const ockham_model_parts *parts = ockham_model_look(model);
    read_options.columns = parts->column_names;
    read_options.n_columns = parts->n_columns;
    status = ockham_reader_open(path, &read_options, &reader, &err);
  }
  if (!status) status = ockham_writer_open(o->output ? o->output : "-", names, 3, &writer, &err);
  if (!status) status = predict_all(model, reader, o->input.threads, writer, &err);
  cli_progress_end();
  if (!status)
    status = ockham_writer_close(writer, &err);
  else
    ockham_writer_abandon(writer);
  ockham_reader_close(reader);
  ockham_model_free(model);
  return status ? cli_fail(&err) : EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  predict_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (stop) return code;
  if (options.input.missing == OCKHAM_MISSING_MEAN)
    return cli_fail_usage("--missing mean needs the whole table; predict takes error or drop");
  return predict(arguments[0], arguments[1], &options);
}

const cli_command cmd_predict = {
    .name = "predict",
    .usage = "MODEL FILE [options]",
    .summary = "label new rows by a model",
    .details =
        "The model's columns are found in FILE by name; other columns are passed over. Writes, for each row, its "
        "number,\n"
        "its cluster and the squared distance to the centroid (in the model's scaled units).",
    .min_arguments = 2,
    .max_arguments = 2,
    .options = option_table,
    .run = run,
};
