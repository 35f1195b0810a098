/* SPDX-License-Identifier: Apache-2.0 */
/* Regular two-level fractions. Which columns: by exchanges from many starts, after their word length pattern, which
 * comes from how many factors are at their second level in each cell (MacWilliams' identity): 2^n_basic additions. */
#include <string.h>

#include "ablate/design.h"

enum { MOST_CELLS = 1 << OCK_FRACTION_MOST_BASIC, N_STARTS = 8, N_SHAKES = 40, SHORTEST = 3, LONGEST = 7 };

/* ---- word length patterns ---- */

/* Krawtchouk's polynomial: the coefficient of z^j in (1 - z)^w (1 + z)^(k - w). */
static void expand(size_t k, size_t w, int64_t coefficients[OCK_FRACTION_MOST_FACTORS + 1]) {
  memset(coefficients, 0, (OCK_FRACTION_MOST_FACTORS + 1) * sizeof *coefficients);
  coefficients[0] = 1;
  for (size_t i = 0; i < k; i++) {
    for (size_t j = i + 1; j > 0; j--) coefficients[j] += i < w ? -coefficients[j - 1] : coefficients[j - 1];
  }
}

void ock_fraction_words(const ock_fraction *fraction, uint64_t words[OCK_FRACTION_MOST_FACTORS + 1]) {
  size_t n_cells = (size_t)1 << fraction->n_basic;
  int64_t sums[OCK_FRACTION_MOST_FACTORS + 1] = {0}, terms[OCK_FRACTION_MOST_FACTORS + 1];
  for (size_t x = 0; x < n_cells; x++) {
    size_t weight = 0;
    for (size_t i = 0; i < fraction->n_factors; i++) weight += ock_parity(fraction->column[i] & (unsigned)x);
    expand(fraction->n_factors, weight, terms);
    for (size_t j = 0; j <= OCK_FRACTION_MOST_FACTORS; j++) sums[j] += terms[j];
  }
  for (size_t j = 0; j <= OCK_FRACTION_MOST_FACTORS; j++) words[j] = (uint64_t)sums[j] / n_cells;
}

size_t ock_fraction_resolution(const ock_fraction *fraction) {
  uint64_t words[OCK_FRACTION_MOST_FACTORS + 1];
  ock_fraction_words(fraction, words);
  for (size_t j = 1; j <= fraction->n_factors; j++) {
    if (words[j]) return j;
  }
  return 0;
}

/* What a cell with w factors at their second level adds to 2^n_basic times the key: the numbers of words of 3 to 7
 * letters side by side, the shorter the more significant. Of different columns there are at most 92, 506, 2125, 7084
 * and 19228 of these (any j - 1 letters leave one for the j-th), so that a key has 56 bits, and twice a sum over 128
 * cells wraps to the right value. */
static void make_key_table(size_t k, uint64_t table[OCK_FRACTION_MOST_FACTORS + 1]) {
  static const unsigned shift[LONGEST + 1] = {[3] = 49, [4] = 40, [5] = 28, [6] = 15, [7] = 0};
  for (size_t w = 0; w <= k; w++) {
    int64_t terms[OCK_FRACTION_MOST_FACTORS + 1];
    expand(k, w, terms);
    table[w] = 0;
    for (size_t j = SHORTEST; j <= LONGEST; j++) table[w] += (uint64_t)terms[j] << shift[j];
  }
}

/* ---- the search ---- */

typedef struct search {
  size_t k, n_cells;
  uint64_t table[OCK_FRACTION_MOST_FACTORS + 1];
  uint8_t sign[MOST_CELLS][MOST_CELLS]; /* of a column in a cell: the level */
  uint8_t column[OCK_FRACTION_MOST_FACTORS];
  uint8_t weight[MOST_CELLS]; /* of a cell: factors at their second level */
  bool used[MOST_CELLS];
} search;

