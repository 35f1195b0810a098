/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of false alarms as it is stated, and what it means in rows: a budget in time is worth as many rows as come
 * in that time, which is measured. */
#ifndef OCK_SERVE_DRIFT_BUDGET_H
#define OCK_SERVE_DRIFT_BUDGET_H

#include "wire/internal.h"

/* One of the two; of one false alarm. */
typedef struct ock_alarm_budget {
  double seconds, rows;
} ock_alarm_budget;
/* "1 per 30d", "3 per 1w", "1 per 100000 rows"; BAD_ARGUMENT says what was expected. */
ockham_status ock_alarm_budget_parse(const char *text, ock_alarm_budget *budget, ockham_error *err);

/* How often something comes: all of it alike at first, then that of the last day or so (weights that fall by e a day).
 * Zero- initialise. Times in seconds, rising. */
typedef struct ock_rate {
  double since, at; /* the first and the last look; 0: nothing yet */
  double count;     /* weighted, at `at` */
} ock_rate;
void ock_rate_add(ock_rate *rate, double n, double now);
double ock_rate_look(const ock_rate *rate, double now); /* a second; 0 before anything came */

/* Rows, or whatever comes at the rate, that one false alarm is allowed for. */
double ock_alarm_budget_rows(const ock_alarm_budget *budget, double rate);
/* Nothing is known of the rate in the first minute: then one a second is assumed. */
#define OCK_RATE_ASSUMED 1.0
#define OCK_RATE_SECONDS 60.0
/* Whether thresholds that were set by one rate should follow the other: it differs by a factor of two. */
bool ock_rate_changed(double used, double now);

/* 1,230; 31.9 million; 4.2e15 */
void ock_say_count(double count, char text[32]);
/* "1 per 30d at 12.3 rows/s = 1 per 31.9 million rows" */
void ock_alarm_budget_say(const ock_alarm_budget *budget, const char *asked, double rate, bool assumed, char *text,
                          size_t size);

#endif
