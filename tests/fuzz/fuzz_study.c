/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are refused with a line that names the file, or give a study whose parts hold together, that is the same as
 * itself, and whose commands can be made. */
#include <stdlib.h>
#include <string.h>

#include "ablate/study.h"
#include "ockham/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ockham_status check(void *user, const char *name, const char *value, ockham_error *err) {
  (void)user;
  if (strcmp(name, value) == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s is not itself", name);
  return OCKHAM_OK;
}

static ockham_status complete(void *user, const ockham_study_setting *settings, size_t n, ockham_trainer_facts *facts,
                              ockham_error *err) {
  (void)user;
  *facts = (ockham_trainer_facts){.rate = 1, .flops = (double)n};
  if (n > 1 && strcmp(settings[n - 1].value, settings[n - 2].value) == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the same twice");
  return OCKHAM_OK;
}

static void use(const ockham_study *study) {
  uint8_t levels[OCK_MOST_FACTORS] = {0};
  char *text = ock_study_text(study), *command;
  if (!text || ock_study_compare(study, text, "journal", NULL)) abort();
  ock_free(text);
  if (study->n_factors > OCK_MOST_FACTORS || !study->n_scales || study->design >= OCKHAM_N_DESIGNS) abort();
  for (size_t i = 0; i < study->n_forbidden; i++)
    for (int k = 0; k < 2; k++)
      if (study->forbidden[i].level[k] >= study->factors[study->forbidden[i].factor[k]].n_levels) abort();
  for (size_t f = 0; f < study->n_factors; f++) levels[f] = (uint8_t)(study->factors[f].n_levels - 1);
  for (size_t s = 0; s < study->n_scales; s++) {
    ockham_run run = {.id = 1, .scale = s, .levels = levels, .seed = 3, .rate = .5};
    if (ockham_run_command(study, &run, NULL, &command, NULL)) abort();
    ockham_text_free(command);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ockham_trainer trainer = {.check = check, .complete = complete};
  ockham_error err = {0};
  ockham_study *study;
  char *text = malloc(size + 1); /* with its end where the sanitizer sees it */
  if (!text) return 0;
  if (size) memcpy(text, data, size);
  ockham_status status = ockham_study_parse("/fuzz.yaml", text, size, &trainer, &study, &err);
  free(text);
  if (status) {
    if (study || strchr(err.message, '\n') || (status == OCKHAM_BAD_FILE && !strstr(err.message, "/fuzz.yaml:")))
      abort();
    return 0;
  }
  use(study);
  ockham_study_free(study);
  return 0;
}
