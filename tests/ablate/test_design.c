/* SPDX-License-Identifier: Apache-2.0 */
/* Regular fractions against the published catalogue, and whatever else can be counted by brute force. */
#include "ablate/studies.h"
#include "test.h"

/* Minimum aberration designs of up to 24 factors in up to 128 runs: resolution, and words of 3 to 6 letters. From the
 * generators in the catalogue of the R package FrF2 2.3-4 (catlg, first of each size), which are those of Chen, Sun &
 * Wu, International Statistical Review 61, 1993, of Block & Mee, J. Quality Technology 37, 2005, and of Xu,
 * Technometrics 51, 2009. */
static const struct {
  size_t n_factors, n_cells, resolution;
  uint64_t words[4];
} catalogue[] = {{3, 4, 3, {1, 0, 0, 0}},
                 {4, 8, 4, {0, 1, 0, 0}},
                 {5, 8, 3, {2, 1, 0, 0}},
                 {6, 8, 3, {4, 3, 0, 0}},
                 {7, 8, 3, {7, 7, 0, 0}},
                 {5, 16, 5, {0, 0, 1, 0}},
                 {6, 16, 4, {0, 3, 0, 0}},
                 {7, 16, 4, {0, 7, 0, 0}},
                 {8, 16, 4, {0, 14, 0, 0}},
                 {9, 16, 3, {4, 14, 8, 0}},
                 {10, 16, 3, {8, 18, 16, 8}},
                 {11, 16, 3, {12, 26, 28, 24}},
                 {12, 16, 3, {16, 39, 48, 48}},
                 {13, 16, 3, {22, 55, 72, 96}},
                 {14, 16, 3, {28, 77, 112, 168}},
                 {15, 16, 3, {35, 105, 168, 280}},
                 {6, 32, 6, {0, 0, 0, 1}},
                 {7, 32, 4, {0, 1, 2, 0}},
                 {8, 32, 4, {0, 3, 4, 0}},
                 {9, 32, 4, {0, 6, 8, 0}},
                 {10, 32, 4, {0, 10, 16, 0}},
                 {11, 32, 4, {0, 25, 0, 27}},
                 {12, 32, 4, {0, 38, 0, 52}},
                 {13, 32, 4, {0, 55, 0, 96}},
                 {14, 32, 4, {0, 77, 0, 168}},
                 {15, 32, 4, {0, 105, 0, 280}},
                 {16, 32, 4, {0, 140, 0, 448}},
                 {17, 32, 3, {8, 140, 112, 448}},
                 {18, 32, 3, {16, 148, 224, 560}},
                 {19, 32, 3, {24, 164, 344, 784}},
                 {20, 32, 3, {32, 188, 480, 1128}},
                 {21, 32, 3, {40, 220, 641, 1608}},
                 {22, 32, 3, {48, 263, 832, 2224}},
                 {23, 32, 3, {56, 315, 1064, 3024}},
                 {24, 32, 3, {64, 378, 1344, 4032}},
                 {7, 64, 7, {0, 0, 0, 0}},
                 {8, 64, 5, {0, 0, 2, 1}},
                 {9, 64, 4, {0, 1, 4, 2}},
                 {10, 64, 4, {0, 2, 8, 4}},
                 {11, 64, 4, {0, 4, 14, 8}},
                 {12, 64, 4, {0, 6, 24, 16}},
                 {13, 64, 4, {0, 14, 28, 24}},
                 {14, 64, 4, {0, 22, 40, 36}},
                 {15, 64, 4, {0, 30, 60, 60}},
                 {16, 64, 4, {0, 43, 81, 96}},
                 {17, 64, 4, {0, 59, 108, 150}},
                 {18, 64, 4, {0, 78, 144, 228}},
                 {19, 64, 4, {0, 100, 192, 336}},
                 {20, 64, 4, {0, 125, 256, 480}},
                 {21, 64, 4, {0, 204, 0, 1680}},
                 {22, 64, 4, {0, 250, 0, 2304}},
                 {23, 64, 4, {0, 304, 0, 3105}},
                 {24, 64, 4, {0, 365, 0, 4138}},
                 {8, 128, 8, {0, 0, 0, 0}},
                 {9, 128, 6, {0, 0, 0, 3}},
                 {10, 128, 5, {0, 0, 3, 3}},
                 {11, 128, 5, {0, 0, 6, 6}},
                 {12, 128, 4, {0, 1, 8, 12}},
                 {13, 128, 4, {0, 2, 16, 18}},
                 {14, 128, 4, {0, 3, 24, 36}},
                 {15, 128, 4, {0, 7, 32, 52}},
                 {16, 128, 4, {0, 10, 48, 72}},
                 {17, 128, 4, {0, 15, 60, 130}},
                 {18, 128, 4, {0, 20, 80, 200}},
                 {19, 128, 4, {0, 27, 120, 235}},
                 {20, 128, 4, {0, 36, 152, 340}},
                 {21, 128, 4, {0, 51, 200, 414}},
                 {22, 128, 4, {0, 65, 248, 572}},
                 {23, 128, 4, {0, 83, 316, 744}},
                 {24, 128, 4, {0, 102, 384, 992}}};

