/* SPDX-License-Identifier: Apache-2.0 */
/* Plain decimal numbers at full speed, inlined into the parser's loop: eight digits a step, and the product with a
 * 128-bit power of five in place of big integers. Source: D. Lemire, "Number parsing at a gigabyte per second", 2021
 * (doi:10.1002/spe.2984); N. Mushtak & D. Lemire, "Fast number parsing without fallback", 2023 (doi:10.1002/spe.3198),
 * which shows that 128 bits are always enough for 64-bit digits. */
#ifndef OCK_DATA_NUMBER_SCAN_H
#define OCK_DATA_NUMBER_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How far beyond the last byte of a text ock_number_scan() may read. */
enum { OCK_NUMBER_PADDING = 32 };
enum { OCK_POWERS_LIMIT = 64, OCK_DIGITS_EXACT = 19 /* as many as always fit 64 bits */ };
extern const uint64_t ock_powers_of_five[2 * OCK_POWERS_LIMIT + 1][2];

/* -value where negative, without a branch: signs are hard to predict. */
static inline double ock_number_sign(bool negative, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits |= (uint64_t)negative << 63;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The double nearest to digits * 10^exponent, |exponent| <= OCK_POWERS_LIMIT (so it is never subnormal or infinite). */
static inline double ock_number_compose(bool negative, uint64_t digits, int exponent) {
  uint64_t bits = 0;
  if (digits) {
    const uint64_t *power = ock_powers_of_five[exponent + OCK_POWERS_LIMIT];
    int shift = __builtin_clzll(digits);
    uint64_t w = digits << shift;
    unsigned __int128 product = (unsigned __int128)w * power[0];
    if (((uint64_t)(product >> 64) & 0x1ff) == 0x1ff) product += (unsigned __int128)w * power[1] >> 64;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    int top = (int)(high >> 63);
    uint64_t mantissa = high >> (top + 9); /* 53 bits and one to round by */
    int64_t exponent2 = ((217706 * (int64_t)exponent) >> 16) + 63 + top - shift + 1023;
    /* Exactly half-way between two doubles, which only small powers can be: to even. */
    if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 && mantissa << (top + 9) == high)
      mantissa &= ~(uint64_t)1;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    /* A mantissa that was rounded up to 2^53 carries into the exponent by itself. */
    bits = ((uint64_t)(exponent2 - 1) << 52) + mantissa;
  }
  double value;
  memcpy(&value, &bits, sizeof value);
  return ock_number_sign(negative, value);
}

/* The same for digits below 2^53 and exponents -22 ... 0: both are exact doubles, so one division rounds once (W. D.
 * Clinger, "How to read floating point numbers accurately", 1990, doi:10.1145/93542.93557). */
static inline double ock_number_divide(bool negative, uint64_t digits, int exponent) {
  static const double powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double value = (double)(int64_t)digits / powers[-exponent];
  return ock_number_sign(negative, value);
}

/* Append the run of up to 8 digits at p to *digits; returns how many there were. */
static inline unsigned ock_digits_append(const char *p, uint64_t *digits) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  static const uint64_t scale[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  uint64_t v;
  memcpy(&v, p, sizeof v);
  v ^= 0x3030303030303030u;                                                /* digits become 0 ... 9, all else more */
  uint64_t others = ((v + 0x7676767676767676u) | v) & 0x8080808080808080u; /* exact up to the first of them */
  unsigned n = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
  if (n == 0) return 0;
  v <<= 64 - 8 * n; /* zeros in front */
  v = v * 10 + (v >> 8);
  v = ((v & 0x000000ff000000ffu) * 0x000f424000000064u + ((v >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >> 32;
  *digits = *digits * scale[n] + v;
  return n;
#else
  unsigned n = 0;
  for (; n < 8 && (unsigned char)(p[n] - '0') < 10; n++) *digits = *digits * 10 + (uint64_t)(p[n] - '0');
  return n;
#endif
}

/* Append all digits at p; returns their end. *digits is only right for up to OCK_DIGITS_EXACT of them. */
static inline const char *ock_digits_scan(const char *p, uint64_t *digits) {
  unsigned n = ock_digits_append(p, digits);
  p += n;
  while (__builtin_expect(n == 8, 0)) {
    n = ock_digits_append(p, digits);
    p += n;
  }
  return p;
}

/* Read an exponent at p, which is just after the e; returns its end, NULL when there is none or a huge one. */
static inline const char *ock_exponent_scan(const char *p, int *exponent) {
  bool negative = *p == '-';
  if (negative || *p == '+') p++;
  int value = 0, n = 0;
  for (; n < 4 && (unsigned char)(*p - '0') < 10; n++) value = value * 10 + (*p++ - '0');
  if (n == 0 || n == 4) return NULL;
  *exponent += negative ? -value : value;
  return p;
}

/* Read the plain number that starts at p: returns where it ends, or NULL when there is none or one that needs
 * ock_number_parse(): many digits, large exponents, nan, inf. The text must end in something that cannot be part of a
 * number, with OCK_NUMBER_PADDING readable bytes after it. */
__attribute__((always_inline)) static inline const char *ock_number_scan(const char *p, double *value) {
  bool negative = *p == '-';
  p += negative | (*p == '+');
  uint64_t digits = 0;
  int exponent = 0;
  const char *begin = p;
  p = ock_digits_scan(p, &digits);
  long n_digits = p - begin;
  if (*p == '.') {
    const char *fraction = ++p;
    p = ock_digits_scan(p, &digits);
    exponent = -(int)(p - fraction > OCK_POWERS_LIMIT ? OCK_POWERS_LIMIT : p - fraction);
    n_digits += p - fraction;
  }
  if ((unsigned long)(n_digits - 1) >= OCK_DIGITS_EXACT) return NULL;
  if ((*p | 0x20) == 'e') {
    p = ock_exponent_scan(p + 1, &exponent);
    if (!p || exponent < -OCK_POWERS_LIMIT || exponent > OCK_POWERS_LIMIT) return NULL;
  }
  *value = digits >> 53 == 0 && exponent <= 0 && exponent >= -22 ? ock_number_divide(negative, digits, exponent)
                                                                 : ock_number_compose(negative, digits, exponent);
  return p;
}

#endif
