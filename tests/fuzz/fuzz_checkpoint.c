/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are refused or give a model that writes something, or says that its numbers are not finite: as they come,
 * and once more with right checksums. */
#include <stdlib.h>
#include <string.h>

#include "../model/seal.h"
#include "lm/train.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool put(void *arg, const void *bytes, size_t size) {
  (void)bytes;
  *(size_t *)arg += size;
  return true;
}

static void sample(ockham_lm *model) {
  size_t written = 0;
  ockham_lm_sample_options options = {.prompt = "ab", .prompt_size = 2, .length = 2, .put = put, .arg = &written};
  ockham_status status = ockham_lm_sample(model, &options, NULL);
  if (status == OCKHAM_OK ? written == 0 : status != OCKHAM_BAD_DATA && status != OCKHAM_NO_MEMORY) abort();
}

static void parse(unsigned char *bytes, size_t size) {
  ock_lm_checkpoint checkpoint;
  ockham_lm *model = NULL;
  ockham_error err = {0};
  ockham_status status = ock_lm_checkpoint_parse("fuzz", bytes, size, &checkpoint, &err);
  if (!status) status = ock_lm_of_checkpoint(&checkpoint, "fuzz", &model, &err);
  if (status && (model || (err.status != OCKHAM_NO_MEMORY && strncmp(err.message, "fuzz", 4) != 0))) abort();
  if (!status) sample(model);
  ockham_lm_free(model);
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
