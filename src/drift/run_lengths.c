/* SPDX-License-Identifier: Apache-2.0 */
/* What a value of a statistic means: simulated streams tell when it was first exceeded. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift/internal.h"

/* ---- a curve ---- */

/* The stretch of a curve that `at` lies on, or whose line goes on to it. */
static size_t find_stretch(const double *rising, size_t n, double at) {
  size_t i = 0;
  while (i + 2 < n && rising[i + 1] <= at) i++;
  return i;
}

static double along(const double *x, const double *y, size_t n, double at) {
  if (n < 2) return n ? y[0] : NAN;
  size_t i = find_stretch(x, n, at);
  return y[i] + (y[i + 1] - y[i]) * (at - x[i]) / (x[i + 1] - x[i]);
}

double ock_run_lengths_at(const ock_run_lengths *curve, double statistic) {
  /* Below the least that says anything: from any row on. */
  if (curve->n && statistic < curve->statistic[0])
    return exp(curve->log_rows[0] * fmax(statistic, 0) / curve->statistic[0]);
  return exp(along(curve->statistic, curve->log_rows, curve->n, statistic));
}

double ock_run_lengths_limit(const ock_run_lengths *curve, double rows) {
  double log_rows = log(rows);
  if (curve->n && !(log_rows > curve->log_rows[0])) return curve->statistic[0];
  return along(curve->log_rows, curve->statistic, curve->n, log_rows);
}

/* ---- streams ---- */

/* A step at which a statistic was higher than ever before in its stream, and how long that lasted: for limits from it
 * up to the next record, the stream's run length is the step of that one. */
typedef struct record {
  double statistic;
  uint32_t stream, step, next_step; /* next_step: n_steps + 1 when there is none */
} record;

typedef struct records {
  record *items;
  size_t n, room;
} records;

typedef struct simulation {
  const ock_null_streams *streams;
  uint64_t seed;
  unsigned char *states; /* one a worker */
  records *of_stream;
} simulation;

static bool add_record(records *r, record item) {
  if (r->n == r->room) {
    size_t room = r->room ? 2 * r->room : 64;
    record *items = ock_realloc_array(r->items, room, sizeof *items);
    if (!items) return false;
    r->items = items, r->room = room;
  }
  r->items[r->n++] = item;
  return true;
}

/* A stream without any record at its end is one that memory ran out for. */
static void simulate_stream(void *arg, size_t i, size_t worker) {
  simulation *sim = arg;
  const ock_null_streams *streams = sim->streams;
  void *state = sim->states + worker * streams->state_size;
  ock_rng rng = ock_rng_make(sim->seed, i);
  memset(state, 0, streams->state_size);
  streams->start(streams->context, state, &rng);
  records *r = &sim->of_stream[i];
  double highest = -INFINITY;
  uint32_t end = (uint32_t)streams->n_steps + 1;
  for (uint32_t step = 1; step < end; step++) {
    double statistic = streams->step(streams->context, state, &rng);
    if (!(statistic > highest)) continue;
    highest = statistic;
    if (r->n) r->items[r->n - 1].next_step = step;
    if (!add_record(r, (record){statistic, (uint32_t)i, step, end})) {
      r->n = 0;
      break;
    }
  }
  if (streams->end) streams->end(streams->context, state);
}

/* ---- from records to a curve ---- */

static int compare_records(const void *a, const void *b) {
  const record *x = a, *y = b;
  if (x->statistic != y->statistic) return x->statistic < y->statistic ? -1 : 1;
  if (x->stream != y->stream) return x->stream < y->stream ? -1 : 1;
  return (x->step > y->step) - (x->step < y->step);
}

/* Of limits from `statistic` to the next point's. */
typedef struct point {
  double statistic, log_rows;
  double steps;  /* before the limit was exceeded, or a stream ended: of all streams */
  double n_runs; /* streams that exceeded it */
} point;

enum { FEWEST_RUNS = 16, TAIL_TIMES = 100 };

/* One point a record, where mean run lengths rise. */
static size_t find_points(const ock_null_streams *streams, const record *items, size_t n, point *points) {
  size_t n_points = 0, n_runs = 0;
  double steps = 0, n_steps = (double)streams->n_steps;
  for (size_t i = 0; i < n; i++) { /* the runs of the lowest limit: to the first step */
    if (items[i].step == 1) n_runs++, steps += 1;
  }
  for (size_t i = 0; i < n; i++) {
    bool runs_on = items[i].next_step <= streams->n_steps;
    steps += (runs_on ? items[i].next_step : n_steps) - items[i].step;
    n_runs -= !runs_on;
    if (n_runs < FEWEST_RUNS) break;
    double log_rows = log(steps / (double)n_runs * (double)streams->rows_a_step);
    bool same = n_points && points[n_points - 1].statistic == items[i].statistic;
    if (!same && n_points && !(log_rows > points[n_points - 1].log_rows)) continue;
    points[same ? n_points - 1 : n_points++] = (point){items[i].statistic, log_rows, steps, (double)n_runs};
  }
  return n_points;
}

