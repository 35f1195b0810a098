/* SPDX-License-Identifier: Apache-2.0 */
/* Held-out batches: whatever the config, what has a loss spells exactly the bytes asked for, and what else is seen
 * spells those before. */
#include "lm/feed_parts.h"

typedef struct spelling {
  unsigned char bytes[5000];
  size_t n;
} spelling;

static void spell(const ock_lm_feed *feed, int32_t token, spelling *to) {
  const char *bytes;
  size_t n = ock_lm_feed_decode(feed, token, &bytes);
  memcpy(to->bytes + to->n, bytes, n);
  to->n += n;
}

/* What a row asks for, and what it shows before the first loss, in the config's order. */
static void spell_row(const ock_lm_feed *feed, const ock_lm_batch *batch, size_t r, spelling *asked, spelling *shown) {
  asked->n = shown->n = 0;
  size_t used = batch->source_used ? (size_t)batch->source_used[r] : batch->source_length;
  for (size_t s = 0; s < used; s++) spell(feed, batch->source[r * batch->source_length + s], shown);
  for (size_t s = used; s < batch->source_length; s++)
    assert_int_equal(batch->source[r * batch->source_length + s], feed->shape.special + OCK_LM_PAD);
  bool asks = false;
  for (size_t t = 0; t < batch->length; t++) {
    int32_t token = batch->tokens[r * batch->length + t], target = batch->targets[r * batch->length + t];
    if (!asks) spell(feed, token, shown);
    asks = asks || target >= 0;
    if (target < 0) continue;
    spell(feed, target, asked);
    if (t + 1 < batch->length && batch->targets[r * batch->length + t + 1] >= 0)
      assert_int_equal(batch->tokens[r * batch->length + t + 1], target);
  }
}

static void reverse(spelling *text) {
  spelling kept = *text;
  for (size_t i = 0; i < kept.n; i++) text->bytes[i] = kept.bytes[kept.n - 1 - i];
}

static bool is_whole_defined(int objective) {
  return objective == OCKHAM_LM_OBJECTIVE_FLM || objective == OCKHAM_LM_OBJECTIVE_PLM ||
         objective == OCKHAM_LM_OBJECTIVE_FIM;
}

static void check_config(const ockham_corpus *corpus, const ockham_lm_config *config) {
  ock_lm_feed *feed = feed_of(config, corpus);
  size_t context = config->context, rows = config->batch / context;
  uint64_t n_held = ock_lm_feed_n_held(feed);
  spelling asked, shown;
  assert_true(n_held >= 4);
  for (int cut = 0; cut < 4; cut++)
    for (uint64_t first = 0; first < n_held + rows; first += rows) {
      const ock_lm_batch *batch;
      uint64_t n_pieces, n_bytes;
      size_t n_given = context * (size_t)cut / 4, n_targets = 0;
      ock_lm_feed_held(feed, first, cut, &batch, &n_pieces, &n_bytes);
      assert_int_equal(n_pieces, first >= n_held ? 0 : n_held - first < rows ? n_held - first : rows);
      if (n_pieces == 0 || (cut == 0 && !is_whole_defined(config->objective))) {
        assert_null(batch);
        assert_int_equal(n_bytes, 0);
        continue;
      }
      assert_int_equal(batch->n_sequences, n_pieces);
      assert_int_equal(n_bytes, n_pieces * (context - n_given));
      assert_true(batch->length <= context && batch->source_length <= context);
      for (size_t i = 0; i < n_pieces * batch->length; i++) n_targets += batch->targets[i] >= 0;
      assert_int_equal(n_targets, batch->n_targets);
      for (size_t r = 0; r < n_pieces; r++) {
        const unsigned char *piece = corpus->held.text + feed->held_at[first + r];
        spell_row(feed, batch, r, &asked, &shown);
        if (config->order == OCKHAM_LM_ORDER_FORWARD) {
          assert_int_equal(asked.n, context - n_given);
          assert_memory_equal(asked.bytes, piece + n_given, asked.n);
          assert_true(shown.n <= n_given && shown.n + 4 * 48 >= n_given); /* at most four tokens had to go */
          if (config->tokens == OCKHAM_LM_TOKENS_BYTE) assert_true(shown.n + 4 >= n_given);
          assert_memory_equal(shown.bytes, piece + n_given - shown.n, shown.n);
        } else if (config->tokens == OCKHAM_LM_TOKENS_BYTE) {
          reverse(&asked);
          reverse(&shown);
          assert_int_equal(asked.n, context - n_given);
          assert_memory_equal(asked.bytes, piece, asked.n);
          assert_memory_equal(shown.bytes, piece + asked.n, shown.n);
        } else {
          assert_int_equal(asked.n, context - n_given);
        }
        if (config->objective == OCKHAM_LM_OBJECTIVE_FLM) assert_int_equal(shown.n, n_given);
      }
    }
  ock_lm_feed_free(feed);
}

