/* SPDX-License-Identifier: Apache-2.0 */
/* Batches to train on. What an objective makes of text is undone here from inputs and targets alone, by rules written
 * down from the papers, and must give the text back. */
#include "lm/feed_parts.h"

enum { ARCHITECTURES = OCKHAM_LM_N_ARCHITECTURES, OBJECTIVES = OCKHAM_LM_N_OBJECTIVES };

/* ---- every byte once an epoch ---- */

/* Of the stream: how often each place was a target, found by following a feed of which every token is known by itself.
 */
static void test_flm_passes_each_byte_once(void **state) {
  (void)state;
  static const size_t contexts[] = {8, 24, 128, 1000};
  ockham_corpus *corpus = synthetic(5000);
  for (int a = 0; a < ARCHITECTURES; a++)
    for (size_t c = 0; c < 4; c++)
      for (int order = 0; order < 2; order++) {
        ockham_lm_config config = config_of((ockham_lm_architecture)a, OCKHAM_LM_OBJECTIVE_FLM, contexts[c], 3);
        config.order = (ockham_lm_order)order;
        ock_lm_feed *feed = feed_of(&config, corpus);
        size_t wanted[512] = {0}, found[512] = {0};
        const ock_corpus_part *train = &corpus->train;
        for (size_t i = 0; i < train->n_bytes; i++) wanted[train->text[i]]++;
        wanted[256] = train->n_documents;
        size_t window = feed->mixture.kinds[0].window;
        uint64_t n_windows = (feed->stream.length + window - 1) / window, done = 0;
        for (uint64_t step = 0; done < n_windows; step++) {
          const ock_lm_batch *batch;
          ock_lm_feed_batch(feed, step, &batch);
          for (size_t b = 0; b < batch->n_sequences && done < n_windows; b++, done++)
            for (size_t t = 0; t < batch->length; t++)
              if (batch->targets[b * batch->length + t] >= 0) found[batch->targets[b * batch->length + t]]++;
        }
        assert_memory_equal(wanted, found, sizeof wanted);
        ock_lm_feed_free(feed);
      }
  ockham_corpus_free(corpus);
}

/* The same where bytes are told apart: the places of 251 different bytes in a prime's turns. */
static void test_windows_tile_the_stream(void **state) {
  (void)state;
  ock_corpus_builder builder = {.document_bytes = 1, .held_out = 1e-9};
  unsigned char text[251];
  for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(i * 7 % 251);
  assert_ok(ock_corpus_add_document(&builder, text, 251, err));
  assert_ok(ock_corpus_add_document(&builder, "held", 4, err));
  ockham_corpus *corpus;
  assert_ok(ock_corpus_finish(&builder, &corpus, err));
  if (corpus->train.n_bytes == 4) fail_msg("the longer document was held out");
  ockham_lm_config config = config_of(OCKHAM_LM_ARCHITECTURE_CAUSAL, OCKHAM_LM_OBJECTIVE_FLM, 16, 1);
  ock_lm_feed *feed = feed_of(&config, corpus);
  for (uint64_t epoch = 0; epoch < 3; epoch++) {
    int seen[257] = {0};
    for (uint64_t w = 0; w < 16; w++) {
      const ock_lm_batch *batch;
      ock_lm_feed_batch(feed, epoch * 16 + w, &batch);
      for (size_t t = 0; t < batch->length; t++) {
        int32_t token = batch->tokens[t], target = batch->targets[t];
        if (target < 0) continue;
        seen[target]++;
        int32_t next = token == 256 ? 0 : (token + 7) % 251;
        assert_int_equal(target, token == 250 * 7 % 251 ? 256 : next); /* the last byte, then BEGIN */
      }
    }
    for (int i = 0; i < 251; i++) assert_int_equal(seen[i], 1);
    assert_int_equal(seen[256], 1);
  }
  ock_lm_feed_free(feed);
  ockham_corpus_free(corpus);
  ock_corpus_builder_clear(&builder);
}