static void add_column(search *s, size_t i, unsigned column) {
  s->column[i] = (uint8_t)column;
  s->used[column] = true;
  for (size_t x = 0; x < s->n_cells; x++) s->weight[x] = (uint8_t)(s->weight[x] + s->sign[column][x]);
}

static void take_column(search *s, size_t i) {
  unsigned column = s->column[i];
  s->used[column] = false;
  for (size_t x = 0; x < s->n_cells; x++) s->weight[x] = (uint8_t)(s->weight[x] - s->sign[column][x]);
}

/* sums[c] = the sum over cells x of (-1)^<c, x> values[x], in place. */
static void transform(uint64_t *values, size_t n) {
  for (size_t half = 1; half < n; half *= 2) {
    for (size_t x = 0; x < n; x++) {
      if (x & half) continue;
      uint64_t a = values[x], b = values[x + half];
      values[x] = a + b;
      values[x + half] = a - b;
    }
  }
}

/* Replace factor i's column by the best one; keys are twice 2^n_basic times what they mean. Those of all columns come
 * from one transform of what each cell would add if the factor were at its second level there. */
static uint64_t exchange_column(search *s, size_t i, uint64_t key) {
  uint64_t more[MOST_CELLS], without = 0;
  unsigned best = s->column[i];
  take_column(s, i);
  for (size_t x = 0; x < s->n_cells; x++) {
    more[x] = s->table[s->weight[x] + 1] - s->table[s->weight[x]];
    without += s->table[s->weight[x]];
  }
  transform(more, s->n_cells);
  for (unsigned c = 1; c < s->n_cells; c++) {
    uint64_t found = 2 * without + more[0] - more[c];
    if (s->used[c] || found >= key) continue;
    key = found;
    best = c;
  }
  add_column(s, i, best);
  return key;
}

static void clear(search *s) {
  memset(s->used, 0, sizeof s->used);
  memset(s->weight, 0, sizeof s->weight);
}

static unsigned unused_column(const search *s, bool odd, ock_rng *rng) {
  unsigned c = 0;
  while (!c || s->used[c]) c = (unsigned)ock_rng_below(rng, s->n_cells) | (odd ? 1 : 0);
  return c;
}

/* Columns at random; in every fourth start all of them odd, so that no word has an odd number of letters, where there
 * are enough of these. */
static void start(search *s, size_t number, ock_rng *rng) {
  bool odd = number % 4 == 3 && s->k <= s->n_cells / 2;
  clear(s);
  for (size_t i = 0; i < s->k; i++) add_column(s, i, unused_column(s, odd, rng));
}

/* A few columns of these anew. */
static void shake(search *s, const uint8_t *columns, ock_rng *rng) {
  clear(s);
  for (size_t i = 0; i < s->k; i++) add_column(s, i, columns[i]);
  for (size_t n = 0; n < 4 && s->k + 1 < s->n_cells; n++) {
    size_t i = ock_rng_below(rng, s->k);
    unsigned c = unused_column(s, false, rng);
    take_column(s, i);
    add_column(s, i, c);
  }
}

static uint64_t descend(search *s) {
  uint64_t key = UINT64_MAX, before;
  do {
    before = key;
    for (size_t i = 0; i < s->k; i++) key = exchange_column(s, i, key);
  } while (key < before);
  return key;
}

/* ---- the same design with its first factors as a full one ---- */

/* A linear map of all columns, which only puts the cells into another order, that makes column i a unit. False where
 * it depends on the units of the bits below. */
static bool make_unit(uint8_t *column, size_t k, size_t i, size_t bit) {
  unsigned rest = (unsigned)column[i] >> bit;
  if (!rest) return false;
  unsigned from = (unsigned)bit + (unsigned)__builtin_ctz(rest);
  for (size_t j = 0; j < k; j++) { /* swap two basic factors */
    unsigned a = column[j] >> bit & 1u, b = column[j] >> from & 1u;
    if (a != b) column[j] = (uint8_t)(column[j] ^ (1u << bit | 1u << from));
  }
  unsigned others = column[i] ^ 1u << bit;
  for (size_t j = 0; j < k; j++) {
    if (column[j] >> bit & 1u) column[j] = (uint8_t)(column[j] ^ others);
  }
  return true;
}

