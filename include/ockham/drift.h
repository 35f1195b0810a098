/* SPDX-License-Identifier: Apache-2.0 */
/** Has the data drifted? New rows against a reference profile, row by row with a stated budget of false alarms, or all
 * at once with a p-value; and which population grew, which columns moved, and by how much. */
#ifndef OCKHAM_DRIFT_H
#define OCKHAM_DRIFT_H

#include <ockham/core.h>
#include <ockham/profile.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How drift is noticed in a stream: X(NAME, "word", statistic, source). All are calibrated to the same budget. EWMA
 *  watches every signal of the profile; those marked "each number" watch each column of numbers (and the distance) as
 *  its rank among the reference, which makes them free of units; MMD watches whole rows and needs those of the
 *  reference. */
#define OCKHAM_DETECTOR_LIST(X)                                                                                     \
  X(EWMA, "ewma", "differences of exponentially weighted shares of bins: squares, location, scale; several spans",  \
    "Roberts, Technometrics 1, 1959 (doi:10.1080/00401706.1959.10489860); on bins: Frittoli et al., QT-EWMA, IEEE " \
    "TKDE 35, 2023 (doi:10.1109/TKDE.2022.3152498); location and scale: Neyman, 1937 "                              \
    "(doi:10.1080/03461238.1937.10404821)")                                                                         \
  X(CHI2, "chi2", "two-sample chi-squared of a window's bins", "Pearson, 1900 (doi:10.1080/14786440009463897)")     \
  X(KS, "ks", "largest difference of a window's distribution function, each number",                                \
    "Smirnov, 1948 (doi:10.1214/aoms/1177730256)")                                                                  \
  X(WASSERSTEIN, "wasserstein", "area between a window's distribution function and the reference's, each number",   \
    "Vallender, 1974 (doi:10.1137/1118101)")                                                                        \
  X(MMD, "mmd", "maximum mean discrepancy of a window, by random Fourier features, whole rows",                     \
    "Gretton et al., JMLR 13, 2012; Rahimi & Recht, NIPS 2007")                                                     \
  X(PAGE_HINKLEY, "page-hinkley", "cumulated deviations from the mean, both ways, each number",                     \
    "Page, Biometrika 41, 1954 (doi:10.1093/biomet/41.1-2.100)")                                                    \
  X(ADWIN, "adwin", "difference of means between two parts of a window that adapts, each number",                   \
    "Bifet & Gavalda, SDM 2007 (doi:10.1137/1.9781611972771.42)")                                                   \
  X(KSWIN, "kswin", "Kolmogorov-Smirnov of the latest rows against others of a window, each number",                \
    "Raab, Heusinger & Schleif, Neurocomputing 416, 2020 (doi:10.1016/j.neucom.2019.11.111)")                       \
  X(CUSUM, "cusum", "cumulative sums of normal scores, both ways, each number",                                     \
    "Page, Biometrika 41, 1954 (doi:10.1093/biomet/41.1-2.100)")
#define OCKHAM_DETECTOR_ENUM(name, word, statistic, source) OCKHAM_DETECTOR_##name,
typedef enum ockham_detector { OCKHAM_DETECTOR_LIST(OCKHAM_DETECTOR_ENUM) OCKHAM_N_DETECTORS } ockham_detector;
#undef OCKHAM_DETECTOR_ENUM
/** The detector of a word, such as "ewma"; false where none has it. */
OCKHAM_API bool ockham_detector_find(const char *word, ockham_detector *detector);