static void test_shuffle_is_a_permutation(void **state) {
  (void)state;
  static const uint64_t sizes[] = {1, 2, 3, 4, 5, 7, 16, 17, 255, 1000, 4097};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (uint64_t key = 0; key < 5; key++) {
      char seen[4097] = {0};
      for (uint64_t i = 0; i < sizes[s]; i++) {
        uint64_t at = ock_lm_shuffled(key, sizes[s], i);
        assert_true(at < sizes[s] && !seen[at]);
        seen[at] = 1;
      }
    }
  assert_true(ock_lm_shuffled(1, UINT64_MAX, UINT64_MAX - 1) < UINT64_MAX);
  /* Every order of three comes about as often: chi-square with 5 degrees of freedom, 20.5 is its 99.9 % point (R). */
  int counts[27] = {0};
  for (uint64_t key = 0; key < 6000; key++)
    counts[ock_lm_shuffled(key * 77, 3, 0) * 9 + ock_lm_shuffled(key * 77, 3, 1) * 3 +
           ock_lm_shuffled(key * 77, 3, 2)]++;
  double chi = 0;
  static const int orders[] = {0 * 9 + 1 * 3 + 2, 0 * 9 + 2 * 3 + 1, 1 * 9 + 0 * 3 + 2,
                               1 * 9 + 2 * 3 + 0, 2 * 9 + 0 * 3 + 1, 2 * 9 + 1 * 3 + 0};
  for (int o = 0; o < 6; o++) chi += (counts[orders[o]] - 1000.) * (counts[orders[o]] - 1000.) / 1000;
  assert_true(chi < 20.5);
}

/* ---- a pure function of the step ---- */

typedef struct copy {
  size_t n, length, source_length, n_targets;
  int32_t tokens[4096], targets[4096], source[4096];
} copy;

static void take(ock_lm_feed *feed, uint64_t step, copy *to) {
  const ock_lm_batch *batch;
  ock_lm_feed_batch(feed, step, &batch);
  *to = (copy){batch->n_sequences, batch->length, batch->source_length, batch->n_targets, {0}, {0}, {0}};
  memcpy(to->tokens, batch->tokens, batch->n_sequences * batch->length * sizeof(int32_t));
  memcpy(to->targets, batch->targets, batch->n_sequences * batch->length * sizeof(int32_t));
  if (batch->source) memcpy(to->source, batch->source, batch->n_sequences * batch->source_length * sizeof(int32_t));
}

static void test_batches_depend_on_the_step_only(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(20000);
  copy *forward = calloc(30, sizeof *forward), *again = calloc(1, sizeof *again);
  for (int a = 0; a < ARCHITECTURES; a++)
    for (int o = 0; o < OBJECTIVES; o++) {
      ockham_lm_config config = config_of((ockham_lm_architecture)a, (ockham_lm_objective)o, 64, 3);
      ock_lm_feed *feed = feed_of(&config, corpus), *other = feed_of(&config, corpus);
      for (uint64_t step = 0; step < 30; step++) take(feed, step, &forward[step]);
      for (uint64_t i = 0; i < 30; i++) {
        const ock_lm_batch *held;
        uint64_t n_pieces, n_bytes, step = i * 7 % 30;
        ock_lm_feed_held(other, i, 1 + (int)(i % 3), &held, &n_pieces, &n_bytes);
        take(other, step, again);
        assert_memory_equal(again, &forward[step], sizeof *again);
      }
      size_t n_same = 0;
      for (int step = 1; step < 30; step++) n_same += memcmp(&forward[0], &forward[step], sizeof *again) == 0;
      assert_int_equal(n_same, 0);
      config.seed++;
      take(other, 3, again); /* the config is borrowed: its seed counts at once */
      assert_memory_not_equal(again, &forward[3], sizeof *again);
      ock_lm_feed_free(feed);
      ock_lm_feed_free(other);
    }
  free(forward);
  free(again);
  ockham_corpus_free(corpus);
}

/* ---- shapes ---- */