static void make(ockham_design_kind kind, size_t n_cells, const ockham_study_factor *factors, size_t n_factors,
                 ockham_design *design) {
  assert_ok(ockham_design_make(kind, n_cells, factors, n_factors, NULL, 0, NULL, 0, 7, design, err));
}

static void make_fraction(size_t n_factors, size_t n_cells, ockham_design *design) {
  ockham_study_factor factors[OCK_FRACTION_MOST_FACTORS];
  make_factors(factors, n_factors, NULL);
  make(OCKHAM_DESIGN_FRACTION, n_cells, factors, n_factors, design);
  assert_int_equal(design->n_cells, n_cells);
  assert_int_equal(design->n_factors, n_factors);
}

/* The product of the +-1 columns of some factors over the cells. */
static int sum_of_products(const ockham_design *design, const size_t *factors, size_t n) {
  int sum = 0;
  for (size_t x = 0; x < design->n_cells; x++) {
    int product = 1;
    for (size_t i = 0; i < n; i++) product *= level_of(design, x, factors[i]) ? 1 : -1;
    sum += product;
  }
  return sum;
}

/* Words of so many letters, by every choice of letters from `from` on. */
static uint64_t count_words(const ockham_design *design, size_t *letters, size_t n, size_t length, size_t from) {
  uint64_t count = 0;
  if (n == length) return (size_t)abs(sum_of_products(design, letters, n)) == design->n_cells;
  for (size_t f = from; f < design->n_factors; f++) {
    letters[n] = f;
    count += count_words(design, letters, n + 1, length, f + 1);
  }
  return count;
}

static void test_catalogue(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof catalogue / sizeof *catalogue; i++) {
    ock_fraction fraction;
    uint64_t words[OCK_FRACTION_MOST_FACTORS + 1];
    ock_fraction_search(catalogue[i].n_factors, (size_t)__builtin_ctzll(catalogue[i].n_cells), &fraction);
    ock_fraction_words(&fraction, words);
    assert_int_equal(words[0], 1);
    assert_int_equal(words[1], 0);
    assert_int_equal(words[2], 0);
    for (size_t j = 0; j < 4; j++) {
      if (words[3 + j] != catalogue[i].words[j])
        fail_msg("%zu factors in %zu cells: %zu words of %zu letters, not %zu", catalogue[i].n_factors,
                 catalogue[i].n_cells, (size_t)words[3 + j], 3 + j, (size_t)catalogue[i].words[j]);
    }
    assert_int_equal(ock_fraction_resolution(&fraction), catalogue[i].resolution);
  }
}

/* The table of Box, Hunter & Hunter, Statistics for experimenters, 2005, table 6.22. */
static void test_textbook(void **state) {
  static const size_t table[][3] = {{3, 4, 3},  {5, 8, 3},  {6, 8, 3},  {7, 8, 3},   {4, 8, 4},   {5, 16, 5},
                                    {6, 16, 4}, {7, 16, 4}, {8, 16, 4}, {9, 16, 3},  {10, 16, 3}, {11, 16, 3},
                                    {6, 32, 6}, {7, 32, 4}, {8, 32, 4}, {9, 32, 4},  {10, 32, 4}, {11, 32, 4},
                                    {7, 64, 7}, {8, 64, 5}, {9, 64, 4}, {10, 64, 4}, {11, 64, 4}};
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    ockham_design design;
    make_fraction(table[i][0], table[i][1], &design);
    assert_int_equal(design.resolution, table[i][2]);
    assert_close(design.efficiency, 1, 1e-12);
    ockham_design_clear(&design);
  }
}

