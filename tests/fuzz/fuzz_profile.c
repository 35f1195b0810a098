/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are refused, or give a profile that puts any row into bins that exist and is written as it was read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static void bin_rows(const ockham_profile *profile) {
  static const double values[] = {0, -1, INFINITY, 1e300, 2, 0.5};
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  size_t d = parts->n_columns, n_rows = 7;
  double *x = calloc(n_rows * d, sizeof *x), squared[7];
  uint16_t *codes = calloc(n_rows * (parts->n_signals + 1), sizeof *codes);
  check(x && codes);
  for (size_t i = 0; i < n_rows * d; i++) x[i] = i < d ? NAN : values[i % 6];
  ockham_rows rows = {.data = x, .n_rows = n_rows, .n_columns = d};
  check(ockham_profile_bin(profile, rows, codes, squared, NULL) == OCKHAM_OK);
  for (size_t i = 0; i < n_rows; i++)
    for (size_t s = 0; s < parts->n_signals; s++)
      check(codes[i * parts->n_signals + s] < parts->signals[s].n_bins && parts->signals[s].n_bins >= 2 &&
            parts->signals[s].n_bins <= OCKHAM_PROFILE_MOST_BINS);
  free(x);
  free(codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ockham_profile *profile;
  ockham_error err = {0};
  unsigned char *bytes;
  size_t size_back;
  if (ockham_profile_decode(data, size, "fuzz", &profile, &err)) {
    check(!profile && err.status == OCKHAM_BAD_FILE && strncmp(err.message, "fuzz: ", 6) == 0);
    return 0;
  }
  bin_rows(profile);
  check(!ockham_profile_encode(profile, &bytes, &size_back, NULL));
  check(size_back == size && memcmp(bytes, data, size) == 0);
  ockham_bytes_free(bytes);
  ockham_profile_free(profile);
  return 0;
}
