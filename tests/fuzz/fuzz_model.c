/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are refused or give a model that keeps its promises: as they come, and once more with right checksums. A
 * mixture must be able to say something of any row that is not too far out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../model/seal.h"
#include "model/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the mean of its first component. */
static void use_mixture(const ockham_model *model) {
  const ockham_model_parts *parts = ockham_model_look(model);
  double *row = malloc(parts->n_columns * sizeof *row), *probability = malloc(parts->k * sizeof *probability);
  double log_density, sum = 0;
  uint32_t label;
  if (!row || !probability) abort();
  ockham_model_centroid(model, 0, row);
  ockham_rows x = {.data = row, .n_rows = 1, .n_columns = parts->n_columns};
  ockham_status status = ockham_model_posterior(model, x, 1, &label, probability, &log_density, NULL);
  if (status == OCKHAM_OK) {
    for (size_t j = 0; j < parts->k; j++) sum += probability[j];
    if (label >= parts->k || !isfinite(log_density) || !(fabs(sum - 1) < 1e-9)) abort();
  } else if (status != OCKHAM_BAD_DATA) {
    abort();
  }
  free(row);
  free(probability);
}

static void parse(unsigned char *bytes, size_t size) {
  ockham_model *model;
  ockham_error err = {0};
  if (ock_model_parse("fuzz", bytes, size, &model, &err)) {
    if (model || err.status == OCKHAM_OK || strncmp(err.message, "fuzz: ", 6) != 0) abort();
    return;
  }
  if (ock_model_check(ockham_model_look(model), NULL)) abort();
  if (ockham_model_look(model)->mixture) use_mixture(model);
  ockham_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char *bytes = malloc(size + 1); /* aligned, and with its end where the sanitizer sees it */
  if (!bytes) return 0;
  if (size) memcpy(bytes, data, size);
  parse(bytes, size);
  seal_container(bytes, size);
  parse(bytes, size);
  free(bytes);
  return 0;
}
