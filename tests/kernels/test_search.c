/* SPDX-License-Identifier: Apache-2.0 */
/* The search kernels of every table that runs here, on floats and on doubles, against plain sums of squared
 * differences in long doubles. */
#include "kernels/internal.h"
#include "test.h"

enum { MAX_D = 800, MAX_M = 300, MAX_VALUES = 1 << 18 };

/* A contest as numbers, and as elements of one type. */
typedef struct bout {
  size_t d, m;
  bool wide, tiny;                                   /* tiny: nothing is said of how near bounds are */
  double row[MAX_D * OCK_PANEL], centre[MAX_VALUES]; /* row r, coordinate l: row[r * d + l] */
  double panel[MAX_D * OCK_PANEL], centres[MAX_VALUES], half_squares[OCK_PANEL], half_norms[MAX_M];
  ock_contest contest;
  long double squared[MAX_M * OCK_PANEL]; /* squared[j * OCK_PANEL + r] */
} bout;

static bout b;

static void put(void *elements, size_t at, double value) {
  if (b.wide)
    ((double *)elements)[at] = value;
  else
    ((float *)elements)[at] = (float)value;
}

static double norm_of(const double *value, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += value[l] * value[l];
  return sum;
}

/* Lay out b.row and b.centre as elements (they become what elements can hold), and measure all distances. */
static void lay_out(bool wide) {
  size_t d = b.d;
  double x = 0, c = 0;
  b.wide = wide;
  for (size_t i = 0; !wide && i < OCK_PANEL * d; i++) b.row[i] = (double)(float)b.row[i];
  for (size_t i = 0; !wide && i < b.m * d; i++) b.centre[i] = (double)(float)b.centre[i];
  for (size_t r = 0; r < OCK_PANEL; r++) {
    for (size_t l = 0; l < d; l++) put(b.panel, ock_strip_place(d, r, l), b.row[r * d + l]);
    put(b.half_squares, r, norm_of(b.row + r * d, d) / 2);
    x = fmax(x, sqrt(norm_of(b.row + r * d, d)));
  }
  for (size_t j = 0; j < b.m; j++) {
    for (size_t l = 0; l < d; l++) put(b.centres, j * d + l, b.centre[j * d + l]);
    put(b.half_norms, j, norm_of(b.centre + j * d, d) / 2);
    c = fmax(c, sqrt(norm_of(b.centre + j * d, d)));
    for (size_t r = 0; r < OCK_PANEL; r++) {
      long double sum = 0;
      for (size_t l = 0; l < d; l++) {
        long double difference = (long double)b.row[r * d + l] - (long double)b.centre[j * d + l];
        sum += difference * difference;
      }
      b.squared[j * OCK_PANEL + r] = sum;
    }
  }
  size_t element_bytes = wide ? sizeof(double) : sizeof(float);
  b.contest = (ock_contest){.panel = b.panel,
                            .half_squares = b.half_squares,
                            .centres = b.centres,
                            .half_norms = b.half_norms,
                            .d = d,
                            .m = b.m,
                            .rounding = ock_contest_rounding(element_bytes, d, x * (1 + 1e-12), c * (1 + 1e-12))};
}

typedef enum kind { NORMAL, GRID, COPIES, TINY, FAR, N_KINDS } kind;

static void draw(ock_rng *rng, size_t d, size_t m, kind how) {
  b.d = d;
  b.m = m;
  assert_true(d <= MAX_D && m <= MAX_M && m * d <= MAX_VALUES);
  for (size_t i = 0; i < OCK_PANEL * d + m * d; i++) {
    double *value = i < OCK_PANEL * d ? &b.row[i] : &b.centre[i - OCK_PANEL * d];
    *value = how == GRID ? (double)ock_rng_below(rng, 4) / 4 : 2 * ock_rng_uniform(rng) - 1;
    if (how == TINY) *value *= 0x1p-40;
    if (how == FAR) *value = 0.75 + 1e-6 * *value;
  }
  for (size_t j = 1; how == COPIES && j < m; j++) /* of other centres and of rows */
    if (j % 3)
      memcpy(b.centre + j * d, j % 3 == 1 ? b.centre + j / 2 * d : b.row + j % OCK_PANEL * d, d * sizeof(double));
}

static const long double *to_centre(size_t j) {
  return b.squared + j * OCK_PANEL;
}