/* Balance, orthogonal pairs, different cells, and the first factors as a full design. */
static void test_orthogonal(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof catalogue / sizeof *catalogue; i += 3) {
    ockham_design design;
    size_t k = catalogue[i].n_factors, n = catalogue[i].n_cells;
    make_fraction(k, n, &design);
    for (size_t a = 0; a < k; a++) {
      assert_int_equal(sum_of_products(&design, &a, 1), 0);
      for (size_t b = 0; b < a; b++) assert_int_equal(sum_of_products(&design, (size_t[]){a, b}, 2), 0);
      assert_int_equal(level_of(&design, 0, a), 0);
    }
    for (size_t x = 0; x < n; x++) {
      for (size_t y = 0; y < x; y++) assert_memory_not_equal(design.levels + x * k, design.levels + y * k, k);
      for (size_t f = 0; f < k && (size_t)1 << f < n; f++) assert_int_equal(level_of(&design, x, f), x >> f & 1);
    }
    ockham_design_clear(&design);
  }
}

/* Words as the search counts them, from weights of cells, against every product of columns. */
static void test_words_by_brute_force(void **state) {
  static const size_t sizes[][2] = {{7, 16}, {10, 16}, {8, 32}, {11, 32}, {9, 64}, {10, 128}};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ock_fraction fraction;
    ockham_design design;
    uint64_t words[OCK_FRACTION_MOST_FACTORS + 1];
    size_t letters[OCK_FRACTION_MOST_FACTORS];
    make_fraction(sizes[i][0], sizes[i][1], &design);
    ock_fraction_search(sizes[i][0], (size_t)__builtin_ctzll(sizes[i][1]), &fraction);
    ock_fraction_words(&fraction, words);
    for (size_t j = 1; j <= sizes[i][0]; j++) assert_int_equal(count_words(&design, letters, 0, j, 0), words[j]);
    ockham_design_clear(&design);
  }
}

/* Least aberration indeed, over every choice of columns, where these can be tried. */
static void test_exhaustive(void **state) {
  static const size_t sizes[][2] = {{3, 2}, {4, 3}, {5, 3}, {6, 3}, {5, 4}, {7, 4}, {8, 4}, {9, 4}, {12, 4}, {7, 5}};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t k = sizes[i][0], m = sizes[i][1], n = (size_t)1 << m;
    ock_fraction found, tried = {.n_factors = k, .n_basic = m};
    uint64_t best[OCK_FRACTION_MOST_FACTORS + 1], words[OCK_FRACTION_MOST_FACTORS + 1];
    ock_fraction_search(k, m, &found);
    ock_fraction_words(&found, best);
    for (uint32_t set = 0; set < 1u << (n - 1 - m); set++) { /* columns beside the units */
      size_t n_taken = m, bit = 0;
      if ((size_t)__builtin_popcount(set) != k - m) continue;
      for (size_t c = 1; c < n; c++) {
        if ((c & (c - 1)) == 0) {
          tried.column[__builtin_ctzll(c)] = (uint8_t)c;
        } else if (set >> bit++ & 1) {
          tried.column[n_taken++] = (uint8_t)c;
        }
      }
      ock_fraction_words(&tried, words);
      size_t j = 1;
      while (j < k && words[j] == best[j]) j++;
      assert_true(words[j] >= best[j]);
    }
  }
}

/* ---- aliases ---- */

/* "A", "-A" or "B*C" as factors and a sign. */
static int parse_effect(const char *text, size_t length, size_t effect[2], size_t *n) {
  int sign = *text == '-' ? -1 : 1;
  *n = 0;
  for (size_t i = 0; i < length; i++) {
    for (size_t f = 0; f < 24; f++) {
      if (text[i] == *factor_names[f]) effect[(*n)++] = f;
    }
  }
  return sign;
}

static bool told_together(const ockham_design *design, const size_t *a, size_t n_a, const size_t *b, size_t n_b) {
  size_t both[4], n = 0;
  for (size_t i = 0; i < n_a; i++) both[n++] = a[i];
  for (size_t i = 0; i < n_b; i++) both[n++] = b[i];
  return (size_t)abs(sum_of_products(design, both, n)) == design->n_cells;
}

/* Every statement of a text is true, with its sign; *n_stated counts pairs of effects stated. */
static void check_text(const ockham_design *design, const char *text, size_t *n_stated) {
  size_t effects[400][2], n_letters[400], n = 0;
  int signs[400];
  for (const char *at = text; at;) {
    const char *end = strstr(at, " = ");
    signs[n] = parse_effect(at, end ? (size_t)(end - at) : strlen(at), effects[n], &n_letters[n]);
    n++;
    at = end ? end + 3 : NULL;
  }
  assert_true(n >= 2);
  for (size_t i = 1; i < n; i++) {
    size_t both[4], n_both = 0;
    for (size_t j = 0; j < n_letters[0]; j++) both[n_both++] = effects[0][j];
    for (size_t j = 0; j < n_letters[i]; j++) both[n_both++] = effects[i][j];
    assert_int_equal(sum_of_products(design, both, n_both), signs[0] * signs[i] * (int)design->n_cells);
  }
  *n_stated += n * (n - 1) / 2;
}

