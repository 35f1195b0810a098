/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor: the watches of a profile's signals (watch_set.h), its latest rows, and what it tells of them.
 *   monitor.c     rows in, state out
 *   episodes.c    from statistics to alarms, and the course that they took
 *   onset.c       when a change began
 *   shifts.c      how far columns of numbers moved */
#ifndef OCK_DRIFT_MONITOR_H
#define OCK_DRIFT_MONITOR_H

#include "drift/watch_set.h"

/* ---- when a change began ---- */

/* Counts of all bins since the start, as they stood at some earlier rows: the latest OCK_ONSET_KEPT multiples of 16,
 * 32, 64, ... rows. */
enum { OCK_ONSET_LEVELS = 12, OCK_ONSET_KEPT = 6 };
typedef struct ock_onset {
  size_t n_bins;                                   /* of all signals */
  uint32_t *counts;                                /* n_bins; they may wrap around, for only differences are used */
  uint32_t *snapshots;                             /* levels x kept x n_bins */
  uint64_t rows[OCK_ONSET_LEVELS][OCK_ONSET_KEPT]; /* of snapshots; UINT64_MAX: none */
  double times[OCK_ONSET_LEVELS][OCK_ONSET_KEPT];  /* of the row before */
} ock_onset;
/* False when memory runs out. */
bool ock_onset_start(ock_onset *onset, size_t n_bins, ock_arena *arena);
void ock_onset_reset(ock_onset *onset);
/* After a block, whose rows are in the counts. */
void ock_onset_note(ock_onset *onset, uint64_t n_rows, double time);
/* The row after which a signal, whose bins are at first_bin, is most unlike its reference, no earlier than `from`; and
 * its time. */
uint64_t ock_onset_find(const ock_onset *onset, const ockham_signal *signal, size_t first_bin, uint64_t n_rows,
                        uint64_t from, double *time);

/* ---- how far columns of numbers moved ---- */

/* Weighted means of clipped values by column at the watch's spans. */
enum { OCK_SHIFT_SPANS = 6 };
typedef struct ock_shifts {
  size_t n_columns;
  double *sums, *weights; /* n_columns x spans: of differences from the reference's mean; of values that were there */
  double *squares;        /* likewise */
  size_t n_blocks;
} ock_shifts;
bool ock_shifts_start(ock_shifts *shifts, size_t n_columns, ock_arena *arena);
void ock_shifts_reset(ock_shifts *shifts);
/* OCKHAM_DRIFT_BLOCK rows of n_columns values. */
void ock_shifts_put(ock_shifts *shifts, const ockham_profile_parts *parts, const double *values);
/* Fills in shift, shift_low and shift_high of a column, over about so many rows. */
void ock_shifts_tell(const ock_shifts *shifts, const ockham_profile_parts *parts, size_t column, double stickiness,
                     double span_rows, ockham_drift_signal *told);

/* ---- the monitor ---- */

typedef struct ock_course {
  ockham_drift_point points[OCKHAM_DRIFT_MOST_POINTS];
  size_t n;
  uint64_t rows_a_point;
  double *highest; /* n_signals: statistics since the latest point */
} ock_course;

enum { OCK_MONITOR_PANEL = 4 * OCKHAM_DRIFT_BLOCK }; /* rows that are put into bins at once, where there are so many */

struct ockham_drift_monitor {
  const ockham_profile_parts *parts;
  const ockham_profile *profile;
  ockham_drift_options options;
  ock_watch_set set;
  ock_arena arena;
  size_t *first_bin; /* n_signals: among the bins of all */
  ock_onset onset;
  ock_shifts shifts;
  ock_course course;
  ock_block *panel;      /* of the profile */
  uint16_t *panel_codes; /* n_signals x PANEL */
  double *plain;         /* MMD: BLOCK x n_numbers; else NULL */
  /* The latest rows: row r (from 0) at r % OCKHAM_DRIFT_KEPT_ROWS, the codes of a block by signal. Those that are not
   * measured yet have no codes. */
  double *values;                  /* KEPT x n_columns */
  uint16_t *codes;                 /* KEPT / BLOCK x n_signals x BLOCK */
  double times[OCK_MONITOR_PANEL]; /* row r at r % PANEL; 0: none */
  ockham_drift_signal *told;       /* n_signals */
  /* The episode that lasts. */
  bool *flagged;       /* n_signals: it was above its limit in this episode */
  uint64_t calm_since; /* row since when all has been quiet */
  uint64_t calm_rows;  /* that it takes */
  uint64_t last_end;   /* row of the latest episode's end */
  ockham_drift_episode episodes[OCKHAM_DRIFT_MOST_EPISODES];
  ockham_drift_state state;
};

/* The shares of the reference: into shares; returns how many rows they are worth. */
double ock_reference_shares(const ockham_signal *signal, bool by_hour, double *shares);
/* Fills in what is known of a signal. */
void ock_monitor_tell(ockham_drift_monitor *monitor, size_t s, ockham_drift_signal *told);
/* After a block that ended at `time`: true when it begins an episode. */
bool ock_monitor_judge(ockham_drift_monitor *monitor, double time);
void ock_course_reset(ock_course *course, size_t n_signals);
void ock_course_note(ockham_drift_monitor *monitor);
/* log(run length) / log(asked). */
double ock_alarm_level(const ock_watched *watched, double statistic);

#endif
