/* SPDX-License-Identifier: Apache-2.0 */
/* Drift as one page of HTML. */
#include <string.h>

#include "report/drift_json.h"
#include "report/page.h"

#ifdef OCK_HAVE_PAGE

/* "Drift found – live.csv"; false when memory ran out. */
static bool write_title(const void *what, FILE *out) {
  const ock_drift *d = what;
  ock_text_escape(ock_drift_headline(d), out);
  if (!d->account->source) return true;
  char *source = ock_text_clean(d->account->source, OCKHAM_PAGE_NAME_CHARACTERS);
  if (!source) return false;
  fputs(" \xe2\x80\x93 ", out);
  ock_text_escape(source, out);
  ock_free(source);
  return true;
}

static bool write_whole_text(const void *what, FILE *out) {
  ockham_drift_report_options options = {.every = true};
  ock_drift_text(what, &options, out);
  return true;
}

/* For readers without scripts. */
static bool write_text(const void *what, FILE *out) {
  char *text = ock_text_of(write_whole_text, what), *clean = text ? ock_text_clean(text, SIZE_MAX / 8) : NULL;
  if (clean) ock_text_escape(clean, out);
  ock_free(text);
  ock_free(clean);
  return clean;
}

static bool write_sentences(const void *what, FILE *out) {
  ock_drift_sentences(what, false, out);
  return true;
}

static json_t *sentences(const ock_drift *d) {
  char *lines = ock_text_of(write_sentences, d);
  json_t *array = lines ? json_array() : NULL;
  for (char *line = lines, *end; line && *line; line = end) {
    end = line + strcspn(line, "\n");
    if (*end) *end++ = '\0';
    line += strspn(line, " ");
    if (*line >= 'a' && *line <= 'z' && strncmp(line, "p ", 2) != 0) *line = (char)(*line - 'a' + 'A');
    ock_json_append(&array, ock_json_text(line, SIZE_MAX / 8));
  }
  ock_free(lines);
  return array;
}

static bool write_data(const void *what, FILE *out) {
  const ock_drift *d = what;
  json_t *object = json_object();
  ock_json_put(&object, "source", ock_json_text(d->account->source, OCKHAM_PAGE_SOURCE_CHARACTERS));
  ock_json_put(&object, "reference", ock_json_text(d->account->reference, OCKHAM_PAGE_SOURCE_CHARACTERS));
  ock_json_put(&object, "command", ock_json_text(d->account->command, SIZE_MAX / 8));
  ock_json_put(&object, "headline", json_string(ock_drift_headline(d)));
  ock_json_put(&object, "sentences", sentences(d));
  ock_json_put(&object, "most_columns", ock_json_integer(OCKHAM_DRIFT_PAGE_COLUMNS));
  ock_json_put(&object, "drift", ock_json_drift(d));
  return ock_json_dump_escaped(object, out);
}

static bool write_page(const void *what, FILE *out) {
  static ock_page_part *const parts[OCK_PAGE_PIECES - 1] = {write_title, write_text, write_data, ock_page_vega};
  return ock_page_write(ock_drift_pieces, parts, what, out);
}

ockham_status ockham_report_drift_page(const ockham_drift_account *account, char **html, ockham_error *err) {
  ock_drift drift;
  *html = NULL;
  if (ock_drift_make(account, &drift)) *html = ock_text_of(write_page, &drift);
  ock_drift_clear(&drift);
  return *html ? OCKHAM_OK : ock_fail_memory(err, "the page", 1);
}

#else

ockham_status ockham_report_drift_page(const ockham_drift_account *account, char **html, ockham_error *err) {
  (void)account;
  *html = NULL;
  return ockham_report_check_page(err);
}

#endif