/* Pairs of effects (mains and pairs) whose columns are the same or opposite, by multiplying all of them. */
static size_t count_confounded(const ockham_design *design) {
  size_t effects[400][2], n_letters[400], n = 0, count = 0;
  for (size_t a = 0; a < design->n_factors; a++) {
    effects[n][0] = a;
    n_letters[n++] = 1;
    for (size_t b = 0; b < a; b++) {
      effects[n][0] = a;
      effects[n][1] = b;
      n_letters[n++] = 2;
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) count += told_together(design, effects[i], n_letters[i], effects[j], n_letters[j]);
  }
  return count;
}

static void test_aliases(void **state) {
  static const size_t sizes[][2] = {{3, 4}, {4, 8}, {7, 8}, {5, 16}, {8, 16}, {9, 16}, {8, 32}, {12, 32}, {10, 64}};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ockham_design design;
    size_t n_stated = 0;
    make_fraction(sizes[i][0], sizes[i][1], &design);
    for (size_t a = 0; a < design.n_aliases; a++) check_text(&design, design.aliases[a], &n_stated);
    assert_int_equal(n_stated, count_confounded(&design));
    ockham_design_clear(&design);
  }
}

static void test_alias_texts(void **state) {
  ockham_study_factor factors[] = {{"norm", 2, level_names}, {"ffn", 2, level_names}, {"tied", 2, level_names}};
  ockham_design design;
  (void)state;
  make(OCKHAM_DESIGN_FRACTION, 4, factors, 3, &design);
  assert_int_equal(design.n_aliases, 3);
  assert_string_equal(design.aliases[0], "norm = -ffn*tied");
  assert_string_equal(design.aliases[2], "tied = -norm*ffn");
  ockham_design_clear(&design);
  make_fraction(4, 8, &design);
  assert_int_equal(design.n_aliases, 3);
  assert_string_equal(design.aliases[0], "A*B = C*D");
  ockham_design_clear(&design);
  make_fraction(5, 16, &design); /* resolution V: mains and pairs are clear of each other */
  assert_int_equal(design.n_aliases, 0);
  ockham_design_clear(&design);
}

/* ---- parts ---- */

static bool holds(const ockham_design *design, const uint8_t *cell) {
  for (size_t x = 0; x < design->n_cells; x++) {
    if (memcmp(design->levels + x * design->n_factors, cell, design->n_factors) == 0) return true;
  }
  return false;
}

/* Cells of a part are cells of the whole, different ones, and the baseline is among them. The resolution by hand: words
 * of 2^(6-1) are one of six letters, so a half of its 32 cells must have one of three; all 64 have any part. */
static void test_parts(void **state) {
  static const size_t sizes[][4] = {{8, 6, 5, 3}, {8, 5, 4, 3}, {7, 4, 3, 3},  {8, 4, 3, 0},
                                    {5, 5, 4, 5}, {7, 7, 6, 7}, {7, 7, 4, 4},  {6, 6, 4, 4},
                                    {6, 5, 4, 3}, {7, 7, 3, 3}, {16, 6, 5, 3}, {20, 7, 6, 3}};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ock_fraction fraction, part, again;
    ockham_study_factor factors[OCK_FRACTION_MOST_FACTORS];
    ockham_design whole = {0}, some = {0};
    make_factors(factors, sizes[i][0], NULL);
    ock_fraction_search(sizes[i][0], sizes[i][1], &fraction);
    assert_int_equal(ock_fraction_part(&fraction, sizes[i][2], &part), sizes[i][3] != 0);
    if (!sizes[i][3]) continue;
    assert_int_equal(ock_fraction_resolution(&part), sizes[i][3]);
    assert_ok(ock_fraction_fill(&fraction, factors, &whole, err));
    assert_ok(ock_fraction_fill(&part, factors, &some, err));
    assert_int_equal(some.n_cells, (size_t)1 << sizes[i][2]);
    for (size_t x = 0; x < some.n_cells; x++) {
      const uint8_t *cell = some.levels + x * sizes[i][0];
      assert_true(holds(&whole, cell));
      for (size_t y = 0; y < x; y++) assert_memory_not_equal(cell, some.levels + y * sizes[i][0], sizes[i][0]);
    }
    assert_true(ock_fraction_of(&some, &again));
    assert_memory_equal(&again, &part, sizeof part);
    ockham_design_clear(&whole);
    ockham_design_clear(&some);
  }
}