typedef struct ockham_drift_options {
  ockham_detector detector;
  double rows_per_false_alarm; /**< without drift there is an alarm in so many rows, on average; 100 or more; default
                                    100,000 */
  double shares[OCKHAM_N_SIGNAL_GROUPS]; /**< of that budget, by group; those of groups without a signal go to the
                                    others; all 0: inputs .6, outputs .2, missing .2. Within a group: clusters,
                                    distance and directions together have a part each, columns together two */
  double level;      /**< of ockham_drift_compare(): the probability of a false alarm; default .01 */
  double min_effect; /**< population stability index, its bias removed, below which a significant difference does not
                          alarm; 0: the default OCKHAM_DRIFT_MIN_EFFECT; negative: none */
  size_t window;     /**< rows: EWMA: the longest span (default: what the reference has rows for, up to 32,768); of
                          detectors with a window its length (default 200) */
  bool by_hour;      /**< compare with the same hour of the week, where the profile has it and times are given */
  ockham_rows reference; /**< MMD only: rows of the profile's columns; borrowed until _new returns */
  uint64_t seed;
  size_t threads; /**< of calibration; 0: one a core */
} ockham_drift_options;
#define OCKHAM_DRIFT_MIN_EFFECT 0.005

/** What is known of one signal. Shares and effects are of the span that shows most (EWMA), the window, or the batch. */
typedef struct ockham_drift_signal {
  const ockham_signal *signal; /**< the profile's */
  double statistic; /**< EWMA: -log10 of a tail probability, see docs/drift.md; else the detector's own; batch: -log10
                         of p_value; stream: NaN before the first block, and of a signal that is not watched */
  double limit; /**< stream: it alarms above this. Batch: -log10 of its part of the level, by which it is significant
                     alone; it can be named below, see ockham_drift_compare(). Infinite without a part */
  double run_length;             /**< rows: without drift this signal is as high as it is now once in so many (from 1;
                                      beyond what calibration reaches an extrapolation); batch: NaN */
  double asked_run_length;       /**< rows_per_false_alarm / its share of the budget; batch: NaN */
  double p_value;                /**< batch: two-sample, corrected for stickiness, of this signal alone; stream: NaN */
  double n_effective;            /**< independent rows that the present shares stand for */
  double psi, psi_low, psi_high; /**< population stability index, its bias removed (may be slightly negative), with a
                                95 % interval */
  double js;                     /**< Jensen-Shannon distance (base 2), 0 to 1, its bias removed, not below 0 */
  double shift, shift_low, shift_high; /**< columns of numbers and distance: mean now less mean of the reference,
                                clipped, in standard deviations of the reference, with a 95 % interval; else NaN */
  bool drifted; /**< its effect is at least min_effect, and: stream: it is above its limit; batch: p_value of the whole
                     is below the level, and it is one of those to name */
} ockham_drift_signal;

/** One bin of a signal: its share in the reference and now. */
typedef struct ockham_drift_bin {
  double reference, now;
  double low, high; /**< 95 % interval of now - reference, both samples' uncertainty included */
} ockham_drift_bin;

/** A time of drift: from the alarm until all has been quiet for as many rows as the alarm's span. */
typedef struct ockham_drift_episode {
  uint64_t number;           /**< 1, 2, ... */
  uint64_t since_row;        /**< estimated first row of the change, from 1 */
  uint64_t noticed_row;      /**< the row of the alarm */
  uint64_t until_row;        /**< 0: it lasts */
  size_t signal;             /**< the one that raised it */
  double run_length;         /**< of that signal then */
  double psi;                /**< likewise */
  double since_s, noticed_s; /**< times, when given; else 0 */
} ockham_drift_episode;

/** A point of the course that the statistic took. */
typedef struct ockham_drift_point {
  uint64_t row;
  double alarm_level; /**< log(run_length) / log(asked_run_length) of the signal nearest to its limit, the highest since
                           the point before: 1 is the limit */
  size_t signal;
} ockham_drift_point;
#define OCKHAM_DRIFT_MOST_POINTS 512
#define OCKHAM_DRIFT_MOST_EPISODES 64 /**< that are kept: the latest */

