/* SPDX-License-Identifier: Apache-2.0 */
/* Reference profiles for model files: what `ockham profile`, clusters, fit, mixture and show share. */
#ifndef OCKHAM_CLI_PROFILES_H
#define OCKHAM_CLI_PROFILES_H

#include "cli.h"

/* What is profiled. */
typedef struct cli_reference {
  const ockham_table *table; /* whose columns and times they are */
  ockham_rows rows;          /* in their own units */
  const cli_list *outputs;   /* names of columns that the model answered; NULL: none */
  bool unordered, no_rehearsal;
  uint64_t seed;
  size_t threads;
  const ockham_progress *progress;
} cli_reference;

/* The profile alone; parts NULL: without clusters. */
ockham_status cli_fit_profile(const cli_reference *reference, const ockham_model_parts *parts, ockham_profile **profile,
                              ockham_error *err);
/* Another model that holds a profile of these rows as well: its clusters start from the model's, whose columns are the
 * inputs of numbers in their order. NULL: one that holds a profile alone. */
ockham_status cli_add_profile(const ockham_model *model, const cli_reference *reference, ockham_model **with,
                              ockham_error *err);

/* Why a table's profile would not tell what its file holds, or the model cannot have one; NULL: nothing is in the way.
 * k is 0 while it is not known. */
const char *cli_profile_obstacle(const ockham_table *table, size_t k);
/* Put a model with a profile, as by cli_add_profile(), in its place for one that was made from all columns of the
 * table, or a note about why not. */
ockham_status cli_add_profile_of_table(ockham_model **model, const ockham_table *table, const cli_plain *plain,
                                       const cli_input *input, uint64_t seed, ockham_error *err);

/* Clusters for columns of numbers that have none yet, of up to 10,000 rows: k, or as many as `ockham clusters` finds.
 */
typedef struct cli_choice {
  const size_t *columns; /* n_columns: which columns of the rows */
  size_t n_columns, k;   /* 0: to be found */
  const char *const *names;
  int scale; /* an ockham_scale */
  uint64_t seed;
  size_t threads;
  const ockham_progress *progress;
} cli_choice;
ockham_status cli_choose_clusters(ockham_rows rows, const cli_choice *choice, ockham_model **model, ockham_error *err);

/* A few lines about a profile, or a member "profile" of a JSON object; and its columns one a line. */
void cli_print_profile(const ockham_profile *profile);
void cli_print_profile_columns(const ockham_profile *profile);
void cli_print_profile_json(const ockham_profile *profile);
void cli_put_json_text(const char *text);

#endif
