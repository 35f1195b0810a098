/* SPDX-License-Identifier: Apache-2.0 */
/* The page: what is measured for it, its words and its JSON. The page itself is put together at build time by
 * page/assemble.mjs, and comes in pieces: between them stand the title, the report as text, and the report as JSON. */
#ifndef OCK_REPORT_PAGE_H
#define OCK_REPORT_PAGE_H

#include "report/json.h"

extern const char *const ock_page_pieces[];
extern const size_t ock_page_n_pieces;

enum { OCK_PAGE_TOP = 3, OCK_PAGE_NAME_CHARACTERS = 120 };

/* What is shown of the rows and clusters; in the units of the sweep. Everything is in the arena. */
typedef struct ock_page {
  ock_report report;
  ockham_rows x;
  const uint32_t *labels;
  const ockham_page_options *options;
  ock_arena arena;
  size_t k, n_columns;
  double total_weight;   /* of the rows of x */
  double *mean, *sd;     /* n_columns, of all rows of x by their weights */
  const double *centres; /* k x n_columns: of the verdict's clusters */
  double *distance;      /* k x n_columns: of the centre from the mean, in sd; 0 where that is 0 */
  size_t *columns;       /* the columns that are shown, those that distinguish the clusters most first */
  size_t n_shown_columns;
  double *explained;   /* n_columns: the share of the column's variance that is between clusters */
  size_t *rows;        /* those that are shown, in random order */
  size_t n_shown_rows; /* 0 where there is one column */
  bool plain;          /* there are two columns: the axes are these, in the data's own units */
  ockham_principal_axes axes;
  double *coordinates; /* n_shown_rows x axes.n_axes */
} ock_page;

/* Everything but report, x, labels and options. */
ockham_status ock_page_measure(ock_page *page, ockham_error *err);
void ock_page_clear(ock_page *page);

/* The OCK_PAGE_TOP columns (or all) in which cluster j is farthest from the mean; returns how many there are. */
size_t ock_page_top_columns(const ock_page *page, size_t j, size_t top[OCK_PAGE_TOP]);
/* A value in the data's own units. */
double ock_page_own_units(const ock_page *page, size_t column, double value);

/* How sure the answer is, for people who read no further; "sure", "fair" or "open". */
const char *ock_page_certainty(const ock_report *report, char *text, size_t size);
/* What the elbow says beside the criterion that decides, and why it misleads. */
void ock_page_elbow(const ock_report *report, FILE *out);

/* `text` as UTF-8 of at most so many characters, what is not as U+FFFD; to be freed; NULL when memory ran out. */
char *ock_text_clean(const char *text, size_t most_characters);
/* The text with what means something in HTML as entities. */
void ock_text_escape(const char *text, FILE *out);

#ifdef OCK_HAVE_JANSSON
/* As JSON that may stand inside <script>; false when memory ran out. */
bool ock_page_json(const ock_page *page, FILE *out);
#endif

#endif