static void put_basic_first(ock_fraction *fraction) {
  size_t n_found = 0;
  uint8_t *column = fraction->column;
  for (size_t i = 0; i < fraction->n_factors && n_found < fraction->n_basic; i++) {
    if (!make_unit(column, fraction->n_factors, i, n_found)) continue;
    uint8_t unit = column[i];
    memmove(column + n_found + 1, column + n_found, (i - n_found) * sizeof *column);
    column[n_found++] = unit;
  }
}

/* A start and its shakes, each from the latest that was no worse. */
static uint64_t search_once(search *s, size_t number, ock_rng *rng, uint8_t *columns) {
  size_t size = s->k * sizeof *columns;
  start(s, number, rng);
  uint64_t key = descend(s);
  memcpy(columns, s->column, size);
  for (size_t i = 0; i < N_SHAKES; i++) {
    shake(s, columns, rng);
    uint64_t found = descend(s);
    if (found > key) continue;
    key = found;
    memcpy(columns, s->column, size);
  }
  return key;
}

void ock_fraction_search(size_t n_factors, size_t n_basic, ock_fraction *fraction) {
  search s = {.k = n_factors, .n_cells = (size_t)1 << n_basic};
  ock_rng rng = ock_rng_make(1, n_basic * 64 + n_factors);
  uint64_t best = UINT64_MAX;
  uint8_t columns[OCK_FRACTION_MOST_FACTORS];
  *fraction = (ock_fraction){.n_factors = n_factors, .n_basic = n_basic};
  make_key_table(n_factors, s.table);
  for (size_t c = 0; c < s.n_cells; c++) {
    for (size_t x = 0; x < s.n_cells; x++) s.sign[c][x] = (uint8_t)ock_parity((unsigned)(c & x));
  }
  for (size_t i = 0; i < N_STARTS; i++) {
    uint64_t key = search_once(&s, i, &rng, columns);
    if (key >= best) continue;
    best = key;
    memcpy(fraction->column, columns, sizeof columns);
  }
  put_basic_first(fraction);
}

bool ock_fraction_of(const ockham_design *design, ock_fraction *fraction) {
  size_t k = design->n_factors, m = 0;
  while (m < OCK_FRACTION_MOST_BASIC && (size_t)1 << m < design->n_cells) m++;
  bool every = (size_t)1 << m == design->n_cells && m == k;
  for (size_t i = 0; every && i < design->n_cells * k; i++) every = design->levels[i] < 2;
  if (!design->resolution && !every) return false;
  *fraction = (ock_fraction){.n_factors = k, .n_basic = m};
  for (size_t i = 0; i < k; i++) {
    for (size_t bit = 0; bit < m; bit++)
      fraction->column[i] = (uint8_t)(fraction->column[i] | design->levels[((size_t)1 << bit) * k + i] << bit);
  }
  return true;
}

/* ---- parts ---- */

/* In the half where <through, x> = 0, columns that differ by `through` are the same one. */
static bool halves_well(const ock_fraction *fraction, unsigned through) {
  for (size_t i = 0; i < fraction->n_factors; i++) {
    if (fraction->column[i] == through) return false;
    for (size_t j = 0; j < i; j++) {
      if ((unsigned)(fraction->column[i] ^ fraction->column[j]) == through) return false;
    }
  }
  return true;
}

static unsigned drop_bit(unsigned bits, unsigned at) {
  unsigned low = bits & ((1u << at) - 1);
  return low | (bits >> (at + 1)) << at;
}

