/* SPDX-License-Identifier: Apache-2.0 */
/** What a sweep or a look for drift found, as text or a page of charts for people, or as JSON for programs. */
#ifndef OCKHAM_REPORT_H
#define OCKHAM_REPORT_H

#include <ockham/ablate.h>
#include <ockham/core.h>
#include <ockham/data.h>
#include <ockham/drift.h>
#include <ockham/select.h>
#include <ockham/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ockham_format { OCKHAM_FORMAT_TEXT = 0, OCKHAM_FORMAT_JSON } ockham_format;

/** What a report needs to know besides the sweep. Zero leaves a thing out. */
typedef struct ockham_report_options {
  ockham_format format;
  bool ascii;                              /**< text: no characters outside ASCII */
  bool all_k;                              /**< text: also the table of every k */
  const ockham_scaling *scaling;           /**< what was done to the columns before the sweep */
  bool scaling_chosen;                     /**< it was chosen by AUTO rather than asked for */
  const ockham_agreement *agreement;       /**< with known labels; every row counts once, whatever its weight */
  size_t n_label_values;                   /**< how many different known labels there are */
  uint64_t n_rows_dropped, n_cells_filled; /**< because of missing values */
  uint64_t seed;
  bool all_criteria; /**< every criterion that the curve has evidence for, not only the usual ones */
  bool no_tables;    /**< text: only the answer, what was tried, and the sentences that say why: each is one line,
                          and all but the answer begin with two blanks */
} ockham_report_options;

/** Write the report into *text, NUL-terminated, the caller's, to be given to ockham_text_free().
 *  JSON is one object on one line: n_rows, n_columns, k, criterion, criteria (name -> k or null), searched_rows and
 * passes (over rows that were not in memory, else 0), curve (an object a k: k, inertia, and the value of each criterion
 * or null), sizes, seconds, scale, seed (a string from 2^63 on), version and more, with weights also total_weight and
 * weights (one a cluster); numbers have 17 digits. Fails with NO_MEMORY, or UNSUPPORTED for JSON in a build without
 * jansson. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_sweep(const ockham_sweep *sweep,
                                                               const ockham_report_options *options, char **text,
                                                               ockham_error *err);
/** Whether reports tell of a criterion: the curve has evidence for it, and it is one of the usual ones, the one that
 *  decides, or all are asked for.
 *
 *  all_criteria  as of the options.
 *  decider       ockham_verdict.criterion; NULL: none is told of for deciding. */
OCKHAM_API bool ockham_report_shows(const ockham_curve *curve, const ockham_criterion *criterion, bool all_criteria,
                                    const ockham_criterion *decider);
OCKHAM_API void ockham_text_free(char *text);
/** Write a text into a file, beside and renamed, so that a failure leaves what was there before. "-" is standard
 * output. Fails with CANNOT_WRITE, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_text_write(const char *text, const char *path, ockham_error *err);

/** What a page needs to know besides the sweep and its rows. Zero leaves a thing out. */
typedef struct ockham_page_options {
  ockham_report_options report;         /**< of which format, ascii, all_k and no_tables are not looked at */
  const char *const *column_names;      /**< one a column; NULL: x1, x2, ... */
  const char *source;                   /**< what the data are called: a file's name */
  const char *command;                  /**< what makes the page again: a line for a shell, or of a program */
  const double *weights;                /**< one a row of x, as the sweep had them */
  const uint32_t *known_labels;         /**< one a row of x: numbers of what is known */
  const char *const *known_label_texts; /**< report.n_label_values texts that these numbers stand for; NULL: none */
  const uint64_t *row_numbers;          /**< of the rows of x in their source; NULL: from 1, or where x is a sample
                                             or rows were left out, none */
  size_t threads;                       /**< 0: one a core */
} ockham_page_options;

/** Make a page of HTML: one file that needs no other and no network, with the answer and why, every criterion over k,
 *  the rows on two principal axes, what distinguishes the clusters, how sure the answer is, and how to get it again.
 *  docs/report.md tells how to read it.
 *
 *  sweep    borrowed, as all arguments are.
 *  x        rows in the units of the sweep: those it was run on, or some of them (the overview's sample of a sweep in
 *           passes), which the page then says. Of more than OCKHAM_PAGE_ROWS so many are drawn at random.
 *  labels   one a row, as of ockham_sweep_verdict_labels().
 *  options  NULL: defaults. Its texts may be of any bytes and length: they are shown as text, what is not UTF-8 as
 *           U+FFFD. Names of columns and labels are cut at OCKHAM_PAGE_NAME_CHARACTERS, the source at
 *           OCKHAM_PAGE_SOURCE_CHARACTERS; the command never is.
 *  html     UTF-8, NUL-terminated, the caller's, to be given to ockham_text_free(); NULL after a failure.
 *
 *  Fails with BAD_ARGUMENT (x has other columns than the sweep; a label is none of its clusters), BAD_DATA (a value
 *  that is not finite; weights), NO_MEMORY, and UNSUPPORTED as ockham_report_check_page() does. The same input
 *  gives the same bytes, the seconds that the sweep took apart. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_page(const ockham_sweep *sweep, ockham_rows x,
                                                              const uint32_t *labels,
                                                              const ockham_page_options *options, char **html,
                                                              ockham_error *err);
/** How many rows a page shows at most. */
#define OCKHAM_PAGE_ROWS 20000
/** How many columns its heat map shows at most: those that distinguish the clusters most. */
#define OCKHAM_PAGE_COLUMNS 40
/** How many characters of a column's name or a known label it shows at most. */
#define OCKHAM_PAGE_NAME_CHARACTERS 120
/** And of what the data are called. */
#define OCKHAM_PAGE_SOURCE_CHARACTERS 480
/** What is told of drift. All is borrowed; texts may be of any bytes and length, as those of a page of clusters. */
typedef struct ockham_drift_account {
  const ockham_profile_parts *profile;
  const ockham_drift_comparison *batch; /**< NULL: a stream */
  const ockham_drift_state *course;     /**< of the rows in their order; of a batch NULL where they are in none */
  const ockham_drift_bin *const *bins;  /**< of a stream: for each signal those of ockham_drift_monitor_bins() */
  size_t n_examples;
  const uint64_t *example_rows;      /**< n_examples: their numbers, from 1 */
  const double *example_values;      /**< n_examples x profile->n_columns, in its order */
  const char *const *example_texts;  /**< likewise: cells of categories as the data have them; NULL, or some are NULL */
  size_t example_bin;                /**< of a stream: the bin of the leading signal that they lie in */
  const char *const *absent_columns; /**< n_absent: columns of the profile that the data lacked */
  size_t n_absent;
  size_t n_extra;                 /**< columns of the data that the profile has no use for */
  const char *source, *reference; /**< what the data and the reference are called; NULL: not told */
  const char *command;            /**< what makes a page again; NULL: not told */
} ockham_drift_account;

