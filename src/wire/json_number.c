/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are not plain, and what a datatype can hold of them. */
#include <math.h>

#include "data/internal.h"
#include "wire/json.h"

const ock_range ock_integer_ranges[OCK_DATATYPE_COUNT] = {
    [OCK_UINT8] = {0, UINT8_MAX},
    [OCK_UINT16] = {0, UINT16_MAX},
    [OCK_UINT32] = {0, UINT32_MAX},
    [OCK_UINT64] = {0, UINT64_MAX},
    [OCK_INT8] = {(uint64_t)INT8_MAX + 1, INT8_MAX},
    [OCK_INT16] = {(uint64_t)INT16_MAX + 1, INT16_MAX},
    [OCK_INT32] = {(uint64_t)INT32_MAX + 1, INT32_MAX},
    [OCK_INT64] = {(uint64_t)INT64_MAX + 1, INT64_MAX},
};

static const char *digits_end(const char *p) {
  while (ock_is_digit(*p)) p++;
  return p;
}

const char *ock_json_number_end(const char *p) {
  if (*p == '-') p++;
  const char *begin = p;
  p = digits_end(p);
  if (p == begin || (*begin == '0' && p - begin > 1)) return NULL;
  if (*p == '.') {
    begin = p + 1;
    p = digits_end(begin);
    if (p == begin) return NULL;
  }
  if ((*p | 0x20) != 'e') return p;
  p++;
  if (*p == '+' || *p == '-') p++;
  begin = p;
  p = digits_end(p);
  return p > begin ? p : NULL;
}

const char *ock_json_number_slow(const char *p, double *value) {
  const char *end = ock_json_number_end(p);
  return end && ock_number_parse(p, (size_t)(end - p), value) ? end : NULL;
}

/* ---- integers in any notation ---- */

enum { EXPONENT_LIMIT = 100000000 };

static int64_t exponent_read(const char *p, const char *end) {
  if (p == end) return 0;
  p++;
  bool negative = *p == '-';
  if (*p == '-' || *p == '+') p++;
  int64_t value = 0;
  for (; p < end; p++)
    if (value < EXPONENT_LIMIT) value = value * 10 + (*p - '0');
  return negative ? -value : value;
}

/* digits * 10^scale; false when it does not fit. */
static bool scale_up(uint64_t *digits, int64_t scale) {
  for (; scale > 0 && *digits; scale--)
    if (__builtin_mul_overflow(*digits, (uint64_t)10, digits)) return false;
  return true;
}

ock_integer ock_integer_read(const char *p, const char *end, bool *negative, uint64_t *magnitude) {
  *negative = *p == '-';
  uint64_t digits = 0;
  int64_t n_zeros = 0, n_fraction = 0; /* zeros that no other digit follows yet; digits behind the point */
  bool fraction = false, large = false;
  for (; p < end && (*p | 0x20) != 'e'; p++) {
    if (*p == '.') fraction = true;
    if (!ock_is_digit(*p)) continue;
    if (fraction) n_fraction++;
    n_zeros++;
    if (*p == '0') continue;
    large |= !scale_up(&digits, n_zeros) || __builtin_add_overflow(digits, (uint64_t)(*p - '0'), &digits);
    if (large) digits = 1; /* whatever: only its exponent matters now */
    n_zeros = 0;
  }
  int64_t scale = exponent_read(p, end) - n_fraction + n_zeros;
  *magnitude = 0;
  if (!digits) return OCK_INTEGER_FINE;
  if (scale < 0) return OCK_INTEGER_FRACTION;
  if (large || !scale_up(&digits, scale)) return OCK_INTEGER_LARGE;
  *magnitude = digits;
  return OCK_INTEGER_FINE;
}
