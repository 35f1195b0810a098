/* SPDX-License-Identifier: Apache-2.0 */
#include "profiles.h"

#include <ockham/drift.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST_ROWS = 20, MOST_CLUSTERS = 258 };

/* ---- a table's columns ---- */

typedef struct described {
  ockham_profile_column *columns;
  const char **texts; /* of all columns */
} described;

static void clear_described(described *d) {
  free(d->columns);
  free(d->texts);
}

static bool is_listed(const cli_list *list, const char *name) {
  for (size_t i = 0; list && i < list->n; i++)
    if (strcmp(list->items[i], name) == 0) return true;
  return false;
}

static ockham_status describe(const cli_reference *r, described *d, ockham_error *err) {
  size_t n_columns = r->rows.n_columns, n_texts = 0;
  for (size_t j = 0; j < n_columns; j++) n_texts += ockham_table_n_texts(r->table, j);
  d->columns = calloc(n_columns, sizeof *d->columns);
  d->texts = malloc((n_texts + 1) * sizeof *d->texts);
  if (!d->columns || !d->texts) return cli_no_memory("the columns of a profile", err);
  const char **texts = d->texts;
  for (size_t j = 0; j < n_columns; j++) {
    const char *name = ockham_table_column_name(r->table, j);
    size_t n = ockham_table_n_texts(r->table, j);
    d->columns[j] = (ockham_profile_column){
        .name = name,
        .kind = n > 0 ? OCKHAM_COLUMN_CATEGORY : OCKHAM_COLUMN_NUMBER,
        .role = is_listed(r->outputs, name) ? OCKHAM_COLUMN_OUTPUT : OCKHAM_COLUMN_INPUT,
        .texts = texts,
        .n_texts = n,
    };
    for (size_t t = 0; t < n; t++) *texts++ = ockham_table_text(r->table, j, t);
  }
  return OCKHAM_OK;
}

/* ---- fitting ---- */

ockham_status cli_fit_profile(const cli_reference *r, const ockham_model_parts *parts, ockham_profile **profile,
                              ockham_error *err) {
  static const ockham_model_parts none = {0};
  described d = {0};
  if (!parts) parts = &none;
  ockham_profile_options options = {
      .k = parts->k,
      .centroids = parts->mixture ? parts->mixture->means : parts->centroids,
      .centre = parts->scaling.centre,
      .factor = parts->scaling.factor,
      .times = ockham_table_times(r->table),
      .unordered = r->unordered,
      .seed = r->seed,
      .threads = r->threads,
      .progress = r->progress,
  };
  ockham_status status = describe(r, &d, err);
  options.columns = d.columns;
  if (!status) status = ockham_profile_fit(r->rows, &options, profile, err);
  clear_described(&d);
  return status;
}

ockham_status cli_add_profile(const ockham_model *model, const cli_reference *r, ockham_model **with,
                              ockham_error *err) {
  static const ockham_model_parts none = {.scaling = {.kind = OCKHAM_SCALE_NONE}, .criterion = "none"};
  ockham_profile *profile = NULL;
  ockham_model_parts parts = model ? *ockham_model_look(model) : none;
  ockham_status status = cli_fit_profile(r, &parts, &profile, err);
  if (!status && !r->no_rehearsal)
    status = ockham_drift_rehearse(profile, r->rows, r->seed, r->threads, r->progress, err);
  parts.profile = profile;
  if (!status) status = ockham_model_new(&parts, with, err);
  ockham_profile_free(profile);
  return status;
}

/* ---- profiles on the way ---- */

const char *cli_profile_obstacle(const ockham_table *table, size_t k) {
  if (ockham_table_weights(table)) return "rows have weights";
  if (ockham_table_n_rows_dropped(table) > 0) return "rows with missing cells were left out";
  if (ockham_table_n_cells_filled(table) > 0) return "missing cells were filled in";
  if (ockham_table_rows(table).n_rows < FEWEST_ROWS) return "it takes 20 rows";
  return k > MOST_CLUSTERS ? "it takes at most 258 clusters" : NULL;
}

ockham_status cli_add_profile_of_table(ockham_model **model, const ockham_table *table, const cli_plain *plain,
                                       const cli_input *input, uint64_t seed, ockham_error *err) {
  const char *why = cli_profile_obstacle(table, ockham_model_look(*model)->k);
  if (why && !ockham_table_weights(table) && !input->quiet) /* of weights the help tells */
    fprintf(stderr, "ockham: note: the model has no profile to notice drift by, for %s\n", why);
  if (why) return OCKHAM_OK;
  cli_reference reference = {.table = table, .rows = plain->rows, .seed = seed, .threads = input->threads};
  ockham_model *with = NULL;
  ockham_status status = cli_add_profile(*model, &reference, &with, err);
  if (status) return status;
  ockham_model_free(*model);
  *model = with;
  return OCKHAM_OK;
}
