/* SPDX-License-Identifier: Apache-2.0 */
/* What a run prints, cut anywhere: the same metrics however it is cut, and no more than there is room for. */
#include <stdlib.h>
#include <string.h>

#include "ablate/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(double a, double b) {
  return a == b || (a != a && b != b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ock_metrics whole = {0}, pieces = {0};
  const char *text = (const char *)data;
  size_t step = size ? 1 + data[0] % 7 : 1;
  ock_metrics_feed(&whole, text, size);
  ock_metrics_end(&whole);
  for (size_t at = 0; at < size; at += step) ock_metrics_feed(&pieces, text + at, size - at < step ? size - at : step);
  ock_metrics_end(&pieces);
  if (whole.n != pieces.n || whole.n > OCK_MOST_METRICS || whole.n_points != pieces.n_points ||
      whole.n_faulty != pieces.n_faulty)
    abort();
  for (size_t i = 0; i < whole.n; i++)
    if (strcmp(whole.items[i].name, pieces.items[i].name) != 0 || !same(whole.items[i].value, pieces.items[i].value))
      abort();
  ockham_study study = {.metric = "loss", .compute = "flops"};
  ock_result result = ock_metrics_result(&whole, &study, NULL);
  if (result.outcome == OCKHAM_OUTCOME_DONE && result.loss != result.loss) abort();
  ock_metrics_clear(&whole);
  ock_metrics_clear(&pieces);
  return 0;
}