static void test_batches_fill_the_context(void **state) {
  (void)state;
  static const size_t contexts[] = {8, 9, 13, 64, 126, 127, 128, 129, 130, 131, 256, 1000};
  ockham_corpus *corpus = synthetic(20000);
  for (int a = 0; a < ARCHITECTURES; a++)
    for (int o = 0; o < OBJECTIVES; o++)
      for (size_t c = 0; c < sizeof contexts / sizeof *contexts; c++) {
        ockham_lm_config config = config_of((ockham_lm_architecture)a, (ockham_lm_objective)o, contexts[c], 2);
        ock_lm_feed *feed = feed_of(&config, corpus);
        for (uint64_t step = 0; step < 40; step++) {
          const ock_lm_batch *batch;
          ock_lm_feed_batch(feed, step, &batch);
          assert_int_equal(batch->n_sequences, 2);
          assert_int_equal(batch->length + batch->source_length, contexts[c]);
          assert_null(batch->source_used); /* nothing is padded */
          assert_int_equal(batch->prefix != NULL, a == OCKHAM_LM_ARCHITECTURE_PREFIX);
          assert_int_equal(batch->source_length > 0, a >= OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER);
          size_t n_targets = 0;
          for (size_t i = 0; i < 2 * batch->length; i++) {
            n_targets += batch->targets[i] >= 0;
            assert_true(batch->tokens[i] >= 0 && batch->tokens[i] < (int32_t)ock_lm_n_tokens(&config));
            assert_true(batch->targets[i] < (int32_t)ock_lm_n_tokens(&config));
            assert_int_not_equal(batch->tokens[i], 256 + OCK_LM_PAD);
            assert_int_not_equal(batch->targets[i], 256 + OCK_LM_PAD);
          }
          assert_int_equal(n_targets, batch->n_targets);
          assert_true(n_targets > 0);
          for (size_t b = 0; batch->prefix && b < 2; b++) { /* no loss on what all see */
            assert_true(batch->prefix[b] >= 1 && (size_t)batch->prefix[b] <= batch->length);
            for (int32_t t = 0; t + 1 < batch->prefix[b]; t++)
              assert_true(batch->targets[b * batch->length + (size_t)t] < 0);
          }
        }
        ock_lm_feed_free(feed);
      }
  ockham_corpus_free(corpus);
}

/* A prefix of one token sees what a causal stack sees: the tokens and targets are those of flm. */
static void test_plm_with_least_prefix_is_flm(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(20000);
  ockham_lm_config flm = config_of(OCKHAM_LM_ARCHITECTURE_CAUSAL, OCKHAM_LM_OBJECTIVE_FLM, 16, 8);
  ockham_lm_config plm = config_of(OCKHAM_LM_ARCHITECTURE_PREFIX, OCKHAM_LM_OBJECTIVE_PLM, 16, 8);
  ock_lm_feed *a = feed_of(&flm, corpus), *b = feed_of(&plm, corpus);
  size_t n_least = 0, n_prefixes[16] = {0};
  for (uint64_t step = 0; step < 100; step++) {
    const ock_lm_batch *plain, *given;
    ock_lm_feed_batch(a, step, &plain);
    ock_lm_feed_batch(b, step, &given);
    assert_memory_equal(plain->tokens, given->tokens, 8 * 16 * sizeof(int32_t));
    for (size_t r = 0; r < 8; r++) {
      size_t prefix = (size_t)given->prefix[r];
      n_prefixes[prefix]++;
      n_least += prefix == 1;
      for (size_t t = 0; t < 16; t++)
        assert_int_equal(given->targets[r * 16 + t], t + 1 < prefix ? -1 : plain->targets[r * 16 + t]);
    }
  }
  assert_true(n_least > 0);
  /* Uniform from 1 to 15: chi-square with 14 degrees of freedom, 99.9 % point 36.1 (R's qchisq). */
  double chi = 0, expected = 800. / 15;
  for (size_t p = 1; p < 16; p++)
    chi += ((double)n_prefixes[p] - expected) * ((double)n_prefixes[p] - expected) / expected;
  assert_int_equal(n_prefixes[0], 0);
  assert_true(chi < 36.1);
  ock_lm_feed_free(a);
  ock_lm_feed_free(b);
  ockham_corpus_free(corpus);
}

/* ---- undoing ---- */

