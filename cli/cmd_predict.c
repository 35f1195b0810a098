/* SPDX-License-Identifier: Apache-2.0 */
/* Label new rows by a model, a block at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "outputs.h"

typedef struct predict_options {
  cli_input input;
  const char *output, *probabilities;
} predict_options;

static const cli_option option_table[] = {
    {"output", CLI_OUTPUT, "FILE", "where to write (default: standard output as CSV; NPY by its ending)",
     offsetof(predict_options, output), NULL},
    {"probabilities", CLI_OUTPUT, "FILE", "of a mixture: write each row's posterior probability of every component",
     offsetof(predict_options, probabilities), NULL},
    CLI_FILE_OPTIONS(predict_options),
    {0},
};

/* Row, label and what says how sure it is: the squared distance; or the probability and the density's logarithm. */
enum { CELLS_OF_CENTROIDS = 3, CELLS_OF_MIXTURE = 4 };

typedef struct prediction {
  const predict_options *options;
  const char *path;
  ockham_model *model;
  const ockham_model_parts *parts;
  ockham_reader *reader;
  ockham_writer *writer, *probabilities_writer;
  size_t capacity; /* rows that there is room for: */
  uint32_t *labels;
  double *measures;      /* squared distances; of a mixture logarithms of densities */
  double *probabilities; /* capacity x k, of a mixture */
  double *cells;         /* as they are written */
  double *wide_cells;    /* k + 1: one row of the probabilities */
} prediction;

static void free_room(prediction *p) {
  free(p->labels);
  free(p->measures);
  free(p->probabilities);
  free(p->cells);
  p->labels = NULL;
  p->measures = p->probabilities = p->cells = NULL;
  p->capacity = 0;
}

static ockham_status make_room(prediction *p, size_t n, ockham_error *err) {
  size_t k = p->parts->mixture ? p->parts->k : 1;
  if (n <= p->capacity) return OCKHAM_OK;
  free_room(p);
  p->labels = malloc(n * sizeof *p->labels);
  p->measures = malloc(n * sizeof *p->measures);
  p->probabilities = calloc(n, k * sizeof *p->probabilities);
  p->cells = calloc(n, CELLS_OF_MIXTURE * sizeof *p->cells);
  if (!p->labels || !p->measures || !p->probabilities || !p->cells) return cli_no_memory("the labels of a block", err);
  p->capacity = n;
  return OCKHAM_OK;
}

/* The rows come from a file whose every number is finite. */
static ockham_status name_row(const prediction *p, size_t first, ockham_status status, ockham_error *err) {
  if (status != OCKHAM_BAD_DATA) return status;
  uint64_t row = ockham_reader_source_row(p->reader, first + (size_t)err->row - 1);
  snprintf(err->message, sizeof err->message, "row %llu is so far from every %s that its squared distance overflows",
           (unsigned long long)row, p->parts->mixture ? "component" : "centroid");
  return cli_name_file(p->path, status, err);
}

static ockham_status label_by_centroids(prediction *p, ockham_rows rows, size_t first, ockham_error *err) {
  ockham_status status = ockham_model_predict(p->model, rows, p->options->input.threads, p->labels, p->measures, err);
  if (status) return name_row(p, first, status, err);
  for (size_t i = 0; i < rows.n_rows; i++) {
    double *cells = p->cells + i * CELLS_OF_CENTROIDS;
    cells[0] = (double)ockham_reader_source_row(p->reader, first + i);
    cells[1] = (double)p->labels[i];
    cells[2] = p->measures[i];
  }
  rows = (ockham_rows){.data = p->cells, .n_rows = rows.n_rows, .n_columns = CELLS_OF_CENTROIDS};
  return ockham_writer_put(p->writer, rows, err);
}

static ockham_status label_by_mixture(prediction *p, ockham_rows rows, size_t first, ockham_error *err) {
  size_t k = p->parts->k;
  ockham_status status =
      ockham_model_posterior(p->model, rows, p->options->input.threads, p->labels, p->probabilities, p->measures, err);
  if (status) return name_row(p, first, status, err);
  for (size_t i = 0; i < rows.n_rows && !status; i++) {
    uint64_t row = ockham_reader_source_row(p->reader, first + i);
    double *cells = p->cells + i * CELLS_OF_MIXTURE;
    cells[0] = (double)row;
    cells[1] = (double)p->labels[i];
    cells[2] = p->probabilities[i * k + p->labels[i]];
    cells[3] = p->measures[i];
    if (p->probabilities_writer)
      status = cli_put_probabilities(p->probabilities_writer, row, p->probabilities + i * k, k, p->wide_cells, err);
  }
  if (status) return status;
  rows = (ockham_rows){.data = p->cells, .n_rows = rows.n_rows, .n_columns = CELLS_OF_MIXTURE};
  return ockham_writer_put(p->writer, rows, err);
}

