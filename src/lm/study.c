/* SPDX-License-Identifier: Apache-2.0 */
/* What the built-in trainer says of a study's settings. */
#include <ockham/lm.h>

#include "core/internal.h"

static ockham_status set(ockham_lm_config *config, const char *name, const char *value, ockham_error *err) {
  char assignment[512];
  snprintf(assignment, sizeof assignment, "%s=%s", name, value);
  return ockham_lm_config_set(config, assignment, err);
}

static ockham_status check(void *user, const char *name, const char *value, ockham_error *err) {
  ockham_lm_config config = {0};
  (void)user;
  return set(&config, name, value, err);
}

static ockham_status complete(void *user, const ockham_study_setting *settings, size_t n_settings,
                              ockham_trainer_facts *facts, ockham_error *err) {
  ockham_lm_config config = {0};
  ockham_lm_cost cost;
  (void)user;
  for (size_t i = 0; i < n_settings; i++) OCK_TRY(set(&config, settings[i].name, settings[i].value, err));
  OCK_TRY(ockham_lm_config_complete(&config, err));
  OCK_TRY(ockham_lm_cost_of(&config, &cost, err));
  *facts = (ockham_trainer_facts){.rate = config.rate,
                                  .flops = cost.flops,
                                  .parameters = (double)cost.parameters,
                                  .tokens = cost.flops / cost.flops_per_token};
  return OCKHAM_OK;
}

ockham_trainer ockham_lm_trainer(const char *path) {
  return (ockham_trainer){.path = path, .check = check, .complete = complete};
}
