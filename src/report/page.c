/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one page of HTML. */
#include "report/page.h"
#include "report/assets.h"

bool ockham_report_has_page(void) {
  return ockham_report_check_page(NULL) == OCKHAM_OK;
}

#ifdef OCK_HAVE_PAGE

ockham_status ockham_report_check_page(ockham_error *err) {
  (void)err;
  return OCKHAM_OK;
}

bool ock_page_write(const char *const *pieces, ock_page_part *const *parts, const void *what, FILE *out) {
  fputs(pieces[0], out);
  for (size_t i = 0; i < OCK_PAGE_PIECES - 1; i++) {
    if (!parts[i](what, out)) return false;
    fputs(pieces[i + 1], out);
  }
  return true;
}

bool ock_page_vega(const void *what, FILE *out) {
  (void)what;
  return fwrite(ock_asset_vega.bytes, 1, ock_asset_vega.size, out) == ock_asset_vega.size;
}

/* "7 clusters – data.csv"; false when memory ran out. */
static bool write_title(const void *what, FILE *out) {
  const ock_page *p = what;
  char headline[160];
  ock_report_answer(&p->report, headline, sizeof headline);
  ock_text_escape(headline, out);
  if (!p->options->source) return true;
  char *source = ock_text_clean(p->options->source, OCKHAM_PAGE_NAME_CHARACTERS);
  if (!source) return false;
  fputs(" \xe2\x80\x93 ", out);
  ock_text_escape(source, out);
  ock_free(source);
  return true;
}

/* For readers without scripts; it holds nothing that came from the data. */
static bool write_text(const void *what, FILE *out) {
  const ock_page *p = what;
  ockham_report_options options = *p->report.options;
  char *text;
  options.format = OCKHAM_FORMAT_TEXT;
  options.all_k = true;
  options.ascii = options.no_tables = false;
  if (ockham_report_sweep(p->report.sweep, &options, &text, NULL)) return false;
  ock_text_escape(text, out);
  ockham_text_free(text);
  return true;
}

static bool write_data(const void *what, FILE *out) {
  return ock_page_json(what, out);
}

static bool write_page(const void *what, FILE *out) {
  static ock_page_part *const parts[OCK_PAGE_PIECES - 1] = {write_title, write_text, write_data, ock_page_vega};
  return ock_page_write(ock_page_pieces, parts, what, out);
}

ockham_status ockham_report_page(const ockham_sweep *sweep, ockham_rows x, const uint32_t *labels,
                                 const ockham_page_options *options, char **html, ockham_error *err) {
  static const ockham_page_options defaults = {0};
  const ockham_page_options *o = options ? options : &defaults;
  ock_page page = {.report = ock_report_make(sweep, &o->report), .x = x, .labels = labels, .options = o};
  page.report.wrap = " ";
  *html = NULL;
  ockham_status status = ock_page_measure(&page, err);
  if (!status) *html = ock_text_of(write_page, &page);
  ock_page_clear(&page);
  if (status) return status;
  return *html ? OCKHAM_OK : ock_fail_memory(err, "the page", 1);
}

#else

ockham_status ockham_report_check_page(ockham_error *err) {
  return ock_fail(err, OCKHAM_UNSUPPORTED,
                  "this build has no HTML report: " OCK_PAGE_PROBLEM " when it was configured");
}

ockham_status ockham_report_page(const ockham_sweep *sweep, ockham_rows x, const uint32_t *labels,
                                 const ockham_page_options *options, char **html, ockham_error *err) {
  (void)sweep;
  (void)x;
  (void)labels;
  (void)options;
  *html = NULL;
  return ockham_report_check_page(err);
}

#endif