static ock_fraction halve_through(const ock_fraction *fraction, unsigned through) {
  unsigned at = (unsigned)__builtin_ctz(through);
  ock_fraction half = {.n_factors = fraction->n_factors, .n_basic = fraction->n_basic - 1};
  for (size_t i = 0; i < fraction->n_factors; i++) {
    unsigned column = fraction->column[i];
    if (column >> at & 1u) column ^= through;
    half.column[i] = (uint8_t)drop_bit(column, at);
  }
  return half;
}

static uint64_t key_of(const ock_fraction *fraction, const uint64_t *table) {
  uint64_t key = 0;
  for (unsigned x = 0; x < 1u << fraction->n_basic; x++) {
    size_t weight = 0;
    for (size_t i = 0; i < fraction->n_factors; i++) weight += ock_parity(x & fraction->column[i]);
    key += table[weight];
  }
  return key;
}

/* Halves of halves, all of them: of 128 cells 11811 parts have 16. Returns the key, UINT64_MAX: there is none. */
static uint64_t find_part(const ock_fraction *fraction, size_t n_basic, const uint64_t *table, ock_fraction *part) {
  uint64_t best = UINT64_MAX;
  if (fraction->n_basic == n_basic) {
    *part = *fraction;
    return key_of(fraction, table);
  }
  for (unsigned through = 1; through < 1u << fraction->n_basic; through++) {
    ock_fraction found;
    if (!halves_well(fraction, through)) continue;
    ock_fraction half = halve_through(fraction, through);
    uint64_t key = find_part(&half, n_basic, table, &found);
    if (key >= best) continue;
    best = key;
    *part = found;
  }
  return best;
}

bool ock_fraction_part(const ock_fraction *fraction, size_t n_basic, ock_fraction *part) {
  uint64_t table[OCK_FRACTION_MOST_FACTORS + 1];
  ock_fraction whole = *fraction;
  make_key_table(whole.n_factors, table);
  return (size_t)1 << n_basic > whole.n_factors && find_part(&whole, n_basic, table, part) < UINT64_MAX;
}

/* ---- twice as many cells ---- */

/* The key of the cells and of as many others, in which factor i is turned over where turned[i]. At most 6 basic factors
 * leave a word of at most 7 letters, so that not to add anything new is never best. */
static uint64_t lifted_key(const ock_fraction *fraction, const uint64_t *table, const bool *turned) {
  uint64_t key = 0;
  for (unsigned x = 0; x < 1u << fraction->n_basic; x++) {
    size_t weight = 0, other = 0;
    for (size_t i = 0; i < fraction->n_factors; i++) {
      unsigned level = ock_parity(x & fraction->column[i]);
      weight += level;
      other += level ^ turned[i];
    }
    key += table[weight] + table[other];
  }
  return key;
}

/* Turn factors over, one at a time, while that helps. */
static uint64_t turn_factors(const ock_fraction *fraction, const uint64_t *table, bool *turned) {
  uint64_t key = lifted_key(fraction, table, turned), before;
  do {
    before = key;
    for (size_t i = 0; i < fraction->n_factors; i++) {
      turned[i] = !turned[i];
      uint64_t found = lifted_key(fraction, table, turned);
      if (found < key) {
        key = found;
      } else {
        turned[i] = !turned[i];
      }
    }
  } while (key < before);
  return key;
}

void ock_fraction_double(const ock_fraction *fraction, ock_fraction *twice) {
  enum { N_TURNS = 40 };
  uint64_t table[OCK_FRACTION_MOST_FACTORS + 1], best = UINT64_MAX;
  ock_rng rng = ock_rng_make(2, fraction->n_basic * 64 + fraction->n_factors);
  make_key_table(fraction->n_factors, table);
  *twice = *fraction;
  twice->n_basic++;
  for (size_t t = 0; t < N_TURNS; t++) {
    bool turned[OCK_FRACTION_MOST_FACTORS];
    for (size_t i = 0; i < fraction->n_factors; i++) turned[i] = ock_rng_below(&rng, 2);
    uint64_t key = turn_factors(fraction, table, turned);
    if (key >= best) continue;
    best = key;
    for (size_t i = 0; i < fraction->n_factors; i++)
      twice->column[i] = (uint8_t)(fraction->column[i] | (unsigned)turned[i] << fraction->n_basic);
  }
}