static void test_targets_are_the_suffix(void **state) {
  (void)state;
  static const size_t contexts[] = {8, 9, 11, 30, 128};
  ockham_corpus *corpus = synthetic(12000);
  for (int a = 0; a < OCKHAM_LM_N_ARCHITECTURES; a++)
    for (int o = 0; o < OCKHAM_LM_N_OBJECTIVES; o++)
      for (int tokens = 0; tokens < 2; tokens++)
        for (int order = 0; order < 2; order++)
          for (size_t c = 0; c < 5; c++) {
            if (c % 2 && a % 2) continue;
            ockham_lm_config config =
                config_of((ockham_lm_architecture)a, (ockham_lm_objective)o, contexts[c], 1 + c * 2);
            config.tokens = (ockham_lm_tokens)tokens;
            config.order = (ockham_lm_order)order;
            check_config(corpus, &config);
          }
  ockham_corpus_free(corpus);
}

/* What is expected, written out. */
static void test_by_hand(void **state) {
  (void)state;
  ock_corpus_builder builder = {.document_bytes = 1, .held_out = .4};
  for (int i = 0; i < 12; i++) {
    char text[32];
    snprintf(text, sizeof text, "%dbcdefghijklmnopqr", i % 10);
    assert_ok(ock_corpus_add_document(&builder, text, strlen(text), err));
  }
  ockham_corpus *corpus;
  assert_ok(ock_corpus_finish(&builder, &corpus, err));
  int digit = corpus->held.text[0];
  enum { S = 256 + OCK_LM_SENTINEL, M = 256 + OCK_LM_MODE_S, C = 256 + OCK_LM_MODE_CLM, P = 256 + OCK_LM_SEPARATOR };
  enum { B = 256 + OCK_LM_BEGIN, UNUSED = 0 };
  const struct {
    int architecture, objective, cut;
    int source[8], tokens[8], targets[8], length, source_length, prefix;
  } expected[] = {
      {0,
       OCKHAM_LM_OBJECTIVE_FLM,
       2,
       {UNUSED},
       {digit, 'b', 'c', 'd', 'e', 'f', 'g'},
       {-1, -1, -1, 'e', 'f', 'g', 'h'},
       7,
       0,
       0},
      {0,
       OCKHAM_LM_OBJECTIVE_FLM,
       0,
       {UNUSED},
       {B, digit, 'b', 'c', 'd', 'e', 'f', 'g'},
       {digit, 'b', 'c', 'd', 'e', 'f', 'g', 'h'},
       8,
       0,
       0},
      {1,
       OCKHAM_LM_OBJECTIVE_PLM,
       3,
       {UNUSED},
       {digit, 'b', 'c', 'd', 'e', 'f', 'g'},
       {-1, -1, -1, -1, -1, 'g', 'h'},
       7,
       0,
       6},
      {1,
       OCKHAM_LM_OBJECTIVE_UL2,
       3,
       {UNUSED},
       {M, 'd', 'e', 'f', S, P, S, 'g'},
       {-1, -1, -1, -1, -1, -1, 'g', 'h'},
       8,
       0,
       6},
      {0,
       OCKHAM_LM_OBJECTIVE_MLM,
       3,
       {UNUSED},
       {'c', 'd', 'e', 'f', S, P, S, 'g'},
       {-1, -1, -1, -1, -1, -1, 'g', 'h'},
       8,
       0,
       0},
      {2,
       OCKHAM_LM_OBJECTIVE_UL2,
       2,
       {M, digit, 'b', 'c', 'd', S},
       {P, S, 'e', 'f', 'g'},
       {-1, 'e', 'f', 'g', 'h'},
       5,
       6,
       0},
      {2,
       OCKHAM_LM_OBJECTIVE_DENOISING_CLM,
       2,
       {C, digit, 'b', 'c', 'd'},
       {P, 'e', 'f', 'g'},
       {'e', 'f', 'g', 'h'},
       4,
       5,
       0},
      {2,
       OCKHAM_LM_OBJECTIVE_PLM,
       1,
       {digit, 'b'},
       {P, 'c', 'd', 'e', 'f', 'g'},
       {'c', 'd', 'e', 'f', 'g', 'h'},
       6,
       2,
       0},
      {2,
       OCKHAM_LM_OBJECTIVE_FLM,
       3,
       {B},
       {digit, 'b', 'c', 'd', 'e', 'f', 'g'},
       {-1, -1, -1, -1, -1, 'g', 'h'},
       7,
       1,
       0},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    ockham_lm_config config =
        config_of((ockham_lm_architecture)expected[i].architecture, (ockham_lm_objective)expected[i].objective, 8, 1);
    ock_lm_feed *feed = feed_of(&config, corpus);
    const ock_lm_batch *batch;
    uint64_t n_pieces, n_bytes;
    ock_lm_feed_held(feed, 0, expected[i].cut, &batch, &n_pieces, &n_bytes);
    assert_int_equal(n_pieces, 1);
    assert_int_equal(batch->length, expected[i].length);
    assert_int_equal(batch->source_length, expected[i].source_length);
    assert_memory_equal(batch->tokens, expected[i].tokens, (size_t)expected[i].length * sizeof(int));
    assert_memory_equal(batch->targets, expected[i].targets, (size_t)expected[i].length * sizeof(int));
    if (batch->source)
      assert_memory_equal(batch->source, expected[i].source, (size_t)expected[i].source_length * sizeof(int));
    assert_int_equal(batch->prefix ? batch->prefix[0] : 0, expected[i].prefix);
    ock_lm_feed_free(feed);
  }
  ockham_corpus_free(corpus);
  ock_corpus_builder_clear(&builder);
}

/* Pieces do not cross documents, unless most of the text is in shorter ones. */
static void test_pieces_keep_within_documents(void **state) {
  (void)state;
  static const uint64_t ends[] = {20, 25, 70, 75};
  unsigned char text[75] = {0};
  ock_corpus_part part = {text, ends, 4, 75};
  static const struct {
    size_t context, n;
    uint64_t at[10];
  } expected[] = {{8, 7, {0, 8, 25, 33, 41, 49, 57}}, {20, 3, {0, 25, 45}}, {40, 1, {25}}, {46, 1, {0}}, {80, 0, {0}}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    ock_lm_feed feed = {.shape = {.context = expected[i].context}};
    assert_ok(ock_lm_held_init(&feed, &part, err));
    assert_int_equal(feed.n_held, expected[i].n);
    assert_memory_equal(feed.held_at, expected[i].at, expected[i].n * sizeof *feed.held_at);
    ock_free(feed.held_at);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_targets_are_the_suffix),
      cmocka_unit_test(test_by_hand),
      cmocka_unit_test(test_pieces_keep_within_documents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
