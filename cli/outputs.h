/* SPDX-License-Identifier: Apache-2.0 */
/* The files that clusters, fit, mixture and predict write, and what several commands print alike. */
#ifndef OCKHAM_CLI_OUTPUTS_H
#define OCKHAM_CLI_OUTPUTS_H

#include "cli.h"

/* One row a row of the table: its number in the file (from 1) and its cluster. */
ockham_status cli_write_labels(const char *path, const ockham_table *table, const uint32_t *labels, ockham_error *err);

/* One row a row of the table: its number in the file and its probability of each of k components. */
ockham_status cli_write_probabilities(const char *path, const ockham_table *table, const double *probabilities,
                                      size_t k, ockham_error *err);
/* The same a row at a time: such a file, and one row for it; cells has room for k + 1. */
ockham_status cli_open_probabilities(const char *path, size_t k, ockham_writer **writer, ockham_error *err);
ockham_status cli_put_probabilities(ockham_writer *writer, uint64_t row, const double *probabilities, size_t k,
                                    double *cells, ockham_error *err);

/* One row a cluster: its number, size, weight where rows had weights, and centroid in the data's own units. */
ockham_status cli_write_centroids(const char *path, const ockham_model *model, ockham_error *err);

/* How many rows that count each of k clusters has, and what they weigh. */
void cli_count_rows(const ockham_table *table, const uint32_t *labels, size_t k, uint64_t *sizes, double *weights);

/* A model of parts that lack what the table knows: column names, and the numbers of columns and rows (that count). */
ockham_status cli_model_new(const ockham_table *table, ockham_model_parts parts, ockham_model **model,
                            ockham_error *err);
ockham_status cli_model_of_names(const char *const *names, size_t n_columns, ockham_model_parts parts,
                                 ockham_model **model, ockham_error *err);
ockham_status cli_model_of_reader(const ockham_reader *reader, ockham_model_parts parts, ockham_model **model,
                                  ockham_error *err);

/* What fit and mixture say besides, on standard output: how columns were scaled, and how far labels agree with those
 * that are known. */
ockham_status cli_print_notes(const ockham_table *table, const ockham_scaling *scaling, const uint32_t *labels,
                              ockham_error *err);

/* What mixture and show say of a mixture: its likelihood and criteria; its tails, and whether it has a prior; and the
 * proportion, means and standard deviations of each component, in the data's own units, for the first few columns. */
void cli_print_likelihood(const ockham_mixture *mixture);
void cli_print_tails(const ockham_mixture *mixture);
ockham_status cli_print_components(const ockham_model *model, ockham_error *err);

/* The command line that these words make, quoted for a shell; from malloc, NULL when memory ran out. cli_parse() puts
 * words into another order: ask before. */
char *cli_command_line(const char *command, int n_words, char *const *words);
/* The HTML report of a table, or of the sample of one that is read in passes. The options are added to. */
ockham_status cli_write_page(const char *path, const ockham_sweep *sweep, const ockham_table *table,
                             const uint32_t *labels, ockham_page_options options, ockham_error *err);
ockham_status cli_passes_write_page(const char *path, const ockham_sweep *sweep, const cli_passes *passes,
                                    ockham_page_options options, ockham_error *err);

/* A name at the right of `width` columns; it may be UTF-8, and is not cut inside a character. */
void cli_print_name(const char *name, int width);

#endif