/* ---- aliases ---- */

/* A main effect (b is SIZE_MAX) or a pair. */
typedef struct effect {
  size_t a, b;
} effect;

static unsigned effect_column(const ock_fraction *fraction, effect e) {
  return fraction->column[e.a] ^ (e.b == SIZE_MAX ? 0u : fraction->column[e.b]);
}

/* Mains, then pairs. */
static size_t list_effects(const ock_fraction *fraction, effect *effects) {
  size_t n = 0;
  for (size_t a = 0; a < fraction->n_factors; a++) effects[n++] = (effect){a, SIZE_MAX};
  for (size_t a = 0; a < fraction->n_factors; a++) {
    for (size_t b = a + 1; b < fraction->n_factors; b++) effects[n++] = (effect){a, b};
  }
  return n;
}

/* Print effects[first] and those behind it with its column; returns the length of the text, text may be NULL. */
static size_t print_set(const ock_fraction *fraction, const ockham_study_factor *factors, const effect *effects,
                        size_t n, size_t first, char *text, size_t size) {
  size_t length = 0;
  for (size_t i = first; i < n; i++) {
    const effect *e = &effects[i];
    if (effect_column(fraction, *e) != effect_column(fraction, effects[first])) continue;
    bool pair = e->b != SIZE_MAX, opposite = pair && effects[first].b == SIZE_MAX; /* a word of three letters */
    length +=
        (size_t)snprintf(text ? text + length : NULL, text ? size - length : 0, "%s%s%s%s%s", i == first ? "" : " = ",
                         opposite ? "-" : "", factors[e->a].name, pair ? "*" : "", pair ? factors[e->b].name : "");
  }
  return length;
}

/* The column of effects[i] is that of an earlier one, or of none that follows. */
static bool is_alone_or_told(const ock_fraction *fraction, const effect *effects, size_t n, size_t i) {
  bool alone = true;
  for (size_t j = 0; j < n; j++) {
    if (j == i || effect_column(fraction, effects[j]) != effect_column(fraction, effects[i])) continue;
    if (j < i) return true;
    alone = false;
  }
  return alone;
}

ockham_status ock_fraction_aliases(const ock_fraction *fraction, const ockham_study_factor *factors, char ***aliases,
                                   size_t *n_aliases, ockham_error *err) {
  enum { MOST_EFFECTS = OCK_FRACTION_MOST_FACTORS * (OCK_FRACTION_MOST_FACTORS + 1) / 2 };
  effect effects[MOST_EFFECTS];
  size_t n = list_effects(fraction, effects), n_sets = 0;
  char **sets = ock_alloc_zeroed(1 << OCK_FRACTION_MOST_BASIC, sizeof *sets);
  if (!sets) return ock_fail_memory(err, "the aliases of a design", (1 << OCK_FRACTION_MOST_BASIC) * sizeof *sets);
  for (size_t i = 0; i < n; i++) {
    if (is_alone_or_told(fraction, effects, n, i)) continue;
    size_t length = print_set(fraction, factors, effects, n, i, NULL, 0);
    char *text = ock_alloc(length + 1);
    if (!text) {
      for (size_t j = 0; j < n_sets; j++) ock_free(sets[j]);
      ock_free(sets);
      return ock_fail_memory(err, "the aliases of a design", length + 1);
    }
    print_set(fraction, factors, effects, n, i, text, length + 1);
    sets[n_sets++] = text;
  }
  *aliases = sets;
  *n_aliases = n_sets;
  return OCKHAM_OK;
}
