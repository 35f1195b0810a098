/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

/* A text from malloc, or NULL when memory ran out. */
static char *render(const ock_report *report) {
  char *buffer = NULL;
  size_t size = 0;
  bool whole = true;
  FILE *out = open_memstream(&buffer, &size);
  if (!out) return NULL;
  if (report->options->format == OCKHAM_FORMAT_JSON)
    whole = ock_report_json(report, out);
  else
    ock_report_text(report, out);
  whole = !ferror(out) && whole;
  if (fclose(out) == 0 && whole) return buffer;
  free(buffer);
  return NULL;
}

bool ock_report_shows(const ock_report *r, const ockham_criterion *criterion) {
  if (!ockham_criterion_has_evidence(criterion, r->curve)) return false;
  return criterion->usual || r->options->all_criteria || criterion == r->verdict.criterion;
}

ock_report ock_report_make(const ockham_sweep *sweep, const ockham_report_options *options) {
  static const ockham_report_options defaults = {0};
  return (ock_report){.sweep = sweep,
                      .curve = ockham_sweep_curve(sweep),
                      .verdict = ockham_sweep_verdict(sweep),
                      .options = options ? options : &defaults,
                      .wrap = "\n  "};
}

ockham_status ockham_report_sweep(const ockham_sweep *sweep, const ockham_report_options *options, char **text,
                                  ockham_error *err) {
  *text = NULL;
  ock_report report = ock_report_make(sweep, options);
#ifndef OCK_HAVE_JANSSON
  if (report.options->format == OCKHAM_FORMAT_JSON)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "this build has no JSON (jansson was not found when it was configured)");
#endif
  char *rendered = render(&report);
  *text = rendered ? ock_string_copy(rendered) : NULL; /* from malloc to the library's allocator */
  free(rendered);
  return *text ? OCKHAM_OK : ock_fail_memory(err, "the report", 1);
}

void ockham_text_free(char *text) {
  ock_free(text);
}

ockham_status ockham_text_write(const char *text, const char *path, ockham_error *err) {
  ock_output output = {0};
  ockham_status status = ock_output_open(&output, path, err);
  if (!status) {
    ock_output_write(&output, text, strlen(text));
    status = ock_output_commit(&output, err);
  }
  if (status) ock_output_abandon(&output);
  return status;
}
