/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values come from the C library's strtod, bit for bit. */
#include <float.h>
#include <locale.h>

#include "data/internal.h"
#include "data/number_scan.h"
#include "test.h"

static void assert_same_bits(double value, double expected, const char *text) {
  if (memcmp(&value, &expected, sizeof value) != 0) fail_msg("'%s' gives %a, strtod gives %a", text, value, expected);
}

static void check_text(const char *text) {
  double expected = strtod(text, NULL), value;
  if (!ock_number_parse(text, strlen(text), &value)) fail_msg("'%s' is not taken as a number", text);
  assert_same_bits(value, expected, text);
  char padded[1200 + OCK_NUMBER_PADDING] = {0};
  snprintf(padded, 1200, "%s,", text);
  const char *end = ock_number_scan(padded, &value);
  if (!end) return; /* left to ock_number_parse */
  assert_ptr_equal(end, padded + strlen(text));
  assert_same_bits(value, expected, text);
}

static double random_double(ock_rng *rng, int kind) {
  uint64_t bits = ock_rng_next(rng);
  double value;
  if (kind == 0) return ock_rng_normal(rng);
  if (kind == 1) return (double)(bits >> (bits & 63)) / (double)((uint64_t)1 << (bits >> 58));
  memcpy(&value, &bits, sizeof value);
  return isfinite(value) ? value : 1.0;
}

static void random_doubles_read_like_strtod(void **state) {
  (void)state;
  static const char *const formats[] = {"%.17g", "%.15g", "%g", "%.18e", "%.3f", "%.12f", "%.30e"};
  ock_rng rng = ock_rng_make(1, 0);
  for (int i = 0; i < 100000; i++) {
    char text[400];
    snprintf(text, sizeof text, formats[i % 7], random_double(&rng, i % 3));
    check_text(text);
  }
}

static void halfway_cases_read_like_strtod(void **state) {
  (void)state;
  static const char *const texts[] = {"9007199254740993",
                                      "9007199254740995",
                                      "9007199254740992.5",
                                      "18014398509481990",
                                      "18446744073709551615",
                                      "9223372036854775807",
                                      "9999999999999999999",
                                      "0.500000000000000166533453693773481063544750213623046875",
                                      "1.00000000000000011102230246251565404236316680908203125",
                                      "1.00000000000000011102230246251565404236316680908203124",
                                      "1.00000000000000011102230246251565404236316680908203126",
                                      "2.2250738585072011e-308",
                                      "2.2250738585072014e-308",
                                      "4.9406564584124654e-324",
                                      "2.4703282292062327e-324",
                                      "2.4703282292062328e-324",
                                      "1.7976931348623157e308",
                                      "1.7976931348623159e308",
                                      "1e309",
                                      "-1e309",
                                      "1e-400",
                                      "123456789012345678901234567890",
                                      "0.00000000000000000000000000000000000001",
                                      "1e23",
                                      "8.41e21",
                                      "6.0221409e+23",
                                      "3.14159265358979323846264338327950288",
                                      "1e64",
                                      "1e-64",
                                      "1e65",
                                      "1e-65",
                                      "5e-20",
                                      "7.2057594037927933e16"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_text(texts[i]);
}

/* The exact middle between two neighbours, and a digit 700 places further on either side of it. */
static void long_texts_round_by_their_last_digit(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(2, 0);
  for (int i = 0; i < 300; i++) {
    double low = (double)(ock_rng_next(&rng) >> 11) * ldexp(1, -(i % 200));
    char text[1100];
    int n = snprintf(text, sizeof text, "%.*f", i % 200 + 1, low);
    check_text(text);
    memset(text + n, '0', 600);
    text[n + 600] = '1';
    text[n + 601] = '\0';
    check_text(text);
  }
}

static void all_spellings_are_understood(void **state) {
  (void)state;
  static const char *const texts[] = {"0",  "-0",  "+1",  "1.",  ".5",        "-.5e3", "1e5",     "1E+5",   "1e-5",
                                      "00", "007", "0.0", "inf", "-Infinity", "INF",   "1e99999", "0e99999"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_text(texts[i]);
  double value;
  assert_true(ock_number_parse("nan", 3, &value) && isnan(value));
  assert_true(ock_number_parse("  1.5\t", 6, &value) && value == 1.5);
  assert_true(ock_number_parse("1.5garbage", 3, &value) && value == 1.5);
}

static void other_texts_are_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"",       " ",   ".",   "-",   "+",    "e5",  "1e",   "1e+",
                                      "1.2.3",  "1,5", "0x1", "1 2", "--1",  "+-1", "1e5.", "infx",
                                      "nan(1)", "1d5", "١",   "1_0", "$1.0", "1%",  "1e 5", "- 1"};
  double value;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (ock_number_parse(texts[i], strlen(texts[i]), &value)) fail_msg("'%s' is taken as %g", texts[i], value);
}