/* Doubled, the cells are all there, the new ones are others, and words are fewer. */
static void test_doubling(void **state) {
  (void)state;
  for (size_t k = 5; k <= 15; k++) {
    ock_fraction fraction, twice;
    ockham_study_factor factors[OCK_FRACTION_MOST_FACTORS];
    ockham_design design = {0};
    uint64_t words[OCK_FRACTION_MOST_FACTORS + 1], sum = 0;
    make_factors(factors, k, NULL);
    ock_fraction_search(k, 4, &fraction);
    ock_fraction_double(&fraction, &twice);
    assert_ok(ock_fraction_fill(&twice, factors, &design, err));
    ock_fraction_words(&twice, words);
    for (size_t j = 0; j <= k; j++) sum += words[j];
    assert_int_equal(sum, (size_t)1 << (k - 5));
    for (unsigned x = 0; x < 16; x++) {
      for (size_t f = 0; f < k; f++) assert_int_equal(level_of(&design, x, f), ock_parity(fraction.column[f] & x));
    }
    ockham_design_clear(&design);
  }
}

/* ---- other kinds ---- */

static void test_full(void **state) {
  ockham_study_factor factors[3];
  ockham_study_forbidden rule = {{1, 2}, {2, 1}};
  ockham_design design;
  (void)state;
  make_factors(factors, 3, (size_t[]){2, 3, 4});
  make(OCKHAM_DESIGN_FULL, 0, factors, 3, &design);
  assert_int_equal(design.n_cells, 24);
  assert_close(design.efficiency, 1, 1e-12);
  assert_int_equal(design.resolution, 0);
  for (size_t x = 0; x < 24; x++) {
    assert_int_equal(level_of(&design, x, 0), x / 12);
    assert_int_equal(level_of(&design, x, 1), x / 4 % 3);
    assert_int_equal(level_of(&design, x, 2), x % 4);
  }
  ockham_design_clear(&design);
  assert_ok(ockham_design_make(OCKHAM_DESIGN_FULL, 0, factors, 3, &rule, 1, NULL, 0, 7, &design, err));
  assert_int_equal(design.n_cells, 22);
  for (size_t x = 0; x < 22; x++) assert_false(cell_breaks(design.levels + x * 3, &rule, 1));
  ockham_design_clear(&design);
}

static void test_one_at_a_time(void **state) {
  static const uint8_t in[] = {0, 0, 1, 0, 0, 1, 0, 2}, out[] = {1, 1, 0, 1, 1, 0};
  ockham_study_factor factors[2];
  ockham_design design;
  (void)state;
  make_factors(factors, 2, (size_t[]){2, 3});
  make(OCKHAM_DESIGN_ADD_ONE_IN, 0, factors, 2, &design);
  assert_int_equal(design.n_cells, 4);
  assert_memory_equal(design.levels, in, sizeof in);
  assert_true(design.efficiency > 0 && design.efficiency < 1);
  ockham_design_clear(&design);
  make(OCKHAM_DESIGN_LEAVE_ONE_OUT, 0, factors, 2, &design);
  assert_int_equal(design.n_cells, 3);
  assert_memory_equal(design.levels, out, sizeof out);
  assert_close(design.efficiency, 0, 0); /* a level is never there */
  ockham_design_clear(&design);
}

/* One change at a time of k factors: det(X'X) is 4^k, by taking rows from each other. */
static void test_efficiency(void **state) {
  (void)state;
  for (size_t k = 1; k <= 9; k++) {
    ockham_study_factor factors[9];
    ockham_design design;
    make_factors(factors, k, NULL);
    make(OCKHAM_DESIGN_ADD_ONE_IN, 0, factors, k, &design);
    assert_close(design.efficiency, pow(4, (double)k / (double)(k + 1)) / (double)(k + 1), 1e-12);
    ockham_design_clear(&design);
  }
}