static size_t nearest_of(size_t r, size_t other_than) {
  size_t best = other_than == 0 ? 1 : 0;
  for (size_t j = best + 1; j < b.m; j++)
    if (j != other_than && to_centre(j)[r] < to_centre(best)[r]) best = j;
  return best;
}

/* No more than the least distance of any row to each centre, and not much less. */
static void check_least(const float *least, const char *isa) {
  long double rounding = b.contest.rounding;
  for (size_t j = 0; j < b.m; j++) {
    long double squared = INFINITY;
    for (size_t r = 0; r < OCK_PANEL; r++) squared = fminl(squared, to_centre(j)[r]);
    long double below = sqrtl(fmaxl(squared - 4 * rounding, 0)) * (1 - 0x1p-18L);
    if (!((long double)least[j] <= sqrtl(squared) && (b.tiny || (long double)least[j] >= below)))
      fail_msg("%s wide %d d %zu m %zu j %zu: least %g but %Lg", isa, b.wide, b.d, b.m, j, (double)least[j],
               sqrtl(squared));
  }
}

/* No less than this distance, and not much more. */
static void check_reach(float reach, long double squared, const char *isa) {
  long double above = sqrtl(squared + 4 * (long double)b.contest.rounding) * (1 + 0x1p-18L);
  if (!((long double)reach >= sqrtl(squared) && (b.tiny || (long double)reach <= above)))
    fail_msg("%s wide %d d %zu m %zu: reach %g but %Lg", isa, b.wide, b.d, b.m, (double)reach, sqrtl(squared));
}

static void check_nearest(const ock_search_kernels *table, const char *isa) {
  static float least[MAX_M + OCK_BOUNDS];
  uint32_t which[OCK_PANEL];
  float upper;
  long double rounding = b.contest.rounding, most = 0;
  table->nearest(&b.contest, which, least, &upper);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    long double best = to_centre(nearest_of(r, SIZE_MAX))[r];
    assert_true(which[r] < b.m);
    if (!b.tiny && !(to_centre(which[r])[r] - best <= 4 * rounding))
      fail_msg("%s wide %d d %zu m %zu row %zu: %u is not the nearest", isa, b.wide, b.d, b.m, r, which[r]);
    most = fmaxl(most, to_centre(which[r])[r]);
  }
  check_reach(upper, most, isa);
  check_least(least, isa);
}

static void check_nearest_two(const ock_search_kernels *table, const char *isa) {
  uint32_t which[OCK_PANEL], runner_up[OCK_PANEL];
  float gap[OCK_PANEL];
  long double rounding = b.contest.rounding;
  static float least[MAX_M + OCK_BOUNDS];
  float reach[2];
  long double most[2] = {0, 0};
  uint64_t doubtful = table->nearest_two(&b.contest, which, runner_up, gap, NULL, NULL);
  assert_true(table->nearest_two(&b.contest, which, runner_up, gap, least, reach) == doubtful);
  check_least(least, isa);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    size_t first = nearest_of(r, SIZE_MAX);
    bool doubt = doubtful >> r & 1;
    if (b.m == 1) {
      assert_true(which[r] == 0 && runner_up[r] == 0 && isinf(gap[r]) && !doubt);
      continue;
    }
    size_t second = nearest_of(r, first);
    most[0] = fmaxl(most[0], to_centre(which[r])[r]);
    most[1] = fmaxl(most[1], fmaxl(to_centre(which[r])[r], to_centre(runner_up[r])[r]));
    long double apart = (to_centre(second)[r] - to_centre(first)[r]) / 2;
    if (!doubt && !(which[r] == first && apart > 0))
      fail_msg("%s wide %d d %zu m %zu row %zu: %u, sure of it, but %zu", isa, b.wide, b.d, b.m, r, which[r], first);
    assert_true(runner_up[r] < b.m && runner_up[r] != which[r]);
    if (b.tiny) continue;
    assert_true(!doubt || apart <= 4 * rounding);
    assert_true(to_centre(which[r])[r] - to_centre(first)[r] <= 4 * rounding);
    assert_true(to_centre(runner_up[r])[r] - to_centre(second)[r] <= 4 * rounding);
    assert_true(fabsl(gap[r] - apart) <= 2 * rounding + apart * 0x1p-22L);
  }
  if (b.m == 1) assert_true(isinf(reach[1]));
  if (b.m == 1) return;
  check_reach(reach[0], most[0], isa);
  check_reach(reach[1], most[1], isa);
}

