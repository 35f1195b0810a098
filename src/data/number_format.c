/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest decimal that reads back. Candidates of 15, 16 and 17 digits (6 to 9 for float32) come from one product
 * with a 128-bit power of ten, exact but for less than four units of its last bit, and are read back to be sure; what
 * lies so near to half-way that this cannot tell goes to printf, and so do very large and small numbers. */
#include <float.h>
#include <math.h>

#include "data/internal.h"
#include "data/number_scan.h"

typedef struct decimal {
  uint64_t digits;
  int exponent; /* digits * 10^exponent */
} decimal;

/* value * 10^scale: an integer, and a fraction of so many bits. */
typedef struct scaled {
  uint64_t integer;
  unsigned __int128 fraction;
  int n_bits, scale;
} scaled;

static const uint64_t tens[] = {1, 10, 100, 1000};

static bool multiply(uint64_t mantissa, int exponent2, int scale, scaled *s) {
  if (scale < -OCK_POWERS_LIMIT || scale > OCK_POWERS_LIMIT) return false;
  const uint64_t *power = ock_powers_of_five[scale + OCK_POWERS_LIMIT];
  unsigned __int128 product = (unsigned __int128)mantissa * power[0];
  product += (unsigned __int128)mantissa * power[1] >> 64;
  s->scale = scale;
  s->n_bits = 126 - exponent2 - ((217706 * scale) >> 16);
  s->integer = (uint64_t)(product >> s->n_bits);
  s->fraction = product & (((unsigned __int128)1 << s->n_bits) - 1);
  return true;
}

/* So that the integer has n_digits digits. value is positive and normal. */
static bool scale_to(double value, int n_digits, uint64_t limit, scaled *s) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  int exponent2 = (int)(bits >> 52) - 1023;
  uint64_t mantissa = (bits << 11) | (uint64_t)1 << 63;
  int exponent10 = (78913 * exponent2) >> 18; /* of 2^exponent2: that of value may be one more */
  if (!multiply(mantissa, exponent2, n_digits - 1 - exponent10, s)) return false;
  return s->integer < limit || multiply(mantissa, exponent2, n_digits - 2 - exponent10, s);
}

/* The nearest with n_less digits fewer; false when it is too near to half-way to tell. */
static bool round_off(const scaled *s, int n_less, decimal *d) {
  enum { UNSURE = 4 };
  const unsigned __int128 one = (unsigned __int128)1 << s->n_bits;
  uint64_t unit = tens[n_less], rest = s->integer % unit, half = unit / 2;
  unsigned __int128 fraction = s->fraction, middle = n_less ? 0 : one / 2;
  bool above = rest > half || (rest == half && fraction >= middle);
  bool unsure = rest == half && fraction + UNSURE >= middle && fraction <= middle + UNSURE;
  if (n_less && rest + 1 == half && fraction >= one - UNSURE) unsure = true;
  d->digits = s->integer / unit + above;
  d->exponent = n_less - s->scale;
  return !unsure && d->exponent >= -OCK_POWERS_LIMIT && d->exponent <= OCK_POWERS_LIMIT;
}

/* ---- as text ---- */

static int put_digits(uint64_t digits, char *text) {
  char reversed[24];
  int n = 0;
  for (; digits; digits /= 10) reversed[n++] = (char)('0' + digits % 10);
  for (int i = 0; i < n; i++) text[i] = reversed[n - 1 - i];
  return n;
}

static char *put_exponent(int exponent, char *p) {
  *p++ = 'e';
  *p++ = exponent < 0 ? '-' : '+';
  if (exponent < 0) exponent = -exponent;
  if (exponent >= 100) *p++ = (char)('0' + exponent / 100);
  *p++ = (char)('0' + exponent / 10 % 10);
  *p++ = (char)('0' + exponent % 10);
  return p;
}