/* Keep those whose logarithms of rows are about evenly spaced, and rise. */
static size_t thin_points(point *points, size_t n) {
  double low = points[0].log_rows, high = points[n - 1].log_rows;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    double wanted = low + (high - low) * (double)kept / (OCK_RUN_LENGTH_POINTS - 1);
    bool rises = !kept || points[i].log_rows > points[kept - 1].log_rows;
    if (rises && points[i].log_rows >= wanted && kept < OCK_RUN_LENGTH_POINTS) points[kept++] = points[i];
  }
  return kept;
}

/* ---- references differ ----
 * Some references happen to be like the truth, and their streams run long; others alarm soon. Where all streams ended
 * in an alarm, the mean run length is the mean. Where many did not, steps divided by alarms underrates it: those that
 * are left are the lucky ones. Rates of alarms are taken for log-normal over the references: how wide, is told by
 * limits that most streams exceeded. */

/* Gauss-Hermite nodes of a standard normal, mirrored, and their weights. */
static const double node[] = {0,
                              0.799129068324548,
                              1.60671006902873,
                              2.43243682700976,
                              3.28908242439877,
                              4.19620771126902,
                              5.19009359130478,
                              6.36394788882984};
static const double weight[] = {0.318259518259518,   0.232462293609732,    0.0894177953998444,  0.0173657744921376,
                                0.00156735750354996, 5.64214640518903e-05, 5.9754195979206e-07, 8.58964989963325e-10};
enum { NODES = sizeof node / sizeof *node };

/* With rates exp(centre + width z) a stream's length: expected steps of a stream, and how many alarm. */
static void expect(double centre, double width, double *steps, double *runs) {
  *steps = *runs = 0;
  for (size_t i = 0; i < NODES; i++) {
    for (int side = -1; side <= (i ? 1 : -1); side += 2) {
      double rate = exp(centre + side * width * node[i]), alarms = -expm1(-rate);
      *runs += weight[i] * alarms;
      *steps += weight[i] * (rate > 1e-12 ? alarms / rate : 1);
    }
  }
}

/* The centre for which steps an alarm, in lengths of a stream, are as seen. */
static double find_centre(double width, double steps_a_run) {
  double low = -40, high = 40;
  for (int i = 0; i < 50; i++) {
    double centre = (low + high) / 2, steps, runs;
    expect(centre, width, &steps, &runs);
    if (steps > steps_a_run * runs) {
      low = centre;
    } else {
      high = centre;
    }
  }
  return (low + high) / 2;
}

/* The width for which so many streams alarm, of those that may. */
static double find_width(double steps_a_run, double share) {
  double low = 0, high = 3;
  for (int i = 0; i < 30; i++) {
    double width = (low + high) / 2, steps, runs;
    expect(find_centre(width, steps_a_run), width, &steps, &runs);
    if (runs > share) { /* the wider, the fewer */
      low = width;
    } else {
      high = width;
    }
  }
  return (low + high) / 2;
}

/* Rates differ the more the rarer they are: a limit twice as many standard deviations out doubles both their logarithm
 * and its variance. So what is estimated is the variance divided by the logarithm of the run length; over limits that
 * most streams exceeded, but not all, and not at once: then lengths follow from the start of a stream. */
static double estimate_spread(const point *points, size_t n, double n_streams, double n_steps) {
  double sum = 0, n_used = 0;
  for (size_t i = 0; i < n; i++) {
    double share = points[i].n_runs / n_streams, mean = points[i].steps / points[i].n_runs;
    if (share < .75 || share > .97 || mean < 30) continue;
    double width = find_width(mean / n_steps, share);
    sum += width * width / log(mean), n_used++;
  }
  return n_used > 0 ? sum / n_used : 0;
}

static void correct_points(point *points, size_t n, const ock_null_streams *streams) {
  double n_steps = (double)streams->n_steps;
  double spread = estimate_spread(points, n, (double)streams->n_streams, n_steps);
  for (size_t i = 0; i < n; i++) {
    if (points[i].n_runs > .97 * (double)streams->n_streams) continue;
    double steps_a_run = points[i].steps / points[i].n_runs, variance = spread * log(steps_a_run);
    double centre = find_centre(sqrt(variance), steps_a_run / n_steps);
    points[i].log_rows = log(n_steps * (double)streams->rows_a_step) - centre + variance / 2;
  }
}

