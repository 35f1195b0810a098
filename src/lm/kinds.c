/* SPDX-License-Identifier: Apache-2.0 */
/* The mixtures of kinds that objectives are, and how much text each kind takes so that a sequence is exactly as long as
 * the context: source and target together, with what stands between and around them. */
#include <math.h>

#include "lm/feed.h"

#define KIND(is, first, length, part, n) \
  { .name = is, .mode = first, .mean = length, .share = part, .turns = n }

static const ock_lm_kind flm[] = {KIND(OCK_LM_PLAIN, -1, 0, 0, 1)};
static const ock_lm_kind plm[] = {KIND(OCK_LM_PREFIX, -1, 0, 0, 1)};
static const ock_lm_kind mlm[] = {KIND(OCK_LM_SPANS, -1, 3, .15, 1)};
static const ock_lm_kind ul2[] = {
    KIND(OCK_LM_SPANS, OCK_LM_MODE_R, 3, .15, 1),  KIND(OCK_LM_SPANS, OCK_LM_MODE_R, 8, .15, 1),
    KIND(OCK_LM_SPANS, OCK_LM_MODE_X, 3, .5, 1),   KIND(OCK_LM_SPANS, OCK_LM_MODE_X, 8, .5, 1),
    KIND(OCK_LM_SPANS, OCK_LM_MODE_X, 64, .15, 1), KIND(OCK_LM_SPANS, OCK_LM_MODE_X, 64, .5, 1),
    KIND(OCK_LM_SPANS, OCK_LM_MODE_S, 0, .25, 1),
};
static const ock_lm_kind denoising_clm[] = {KIND(OCK_LM_DROP, -1, 3, .15, 4),
                                            KIND(OCK_LM_CONTINUE, OCK_LM_MODE_CLM, 0, 0, 1)};
static const ock_lm_kind fim[] = {KIND(OCK_LM_MIDDLE, -1, 0, 0, 1), KIND(OCK_LM_PLAIN, -1, 0, 0, 1)};
/* Where something must be given, what is left as it is has a prefix. */
static const ock_lm_kind fim_given[] = {KIND(OCK_LM_MIDDLE, -1, 0, 0, 1), KIND(OCK_LM_PREFIX, -1, 0, 0, 1)};

#define MIXTURE(kinds) \
  { kinds, sizeof(kinds) / sizeof *(kinds) }
static const struct {
  const ock_lm_kind *kinds;
  size_t n;
} mixtures[] = {
    [OCKHAM_LM_OBJECTIVE_FLM] = MIXTURE(flm),
    [OCKHAM_LM_OBJECTIVE_PLM] = MIXTURE(plm),
    [OCKHAM_LM_OBJECTIVE_MLM] = MIXTURE(mlm),
    [OCKHAM_LM_OBJECTIVE_UL2] = MIXTURE(ul2),
    [OCKHAM_LM_OBJECTIVE_DENOISING_CLM] = MIXTURE(denoising_clm),
    [OCKHAM_LM_OBJECTIVE_FIM] = MIXTURE(fim),
};

ock_lm_shape ock_lm_shape_of(const ockham_lm_config *config) {
  return (ock_lm_shape){
      .context = config->context,
      .special = (int32_t)ock_lm_n_pieces(config),
      .encoder = config->architecture == OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER ||
                 config->architecture == OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES,
      .prefix = config->architecture == OCKHAM_LM_ARCHITECTURE_PREFIX,
  };
}

/* T5's numbers: of n tokens share n are hidden, in spans of the mean length. */
static size_t noise_of(const ock_lm_kind *kind, size_t n) {
  size_t noise = (size_t)lround(kind->share * (double)n);
  return noise < 1 ? 1 : noise > n - 1 ? n - 1 : noise;
}

static size_t spans_of(const ock_lm_kind *kind, size_t noise) {
  if (kind->mean == 0) return 1;
  size_t spans = (size_t)lround((double)noise / kind->mean);
  return spans < 1 ? 1 : spans;
}

/* A sequence is the mode, what is not hidden, and twice a sentinel for each span, what is hidden, and a start: take the
 * longest window that fits. Where a token more would bring a span more, which no longer fits, it comes without. */
static void fit_spans(ock_lm_kind *kind, size_t context) {
  size_t room = context - 1 - (kind->mode >= 0), window = room;
  while (window > 2 && window + 2 * spans_of(kind, noise_of(kind, window)) > room) window--;
  kind->n_spans = spans_of(kind, noise_of(kind, window));
  kind->window = room - 2 * kind->n_spans;
  kind->n_noise = noise_of(kind, kind->window);
}

/* What is not dropped, a start, and all: as near to the share as an exact fit lets it be. */
static void fit_drop(ock_lm_kind *kind, size_t context) {
  size_t window = context - 1;
  while (2 * window - noise_of(kind, window) > context - 1) window--;
  kind->window = window;
  kind->n_noise = noise_of(kind, window);
  if (2 * window - kind->n_noise == context - 1) return;
  kind->window++;
  kind->n_noise = 2 * kind->window - (context - 1);
}

static void fit(ock_lm_kind *kind, const ock_lm_shape *shape) {
  switch (kind->name) {
    case OCK_LM_PLAIN: /* an encoder has one token of its own */
      kind->lead = 1;
      kind->window = shape->context - shape->encoder;
      break;
    case OCK_LM_PREFIX:
      kind->lead = !shape->encoder;
      kind->window = shape->context;
      break;
    case OCK_LM_SPANS:
      fit_spans(kind, shape->context);
      break;
    case OCK_LM_DROP:
      fit_drop(kind, shape->context);
      break;
    case OCK_LM_CONTINUE:
      kind->window = shape->context - 1;
      break;
    case OCK_LM_MIDDLE:
      kind->window = shape->context - 3;
      break;
  }
}

ock_lm_mixture ock_lm_mixture_of(const ockham_lm_config *config) {
  ock_lm_shape shape = ock_lm_shape_of(config);
  bool given = config->objective == OCKHAM_LM_OBJECTIVE_FIM && (shape.encoder || shape.prefix);
  const ock_lm_kind *kinds = given ? fim_given : mixtures[config->objective].kinds;
  ock_lm_mixture mixture = {.n_kinds = mixtures[config->objective].n};
  for (size_t k = 0; k < mixture.n_kinds; k++) {
    mixture.kinds[k] = kinds[k];
    mixture.n_turns += kinds[k].turns;
    fit(&mixture.kinds[k], &shape);
  }
  return mixture;
}
