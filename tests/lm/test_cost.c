/* SPDX-License-Identifier: Apache-2.0 */
/* Costs against formulas written out here, and masks against their definition, pair by pair. */
#include "lm/net.h"
#include "test.h"

static ockham_lm_cost cost_of(const ockham_lm_config *config) {
  ockham_lm_cost cost;
  assert_ok(ockham_lm_cost_of(config, &cost, err));
  return cost;
}

/* Decoders: q, k, v, o, three matrices of the feed-forward sublayer, two gains; the table; the last gain. */
static void a_decoder_by_hand(void **state) {
  (void)state;
  const double d = 64, hidden = 176, tokens = 304, layers = 2, context = 128;
  ockham_lm_cost cost = cost_of(&(ockham_lm_config){.train_tokens = 5130});
  double matrices = layers * (4 * d * d + 3 * d * hidden);
  assert_int_equal(cost.parameters, (uint64_t)(matrices + layers * 2 * d + tokens * d + d));
  assert_int_equal(cost.parameters_embedding, (uint64_t)(tokens * d));
  assert_int_equal(cost.parameters_active, cost.parameters);
  assert_close(cost.flops_per_token, 6 * (matrices + tokens * d) + layers * 12 * d * (context + 1) / 2, 1e-12);
  assert_int_equal(cost.steps, 11); /* of 512 */
  assert_close(cost.flops, cost.flops_per_token * 11 * 512, 1e-12);
}

/* Spans of an encoder-decoder, T5's numbers for 128 places: 115 tokens, of which 17 are hidden in 6 spans: 98 + 6 are
 * the source, and a start, 6 sentinels and the hidden the rest; an end is asked for too. */
static void an_encoder_decoder_by_hand(void **state) {
  (void)state;
  const double d = 64, hidden = 176, tokens = 304, layers = 2, source = 104, target = 24;
  ockham_lm_config config = {.architecture = OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER,
                             .objective = OCKHAM_LM_OBJECTIVE_MLM};
  double each = 4 * d * d + 3 * d * hidden;
  double weights = layers * (source * (each + 2 * d * d) + target * (each + 2 * d * d)) + target * tokens * d;
  double pairs = layers * (source * source + target * (target + 1) / 2 + source * target);
  assert_close(cost_of(&config).flops_per_token, (6 * weights + 12 * d * pairs) / 128, 1e-12);
  config.architecture = OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES;
  assert_close(cost_of(&config).flops_per_token, (6 * (weights + target * tokens * d) / 2 + 12 * d * pairs / 2) / 128,
               1e-12);
}

/* A uniform prefix of P: T (T + 1) / 2 pairs and P (P - 1) / 2 more, T - P targets. */
static void a_prefix_in_the_mean(void **state) {
  (void)state;
  ockham_lm_config config = {.architecture = OCKHAM_LM_ARCHITECTURE_PREFIX, .objective = OCKHAM_LM_OBJECTIVE_PLM};
  ockham_lm_config causal = {.objective = OCKHAM_LM_OBJECTIVE_PLM};
  const double n = 128;
  double more = 0;
  for (int p = 1; p < 128; p++) more += p * (p - 1) / 2. / (n - 1);
  double expected = 2 * 12 * 64 * more / n;
  double found = cost_of(&config).flops_per_token - cost_of(&causal).flops_per_token;
  assert_true(fabs(found - expected) < .1 * expected);
}

static void experts_and_untied_heads(void **state) {
  (void)state;
  ockham_lm_cost plain = cost_of(&(ockham_lm_config){.bias = true});
  ockham_lm_cost mixed = cost_of(&(ockham_lm_config){.bias = true, .experts = 8, .active = 2});
  uint64_t expert = 3 * 64 * 176 + 2 * 176 + 64, router = 65 * 8;
  assert_int_equal(mixed.parameters, plain.parameters + 2 * (7 * expert + router));
  assert_int_equal(mixed.parameters_active, plain.parameters + 2 * (expert + router));
  assert_close(mixed.flops_per_token - plain.flops_per_token, 2 * 6 * (3 * 64 * 176 + 64 * 8), 1e-12);
  ockham_lm_cost untied = cost_of(&(ockham_lm_config){.bias = true, .tying = OCKHAM_LM_TYING_UNTIED});
  assert_int_equal(untied.parameters, plain.parameters + 304 * 64);
  assert_int_equal(untied.parameters_embedding, 2 * 304 * 64);
  assert_close(untied.flops_per_token, plain.flops_per_token, 1e-12);
}

/* ---- masks ---- */

typedef struct who {
  size_t length, prefix, used, window;
  bool encoder, cross, local, strided;
} who;

static bool sees(const who *w, size_t i, size_t j) {
  bool all = w->encoder || w->cross;
  if (all ? j >= w->used : j > i && j >= w->prefix) return false;
  if (!w->local) return true;
  size_t distance = i > j ? i - j : j - i;
  return distance < w->window || (w->strided && distance % w->window == 0);
}

static void check_row(const ock_lm_net *net, const stack *s, const sublayer *u, const who *w, size_t i) {
  real row[32] = {0};
  view v = ock_lm_mask_view(net, s, u, 0, i);
  ock_lm_mask_holes(net, u, i, v, row + v.low);
  size_t count = 0, n = w->cross ? 17 : w->length;
  for (size_t j = 0; j < n; j++) {
    bool seen = j >= v.low && j < v.high && row[j] == 0;
    assert_int_equal(seen, sees(w, i, j));
    count += seen;
  }
  assert_int_equal(ock_lm_mask_count(net, s, u, 0, i), count);
}

static void check_mask(who w) {
  ock_lm_layout layout = {0};
  int32_t prefix = (int32_t)w.prefix, used = (int32_t)w.used;
  ock_lm_net net = {.layout = &layout};
  net.config.architecture = OCKHAM_LM_ARCHITECTURE_PREFIX;
  net.config.mask = w.strided ? OCKHAM_LM_MASK_STRIDED : OCKHAM_LM_MASK_LOCAL;
  net.config.window = w.window;
  layout.batch = (ock_lm_batch){.prefix = &prefix, .source_length = 17, .source_used = &used};
  stack s = {.encoder = w.encoder, .length = w.length};
  sublayer u = {.kind = w.cross ? CROSS_ATTENTION : SELF_ATTENTION, .local = w.local};
  for (size_t i = 0; i < w.length; i++) check_row(&net, &s, &u, &w, i);
}

static void masks_are_as_defined(void **state) {
  (void)state;
  for (size_t window = 1; window < 21; window++)
    for (size_t prefix = 0; prefix < 20; prefix += 3) {
      check_mask((who){.length = 17, .prefix = prefix, .window = window, .local = true});
      check_mask((who){.length = 17, .prefix = prefix, .window = window, .local = true, .strided = true});
      check_mask((who){.length = 17, .prefix = prefix, .window = window});
      size_t used = prefix < 17 ? prefix : 17;
      check_mask((who){.length = 17, .used = used, .window = window, .encoder = true, .local = true});
      check_mask((who){.length = 17, .used = used, .window = window, .encoder = true, .local = true, .strided = true});
      check_mask((who){.length = 9, .used = used, .cross = true});
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_decoder_by_hand),    cmocka_unit_test(an_encoder_decoder_by_hand),
      cmocka_unit_test(a_prefix_in_the_mean), cmocka_unit_test(experts_and_untied_heads),
      cmocka_unit_test(masks_are_as_defined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
