/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults of a config, and what goes together. */
#include "lm/internal.h"

static size_t or_default(size_t value, size_t other) {
  return value ? value : other;
}

static double or_default_real(double value, double other) {
  return value != 0 ? value : other;
}

enum { MOST_HEADS = 256 };

/* The largest divisor of n that is at most `most`; 1 at least. */
static size_t divisor_below(size_t n, size_t most) {
  size_t divisor = most < MOST_HEADS ? most : MOST_HEADS;
  while (divisor > 1 && n % divisor) divisor--;
  return divisor ? divisor : 1;
}

bool ock_lm_is_gated(ockham_lm_ffn ffn) {
  return ffn == OCKHAM_LM_FFN_SWIGLU || ffn == OCKHAM_LM_FFN_GEGLU || ffn == OCKHAM_LM_FFN_REGLU;
}

bool ock_lm_has_encoder(const ockham_lm_config *config) {
  return config->architecture == OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER ||
         config->architecture == OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES;
}

size_t ock_lm_layers_of_stack(const ockham_lm_config *config) {
  return config->architecture == OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES ? config->n_layers / 2
                                                                               : config->n_layers;
}

size_t ock_lm_n_kv_heads(const ockham_lm_config *config) {
  switch (config->attention) {
    case OCKHAM_LM_ATTENTION_GQA:
      return config->kv_heads;
    case OCKHAM_LM_ATTENTION_MQA:
      return 1;
    default:
      return config->heads;
  }
}

size_t ock_lm_n_pieces(const ockham_lm_config *config) {
  return config->tokens == OCKHAM_LM_TOKENS_BPE ? config->vocabulary : 256;
}

size_t ock_lm_n_tokens(const ockham_lm_config *config) {
  return (ock_lm_n_pieces(config) + OCK_LM_N_SPECIALS + 15) / 16 * 16;
}

/* ---- defaults ---- */

static void fill_shape(ockham_lm_config *c) {
  c->n_layers = or_default(c->n_layers, 2);
  c->width = or_default(c->width, 64);
  c->heads = or_default(c->heads, divisor_below(c->width, c->width / 32));
  c->kv_heads = or_default(c->kv_heads, divisor_below(c->heads, c->heads / 4));
  size_t hidden = ock_lm_is_gated(c->ffn) ? (8 * c->width + 2) / 3 : 4 * c->width;
  c->hidden = or_default(c->hidden, (hidden + 7) / 8 * 8);
  c->context = or_default(c->context, 128);
  c->window = or_default(c->window, c->context / 4);
  c->active = or_default(c->active, 1);
  c->vocabulary = or_default(c->vocabulary, 1024);
}

static double default_rate(ockham_lm_optimizer optimizer) {
  switch (optimizer) {
    case OCKHAM_LM_OPTIMIZER_MUON:
      return .02;
    case OCKHAM_LM_OPTIMIZER_SGD:
      return .3;
    default:
      return .003;
  }
}

static void fill_training(ockham_lm_config *c) {
  c->rate = or_default_real(c->rate, default_rate(c->optimizer));
  c->decay = or_default_real(c->decay, .1);
  c->clip = or_default_real(c->clip, 1);
  c->warmup = or_default_real(c->warmup, .05);
  c->last_rate = or_default_real(c->last_rate, .05);
  c->batch = or_default(c->batch, 4 * c->context);
  c->train_tokens = or_default(c->train_tokens, 2500000);
}

/* ---- checks ---- */

static ockham_status check_number(const ockham_lm_config *config, const ockham_lm_factor *factor, ockham_error *err) {
  const void *field = (const char *)config + factor->offset;
  double value = factor->kind == OCKHAM_LM_REAL ? *(const double *)field : (double)*(const uint64_t *)field;
  if (factor->low < 0 && value < 0) return OCKHAM_OK; /* none */
  if (value >= factor->low && value <= factor->high) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a number from %g to %g, found %g", factor->name,
                  factor->low < 0 ? 0 : factor->low, factor->high, value);
}

static ockham_status check_ranges(const ockham_lm_config *config, ockham_error *err) {
  size_t n;
  const ockham_lm_factor *factors = ockham_lm_factors(&n);
  for (size_t i = 0; i < n; i++) {
    const void *field = (const char *)config + factors[i].offset;
    if (factors[i].kind == OCKHAM_LM_CHOICE && *(const unsigned *)field >= factors[i].n_levels)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a level below %zu, found %u", factors[i].name,
                      factors[i].n_levels, *(const unsigned *)field);
    if (!factors[i].levels) OCK_TRY(check_number(config, &factors[i], err));
  }
  return OCKHAM_OK;
}

static ockham_status check_heads(const ockham_lm_config *c, ockham_error *err) {
  if (c->width % c->heads)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "width: expected a multiple of %zu heads, found %zu", c->heads, c->width);
  if (c->attention == OCKHAM_LM_ATTENTION_GQA && c->heads % c->kv_heads)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "kv-heads: expected a divisor of %zu heads, found %zu", c->heads,
                    c->kv_heads);
  if (c->position == OCKHAM_LM_POSITION_ROPE && c->width / c->heads % 2)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "position rope: expected heads of even width, found %zu",
                    c->width / c->heads);
  return OCKHAM_OK;
}

static ockham_status check_shape(const ockham_lm_config *c, ockham_error *err) {
  OCK_TRY(check_heads(c, err));
  if (c->experts == 1 || (c->experts && c->active > c->experts))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "experts: expected 0 or at least 2 and no fewer than %zu active, found %zu", c->active, c->experts);
  if (c->architecture == OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES && c->n_layers % 2)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "layers: expected an even number for encoder-decoder-halves, found %zu",
                    c->n_layers);
  if (c->batch % c->context)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "batch: expected a multiple of the context of %zu tokens, found %zu",
                    c->context, c->batch);
  return OCKHAM_OK;
}

/* The feed lays flm out for every architecture, but a prefix or source would be of one token that never changes: such a
 * model is a causal one, or one whose encoder learns nothing, under another name. As in Wang et al., 2022, plm is what
 * these take instead. */
static ockham_status check_objective(const ockham_lm_config *c, ockham_error *err) {
  if (c->architecture == OCKHAM_LM_ARCHITECTURE_CAUSAL || c->objective != OCKHAM_LM_OBJECTIVE_FLM) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                  "objective: expected plm, mlm, ul2, denoising-clm or fim for this architecture, as flm gives it "
                  "nothing to look at first");
}

ockham_status ockham_lm_config_complete(ockham_lm_config *config, ockham_error *err) {
  ockham_lm_config complete = *config;
  fill_shape(&complete);
  fill_training(&complete);
  OCK_TRY(check_ranges(&complete, err));
  OCK_TRY(check_shape(&complete, err));
  OCK_TRY(check_objective(&complete, err));
  *config = complete;
  return OCKHAM_OK;
}