typedef struct ockham_drift_report_options {
  ockham_format format;
  bool ascii; /**< text: no characters outside ASCII, but for names */
  bool every; /**< text: every signal, not only what stands out */
} ockham_drift_report_options;

/** Tell of drift, as ockham_report_sweep() of clusters. The first line of the text is the verdict. JSON is one object
 * on one line, which docs/drift.md describes: format (1, raised when a member changes its meaning), kind ("batch",
 *  "stream"), verdict ("none", "trivial", "found"), p_value and more of the batch, signals (what is known of each, with
 *  its bins), episodes and more of the course, version. Fails with NO_MEMORY, or UNSUPPORTED as that. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_drift(const ockham_drift_account *account,
                                                               const ockham_drift_report_options *options, char **text,
                                                               ockham_error *err);
/** One alarm of a stream: the latest episode that its state keeps; or, where that is over, its end. One line; JSON: one
 *  object, of which the member event is "alarm" or "end" (and "summary" in that of ockham_report_drift()). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_drift_alarm(const ockham_drift_account *account,
                                                                     const ockham_drift_report_options *options,
                                                                     char **text, ockham_error *err);
/** The same as a page of HTML, as ockham_report_page(): the course of the alarm level with its limit, which population
 *  grew or shrank, which columns moved. The same input gives the same bytes. Fails with NO_MEMORY, and UNSUPPORTED as
 *  ockham_report_check_page() does. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_drift_page(const ockham_drift_account *account, char **html,
                                                                    ockham_error *err);
/** How many columns such a page shows at most: those that moved most. */
#define OCKHAM_DRIFT_PAGE_COLUMNS 60

/** What is told of a study. All is borrowed. */
typedef struct ockham_ablation_account {
  const ockham_study *study;
  const ockham_run *runs;
  size_t n_runs;
  const ockham_ablation *ablation;                  /**< the answer */
  ockham_compute_account account;                   /**< that it goes by */
  const ockham_ablation *beside[OCKHAM_N_ACCOUNTS]; /**< answers by other accounts, at their numbers; NULL: not told */
  const bool *claimed_after;                        /**< n_claims: made when runs had ended already; NULL: none was */
  double level;                                     /**< of the intervals */
  const char *source;                               /**< what the study is called; NULL: its name */
  const ockham_plan *plan;                          /**< for designs and what is still to be run; NULL: not told */
  const char *command;                              /**< what makes a page again; NULL: not told */
  double negligible, false_calls;                   /**< as of the analysis; 0: its defaults */
} ockham_ablation_account;

typedef struct ockham_ablation_report_options {
  ockham_format format;
  bool ascii; /**< text: no characters outside ASCII, but for names */
  bool every; /**< text: all interactions, not only those that stand out */
} ockham_ablation_report_options;

/** Tell of a study: what each change does, what it is worth in compute at each scale and how that goes on,
 * interactions, the joint effect and the parts in it, the claims one by one, stability, noise, the law, and of a scale
 * that was held out first what was predicted, then what came. JSON is one object on one line, which docs/studies.md
 * describes. Fails with NO_MEMORY, or UNSUPPORTED as ockham_report_sweep(). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_ablation(const ockham_ablation_account *account,
                                                                  const ockham_ablation_report_options *options,
                                                                  char **text, ockham_error *err);

/** The same as a page of HTML, as ockham_report_page(): what each change is worth, how that goes on with scale, every
 * run beside the baseline's law, what changes do together, stability, and how it is known. Whatever a chart shows is in
 * a table, too. The same input gives the same bytes. Fails with NO_MEMORY, and UNSUPPORTED as
 * ockham_report_check_page() does. docs/ablate.md tells how to read it. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_ablation_page(const ockham_ablation_account *account,
                                                                       char **html, ockham_error *err);

/** Whether this build has the page: npm fetches what draws its charts when the library is built. */
OCKHAM_API bool ockham_report_has_page(void);
/** The same before long work: UNSUPPORTED, with the reason, where it has none. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_report_check_page(ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