static void test_default_sizes(void **state) {
  static const size_t expected[] = {0, 2, 4, 8, 8, 16, 16, 16, 16, 32, 32, 32, 32, 32, 32, 32, 32, 64};
  (void)state;
  for (size_t k = 1; k <= 17; k++) {
    ockham_study_factor factors[17];
    ockham_design design;
    make_factors(factors, k, NULL);
    make(OCKHAM_DESIGN_FRACTION, 0, factors, k, &design);
    assert_int_equal(design.n_cells, expected[k]);
    assert_true(design.resolution == 0 || design.resolution >= 4);
    ockham_design_clear(&design);
  }
}

/* ---- what is refused ---- */

static void refuse(ockham_design_kind kind, size_t n_cells, const ockham_study_factor *factors, size_t n_factors,
                   const ockham_study_forbidden *rule, const char *message) {
  ockham_error err = {0};
  ockham_design design = {.n_cells = 77};
  assert_int_equal(ockham_design_make(kind, n_cells, factors, n_factors, rule, rule != NULL, NULL, 0, 7, &design, &err),
                   OCKHAM_BAD_ARGUMENT);
  assert_non_null(strstr(err.message, message));
  assert_int_equal(design.n_cells, 77);
}

static void test_refused(void **state) {
  static const ockham_study_forbidden rule = {{0, 1}, {0, 0}}, recipe = {{0, 1}, {1, 1}}, lost = {{0, 3}, {0, 0}};
  ockham_study_factor two[17], mixed[3];
  (void)state;
  make_factors(two, 17, NULL);
  make_factors(mixed, 3, (size_t[]){2, 3, 8});
  refuse(OCKHAM_DESIGN_FRACTION, 12, two, 8, NULL, "found 12");
  refuse(OCKHAM_DESIGN_FRACTION, 8, two, 8, NULL, "more cells than the 8 factors, found 8");
  refuse(OCKHAM_DESIGN_FRACTION, 32, two, 4, NULL, "at most 16 cells");
  refuse(OCKHAM_DESIGN_FRACTION, 256, two, 8, NULL, "found 256");
  refuse(OCKHAM_DESIGN_FRACTION, 8, mixed, 3, NULL, "found B with 3");
  refuse(OCKHAM_DESIGN_FRACTION, 8, two, 4, &rule, "forbidden");
  refuse(OCKHAM_DESIGN_FULL, 0, two, 17, NULL, "at most 65536");
  refuse(OCKHAM_DESIGN_FULL, 0, two, 0, NULL, "1 to 24 factors, found 0");
  refuse(OCKHAM_DESIGN_FULL, 0, two, 2, &lost, "a factor below 2, found 3");
  refuse(OCKHAM_DESIGN_ADD_ONE_IN, 0, two, 3, &rule, "forbidden combination 1 (A, B)");
  refuse(OCKHAM_DESIGN_LEAVE_ONE_OUT, 0, two, 3, &recipe, "forbidden combination 1 (A, B)");
  refuse(OCKHAM_DESIGN_D_OPTIMAL, 5, mixed, 3, NULL, "at least 11 cells");
  refuse(OCKHAM_DESIGN_D_OPTIMAL, 50, mixed, 3, NULL, "at most the 48 cells");
  refuse(OCKHAM_N_DESIGNS, 5, mixed, 3, NULL, "a kind of design");
  mixed[1].n_levels = 1;
  refuse(OCKHAM_DESIGN_FULL, 0, mixed, 3, NULL, "factor B: expected 2 to 32 levels, found 1");
}

static void test_allocation_failures(void **state) {
  (void)state;
  for (size_t kind = 0; kind < OCKHAM_N_DESIGNS; kind++) {
    ockham_study_factor factors[6];
    make_factors(factors, 6, kind == OCKHAM_DESIGN_D_OPTIMAL ? (size_t[]){2, 3, 2, 2, 2, 2} : NULL);
    for_each_allocation_failure(n) {
      ockham_design design = {0};
      ockham_error err = {0};
      ock_fault_after(n);
      ockham_status status = ockham_design_make((ockham_design_kind)kind, kind == OCKHAM_DESIGN_FRACTION ? 8 : 0,
                                                factors, 6, NULL, 0, NULL, 0, 7, &design, &err);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      ockham_design_clear(&design);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_catalogue),
      cmocka_unit_test(test_textbook),
      cmocka_unit_test(test_orthogonal),
      cmocka_unit_test(test_words_by_brute_force),
      cmocka_unit_test(test_exhaustive),
      cmocka_unit_test(test_aliases),
      cmocka_unit_test(test_alias_texts),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_doubling),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_one_at_a_time),
      cmocka_unit_test(test_efficiency),
      cmocka_unit_test(test_default_sizes),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
