/* SPDX-License-Identifier: Apache-2.0 */
/* The files that clusters, fit, mixture and predict write, and what fit and mixture print alike. */
#ifndef OCKHAM_CLI_OUTPUTS_H
#define OCKHAM_CLI_OUTPUTS_H

#include "cli.h"

/* One row a row of the table: its number in the file (from 1) and its cluster. */
ockham_status cli_write_labels(const char *path, const ockham_table *table, const uint32_t *labels, ockham_error *err);

/* One row a row of the table: its number in the file and its probability of each of k components. */
ockham_status cli_write_probabilities(const char *path, const ockham_table *table, const double *probabilities,
                                      size_t k, ockham_error *err);

/* One row a cluster: its number, size, weight where rows had weights, and centroid in the data's own units. */
ockham_status cli_write_centroids(const char *path, const ockham_model *model, ockham_error *err);

/* A model of parts that lack what the table knows: column names, and the numbers of columns and rows (that count). */
ockham_status cli_model_new(const ockham_table *table, ockham_model_parts parts, ockham_model **model,
                            ockham_error *err);
ockham_status cli_model_of_reader(const ockham_reader *reader, ockham_model_parts parts, ockham_model **model,
                                  ockham_error *err);

/* What fit and mixture say besides, on standard output: how columns were scaled, and how far labels agree with those
 * that are known. */
ockham_status cli_print_notes(const ockham_table *table, const ockham_scaling *scaling, const uint32_t *labels,
                              ockham_error *err);

#endif
