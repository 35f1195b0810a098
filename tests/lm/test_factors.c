/* SPDX-License-Identifier: Apache-2.0 */
/* The table of factors: every level and number is set from text and comes back from it. */
#include "lm/internal.h"
#include "test.h"
/* apart from the above, whose headers must come first */
#include <locale.h>

static unsigned level_of(const ockham_lm_config *config, const ockham_lm_factor *factor) {
  const void *field = (const char *)config + factor->offset;
  return factor->kind == OCKHAM_LM_FLAG ? *(const bool *)field : *(const unsigned *)field;
}

static void every_level_is_set_by_its_name(void **state) {
  (void)state;
  size_t n, n_levels = 0;
  const ockham_lm_factor *factors = ockham_lm_factors(&n);
  for (size_t i = 0; i < n; i++)
    for (unsigned l = 0; l < factors[i].n_levels; l++, n_levels++) {
      ockham_lm_config config = {0};
      char text[128];
      snprintf(text, sizeof text, "%s=%s", factors[i].name, factors[i].levels[l].name);
      assert_ok(ockham_lm_config_set(&config, text, err));
      assert_int_equal(level_of(&config, &factors[i]), l);
    }
  assert_true(n_levels > 60);
}

static void factors_stand_in_the_order_of_the_config(void **state) {
  (void)state;
  size_t n;
  const ockham_lm_factor *factors = ockham_lm_factors(&n);
  for (size_t i = 1; i < n; i++) assert_true(factors[i].offset > factors[i - 1].offset);
  assert_int_equal(factors[0].offset, 0);
  assert_int_equal(factors[n - 1].offset + sizeof(uint64_t), sizeof(ockham_lm_config));
}

static void text_is_read_back(void **state) {
  (void)state;
  static const char *const set[] = {
      "width=96",   "norm_place=post",           "bias=on",          "rate=0.0123",  "decay=0",
      "batch=1024", "seed=18446744073709551615", "train-tokens=3e6", "attention=gqa"};
  ockham_lm_config config = {0}, again = {0};
  for (size_t i = 0; i < sizeof set / sizeof *set; i++) assert_ok(ockham_lm_config_set(&config, set[i], err));
  char *text = ockham_lm_config_text(&config);
  assert_non_null(text);
  char *copy = ock_string_copy(text);
  for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n"))
    assert_ok(ockham_lm_config_set(&again, line, err));
  assert_ok(ockham_lm_config_complete(&config, err));
  assert_true(config.decay < 0 && config.train_tokens == 3000000 && config.seed == UINT64_MAX);
  char *second = ockham_lm_config_text(&again);
  assert_string_equal(text, second);
  ock_free(text);
  ock_free(copy);
  ock_free(second);
}

static void defaults_are_as_documented(void **state) {
  (void)state;
  ockham_lm_config config = {0};
  assert_ok(ockham_lm_config_complete(&config, err));
  assert_int_equal(config.width, 64);
  assert_int_equal(config.heads, 2);
  assert_int_equal(config.hidden, 176);
  assert_int_equal(config.window, 32);
  assert_int_equal(config.batch, 512);
  assert_int_equal(ock_lm_n_tokens(&config), 304);
  assert_true(config.rate == .003 && config.decay == .1 && config.clip == 1);
  config = (ockham_lm_config){.ffn = OCKHAM_LM_FFN_GELU, .width = 96, .optimizer = OCKHAM_LM_OPTIMIZER_MUON};
  assert_ok(ockham_lm_config_complete(&config, err));
  assert_true(config.heads == 3 && config.hidden == 384 && config.rate == .02);
}

static void what_cannot_be_is_refused_in_a_line(void **state) {
  (void)state;
  static const char *const wrong[][2] = {{"colour=red", "expected one of architecture"},
                                         {"norm=batch", "norm: expected one of rms, layer, found 'batch'"},
                                         {"width=7", "width: expected a whole number"},
                                         {"dropout=x", "dropout: expected a number from 0 to 0.9"},
                                         {"width", "expected factor=value"},
                                         {"heads=-1", "heads: expected a whole number"},
                                         {"clip=nan", "clip: expected a number"},
                                         {"seed=1.5", "seed: expected a whole number"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ockham_lm_config config = {0};
    ockham_error err = {0};
    assert_int_equal(ockham_lm_config_set(&config, wrong[i][0], &err), OCKHAM_BAD_ARGUMENT);
    if (!strstr(err.message, wrong[i][1])) fail_msg("%s: %s", wrong[i][0], err.message);
  }
}

static void the_locale_does_not_matter(void **state) {
  (void)state;
  if (!set_decimal_comma()) skip();
  ockham_lm_config config = {0};
  bool taken = !ockham_lm_config_set(&config, "rate=0.125", NULL),
       comma = !ockham_lm_config_set(&config, "rate=1,5", NULL);
  char *text = ockham_lm_config_text(&config);
  setlocale(LC_ALL, "C");
  assert_true(taken && !comma && config.rate == .125);
  assert_non_null(strstr(text, "\nrate=0.125\n"));
  ock_free(text);
}

static void what_does_not_go_together_is_refused(void **state) {
  (void)state;
  static const struct {
    ockham_lm_config config;
    const char *says;
  } wrong[] = {
      {{.width = 64, .heads = 3}, "width: expected a multiple of 3 heads"},
      {{.width = 64, .heads = 4, .attention = OCKHAM_LM_ATTENTION_GQA, .kv_heads = 3}, "kv-heads"},
      {{.width = 9, .heads = 3}, "even width"},
      {{.experts = 1}, "experts"},
      {{.experts = 2, .active = 3}, "experts"},
      {{.architecture = OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES, .n_layers = 3, .objective = 1}, "even number"},
      {{.batch = 100}, "batch"},
      {{.architecture = OCKHAM_LM_ARCHITECTURE_PREFIX}, "objective"},
      {{.architecture = OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER, .objective = OCKHAM_LM_OBJECTIVE_FLM}, "objective"},
      {{.norm = 7}, "norm: expected a level below 2"},
      {{.width = 1000000}, "width: expected a number from 8 to 8192"},
      {{.dropout = -.1}, "dropout"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ockham_lm_config config = wrong[i].config;
    ockham_error err = {0};
    assert_int_equal(ockham_lm_config_complete(&config, &err), OCKHAM_BAD_ARGUMENT);
    if (!strstr(err.message, wrong[i].says)) fail_msg("%zu: %s", i, err.message);
    assert_memory_equal(&config, &wrong[i].config, sizeof config);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_level_is_set_by_its_name),
      cmocka_unit_test(factors_stand_in_the_order_of_the_config),
      cmocka_unit_test(text_is_read_back),
      cmocka_unit_test(defaults_are_as_documented),
      cmocka_unit_test(what_cannot_be_is_refused_in_a_line),
      cmocka_unit_test(the_locale_does_not_matter),
      cmocka_unit_test(what_does_not_go_together_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
