/* SPDX-License-Identifier: Apache-2.0 */
/* Any decimal text, to the last bit and in any locale. */
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#include "data/internal.h"
#include "data/number_scan.h"

/* A double is decided by its first 767 significant digits and whether anything but zeros follows. */
enum { DIGITS_KEPT = 800, EXPONENT_LIMIT = 1000000 };

static locale_t c_locale;

static void make_c_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double parse_in_c_locale(const char *text) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_c_locale);
  return c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}

/* A decimal number taken apart: 0.digits * 10^exponent, without leading zeros. */
typedef struct decimal {
  bool negative, any_digit;
  int n_digits;
  int64_t exponent;
  char digits[DIGITS_KEPT + 16]; /* with room for an exponent */
} decimal;

static void add_digit(decimal *d, char digit, bool fraction) {
  d->any_digit = true;
  bool leading_zero = digit == '0' && d->n_digits == 0;
  if (!fraction && !leading_zero) d->exponent++;
  if (fraction && leading_zero) d->exponent--;
  if (leading_zero) return;
  if (d->n_digits < DIGITS_KEPT)
    d->digits[d->n_digits++] = digit;
  else if (digit != '0')
    d->digits[DIGITS_KEPT - 1] = '1'; /* something follows: enough to decide which way to round */
}

static const char *take_exponent(const char *p, const char *end, int64_t *exponent) {
  const char *begin = p;
  bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  int64_t value = 0;
  const char *digits = p;
  for (; p < end && (unsigned char)(*p - '0') < 10; p++)
    if (value < EXPONENT_LIMIT) value = value * 10 + (*p - '0');
  if (p == digits) return begin;
  *exponent += negative ? -value : value;
  return p;
}

/* True when the text is a decimal number from end to end. */
static bool take_apart(const char *p, const char *end, decimal *d) {
  if (p < end && (*p == '-' || *p == '+')) d->negative = *p++ == '-';
  for (; p < end && (unsigned char)(*p - '0') < 10; p++) add_digit(d, *p, false);
  if (p < end && *p == '.')
    for (p++; p < end && (unsigned char)(*p - '0') < 10; p++) add_digit(d, *p, true);
  if (!d->any_digit) return false;
  if (p < end && (*p == 'e' || *p == 'E')) {
    const char *after = take_exponent(p + 1, end, &d->exponent);
    if (after == p + 1) return false;
    p = after;
  }
  return p == end;
}

static double put_together(decimal *d) {
  if (d->n_digits <= OCK_DIGITS_EXACT) {
    int64_t exponent = d->exponent - d->n_digits;
    uint64_t digits = 0;
    for (int i = 0; i < d->n_digits; i++) digits = digits * 10 + (uint64_t)(d->digits[i] - '0');
    if (digits == 0 || (exponent >= -OCK_POWERS_LIMIT && exponent <= OCK_POWERS_LIMIT))
      return ock_number_compose(d->negative, digits, digits ? (int)exponent : 0);
  }
  int64_t exponent = d->exponent - d->n_digits;
  if (exponent > EXPONENT_LIMIT) exponent = EXPONENT_LIMIT;
  if (exponent < -EXPONENT_LIMIT) exponent = -EXPONENT_LIMIT;
  snprintf(d->digits + d->n_digits, sizeof d->digits - (size_t)d->n_digits, "e%d", (int)exponent);
  double value = parse_in_c_locale(d->digits);
  return d->negative ? -value : value;
}

static bool is_word(const char *text, size_t length, const char *word) {
  return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static bool parse_special(const char *text, size_t length, double *value) {
  bool negative = length > 0 && *text == '-';
  if (negative || (length > 0 && *text == '+')) text++, length--;
  if (is_word(text, length, "inf") || is_word(text, length, "infinity"))
    *value = negative ? -(double)INFINITY : (double)INFINITY;
  else if (is_word(text, length, "nan"))
    *value = (double)NAN;
  else
    return false;
  return true;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool ock_number_parse(const char *text, size_t length, double *value) {
  while (length > 0 && is_blank(*text)) text++, length--;
  while (length > 0 && is_blank(text[length - 1])) length--;
  decimal d;
  d.negative = d.any_digit = false;
  d.n_digits = 0;
  d.exponent = 0;
  if (!take_apart(text, text + length, &d)) return parse_special(text, length, value);
  *value = put_together(&d);
  return true;
}
