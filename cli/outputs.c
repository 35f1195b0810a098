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

ockham_status cli_open_probabilities(const char *path, size_t k, ockham_writer **writer, ockham_error *err) {
  enum { NAME_BYTES = 16 };
  const char **names = malloc((k + 1) * sizeof *names);
  char *text = malloc(k * NAME_BYTES);
  ockham_status status = names && text ? OCKHAM_OK : cli_no_memory("the names of the columns", err);
  if (!status) {
    names[0] = "row";
    for (size_t j = 0; j < k; j++) {
      snprintf(text + j * NAME_BYTES, NAME_BYTES, "p%u", (unsigned)j);
      names[j + 1] = text + j * NAME_BYTES;
    }
    status = ockham_writer_open(path, names, k + 1, writer, err);
  }
  free(names);
  free(text);
  return status;
}

ockham_status cli_put_probabilities(ockham_writer *writer, uint64_t row, const double *probabilities, size_t k,
                                    double *cells, ockham_error *err) {
  cells[0] = (double)row;
  memcpy(cells + 1, probabilities, k * sizeof *cells);
  return ockham_writer_put(writer, (ockham_rows){.data = cells, .n_rows = 1, .n_columns = k + 1}, err);
}

ockham_status cli_write_probabilities(const char *path, const ockham_table *table, const double *probabilities,
                                      size_t k, ockham_error *err) {
  double *cells = malloc((k + 1) * sizeof *cells);
  ockham_writer *writer = NULL;
  ockham_status status =
      cells ? cli_open_probabilities(path, k, &writer, err) : cli_no_memory("the probabilities of a row", err);
  size_t n = ockham_table_rows(table).n_rows;
  for (size_t i = 0; i < n && !status; i++)
    status = cli_put_probabilities(writer, ockham_table_source_row(table, i), probabilities + i * k, k, cells, err);
  if (writer) status = finish(writer, status, err);
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

void cli_count_rows(const ockham_table *table, const uint32_t *labels, size_t k, uint64_t *sizes, double *weights) {
  const double *weight = ockham_table_weights(table);
  size_t n = ockham_table_rows(table).n_rows;
  memset(sizes, 0, k * sizeof *sizes);
  memset(weights, 0, k * sizeof *weights);
  for (size_t i = 0; i < n; i++) {
    double w = weight ? weight[i] : 1;
    sizes[labels[i]] += w > 0;
    weights[labels[i]] += w;
  }
}

typedef const char *name_of_column(const void *from, size_t j);

static const char *name_in_table(const void *from, size_t j) {
  return ockham_table_column_name(from, j);
}

static const char *name_in_reader(const void *from, size_t j) {
  return ockham_reader_column_name(from, j);
}

static const char *name_in_list(const void *from, size_t j) {
  return ((const char *const *)from)[j];
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

ockham_status cli_model_of_names(const char *const *names, size_t n_columns, ockham_model_parts parts,
                                 ockham_model **model, ockham_error *err) {
  parts.n_columns = n_columns;
  return new_model(name_in_list, names, parts, model, err);
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

/* ---- mixtures in words ---- */

void cli_print_likelihood(const ockham_mixture *m) {
  printf("log-likelihood %.9g, %.0f parameters, BIC %.9g, ICL %.9g, %s after %zu step%s\n", m->log_likelihood,
         m->n_parameters, m->bic, m->icl, m->converged ? "converged" : "not converged", m->n_steps,
         m->n_steps == 1 ? "" : "s");
}

void cli_print_tails(const ockham_mixture *m) {
  if (m->tail != 1)
    printf("tails are %s than Gaussian ones: exponent %.3g\n", m->tail < 1 ? "heavier" : "lighter", m->tail);
  if (m->regularised) printf("a component collapsed on few rows: it was fitted again with a prior\n");
}

void cli_print_name(const char *name, int width) {
  size_t n_bytes = 0;
  int n_characters = 0;
  while (name[n_bytes]) {
    bool starts = ((unsigned char)name[n_bytes] & 0xc0) != 0x80;
    if (starts && n_characters == width) break;
    n_characters += starts;
    n_bytes++;
  }
  printf("%*s", width - n_characters, "");
  cli_put_name(name, n_bytes, stdout);
}

ockham_status cli_print_components(const ockham_model *model, ockham_error *err) {
  enum { MOST_COLUMNS = 4, WIDTH = 20 };
  const ockham_model_parts *p = ockham_model_look(model);
  size_t d = p->n_columns, shown = d < MOST_COLUMNS ? d : MOST_COLUMNS;
  double *mean = malloc(2 * d * sizeof *mean), *deviation = mean + d;
  if (!mean) return cli_no_memory("a component", err);
  printf("\n  component  proportion");
  for (size_t l = 0; l < shown; l++) {
    printf("  ");
    cli_print_name(p->column_names[l], WIDTH);
  }
  printf("%s\n", shown < d ? "  ..." : "");
  for (size_t j = 0; j < p->k; j++) {
    ockham_model_centroid(model, j, mean);
    ockham_model_deviations(model, j, deviation);
    printf("  %-9zu %10.1f%%", j, 100 * p->mixture->proportions[j]);
    for (size_t l = 0; l < shown; l++) {
      char text[48];
      snprintf(text, sizeof text, "%.4g +- %.3g", mean[l], deviation[l]);
      printf("  %*s", WIDTH, text);
    }
    putchar('\n');
  }
  free(mean);
  return OCKHAM_OK;
}