static void for_each_table(void (*check)(const ock_search_kernels *table, const char *isa)) {
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    const ock_kernels *table = ock_kernels_all()[t];
    assert_int_equal(table->narrow->element_bytes, sizeof(float));
    assert_int_equal(table->wide->element_bytes, sizeof(double));
    if (table->runs_here()) check(b.wide ? table->wide : table->narrow, table->isa);
  }
}

static const struct {
  size_t d, m;
} sizes[] = {{1, 1},  {1, 2},   {1, 300}, {2, 3},  {2, 4},    {3, 5},    {3, 127}, {4, 128}, {5, 129}, {7, 64},
             {8, 17}, {15, 33}, {16, 31}, {40, 6}, {47, 130}, {100, 61}, {333, 7}, {800, 1}, {800, 4}, {800, 9}};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static void the_nearest_are_the_nearest(void **state) {
  (void)state;
  for (size_t i = 0; i < N_SIZES; i++)
    for (kind how = 0; how < N_KINDS; how++)
      for (int wide = 0; wide < 2; wide++) {
        ock_rng rng = ock_rng_make(21, i * N_KINDS + how);
        draw(&rng, sizes[i].d, sizes[i].m, how);
        lay_out(wide);
        for_each_table(check_nearest);
        for_each_table(check_nearest_two);
      }
}

static void all_centres_at_once(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(22, 0);
  draw(&rng, MAX_D, MAX_M, NORMAL);
  lay_out(false);
  for_each_table(check_nearest);
  for_each_table(check_nearest_two);
}

/* Rows and centres so near to 0 that their products underflow: what is said to be sure must be so all the same. */
static void products_that_underflow_are_doubtful(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(23, 0);
  for (int exponent = -60; exponent >= -80; exponent -= 2)
    for (size_t m = 2; m < 12; m += 3) {
      draw(&rng, 3, m, NORMAL);
      for (size_t i = 0; i < OCK_PANEL * b.d; i++) b.row[i] = ldexp(b.row[i], exponent);
      for (size_t i = 0; i < m * b.d; i++) b.centre[i] = ldexp(b.centre[i], exponent);
      lay_out(false);
      b.tiny = true;
      for_each_table(check_nearest);
      for_each_table(check_nearest_two);
      b.tiny = false;
    }
}

/* ---- exact ties ---- */

static void check_ties(const ock_search_kernels *table, const char *isa) {
  static float least[MAX_M + OCK_BOUNDS];
  uint32_t which[OCK_PANEL], which_too[OCK_PANEL], runner_up[OCK_PANEL];
  float upper, gap[OCK_PANEL];
  (void)isa;
  table->nearest(&b.contest, which, least, &upper);
  table->nearest_two(&b.contest, which_too, runner_up, gap, NULL, NULL);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    size_t first = nearest_of(r, SIZE_MAX);
    assert_int_equal(which[r], first);
    assert_int_equal(which_too[r], first);
    if (b.m > 1) assert_true(to_centre(runner_up[r])[r] == to_centre(nearest_of(r, first))[r]);
  }
}

/* Quarters of small numbers: every sum is exact. */
static void ties_go_to_the_lower_number(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(24, 0);
  for (size_t i = 0; i < N_SIZES; i++)
    for (int wide = 0; wide < 2; wide++) {
      draw(&rng, sizes[i].d, sizes[i].m, GRID);
      lay_out(wide);
      for_each_table(check_ties);
    }
}

/* ---- sums ---- */

static double unit_of(void) {
  return b.wide ? 0x1p-53 : 0x1p-24;
}

/* The sum of the rows that are marked, and of their sizes. */
static void add_up(const bool *marked, size_t l, double *sum, double *sizes_sum) {
  *sum = *sizes_sum = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    if (!marked[r]) continue;
    *sum += b.row[r * b.d + l];
    *sizes_sum += fabs(b.row[r * b.d + l]);
  }
}

