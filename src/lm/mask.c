/* SPDX-License-Identifier: Apache-2.0 */
/* Who sees whom. */
#include <math.h>

#include "lm/net.h"

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t most(size_t a, size_t b) {
  return a > b ? a : b;
}

static bool is_strided(const ock_lm_net *net, const sublayer *u) {
  return u->local && net->config.mask == OCKHAM_LM_MASK_STRIDED;
}

/* By the architecture alone: from 0 to ... */
static size_t high_of(const ock_lm_net *net, const stack *s, const sublayer *u, size_t b, size_t i) {
  const ock_lm_batch *batch = &net->layout->batch;
  if (s->encoder || u->kind == CROSS_ATTENTION)
    return batch->source_used ? least((size_t)batch->source_used[b], batch->source_length) : batch->source_length;
  size_t high = i + 1;
  if (net->config.architecture == OCKHAM_LM_ARCHITECTURE_PREFIX && batch->prefix)
    high = most(high, least((size_t)batch->prefix[b], s->length));
  return high;
}

view ock_lm_mask_view(const ock_lm_net *net, const stack *s, const sublayer *u, size_t b, size_t i) {
  view v = {0, high_of(net, s, u, b, i)};
  size_t window = net->config.window;
  if (!u->local || is_strided(net, u)) return v;
  v.low = i + 1 > window ? i + 1 - window : 0;
  v.high = least(v.high, i + window);
  v.low = least(v.low, v.high); /* a place of padding, whose window lies behind all that is used, sees nothing */
  return v;
}

void ock_lm_mask_holes(const ock_lm_net *net, const sublayer *u, size_t i, view v, real *logits) {
  if (!is_strided(net, u)) return;
  size_t window = net->config.window;
  for (size_t j = v.low; j < v.high; j++)
    if ((j > i ? j - i : i - j) >= window && (j > i ? j - i : i - j) % window) logits[j - v.low] = -(real)INFINITY;
}

size_t ock_lm_mask_count(const ock_lm_net *net, const stack *s, const sublayer *u, size_t b, size_t i) {
  view v = ock_lm_mask_view(net, s, u, b, i);
  if (!is_strided(net, u)) return v.high - v.low;
  size_t window = net->config.window, low = i + 1 > window ? i + 1 - window : 0, high = least(v.high, i + window);
  low = least(low, high);
  size_t behind = i / window - (i - low) / window, ahead = v.high > high ? (v.high - 1 - i) / window : 0;
  return high - low + behind + ahead; /* and those at multiples of the window's distance on both sides */
}
