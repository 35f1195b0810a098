/* SPDX-License-Identifier: Apache-2.0 */
/* Times as tables hold them: seconds since 1970, or a date of the Gregorian calendar (ISO 8601), in UTC where it says
 * nothing else. */
#include <math.h>

#include "data/internal.h"

#define FIRST_SECOND (-62135596800.0) /* 0001-01-01 */
#define LAST_SECOND 253402300799.0    /* 9999-12-31T23:59:59 */

bool ock_time_is_valid(double seconds) {
  return seconds >= FIRST_SECOND && seconds < LAST_SECOND + 1;
}

typedef struct cursor {
  const char *at, *end;
} cursor;

static bool take(cursor *c, char character) {
  if (c->at == c->end || *c->at != character) return false;
  c->at++;
  return true;
}

/* Exactly n digits, from low to high as a number. */
static bool take_digits(cursor *c, int n, int low, int high, int *value) {
  *value = 0;
  for (; n > 0; n--, c->at++) {
    if (c->at == c->end || *c->at < '0' || *c->at > '9') return false;
    *value = *value * 10 + (*c->at - '0');
  }
  return *value >= low && *value <= high;
}

static bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to a date; false where the month has no such day. */
static bool count_days(int year, int month, int day, int *days) {
  static const int before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
  bool long_february = is_leap(year);
  if (day > before[month] - before[month - 1] + (month == 2 && long_february)) return false;
  int past = year - 1;
  *days = 365 * past + past / 4 - past / 100 + past / 400 - 719162; /* those before 1970 */
  *days += before[month - 1] + (month > 2 && long_february) + day - 1;
  return true;
}

/* .25, if anything. */
static bool take_fraction(cursor *c, double *fraction) {
  if (!take(c, '.')) return true;
  const char *begin = c->at;
  double unit = 0.1;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, unit /= 10) *fraction += unit * (*c->at - '0');
  return c->at > begin;
}

/* 12:30, 12:30:05 or 12:30:05.25; a second of 60 is the first of the next minute. */
static bool take_clock(cursor *c, int *seconds, double *fraction) {
  int hour, minute, second = 0;
  if (!take_digits(c, 2, 0, 23, &hour) || !take(c, ':') || !take_digits(c, 2, 0, 59, &minute)) return false;
  if (take(c, ':') && !(take_digits(c, 2, 0, 60, &second) && take_fraction(c, fraction))) return false;
  *seconds = (hour * 60 + minute) * 60 + second;
  return true;
}

/* Z, +01:30, +0130, +01, or nothing. */
static bool take_offset(cursor *c, int *seconds) {
  *seconds = 0;
  if (c->at == c->end || take(c, 'Z') || take(c, 'z')) return true;
  int sign = take(c, '+') ? 1 : take(c, '-') ? -1 : 0, hours, minutes = 0;
  if (sign == 0 || !take_digits(c, 2, 0, 23, &hours)) return false;
  bool more = take(c, ':') || c->at < c->end;
  if (more && !take_digits(c, 2, 0, 59, &minutes)) return false;
  *seconds = sign * (hours * 60 + minutes) * 60;
  return true;
}

static bool parse_date(const char *text, size_t length, double *seconds) {
  cursor c = {text, text + length};
  int year, month, day, days, clock = 0, offset = 0;
  double fraction = 0;
  if (!take_digits(&c, 4, 1, 9999, &year) || !take(&c, '-') || !take_digits(&c, 2, 1, 12, &month) || !take(&c, '-') ||
      !take_digits(&c, 2, 1, 31, &day) || !count_days(year, month, day, &days))
    return false;
  if (take(&c, 'T') || take(&c, 't') || take(&c, ' '))
    if (!take_clock(&c, &clock, &fraction) || !take_offset(&c, &offset)) return false;
  *seconds = days * 86400.0 + clock - offset + fraction;
  return c.at == c.end;
}

bool ock_time_parse(const char *text, size_t length, double *seconds) {
  return (parse_date(text, length, seconds) || ock_number_parse(text, length, seconds)) && ock_time_is_valid(*seconds);
}
