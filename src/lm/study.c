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

/* A level that is another one at this shape would be compared with itself. */
static ockham_status check_names(const ockham_lm_config *c, ockham_error *err) {
  if (c->attention != OCKHAM_LM_ATTENTION_MHA && c->heads == 1)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "attention of one head is mha: set heads, of which a width of %zu has %zu", c->width, c->heads);
  if (c->attention == OCKHAM_LM_ATTENTION_GQA && (c->kv_heads == 1 || c->kv_heads == c->heads))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    c->kv_heads == 1 ? "attention: gqa of %zu heads in %zu group is mqa: set heads and kv-heads"
                                     : "attention: gqa of %zu heads in %zu groups is mha: set heads and kv-heads",
                    c->heads, c->kv_heads);
  if (c->mask != OCKHAM_LM_MASK_FULL && c->window >= c->context)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "mask: a window of %zu leaves nothing out of a context of %zu", c->window,
                    c->context);
  return OCKHAM_OK;
}

static ockham_status complete(void *user, const ockham_study_setting *settings, size_t n_settings,
                              ockham_trainer_facts *facts, ockham_error *err) {
  ockham_lm_config config = {0};
  ockham_lm_cost cost;
  (void)user;
  for (size_t i = 0; i < n_settings; i++) OCK_TRY(set(&config, settings[i].name, settings[i].value, err));
  OCK_TRY(ockham_lm_config_complete(&config, err));
  OCK_TRY(check_names(&config, err));
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