/* What is given and asked, from a row of a batch of any architecture: asked is what has a loss, in order. */
typedef struct row {
  int32_t given[1100], asked[1100];
  size_t n_given, n_asked;
} row;

static row read_row(const ock_lm_batch *batch, size_t r, int32_t start) {
  row found = {.n_given = 0};
  const int32_t *tokens = batch->tokens + r * batch->length, *targets = batch->targets + r * batch->length;
  size_t t = 0;
  if (batch->source) {
    memcpy(found.given, batch->source + r * batch->source_length, batch->source_length * sizeof(int32_t));
    found.n_given = batch->source_length;
    assert_int_equal(tokens[0], start);
  } else {
    for (; targets[t] < 0; t++) found.given[found.n_given++] = tokens[t];
    assert_int_equal(tokens[t], start);
    if (batch->prefix) assert_int_equal(batch->prefix[r], t + 1);
  }
  for (; t < batch->length; t++) {
    assert_true(targets[t] >= 0);
    if (found.n_asked) assert_int_equal(tokens[t], found.asked[found.n_asked - 1]);
    found.asked[found.n_asked++] = targets[t];
  }
  return found;
}

/* Put the spans that are asked in the places of their sentinels. */
static size_t undo_spans(const row *r, size_t from, int32_t *text, size_t *n_hidden, size_t *n_spans) {
  size_t n = 0, at = 0;
  int32_t first = 256 + OCK_LM_SENTINEL, expected = first;
  *n_hidden = *n_spans = 0;
  for (size_t i = from; i < r->n_given; i++) {
    if (r->given[i] < first) {
      text[n++] = r->given[i];
      continue;
    }
    assert_int_equal(r->given[i], expected);
    assert_int_equal(r->asked[at++], expected);
    size_t before = n;
    while (r->asked[at] < first && r->asked[at] != 256 + OCK_LM_SEPARATOR) text[n++] = r->asked[at++];
    assert_true(n > before);
    *n_hidden += n - before;
    ++*n_spans;
    expected = first + (int32_t)(*n_spans % OCK_LM_N_SENTINELS);
  }
  assert_int_equal(r->asked[at], 256 + OCK_LM_SEPARATOR);
  assert_int_equal(at + 1, r->n_asked);
  return n;
}

/* Whether the text is somewhere in the stream (which repeats). */
static bool is_in_stream(const ock_lm_feed *feed, const int32_t *text, size_t n) {
  size_t length = (size_t)feed->stream.length;
  int32_t *all = malloc((length + n) * sizeof *all);
  ock_lm_stream_copy(&feed->stream, 0, length + n, all);
  bool found = false;
  for (size_t at = 0; at < length && !found; at++) found = memcmp(all + at, text, n * sizeof *text) == 0;
  free(all);
  return found;
}

/* Raffel et al.: of L tokens round(r L) are hidden in round(that / mu) spans, at least one. */
static void check_spans(size_t n, size_t n_hidden, size_t n_spans, double share, double mean) {
  assert_true(fabs((double)n_hidden - share * (double)n) <= .5 + 1e-9);
  double spans = (double)n_hidden / mean;
  assert_true(n_spans == 1 ? spans < 2.1 : fabs((double)n_spans - spans) <= 1.2);
}

static void test_spans_are_undone(void **state) {
  (void)state;
  static const size_t contexts[] = {16, 128, 130, 1000};
  ockham_corpus *corpus = synthetic(9000);
  for (int a = 0; a < ARCHITECTURES; a++)
    for (size_t c = 0; c < 4; c++) {
      ockham_lm_config config = config_of((ockham_lm_architecture)a, OCKHAM_LM_OBJECTIVE_MLM, contexts[c], 2);
      ock_lm_feed *feed = feed_of(&config, corpus);
      for (uint64_t step = 0; step < 10; step++) {
        const ock_lm_batch *batch;
        ock_lm_feed_batch(feed, step, &batch);
        row r = read_row(batch, step % 2, 256 + OCK_LM_SEPARATOR);
        int32_t text[1100];
        size_t n_hidden, n_spans, n = undo_spans(&r, 0, text, &n_hidden, &n_spans);
        check_spans(n, n_hidden, n_spans, .15, 3);
        assert_true(is_in_stream(feed, text, n));
      }
      ock_lm_feed_free(feed);
    }
  ockham_corpus_free(corpus);
}