/** Where a stream stands; a view, until the next call on the monitor. */
typedef struct ockham_drift_state {
  uint64_t n_rows;         /**< put so far */
  uint64_t n_measured;     /**< of them, those that the statistics cover: they come in blocks of OCKHAM_DRIFT_BLOCK */
  bool drifted;            /**< an episode lasts */
  double asked_run_length; /**< rows_per_false_alarm */
  double achieved_run_length, achieved_low, achieved_high; /**< from the profile's rehearsal at the nearest budget that
                            was rehearsed, with its 95 % interval, as a multiple of asked; NaN: none */
  size_t leading; /**< the signal nearest to its limit, or that of the episode */
  size_t n_signals;
  const ockham_drift_signal *signals; /**< n_signals, in the profile's order */
  uint64_t n_episodes;                /**< all */
  size_t n_kept;
  const ockham_drift_episode *episodes; /**< n_kept, the latest last */
  size_t n_points;
  const ockham_drift_point *points; /**< n_points over the whole stream, from its first row */
  double calibration_s;             /**< seconds that thresholds took */
} ockham_drift_state;
#define OCKHAM_DRIFT_BLOCK 16

/** A stream that is watched. It belongs to one thread at a time. */
typedef struct ockham_drift_monitor ockham_drift_monitor;

/** Begin. The profile is borrowed for the monitor's life. Thresholds are found by simulation: streams of bins with
 * shares drawn from Dirichlet(counts + a), a from 1/2 to 8 as the counts tell, as sticky as the reference. About a
 * second at most. Memory does not grow with the stream. The same bits for any number of threads. Fails with
 * BAD_ARGUMENT, UNSUPPORTED (a detector that the profile has nothing for), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_drift_monitor_new(const ockham_profile *profile,
                                                                    const ockham_drift_options *options,
                                                                    ockham_drift_monitor **monitor, ockham_error *err);
OCKHAM_API void ockham_drift_monitor_free(ockham_drift_monitor *monitor);
/** Watch rows of the profile's columns, in its order. times: x.n_rows seconds since 1970, or NULL; what is negative,
 * NaN or beyond 1e15 is none. *n_alarms (may be NULL) is how many episodes these rows began. Fails with BAD_ARGUMENT
 * (rows of other columns, or that are not there). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_drift_monitor_put(ockham_drift_monitor *monitor, ockham_rows x,
                                                                    const double *times, size_t *n_alarms,
                                                                    ockham_error *err);
OCKHAM_API const ockham_drift_state *ockham_drift_monitor_look(ockham_drift_monitor *monitor);
/** The bins of signal s: n_bins into `bins`. */
OCKHAM_API void ockham_drift_monitor_bins(const ockham_drift_monitor *monitor, size_t s, ockham_drift_bin *bins);
/** The latest rows (up to n_rows, latest first) that lie in a bin, among the last OCKHAM_DRIFT_KEPT_ROWS: their
 * numbers, from 1, and their values (n_rows x n_columns); either may be NULL. Returns how many there are. */
OCKHAM_API size_t ockham_drift_monitor_examples(const ockham_drift_monitor *monitor, size_t s, size_t bin,
                                                size_t n_rows, uint64_t *numbers, double *values);
#define OCKHAM_DRIFT_KEPT_ROWS 512
/** Another budget from now on; nothing is calibrated anew, and no rows are forgotten. */
OCKHAM_API void ockham_drift_monitor_set_budget(ockham_drift_monitor *monitor, double rows_per_false_alarm);
/** Forget all rows; thresholds stay. */
OCKHAM_API void ockham_drift_monitor_reset(ockham_drift_monitor *monitor);

/** A batch against the reference. */
#define OCKHAM_DRIFT_EXAMPLES 5
typedef enum ockham_drift_verdict {
  OCKHAM_DRIFT_NONE = 0, /**< no significant difference */
  OCKHAM_DRIFT_TRIVIAL,  /**< significant, and below min_effect */
  OCKHAM_DRIFT_FOUND
} ockham_drift_verdict;

typedef struct ockham_drift_comparison {
  ockham_drift_verdict verdict;
  uint64_t n_rows;
  double p_value; /**< of the whole: Cauchy's combination of the signals' by their shares of the budget, of which those
                       with nothing to compare leave theirs to the others (Liu & Xie, JASA 115, 2020,
                       doi:10.1080/01621459.2018.1554485) */
  double level;
  double min_effect;
  double smallest_shift; /**< what a batch of this size can see: the shift of one column, in standard deviations, that
                            is found in 80 % of cases */
  size_t leading;        /**< the signal of the least p_value by its share; one that drifted, where there is one */
  size_t n_signals;
  const ockham_drift_signal *signals;
  const ockham_drift_bin *const *bins;          /**< n_signals, then n_bins */
  uint64_t example_rows[OCKHAM_DRIFT_EXAMPLES]; /**< rows (from 1) of the leading signal's most grown bin; 0: no more */
  size_t grown_bin;
  double grown_from, grown_to; /**< its shares */
} ockham_drift_comparison;

