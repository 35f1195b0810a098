/* SPDX-License-Identifier: Apache-2.0 */
/* The table of factors, made of the lists in ockham/lm.h, and its words and numbers as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data/internal.h"
#include "lm/internal.h"

#define LEVEL(name, word, formula, source) {word, formula, source},
#define LEVELS(FACTOR, field, name, about) \
  static const ockham_lm_level levels_##FACTOR[] = {OCKHAM_LM_##FACTOR##_LIST(LEVEL)};
OCKHAM_LM_CHOICES(LEVELS)

static const ockham_lm_level switches[] = {{"off", "", ""}, {"on", "", ""}};

enum { N_SWITCHES = 2 };
#define CHOICE(FACTOR, field, name, about)           \
  {name,                                             \
   about,                                            \
   OCKHAM_LM_CHOICE,                                 \
   offsetof(ockham_lm_config, field),                \
   sizeof levels_##FACTOR / sizeof *levels_##FACTOR, \
   levels_##FACTOR,                                  \
   0,                                                \
   0},
#define NUMBER(kind, field, name, about, low, high) \
  {name, about, OCKHAM_LM_##kind, offsetof(ockham_lm_config, field), 0, NULL, low, high},
#define FLAG(field, name, about) \
  {name, about, OCKHAM_LM_FLAG, offsetof(ockham_lm_config, field), N_SWITCHES, switches, 0, 0},

// clang-format off
static const ockham_lm_factor factors[] = {
  OCKHAM_LM_CHOICES(CHOICE)
  NUMBER(COUNT, n_layers, "layers", "how many layers", 1, 128)
  NUMBER(COUNT, width, "width", "d, numbers a token", 8, 8192)
  NUMBER(COUNT, heads, "heads", "of attention", 1, 256)
  NUMBER(COUNT, kv_heads, "kv-heads", "heads of keys and values, of gqa", 1, 256)
  NUMBER(COUNT, hidden, "hidden", "width inside the feed-forward sublayer", 1, 65536)
  NUMBER(COUNT, context, "context", "tokens of a sequence", 8, 4096)
  NUMBER(COUNT, window, "window", "of the mask, tokens", 1, 4096)
  NUMBER(COUNT, experts, "experts", "feed-forward sublayers to choose from; 0: one for all", 0, 64)
  NUMBER(COUNT, active, "active", "experts of each token", 1, 64)
  NUMBER(COUNT, vocabulary, "vocabulary", "of bpe", 257, 65536)
  FLAG(bias, "bias", "of every product")
  FLAG(qk_norm, "qk-norm", "RMS norm of each query and key")
  NUMBER(REAL, logit_cap, "logit-cap", "c tanh(logits / c); 0: none", 0, 1e12)
  NUMBER(REAL, attention_cap, "attention-cap", "c tanh(attention's logits / c); 0: none", 0, 1e12)
  NUMBER(REAL, z_loss, "z-loss", "c log(Z)^2 in the loss; 0: none", 0, 1)
  NUMBER(REAL, dropout, "dropout", "of embeddings, attention and outputs of sublayers", 0, .9)
  NUMBER(REAL, rate, "rate", "the learning rate at its highest", 1e-9, 100)
  NUMBER(REAL, decay, "decay", "of weights, times the rate; 0: none", -1, 100)
  NUMBER(REAL, clip, "clip", "the gradient's norm; 0: none", -1, 1e12)
  NUMBER(REAL, warmup, "warmup", "part of the steps; 0: none", -1, 1)
  NUMBER(REAL, last_rate, "last-rate", "where the schedule ends, part of the rate", -1, 1)
  NUMBER(COUNT, batch, "batch", "tokens a step", 8, 1073741824)
  NUMBER(COUNT, train_tokens, "train-tokens", "tokens that are trained on", 1, 1e18)
  NUMBER(COUNT, seed, "seed", "of first weights, batches and dropout", 0, 18446744073709551615.)
};
// clang-format on

enum { N_FACTORS = sizeof factors / sizeof *factors };

const ockham_lm_factor *ockham_lm_factors(size_t *n) {
  *n = N_FACTORS;
  return factors;
}

/* ---- setting one ---- */

/* size_t and uint64_t are one type here, as every platform that is built for has 64 bits. */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "counts are kept as uint64_t");
_Static_assert(sizeof(ockham_lm_norm) == sizeof(unsigned), "choices are kept as unsigned");

/* The negative range of a real says that none is meant by it, which people write as 0. */
static bool has_none(const ockham_lm_factor *factor) {
  return factor->low < 0;
}

/* As 'a_name' or 'a-name'. */
static bool same_name(const char *name, const char *text, size_t size) {
  if (strlen(name) != size) return false;
  for (size_t i = 0; i < size; i++)
    if (name[i] != (text[i] == '_' ? '-' : text[i])) return false;
  return true;
}