static void check_round_trip(double value) {
  char text[32], shorter[32];
  size_t length = ock_number_format(value, text);
  assert_int_equal(length, strlen(text));
  assert_true(length <= 24);
  assert_same_bits(strtod(text, NULL), value, text);
  for (int n = 1; n <= 17; n++) { /* no shorter %g reads back */
    snprintf(shorter, sizeof shorter, "%.*g", n, value);
    if (strtod(shorter, NULL) != value) continue;
    if (length > strlen(shorter)) fail_msg("'%s' is longer than '%s'", text, shorter);
    break;
  }
}

static void formatting_reads_back(void **state) {
  (void)state;
  char text[32];
  ock_number_format(0.1, text);
  assert_string_equal(text, "0.1");
  ock_number_format(-0.0, text);
  assert_string_equal(text, "-0");
  ock_number_format(123456, text);
  assert_string_equal(text, "123456");
  ock_rng rng = ock_rng_make(3, 0);
  for (int i = 0; i < 20000; i++) {
    char written[32];
    double value = random_double(&rng, i % 3);
    ock_number_format(value, written);
    assert_same_bits(strtod(written, NULL), value, written);
  }
  static const double few[] = {0.3, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 123456.789, -2.5, 1e15, 3};
  for (size_t i = 0; i < sizeof few / sizeof *few; i++) check_round_trip(few[i]);
}

/* The plain way: more digits until the text reads back. Integers below 1e15 are written without an exponent. */
static void print_double(double value, char text[32]) {
  int n = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
  do {
    snprintf(text, 32, "%.*g", n++, value);
  } while (strtod(text, NULL) != value);
}

static void print_single(float value, char text[32]) {
  int n = fabsf(value) < FLT_MIN ? 1 : FLT_DIG;
  do {
    snprintf(text, 32, "%.*g", n++, (double)value);
  } while ((float)strtod(text, NULL) != value);
  print_double(strtod(text, NULL), text);
}

static void check_format(double value) {
  char text[32], plain[32];
  float single = (float)value;
  print_double(value, plain);
  assert_int_equal(ock_number_format(value, text), strlen(plain));
  assert_string_equal(text, plain);
  if (!isfinite(single)) return;
  print_single(single, plain);
  assert_int_equal(ock_number_format_single(single, text), strlen(plain));
  assert_string_equal(text, plain);
}

static void formatting_is_that_of_printf(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(7, 0);
  for (int i = 0; i < 100000; i++) {
    double value = random_double(&rng, i % 3), size = pow(10, floor(ock_rng_uniform(&rng) * 40 - 20));
    if (isfinite(value)) check_format(value);
    check_format(ock_rng_normal(&rng) * size);
    check_format(round(ock_rng_normal(&rng) * 1e6) / size);                         /* few digits */
    check_format(ldexp((double)ock_rng_below(&rng, 1 << 20), (int)(i % 100) - 70)); /* close to half-way */
  }
}

static void the_locale_does_not_matter(void **state) {
  (void)state;
  if (!set_decimal_comma()) skip();
  char text[32];
  double value;
  ock_number_format(0.5, text);
  bool parsed = ock_number_parse("2.4703282292062328e-324", 23, &value);
  bool comma = ock_number_parse("1,5", 3, &value);
  setlocale(LC_ALL, "C");
  assert_string_equal(text, "0.5");
  assert_true(parsed);
  assert_false(comma);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_doubles_read_like_strtod),
      cmocka_unit_test(halfway_cases_read_like_strtod),
      cmocka_unit_test(long_texts_round_by_their_last_digit),
      cmocka_unit_test(all_spellings_are_understood),
      cmocka_unit_test(other_texts_are_refused),
      cmocka_unit_test(formatting_reads_back),
      cmocka_unit_test(formatting_is_that_of_printf),
      cmocka_unit_test(the_locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