/* Raffel et al.'s own numbers: 568 tokens become 512 inputs and 114 targets; the inputs' end is not part of ours. */
static void test_lengths_are_those_of_t5(void **state) {
  (void)state;
  ockham_lm_config config = config_of(OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER, OCKHAM_LM_OBJECTIVE_MLM, 625, 1);
  ock_lm_mixture mixture = ock_lm_mixture_of(&config);
  assert_int_equal(mixture.n_kinds, 1);
  assert_int_equal(mixture.kinds[0].window, 568);
  assert_int_equal(mixture.kinds[0].n_noise, 85);
  assert_int_equal(mixture.kinds[0].n_spans, 28);
  ockham_corpus *corpus = synthetic(9000);
  ock_lm_feed *feed = feed_of(&config, corpus);
  const ock_lm_batch *batch;
  ock_lm_feed_batch(feed, 0, &batch);
  assert_int_equal(batch->source_length, 511);
  assert_int_equal(batch->n_targets, 114);
  ock_lm_feed_free(feed);
  ockham_corpus_free(corpus);
}

static void test_ul2_is_seven_denoisers(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(9000);
  for (int a = 0; a < ARCHITECTURES; a++) {
    ockham_lm_config config = config_of((ockham_lm_architecture)a, OCKHAM_LM_OBJECTIVE_UL2, 128, 2);
    ock_lm_feed *feed = feed_of(&config, corpus);
    /* Tay et al., table 1: mode, mean, share; how often each was met. */
    static const struct {
      int mode;
      double mean, share;
    } denoisers[] = {{OCK_LM_MODE_R, 3, .15},  {OCK_LM_MODE_R, 8, .15},  {OCK_LM_MODE_X, 3, .5},
                     {OCK_LM_MODE_X, 8, .5},   {OCK_LM_MODE_X, 64, .15}, {OCK_LM_MODE_X, 64, .5},
                     {OCK_LM_MODE_S, 1e9, .25}};
    int counts[7] = {0};
    for (uint64_t step = 0; step < 70; step++) {
      const ock_lm_batch *batch;
      ock_lm_feed_batch(feed, step, &batch);
      for (size_t b = 0; b < 2; b++) {
        row r = read_row(batch, b, 256 + OCK_LM_SEPARATOR);
        int32_t text[1100];
        size_t n_hidden, n_spans, n = undo_spans(&r, 1, text, &n_hidden, &n_spans);
        assert_true(is_in_stream(feed, text, n));
        int best = -1;
        for (int d = 0; d < 7; d++) {
          double hidden = denoisers[d].share * (double)n, spans = fmax(1, round(hidden / denoisers[d].mean));
          if (r.given[0] == 256 + denoisers[d].mode && fabs((double)n_hidden - hidden) <= .5 + 1e-9 &&
              fabs((double)n_spans - spans) <= 1)
            best = d;
        }
        assert_true(best >= 0);
        if (best == 6) assert_int_equal(r.given[r.n_given - 1], 256 + OCK_LM_SENTINEL); /* a suffix */
        counts[best]++;
      }
    }
    for (int d = 0; d < 7; d++) assert_int_equal(counts[d], 20);
    ock_lm_feed_free(feed);
  }
  ockham_corpus_free(corpus);
}

/* ---- AlexaTM ---- */

/* Whether what is given is the text without some of it. */
static bool is_part_of(const int32_t *given, size_t n_given, const int32_t *text, size_t n) {
  size_t at = 0;
  for (size_t i = 0; i < n && at < n_given; i++) at += text[i] == given[at];
  return at == n_given;
}