static void list_words(char *text, size_t size, const char *word) {
  size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%s", used ? ", " : "", word);
}

static ockham_status no_such_factor(const char *name, size_t size, ockham_error *err) {
  char words[400] = "";
  for (size_t i = 0; i < N_FACTORS; i++) list_words(words, sizeof words, factors[i].name);
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected one of %s, found '%.*s'", words, (int)(size < 60 ? size : 60),
                  name);
}

static ockham_status set_level(const ockham_lm_factor *factor, void *field, const char *value, ockham_error *err) {
  char words[400] = "";
  for (size_t i = 0; i < factor->n_levels; i++) {
    list_words(words, sizeof words, factor->levels[i].name);
    if (strcmp(value, factor->levels[i].name) != 0) continue;
    if (factor->kind == OCKHAM_LM_FLAG)
      *(bool *)field = i != 0;
    else
      *(unsigned *)field = (unsigned)i;
    return OCKHAM_OK;
  }
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected one of %s, found '%.60s'", factor->name, words, value);
}

/* "2500000", or "2.5e6" where that is a whole number. */
static bool parse_count(const char *text, uint64_t *count) {
  char *end;
  errno = 0;
  *count = strtoull(text, &end, 10);
  if (end != text && !*end) return !errno && *text != '-';
  double wide;
  if (!ock_number_parse(text, strlen(text), &wide) || !(wide >= 0 && wide < 0x1p53) || wide != (double)(uint64_t)wide)
    return false;
  *count = (uint64_t)wide;
  return true;
}

static ockham_status set_count(const ockham_lm_factor *factor, void *field, const char *value, ockham_error *err) {
  uint64_t count;
  if (!parse_count(value, &count) || (double)count < factor->low || (double)count > factor->high)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a whole number from %.0f to %.0f, found '%.60s'",
                    factor->name, factor->low, factor->high, value);
  *(uint64_t *)field = count;
  return OCKHAM_OK;
}

static ockham_status set_real(const ockham_lm_factor *factor, void *field, const char *value, ockham_error *err) {
  double number;
  if (!ock_number_parse(value, strlen(value), &number) || !(number >= factor->low && number <= factor->high))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a number from %g to %g, found '%.60s'", factor->name,
                    has_none(factor) ? 0 : factor->low, factor->high, value);
  *(double *)field = has_none(factor) && number <= 0 ? -1 : number;
  return OCKHAM_OK;
}

ockham_status ockham_lm_config_set(ockham_lm_config *config, const char *assignment, ockham_error *err) {
  const char *equals = strchr(assignment, '=');
  if (!equals) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected factor=value, found '%.60s'", assignment);
  size_t size = (size_t)(equals - assignment);
  for (size_t i = 0; i < N_FACTORS; i++) {
    const ockham_lm_factor *factor = &factors[i];
    if (!same_name(factor->name, assignment, size)) continue;
    void *field = (char *)config + factor->offset;
    if (factor->levels) return set_level(factor, field, equals + 1, err);
    return factor->kind == OCKHAM_LM_COUNT ? set_count(factor, field, equals + 1, err)
                                           : set_real(factor, field, equals + 1, err);
  }
  return no_such_factor(assignment, size, err);
}

/* ---- text ---- */

/* text has room for 32. */
static size_t print_value(const ockham_lm_config *config, const ockham_lm_factor *factor, char *text) {
  enum { ROOM = 32 };
  const void *field = (const char *)config + factor->offset;
  switch (factor->kind) {
    case OCKHAM_LM_CHOICE:
      return (size_t)snprintf(text, ROOM, "%s", factor->levels[*(const unsigned *)field].name);
    case OCKHAM_LM_FLAG:
      return (size_t)snprintf(text, ROOM, "%s", switches[*(const bool *)field].name);
    case OCKHAM_LM_COUNT:
      return (size_t)snprintf(text, ROOM, "%llu", (unsigned long long)*(const uint64_t *)field);
    case OCKHAM_LM_REAL:
      break;
  }
  double number = *(const double *)field;
  return ock_number_format(has_none(factor) && number < 0 ? 0 : number, text);
}

char *ockham_lm_config_text(const ockham_lm_config *config) {
  ockham_lm_config complete = *config;
  if (ockham_lm_config_complete(&complete, NULL)) complete = *config; /* its text says what is wrong with it */
  enum { LINE = 96 };
  char *text = ock_alloc(N_FACTORS * LINE);
  if (!text) return NULL;
  size_t used = 0;
  for (size_t i = 0; i < N_FACTORS; i++) {
    used += (size_t)snprintf(text + used, LINE, "%s=", factors[i].name);
    used += print_value(&complete, &factors[i], text + used);
    text[used++] = '\n';
  }
  text[used] = '\0';
  return text;
}
