/* SPDX-License-Identifier: Apache-2.0 */
/* The page: what is measured for it, its words and its JSON. The page itself is put together at build time by
 * page/assemble.mjs, and comes in pieces: between them stand the title, the report as text, the report as JSON, and
 * what draws the charts. */
#ifndef OCK_REPORT_PAGE_H
#define OCK_REPORT_PAGE_H

#include "report/internal.h"

enum { OCK_PAGE_PIECES = 5, OCK_PAGE_TOP = 3 };

extern const char *const ock_page_pieces[OCK_PAGE_PIECES];
extern const char *const ock_drift_pieces[OCK_PAGE_PIECES];    /* of the page of drift */
extern const char *const ock_ablation_pieces[OCK_PAGE_PIECES]; /* of that of a study */

/* What stands between the pieces: each writes its part, and is false when memory ran out. */
typedef bool ock_page_part(const void *what, FILE *out);
bool ock_page_write(const char *const *pieces, ock_page_part *const *parts, const void *what, FILE *out);
ock_page_part ock_page_vega; /* what draws the charts */

/* Where rows lie on one axis: low + number * step, for 16 bits are finer than any screen. */
typedef struct ock_places {
  double low, step;
  uint16_t *numbers; /* one a row that is shown */
} ock_places;

/* The known labels of the rows that are shown. */
typedef struct ock_known {
  uint32_t *values; /* the different ones, ascending */
  size_t n_values;
  uint32_t *of_rows; /* one a row that is shown: which of these it has; NULL: none are known */
} ock_known;

/* Of the only column. */
typedef struct ock_histogram {
  double low, width;
  size_t n_bins;   /* 0: there are more columns */
  double *weights; /* n_bins x k */
} ock_histogram;

/* What is shown of the rows and clusters; in the units of the sweep. What centres and the axes hold apart, everything
 * is in the arena. */
typedef struct ock_page {
  ock_report report;
  ockham_rows x;
  const uint32_t *labels;
  const ockham_page_options *options;
  ock_arena arena;
  size_t k, n_columns;
  double total_weight;   /* of the rows of x */
  double *mean, *sd;     /* n_columns, of all rows of x by their weights */
  const double *centres; /* k x n_columns: of the verdict's clusters; the sweep's */
  double *distance;      /* k x n_columns: of the centre from the mean, in sd; 0 where that is 0 */
  size_t *columns;       /* the columns that are shown, those that distinguish the clusters most first */
  size_t n_shown_columns;
  double *explained;       /* n_columns: the share of the column's variance that is between clusters */
  ock_histogram histogram; /* of one column; of more, what follows: */
  size_t *rows;            /* those that are shown, in random order */
  size_t n_shown_rows;
  ock_known known;
  bool plain;                 /* there are two columns: the axes are these, in the data's own units */
  ockham_principal_axes axes; /* two; they own their memory */
  ock_places places[2];       /* one an axis */
  double *map_centres;        /* k x 2 */
  double *ellipses;           /* k x 3: the covariance of each component as the axes see it: xx, xy, yy; NULL: none */
} ock_page;

/* Everything but report, x, labels and options. */
ockham_status ock_page_measure(ock_page *page, ockham_error *err);
void ock_page_clear(ock_page *page);
/* Of this: the rows on two axes; the one column in bins. */
ockham_status ock_page_draw_map(ock_page *page, ockham_error *err);
ockham_status ock_page_fill_bins(ock_page *page, ockham_error *err);

/* Room in its arena, at least for one; NULL when memory ran out. */
static inline void *ock_page_room(ock_page *page, size_t count, size_t size_bytes) {
  return ock_arena_array(&page->arena, count ? count : 1, size_bytes);
}

static inline double ock_page_row_weight(const ock_page *page, size_t i) {
  return page->options->weights ? page->options->weights[i] : 1;
}

/* The OCK_PAGE_TOP columns (or all) in which cluster j is farthest from the mean; returns how many there are. */
size_t ock_page_top_columns(const ock_page *page, size_t j, size_t top[OCK_PAGE_TOP]);
/* A value in the data's own units. */
double ock_page_own_units(const ock_page *page, size_t column, double value);

/* How sure the answer is, for people who read no further. */
typedef struct ock_certainty {
  const char *tone; /* "sure", "fair" or "open" */
  char text[256];
} ock_certainty;
ock_certainty ock_page_certainty(const ock_report *report);
/* What the elbow says beside the criterion that decides, and why it misleads. */
void ock_page_elbow(const ock_report *report, FILE *out);

/* How a criterion is drawn and called. */
typedef struct ock_manner {
  const char *name; /* of the criterion */
  const char *short_title;
  const char *scale; /* "bic": twice a log-likelihood less a price, so that differences are evidence by the bands of
                        Kass & Raftery; "likelihood": other prices or units, which have no such bands; "own" */
} ock_manner;
ock_manner ock_page_manner(const ockham_criterion *criterion);

/* `text` as UTF-8 of at most so many characters, what is not as U+FFFD; to be freed; NULL when memory ran out. */
char *ock_text_clean(const char *text, size_t most_characters);
/* The text with what means something in HTML as entities. */
void ock_text_escape(const char *text, FILE *out);

/* As JSON that may stand inside <script>; false when memory ran out. */
bool ock_page_json(const ock_page *page, FILE *out);

#endif