/* As printf's %g with that precision; d.digits is not 0. */
static size_t put(bool negative, decimal d, int precision, char text[32]) {
  char digits[24], *p = text;
  for (; d.digits % 10 == 0; d.exponent++) d.digits /= 10;
  int n = put_digits(d.digits, digits), exponent = n - 1 + d.exponent, n_whole = exponent + 1;
  if (negative) *p++ = '-';
  bool scientific = exponent < -4 || exponent >= precision;
  if (scientific) n_whole = 1;
  if (n_whole <= 0) {
    memcpy(p, "0.000", 5);
    p += 2 - n_whole;
    n_whole = n;
  }
  for (int i = 0; i < n || i < n_whole; i++) {
    if (i == n_whole) *p++ = '.';
    *p++ = i < n ? digits[i] : '0';
  }
  if (scientific) p = put_exponent(exponent, p);
  *p = '\0';
  return (size_t)(p - text);
}

/* ---- by printf ---- */

/* printf writes the decimal point of the caller's locale, which may be several bytes long. */
static size_t point_the_point(char *text) {
  size_t n = 0;
  for (const char *p = text; *p; p++) {
    if (strchr("+-0123456789e", *p))
      text[n++] = *p;
    else if (n > 0 && text[n - 1] != '.')
      text[n++] = '.';
  }
  text[n] = '\0';
  return n;
}

static size_t print_double(double value, char text[32]) {
  size_t length = 0;
  int n_digits_least = fabs(value) < DBL_MIN ? 1 : DBL_DIG; /* subnormal numbers hold fewer digits */
  for (int n_digits = n_digits_least; n_digits <= DBL_DECIMAL_DIG; n_digits++) {
    snprintf(text, 32, "%.*g", n_digits, value);
    length = point_the_point(text);
    double back;
    if (ock_number_parse(text, length, &back) && back == value) break;
  }
  return length;
}

static size_t print_single(float value, char text[32]) {
  double back = (double)value;
  int n_digits_least = fabsf(value) < FLT_MIN ? 1 : FLT_DIG;
  for (int n_digits = n_digits_least; n_digits <= FLT_DECIMAL_DIG; n_digits++) {
    snprintf(text, 32, "%.*g", n_digits, (double)value);
    if (ock_number_parse(text, point_the_point(text), &back) && (float)back == value) break;
  }
  return ock_number_format(back, text); /* the same digits, laid out as a double's */
}

/* ---- the two ---- */

static size_t put_special(double value, char text[32]) {
  if (value == 0) return (size_t)snprintf(text, 32, "%s", signbit(value) ? "-0" : "0");
  return (size_t)snprintf(text, 32, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

size_t ock_number_format(double value, char text[32]) {
  if (!isfinite(value) || value == 0) return put_special(value, text);
  double size = fabs(value);
  scaled s;
  decimal d;
  if (size < 1e15 && size == (double)(int64_t)size) return put(value < 0, (decimal){(uint64_t)size, 0}, 15, text);
  if (!scale_to(size, 17, 100000000000000000u, &s)) return print_double(value, text);
  for (int n_less = 2; n_less >= 0; n_less--) {
    if (!round_off(&s, n_less, &d)) break;
    if (ock_number_compose(false, d.digits, d.exponent) == size) return put(value < 0, d, 17 - n_less, text);
  }
  return print_double(value, text);
}

size_t ock_number_format_single(float value, char text[32]) {
  if (!isfinite(value) || value == 0) return put_special((double)value, text);
  double size = fabs((double)value);
  scaled s;
  decimal d;
  if (size < (double)FLT_MIN || !scale_to(size, 9, 1000000000u, &s)) return print_single(value, text);
  for (int n_less = 3; n_less >= 0; n_less--) {
    if (!round_off(&s, n_less, &d)) break;
    if ((double)(float)ock_number_compose(false, d.digits, d.exponent) == size) return put(value < 0, d, 15, text);
  }
  return print_single(value, text);
}
