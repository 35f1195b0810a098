/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

/* ---- what a report is of ---- */

bool ockham_report_shows(const ockham_curve *curve, const ockham_criterion *criterion, bool all_criteria,
                         const ockham_criterion *decider) {
  return ockham_criterion_has_evidence(criterion, curve) && (criterion->usual || all_criteria || criterion == decider);
}

bool ock_report_shows(const ock_report *r, const ockham_criterion *criterion) {
  return ockham_report_shows(r->curve, criterion, r->options->all_criteria, r->verdict.criterion);
}

double ock_report_weight(const ock_report *r, size_t j) {
  return r->verdict.weights ? r->verdict.weights[j] : (double)r->verdict.sizes[j];
}

double ock_report_share(const ock_report *r, size_t j) {
  return ock_report_weight(r, j) / (r->verdict.weights ? r->curve->total_weight : (double)r->curve->n_rows);
}

size_t ock_report_choice(const ock_report *r, const char *criterion) {
  size_t i = ockham_criterion_choose(ockham_criterion_find(criterion), r->curve);
  return i == SIZE_MAX ? 0 : r->curve->points[i].k;
}

ock_report ock_report_make(const ockham_sweep *sweep, const ockham_report_options *options) {
  static const ockham_report_options defaults = {0};
  const ockham_report_options *o = options ? options : &defaults;
  return (ock_report){.sweep = sweep,
                      .curve = ockham_sweep_curve(sweep),
                      .verdict = ockham_sweep_verdict(sweep),
                      .options = o,
                      .wrap = o->no_tables ? " " : "\n  "};
}

/* ---- texts ---- */

char *ock_text_of(ock_text_writer *write, const void *what) {
  char *buffer = NULL, *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buffer, &size);
  if (!out) return NULL;
  bool whole = write(what, out);
  whole = !ferror(out) && whole;
  if (fclose(out) == 0 && whole) text = ock_string_copy(buffer); /* from malloc to the library's allocator */
  free(buffer);
  return text;
}

static bool write_report(const void *what, FILE *out) {
  const ock_report *report = what;
  if (report->options->format == OCKHAM_FORMAT_JSON) return ock_report_json(report, out);
  ock_report_text(report, out);
  return true;
}

ockham_status ockham_report_sweep(const ockham_sweep *sweep, const ockham_report_options *options, char **text,
                                  ockham_error *err) {
  *text = NULL;
  ock_report report = ock_report_make(sweep, options);
#ifndef OCK_HAVE_JANSSON
  if (report.options->format == OCKHAM_FORMAT_JSON)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "this build has no JSON (jansson was not found when it was configured)");
#endif
  *text = ock_text_of(write_report, &report);
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
