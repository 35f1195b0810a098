/* SPDX-License-Identifier: Apache-2.0 */
/* model: what a clustering leaves behind to label new rows with, and the file that keeps it.
 * Main type: ockham_model, a copy of ockham_model_parts in one arena.
 * Invariants: a model that exists has passed ock_model_check(), whether it was made from parts or read from a file;
 *   saving what was loaded gives the same bytes.
 * Threads: a model never changes, so any number of threads may use one.
 * Source: the container of data/internal.h; the chunks are listed in file.c. */
#ifndef OCK_MODEL_INTERNAL_H
#define OCK_MODEL_INTERNAL_H

#include <ockham/model.h>

#include "core/internal.h"

struct ockham_model {
  ockham_model_parts parts; /* all pointers lead into the arena, to the mixture or the profile, or are NULL */
  ockham_mixture mixture;
  ockham_profile *profile; /* its own; NULL: none */
  ock_arena arena;
  const char *names_text; /* the column names, each with its NUL, one behind the other */
  size_t names_size_bytes;
  const double *scaling_values; /* n_columns centres, then as many factors; NULL without scaling */
};

/* BAD_ARGUMENT with what is wrong, or OK; or NO_MEMORY. */
ockham_status ock_model_check(const ockham_model_parts *parts, ockham_error *err);

/* A model from the bytes of its file, 8-byte aligned and borrowed; path is for messages. */
ockham_status ock_model_parse(const char *path, unsigned char *bytes, size_t size, ockham_model **model,
                              ockham_error *err);

/* ockham_model_predict() of a model with a mixture, for checked rows of the model's columns. */
ockham_status ock_model_predict_mixture(const ockham_model *model, ockham_rows x, size_t threads, uint32_t *labels,
                                        double *squared_distances, ockham_error *err);

/* A row that was finite, and is too far out to be scaled or squared: `row` counts from 0. */
ockham_status ock_model_fail_overflow(const ockham_model *model, size_t row, ockham_error *err);

#endif