static void check_sides(const ock_search_kernels *table, const char *isa) {
  static double sums[MAX_D];
  (void)isa;
  for (int part = 0; part < 6; part++) {
    const double *normal = b.centre + (size_t)part % b.m * b.d, threshold = part / 2 * 0.1 - 0.1;
    uint32_t label[OCK_PANEL];
    bool marked[OCK_PANEL];
    double n = 0;
    for (size_t r = 0; r < OCK_PANEL; r++) {
      double along = 0, size = 0;
      for (size_t l = 0; l < b.d; l++) {
        along += b.row[r * b.d + l] * normal[l];
        size += fabs(b.row[r * b.d + l] * normal[l]);
      }
      label[r] = part == 5 ? 2 : (uint32_t)(r % 3 + (r % 5 == 0));
      if (fabs(along - threshold) <= 2 * (double)(b.d + 2) * unit_of() * (size + fabs(threshold))) label[r] = 7;
      marked[r] = label[r] == 2 && along > threshold;
      n += marked[r];
    }
    for (size_t l = 0; l < b.d; l++) sums[l] = (double)l;
    const void *direction = (const char *)b.centres + (size_t)part % b.m * b.d * table->element_bytes;
    assert_true(table->take_side(b.panel, b.d, direction, threshold, label, 2, NULL, sums) == n);
    for (size_t l = 0; l < b.d; l++) {
      double sum, size;
      add_up(marked, l, &sum, &size);
      assert_true(fabs(sums[l] - (double)l - sum) <= OCK_PANEL * unit_of() * size + 1e-13 * (double)l);
    }
  }
}

static void check_sum_panel(const ock_search_kernels *table, const char *isa) {
  static double sums[MAX_D];
  bool marked[OCK_PANEL];
  double squares = 0;
  (void)isa;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    marked[r] = true;
    squares += norm_of(b.row + r * b.d, b.d);
  }
  for (size_t l = 0; l < b.d; l++) sums[l] = -(double)l;
  double found = table->sum_panel(b.panel, b.half_squares, b.d, sums);
  assert_true(fabs(found - squares) <= (unit_of() + 1e-14 * (double)b.d) * squares);
  for (size_t l = 0; l < b.d; l++) {
    double sum, size;
    add_up(marked, l, &sum, &size);
    assert_true(fabs(sums[l] + (double)l - sum) <= OCK_PANEL * unit_of() * size + 1e-13 * (double)l);
  }
}

static void sums_are_plain_sums(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(25, 0);
  for (size_t i = 0; i < N_SIZES; i++)
    for (kind how = 0; how < N_KINDS; how++)
      for (int wide = 0; wide < 2; wide++) {
        draw(&rng, sizes[i].d, sizes[i].m < 4 ? sizes[i].m : 4, how);
        lay_out(wide);
        for_each_table(check_sides);
        for_each_table(check_sum_panel);
      }
}

/* Sums of rows are the same bits by every instruction set that has a fused step. */
static void fused_sums_are_the_same(void **state) {
  (void)state;
  static double sums[MAX_D], first[MAX_D];
  uint32_t label[OCK_PANEL];
  ock_rng rng = ock_rng_make(27, 0);
  for (size_t r = 0; r < OCK_PANEL; r++) label[r] = r % 5 == 0;
  for (size_t i = 0; i < 2 * N_SIZES; i++) {
    size_t n_tables = 0;
    draw(&rng, sizes[i / 2].d, 1, (kind)0);
    lay_out(i % 2);
    for (size_t t = 0; ock_kernels_all()[t]; t++) {
      const ock_kernels *kernels = ock_kernels_all()[t];
      const ock_search_kernels *table = b.wide ? kernels->wide : kernels->narrow;
      bool fused = strcmp(kernels->isa, "sse2") != 0 && strcmp(kernels->isa, "reference") != 0;
      if (!fused || !kernels->runs_here()) continue;
      memset(sums, 0, sizeof sums);
      table->sum_panel(b.panel, b.half_squares, b.d, sums);
      table->take_side(b.panel, b.d, b.centres, 0.01, label, 0, NULL, sums);
      if (n_tables++ == 0) memcpy(first, sums, sizeof first);
      assert_memory_equal(first, sums, sizeof first);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nearest_are_the_nearest),
      cmocka_unit_test(all_centres_at_once),
      cmocka_unit_test(products_that_underflow_are_doubtful),
      cmocka_unit_test(ties_go_to_the_lower_number),
      cmocka_unit_test(sums_are_plain_sums),
      cmocka_unit_test(fused_sums_are_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