/* ---- a curve from points ---- */

/* The last stretch, up to run lengths that few streams had, as the line through it. */
static void straighten_tail(point *points, size_t n) {
  double from = points[n - 1].log_rows - log(TAIL_TIMES);
  double sx = 0, sy = 0, sxx = 0, sxy = 0, w = 0;
  size_t first = n;
  while (first > 0 && points[first - 1].log_rows >= from) first--;
  for (size_t i = first; i < n; i++) {
    double d = points[i].n_runs, x = points[i].statistic, y = points[i].log_rows;
    w += d, sx += d * x, sy += d * y, sxx += d * x * x, sxy += d * x * y;
  }
  double spread = sxx - sx * sx / w, slope = (sxy - sx * sy / w) / spread;
  if (n - first < 3 || !(spread > 0) || !(slope > 0)) return;
  for (size_t i = first; i < n; i++) points[i].log_rows = sy / w + slope * (points[i].statistic - sx / w);
}

static void set_curve(const point *points, size_t n, ock_run_lengths *curve) {
  curve->n = 0;
  for (size_t i = 0; i < n; i++) {
    if (curve->n && !(points[i].log_rows > curve->log_rows[curve->n - 1])) continue;
    curve->statistic[curve->n] = points[i].statistic;
    curve->log_rows[curve->n++] = points[i].log_rows;
  }
}

static ockham_status make_curve(const simulation *sim, ock_run_lengths *curve, ockham_error *err) {
  const ock_null_streams *streams = sim->streams;
  size_t n = 0;
  for (size_t i = 0; i < streams->n_streams; i++) {
    if (!sim->of_stream[i].n) return ock_fail_memory(err, "the records of a simulated stream", sizeof(record));
    n += sim->of_stream[i].n;
  }
  record *items = ock_alloc_array(n, sizeof *items);
  point *points = ock_alloc_array(n, sizeof *points);
  ockham_status status = OCKHAM_OK;
  if (items && points) {
    size_t at = 0;
    for (size_t i = 0; i < streams->n_streams; at += sim->of_stream[i++].n)
      memcpy(items + at, sim->of_stream[i].items, sim->of_stream[i].n * sizeof *items);
    qsort(items, n, sizeof *items, compare_records);
    size_t n_points = find_points(streams, items, n, points);
    if (n_points) n_points = thin_points(points, n_points);
    correct_points(points, n_points, streams);
    if (n_points) straighten_tail(points, n_points);
    set_curve(points, n_points, curve);
  } else {
    status = ock_fail_memory(err, "the records of simulated streams", ock_size_product(n, sizeof *items));
  }
  ock_free(items);
  ock_free(points);
  return status;
}

ockham_status ock_run_lengths_simulate(const ock_null_streams *streams, uint64_t seed, size_t threads,
                                       ock_run_lengths *curve, ockham_error *err) {
  assert(streams->n_streams > FEWEST_RUNS && streams->n_steps > 1 && streams->n_steps < UINT32_MAX - 1);
  ock_pool *pool = NULL;
  OCK_TRY(ock_pool_new(threads, &pool, err));
  simulation sim = {.streams = streams, .seed = seed};
  sim.states = ock_alloc_array(ock_pool_size(pool), streams->state_size);
  sim.of_stream = ock_alloc_zeroed(streams->n_streams, sizeof *sim.of_stream);
  ockham_status status;
  if (sim.states && sim.of_stream) {
    ock_pool_run(pool, streams->n_streams, simulate_stream, &sim);
    *curve = (ock_run_lengths){0};
    status = make_curve(&sim, curve, err);
  } else {
    status = ock_fail_memory(err, "simulated streams", ock_size_product(streams->n_streams, sizeof *sim.of_stream));
  }
  for (size_t i = 0; sim.of_stream && i < streams->n_streams; i++) ock_free(sim.of_stream[i].items);
  ock_free(sim.of_stream);
  ock_free(sim.states);
  ock_pool_free(pool);
  return status;
}

uint64_t ock_hash_counts(const ockham_signal *signal) {
  uint64_t hash = 14695981039346656037u;
  for (size_t b = 0; b < signal->n_bins; b++) {
    for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((signal->counts[b] >> shift) & 255)) * 1099511628211u;
  }
  return hash;
}

size_t ock_calibration_rows(size_t n_curves) {
#ifdef __OPTIMIZE__
  const size_t all = 100000000, most = 10000000, fewest = 2000000;
#else /* a build for debugging, which is some twenty times slower */
  const size_t all = 10000000, most = 2000000, fewest = 1000000;
#endif
  size_t each = all / (n_curves ? n_curves : 1);
  return each > most ? most : each < fewest ? fewest : each;
}
