/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/drift_budget.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400.0
#define LEAST_SECONDS 60.0
#define MOST_SECONDS (100 * 366 * DAY)
#define LEAST_ROWS 100.0
#define MOST_ROWS 1e15

/* ---- as it is stated ---- */

static const struct {
  const char *word;
  double seconds; /* 0: rows */
} units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", DAY}, {"w", 7 * DAY}, {"row", 0}, {"rows", 0}};

static const char *skip_blanks(const char *text) {
  return text + strspn(text, " \t");
}

/* A positive number without a sign; NULL when there is none. */
static const char *read_positive(const char *text, double *value) {
  char *end;
  if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.eE+") == 0) return NULL;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) return NULL;
  *value = strtod(text, &end);
  return isfinite(*value) && *value > 0 ? skip_blanks(end) : NULL;
}

static bool parse(const char *text, double *alarms, double *amount, double *unit_seconds) {
  text = read_positive(skip_blanks(text), alarms);
  if (!text || strncmp(text, "per", 3) != 0 || !isspace((unsigned char)text[3])) return false;
  text = read_positive(skip_blanks(text + 3), amount);
  for (size_t i = 0; text && i < sizeof units / sizeof *units; i++) {
    size_t n = strlen(units[i].word);
    if (strncmp(text, units[i].word, n) != 0 || *skip_blanks(text + n)) continue;
    *unit_seconds = units[i].seconds;
    return true;
  }
  return false;
}

ockham_status ock_alarm_budget_parse(const char *text, ock_alarm_budget *budget, ockham_error *err) {
  double alarms, amount, unit;
  if (!parse(text, &alarms, &amount, &unit))
    return ock_fail(
        err, OCKHAM_BAD_ARGUMENT,
        "expected a number of alarms and a time (s, m, h, d, w) or rows, such as '1 per 30d' or '1 per 100000 "
        "rows', found '%.60s'",
        text);
  double each = amount / alarms;
  if (unit > 0 && (each * unit < LEAST_SECONDS || each * unit > MOST_SECONDS))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected one alarm per 1m to 36600d, found '%.60s'", text);
  if (unit == 0 && (each < LEAST_ROWS || each > MOST_ROWS))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected one alarm per 100 to 1e15 rows, found '%.60s'", text);
  *budget = unit > 0 ? (ock_alarm_budget){.seconds = each * unit} : (ock_alarm_budget){.rows = each};
  return OCKHAM_OK;
}

/* ---- how often something comes ---- */

void ock_rate_add(ock_rate *rate, double n, double now) {
  if (rate->since <= 0) rate->since = rate->at = now;
  if (now > rate->at) {
    rate->count *= exp((rate->at - now) / DAY);
    rate->at = now;
  }
  rate->count += n;
}

double ock_rate_look(const ock_rate *rate, double now) {
  if (rate->since <= 0 || now <= rate->since) return 0;
  double count = now > rate->at ? rate->count * exp((rate->at - now) / DAY) : rate->count;
  return count / (-expm1((rate->since - now) / DAY) * DAY);
}

bool ock_rate_changed(double used, double now) {
  return now > 2 * used || now < used / 2;
}

double ock_alarm_budget_rows(const ock_alarm_budget *budget, double rate) {
  double rows = budget->rows > 0 ? budget->rows : budget->seconds * rate;
  return fmin(fmax(rows, LEAST_ROWS), MOST_ROWS);
}

/* ---- in words ---- */

static double round_to_three(double value) {
  double step = pow(10, floor(log10(value)) - 2);
  return round(value / step) * step;
}

/* Groups of three digits. */
static void say_whole(double value, char text[32]) {
  char digits[32];
  int n = snprintf(digits, sizeof digits, "%.0f", value);
  size_t at = 0;
  for (int i = 0; i < n; i++) {
    text[at++] = digits[i];
    if ((n - 1 - i) % 3 == 0 && i < n - 1) text[at++] = ',';
  }
  text[at] = '\0';
}

void ock_say_count(double count, char text[32]) {
  static const char *const words[] = {"million", "billion", "trillion"};
  if (!isfinite(count) || count < 1000) {
    snprintf(text, 32, isfinite(count) ? "%.3g" : "a great many", count);
    return;
  }
  count = round_to_three(count);
  if (count < 1e6) {
    say_whole(count, text);
  } else if (count < 1e15) {
    size_t i = 0;
    for (count /= 1e6; count >= 1000 && i < 2; count /= 1000) i++;
    snprintf(text, 32, "%.4g %s", count, words[i]);
  } else {
    snprintf(text, 32, count < 1e18 ? "%.2g" : "10^%.0f", count < 1e18 ? count : log10(count));
  }
}

void ock_alarm_budget_say(const ock_alarm_budget *budget, const char *asked, double rate, bool assumed, char *text,
                          size_t size) {
  char rows[32], often[32];
  ock_say_count(ock_alarm_budget_rows(budget, rate), rows);
  ock_say_count(rate, often);
  if (budget->rows > 0)
    snprintf(text, size, "%s", asked);
  else
    snprintf(text, size, "%s at %s%s row%s/s = 1 per %s rows", asked, assumed ? "an assumed " : "", often,
             assumed ? "" : "s", rows);
}