/** Compare all of x with the profile: for each signal the two-sample chi-squared test of its bins (sparse bins joined,
 * by simulation where counts are few), of counts divided by what stickiness adds to their variance; then one p-value
 * for all. When that is below the level, the signals to name are those of Benjamini & Hochberg's rule with shares as
 * weights (Genovese, Roeder & Wasserman, Biometrika 93, 2006, doi:10.1093/biomet/93.3.509), and at least one. The order
 * of rows does not matter. *comparison is freed by ockham_drift_comparison_free(); it borrows the profile. Fails with
 * BAD_ARGUMENT (rows of other columns, or that are not there; level; shares), BAD_DATA (no rows), NO_MEMORY,
 * INTERRUPTED. The same bits for any number of threads. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_drift_compare(const ockham_profile *profile, ockham_rows x,
                                                                const ockham_drift_options *options,
                                                                const ockham_progress *progress,
                                                                ockham_drift_comparison **comparison,
                                                                ockham_error *err);
OCKHAM_API void ockham_drift_comparison_free(ockham_drift_comparison *comparison);
/** Rows of a signal's bin from a row (from 1) on, such as the one from which they drift: up to OCKHAM_DRIFT_EXAMPLES
 * into rows, 0 where there are no more. Fails as ockham_profile_bin(). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_drift_examples(const ockham_profile *profile, ockham_rows x,
                                                                 size_t signal, size_t bin, uint64_t first_row,
                                                                 uint64_t *rows, ockham_error *err);

/** Rehearse: replay rows of the reference against the profile without them, in blocks drawn at random, and note in the
 *  profile how often the default detector alarmed at budgets of 1,000 and 10,000 rows. x: the rows that the profile was
 *  fitted on, in the same order. Does nothing below 2,000 rows. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_drift_rehearse(ockham_profile *profile, ockham_rows x, uint64_t seed,
                                                                 size_t threads, const ockham_progress *progress,
                                                                 ockham_error *err);

/** One series of numbers without a profile, such as latencies or errors: its first values are the reference. */
typedef struct ockham_stream_options {
  bool events; /**< values are 0 or 1 (a failure, a wrong answer); else numbers, put into bins by quantiles */
  double rows_per_false_alarm; /**< default 100,000 */
  double min_effect;           /**< as above */
  size_t n_learn;              /**< values to learn from; default 2,000 */
  size_t window;               /**< as above, for EWMA */
  uint64_t seed;
} ockham_stream_options;
typedef struct ockham_stream_state {
  uint64_t n_values, n_learned;
  bool ready; /**< the reference is learned */
  bool drifted;
  double run_length, asked_run_length, psi;
  double reference, now, low, high; /**< mean (of events: rate) of the reference, and now with a 95 % interval */
  uint64_t n_episodes;
  ockham_drift_episode latest; /**< number 0: none */
} ockham_stream_state;
typedef struct ockham_stream ockham_stream;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_stream_new(const ockham_stream_options *options,
                                                             ockham_stream **stream, ockham_error *err);
OCKHAM_API void ockham_stream_free(ockham_stream *stream);
/** The next value; NaN is passed over. Rows of episodes are numbers of values, from 1, with those learned from. Returns
 * true when it began an episode. The value that ends learning calibrates, which takes some tenths of a second; without
 * memory, or of values so far apart that squares overflow, learning begins anew. */
OCKHAM_API bool ockham_stream_put(ockham_stream *stream, double value);
/** Another budget from now on, in values. */
OCKHAM_API void ockham_stream_set_budget(ockham_stream *stream, double rows_per_false_alarm);
OCKHAM_API ockham_stream_state ockham_stream_look(const ockham_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