static void test_denoising_clm(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(9000);
  for (int a = 0; a < ARCHITECTURES; a++) {
    ockham_lm_config config = config_of((ockham_lm_architecture)a, OCKHAM_LM_OBJECTIVE_DENOISING_CLM, 128, 2);
    ock_lm_feed *feed = feed_of(&config, corpus);
    int n_clm = 0;
    for (uint64_t step = 0; step < 50; step++) {
      const ock_lm_batch *batch;
      ock_lm_feed_batch(feed, step, &batch);
      for (size_t b = 0; b < 2; b++) {
        row r = read_row(batch, b, 256 + OCK_LM_SEPARATOR);
        int32_t text[1100];
        if (r.given[0] == 256 + OCK_LM_MODE_CLM) {
          memcpy(text, r.given + 1, (r.n_given - 1) * sizeof *text);
          memcpy(text + r.n_given - 1, r.asked, r.n_asked * sizeof *text);
          size_t n = r.n_given - 1 + r.n_asked;
          assert_true((double)(r.n_given - 1) >= .2 * (double)n && (double)(r.n_given - 1) <= .8 * (double)n);
          assert_true(is_in_stream(feed, text, n));
          n_clm++;
        } else {
          size_t n = r.n_asked - 1;
          assert_int_equal(r.asked[n], 256 + OCK_LM_SEPARATOR);
          assert_true(is_in_stream(feed, r.asked, n));
          assert_true(is_part_of(r.given, r.n_given, r.asked, n));
          assert_true(fabs((double)(n - r.n_given) - .15 * (double)n) <= 1.5);
        }
      }
    }
    assert_int_equal(n_clm, 20); /* of 100: 20 % */
    ock_lm_feed_free(feed);
  }
  ockham_corpus_free(corpus);
}

/* Spans of what is dropped, where tokens are numbers and so gaps can be seen: Poisson(3) without 0 has mean 3 / (1 -
 * e^-3) = 3.157; cutting the last of about 22 to fit takes a little off. */
static void test_dropped_spans_are_poisson(void **state) {
  (void)state;
  ock_lm_shape shape = {.context = 1000, .special = 5000, .encoder = true};
  ock_lm_kind kind = {.name = OCK_LM_DROP, .mode = -1, .mean = 3, .share = .15, .window = 540, .n_noise = 81};
  int32_t raw[540], given[1100], asked[1100];
  for (int i = 0; i < 540; i++) raw[i] = i;
  ock_lm_example e = {.given = given, .asked = asked};
  double counts[20] = {0}, n_spans = 0, n_hidden = 0;
  for (uint64_t i = 0; i < 2000; i++) {
    ock_rng lengths = ock_rng_make(1, i), own = ock_rng_make(2, i);
    ock_lm_make_example(&shape, &kind, raw, &lengths, &own, &e);
    assert_int_equal(e.n_given, 540 - 81);
    int32_t before = -1;
    for (size_t t = 0; t <= e.n_given; t++) {
      int32_t now = t < e.n_given ? given[t] : 540, gap = now - before - 1;
      if (gap > 0 && gap < 20) counts[gap]++;
      n_spans += gap > 0;
      n_hidden += gap;
      before = now;
    }
  }
  assert_close(n_hidden / n_spans, 3.157, .02);
  double p = exp(-3.) / (1 - exp(-3.));
  for (int length = 1; length <= 8; length++) {
    p *= 3. / length;
    assert_true(fabs(counts[length] / n_spans - p) < .02);
  }
}

/* ---- fill in the middle ---- */