/* Rows of a block that are labelled at once: probabilities of many components take room. */
static size_t rows_at_once(const prediction *p, size_t n_rows) {
  enum { MOST_VALUES = 1 << 21, GROUP = 64 };
  if (!p->parts->mixture) return n_rows;
  size_t n = MOST_VALUES / p->parts->k / GROUP * GROUP;
  return n < GROUP ? GROUP : n;
}

static ockham_status predict_block(prediction *p, ockham_rows rows, ockham_error *err) {
  size_t stride = rows.stride ? rows.stride : rows.n_columns, most = rows_at_once(p, rows.n_rows);
  size_t stride_bytes = stride * (rows.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double));
  ockham_status status = make_room(p, rows.n_rows < most ? rows.n_rows : most, err);
  for (size_t first = 0; first < rows.n_rows && !status; first += most) {
    ockham_rows some = rows;
    some.data = (const char *)rows.data + first * stride_bytes;
    some.n_rows = rows.n_rows - first < most ? rows.n_rows - first : most;
    status = p->parts->mixture ? label_by_mixture(p, some, first, err) : label_by_centroids(p, some, first, err);
  }
  return status;
}

static ockham_status predict_all(prediction *p, ockham_error *err) {
  ockham_rows rows;
  ockham_status status;
  while (!(status = ockham_reader_next(p->reader, &rows, err)) && rows.n_rows > 0)
    if ((status = predict_block(p, rows, err))) break;
  return status;
}

static ockham_status open_outputs(prediction *p, ockham_error *err) {
  static const char *const names[] = {"row", "cluster", "squared_distance"};
  static const char *const mixture_names[] = {"row", "cluster", "probability", "log_density"};
  const predict_options *o = p->options;
  bool mixture = p->parts->mixture;
  ockham_status status = ockham_writer_open(o->output ? o->output : "-", mixture ? mixture_names : names,
                                            mixture ? CELLS_OF_MIXTURE : CELLS_OF_CENTROIDS, &p->writer, err);
  if (status || !o->probabilities) return status;
  p->wide_cells = malloc((p->parts->k + 1) * sizeof *p->wide_cells);
  if (!p->wide_cells) return cli_no_memory("the probabilities of a row", err);
  return cli_open_probabilities(o->probabilities, p->parts->k, &p->probabilities_writer, err);
}

/* End the files if `status` says that they are complete, or leave what was there before. */
static ockham_status end_outputs(prediction *p, ockham_status status, ockham_error *err) {
  ockham_writer *writers[] = {p->writer, p->probabilities_writer};
  for (size_t i = 0; i < 2 && writers[i]; i++) {
    if (!status)
      status = ockham_writer_close(writers[i], err);
    else
      ockham_writer_abandon(writers[i]);
  }
  return status;
}

static ockham_status open_input(prediction *p, ockham_read_options *read_options, ockham_error *err) {
  if (p->parts->k == 0) {
    *err = (ockham_error){.status = OCKHAM_BAD_ARGUMENT,
                          .message = "predict needs a model with clusters, found one that holds a profile alone"};
    return OCKHAM_BAD_ARGUMENT;
  }
  if (p->options->probabilities && !p->parts->mixture) {
    *err = (ockham_error){.status = OCKHAM_BAD_ARGUMENT,
                          .message = "--probabilities needs a model with a mixture, found one of k-means"};
    return OCKHAM_BAD_ARGUMENT;
  }
  read_options->columns = p->parts->column_names;
  read_options->n_columns = p->parts->n_columns;
  return ockham_reader_open(p->path, read_options, &p->reader, err);
}

static int predict(const char *model_path, const char *path, const predict_options *o) {
  prediction p = {.options = o, .path = path};
  ockham_error err = {0};
  ockham_read_options read_options;
  int code = cli_read_options(&o->input, &read_options);
  if (code) return code;
  ockham_status status = ockham_model_load(model_path, &p.model, &err);
  if (!status) {
    p.parts = ockham_model_look(p.model);
    status = open_input(&p, &read_options, &err);
  }
  if (!status) status = open_outputs(&p, &err);
  if (!status) status = predict_all(&p, &err);
  cli_progress_end();
  status = end_outputs(&p, status, &err);
  free_room(&p);
  free(p.wide_cells);
  ockham_reader_close(p.reader);
  ockham_model_free(p.model);
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
        "its cluster and the squared distance to the centroid (in the model's scaled units). By a mixture: its "
        "number,\n"
        "the most probable component, the probability of that, and the logarithm of the density (in scaled units),\n"
        "which is low for rows that fit no component.",
    .min_arguments = 2,
    .max_arguments = 2,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
