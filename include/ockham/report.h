/* SPDX-License-Identifier: Apache-2.0 */
/** What a sweep found, as text for people or as JSON for programs. */
#ifndef OCKHAM_REPORT_H
#define OCKHAM_REPORT_H

#include <ockham/core.h>
#include <ockham/data.h>
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
  bool no_tables;    /**< text: only the answer and the sentences that say why */
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
OCKHAM_API void ockham_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
