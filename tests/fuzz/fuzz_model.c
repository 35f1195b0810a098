/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are refused or give a model that keeps its promises: as they come, and once more with right checksums. */
#include <stdlib.h>
#include <string.h>

#include "../model/seal.h"
#include "model/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(unsigned char *bytes, size_t size) {
  ockham_model *model;
  ockham_error err = {0};
  if (ock_model_parse("fuzz", bytes, size, &model, &err)) {
    if (model || err.status == OCKHAM_OK || strncmp(err.message, "fuzz: ", 6) != 0) abort();
    return;
  }
  if (ock_model_check(ockham_model_look(model), NULL)) abort();
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
