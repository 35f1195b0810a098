/* SPDX-License-Identifier: Apache-2.0 */
/* What a run prints: lines "METRIC name=value ...", of a curve "METRIC curve=COMPUTE,LOSS". The last value of a name
 * holds; everything else that a run prints is for people. */
#ifndef OCK_ABLATE_METRICS_H
#define OCK_ABLATE_METRICS_H

#include "ablate/internal.h"

enum { OCK_MOST_METRICS = 256, OCK_MOST_POINTS = 100000, OCK_METRIC_NAME = 64 };

typedef struct ock_metric {
  char name[OCK_METRIC_NAME];
  double value;
} ock_metric;

/* Zero-initialise; ock_metrics_clear(). */
typedef struct ock_metrics {
  ock_metric *items;
  size_t n, room;
  double *points; /* pairs of compute and loss */
  size_t n_points, room_for_points;
  size_t n_faulty; /* words after METRIC that are not name=number */
  bool failed;     /* memory ran out */
  char *line;      /* what came since the last end of line */
  size_t n_line;
  bool skipping; /* a line that is too long, until its end */
} ock_metrics;

/* Output as it comes, cut anywhere. */
void ock_metrics_feed(ock_metrics *metrics, const char *bytes, size_t size);
/* There is no more of it. */
void ock_metrics_end(ock_metrics *metrics);
/* False: it was not said. */
bool ock_metrics_get(const ock_metrics *metrics, const char *name, double *value);
void ock_metrics_set(ock_metrics *metrics, const char *name, size_t length, double value);
/* Slope of loss on log(compute) over the second half of the curve; NaN: fewer than four points there. */
double ock_metrics_slope(const ock_metrics *metrics);
void ock_metrics_clear(ock_metrics *metrics);

/* What a run came to. */
typedef struct ock_result {
  ockham_outcome outcome;
  double loss, flops, parameters, tokens, seconds, slope; /* NaN: not known */
  char why[160];                                          /* of one that failed; else "" */
} ock_result;
/* From what was printed by a program that ended well (or not: `why` then says how, and is not NULL). */
ock_result ock_metrics_result(const ock_metrics *metrics, const ockham_study *study, const char *why);

#endif
