/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of runs: the first byte says whether the rest is CSV, JSON lines or what a task printed. They come into a
 * journal in memory, or are refused with one line. */
#include <stdlib.h>
#include <string.h>

#include "ablate/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const switches[] = {"off", "on"}, *const numbers[] = {"0.0001", "1", "x y"};
static const ockham_study_factor factors[] = {{"a", 2, switches}, {"b", 3, numbers}};
static const ockham_study_setting small[] = {{"width", "32"}}, large[] = {{"width", "64"}};
static const ockham_study_scale scales[] = {{.name = "S1", .n_settings = 1, .settings = small},
                                            {.name = "S2", .n_settings = 1, .settings = large}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ockham_import_options options = {0};
  ockham_study study = {.name = "fuzz",
                        .command = "c",
                        .metric = "loss",
                        .compute = "flops",
                        .n_factors = 2,
                        .factors = factors,
                        .n_scales = 2,
                        .scales = scales};
  ockham_journal *journal;
  ockham_error err = {0};
  if (size < 1 || ockham_journal_open(":memory:", &study, &journal, NULL)) return 0;
  ock_import import = {
      .journal = journal, .study = &study, .options = &options, .path = "table", .row = 1, .first_new = 1};
  char *text = malloc(size);
  if (!text) abort();
  memcpy(text, data + 1, size - 1);
  text[size - 1] = '\0';
  ockham_status status = data[0] % 3 == 0   ? ock_import_csv(&import, text, &err)
                         : data[0] % 3 == 1 ? ock_import_lines(&import, text, &err)
                                            : ock_import_task(&import, text, size - 1, &err);
  free(text);
  ock_import_clear(&import);
  size_t n;
  ock_journal_all(journal, &n);
  if (n != import.n_imported || (status && (!err.message[0] || strchr(err.message, '\n')))) abort();
  ockham_journal_free(journal);
  return 0;
}