static void test_fim_is_undone(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(9000);
  for (int a = 0; a < ARCHITECTURES; a++) {
    ockham_lm_config config = config_of((ockham_lm_architecture)a, OCKHAM_LM_OBJECTIVE_FIM, 64, 2);
    ock_lm_feed *feed = feed_of(&config, corpus);
    int n_middle = 0, n_suffix_first = 0;
    for (uint64_t step = 0; step < 100; step++) {
      const ock_lm_batch *batch;
      ock_lm_feed_batch(feed, step, &batch);
      for (size_t b = 0; b < 2; b++) {
        int32_t all[200], text[200];
        size_t n = 0;
        if (batch->source) {
          memcpy(all, batch->source + b * batch->source_length, batch->source_length * sizeof *all);
          n = batch->source_length;
        }
        memcpy(all + n, batch->tokens + b * batch->length, batch->length * sizeof *all);
        n += batch->length;
        if (all[0] != 256 + OCK_LM_PRE) continue;
        n_middle++;
        size_t suffix = 0, middle = 0;
        for (size_t i = 0; i < n; i++) {
          if (all[i] == 256 + OCK_LM_SUF) suffix = i;
          if (all[i] == 256 + OCK_LM_MID) middle = i;
        }
        assert_true(suffix >= 1 && middle > suffix);
        size_t n_text = 0;
        n_suffix_first += suffix == 1;
        for (size_t i = 1; i < suffix; i++) text[n_text++] = all[i];
        for (size_t i = middle + 1; i < n; i++) text[n_text++] = all[i]; /* after SUF first: prefix and middle */
        for (size_t i = suffix + 1; i < middle; i++) text[n_text++] = all[i];
        assert_int_equal(n_text, 64 - 3);
        assert_true(is_in_stream(feed, text, n_text));
        assert_int_equal(batch->targets[(b + 1) * batch->length - 1], 256 + OCK_LM_SEPARATOR);
        if (a == OCKHAM_LM_ARCHITECTURE_CAUSAL)
          for (size_t t = 0; t + 1 < 64; t++)
            assert_int_equal(batch->targets[b * 64 + t], batch->tokens[b * 64 + t + 1]);
      }
    }
    assert_int_equal(n_middle, 100); /* half */
    if (a < OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER) assert_true(n_suffix_first > 30 && n_suffix_first < 70);
    ock_lm_feed_free(feed);
  }
  ockham_corpus_free(corpus);
}

/* ---- compositions ---- */

/* All C(6, 2) = 15 ways to write 7 as three parts are equally likely: chi-square with 14 degrees of freedom, 99.9 %
 * point 36.1 (R). */
static void test_compositions_are_uniform(void **state) {
  (void)state;
  int counts[100] = {0};
  ock_rng rng = ock_rng_make(4, 4);
  for (int i = 0; i < 15000; i++) {
    size_t parts[3];
    ock_lm_compose(7, 3, &rng, parts);
    assert_int_equal(parts[0] + parts[1] + parts[2], 7);
    assert_true(parts[0] >= 1 && parts[1] >= 1 && parts[2] >= 1);
    counts[parts[0] * 10 + parts[1]]++;
  }
  double chi = 0;
  int n = 0;
  for (int i = 0; i < 100; i++)
    if (counts[i]) {
      chi += (counts[i] - 1000.) * (counts[i] - 1000.) / 1000;
      n++;
    }
  assert_int_equal(n, 15);
  assert_true(chi < 36.1);
}

static void test_allocation_failures(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(4096);
  for (int tokens = 0; tokens < 2; tokens++) {
    ockham_lm_config config = config_of(OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER, OCKHAM_LM_OBJECTIVE_UL2, 32, 2);
    config.tokens = (ockham_lm_tokens)tokens;
    config.order = OCKHAM_LM_ORDER_REVERSE;
    for_each_allocation_failure(n) {
      ock_lm_feed *feed;
      ock_fault_after(n);
      ockham_status status = ock_lm_feed_new(&config, corpus, &feed, NULL);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      assert_int_equal(feed == NULL, status != OCKHAM_OK);
      ock_lm_feed_free(feed);
    }
  }
  ockham_corpus_free(corpus);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_flm_passes_each_byte_once), cmocka_unit_test(test_windows_tile_the_stream),
      cmocka_unit_test(test_shuffle_is_a_permutation),  cmocka_unit_test(test_batches_depend_on_the_step_only),
      cmocka_unit_test(test_batches_fill_the_context),  cmocka_unit_test(test_plm_with_least_prefix_is_flm),
      cmocka_unit_test(test_spans_are_undone),          cmocka_unit_test(test_lengths_are_those_of_t5),
      cmocka_unit_test(test_ul2_is_seven_denoisers),    cmocka_unit_test(test_denoising_clm),
      cmocka_unit_test(test_dropped_spans_are_poisson), cmocka_unit_test(test_fim_is_undone),
      cmocka_unit_test(test_compositions_are_uniform),  cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
