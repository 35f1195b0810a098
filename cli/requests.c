/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
  uint32_t mark;
  const char *word;
} marks[] = {
#define ROW(name, word, bit) {OCKHAM_MARK_##name, word},
    OCKHAM_REQUEST_MARK_LIST(ROW)
#undef ROW
};
enum { N_MARKS = sizeof marks / sizeof *marks };

static const char *const phases[] = {
#define ROW(name, word) word,
    OCKHAM_PHASE_LIST(ROW)
#undef ROW
};

/* ---- reading ---- */

static bool parse_ago(const char *text, uint64_t now_ns, uint64_t *time_ns) {
  static const char units[] = "smhd";
  static const uint64_t seconds[] = {1, 60, 3600, 86400};
  char *end;
  double count = strtod(text, &end);
  const char *unit = *end ? strchr(units, *end) : NULL;
  if (!isdigit((unsigned char)*text) || !unit || end[1] || !(count >= 0 && count < 1e9)) return false;
  double ns = count * (double)seconds[unit - units] * 1e9;
  *time_ns = ns < (double)now_ns ? now_ns - (uint64_t)ns : 1;
  return true;
}

/* Two digits within a range, behind a separator (0: none); moves *at. */
static bool take_number(const char **at, char separator, size_t digits, int least, int most, int *value) {
  const char *text = *at;
  if (separator && *text++ != separator) return false;
  *value = 0;
  for (size_t i = 0; i < digits; i++, text++) {
    if (!isdigit((unsigned char)*text)) return false;
    *value = *value * 10 + (*text - '0');
  }
  *at = text;
  return *value >= least && *value <= most;
}

static uint64_t take_fraction(const char **at) {
  uint64_t ns = 0, unit = 100000000;
  if (**at != '.' || !isdigit((unsigned char)(*at)[1])) return 0;
  for (++*at; isdigit((unsigned char)**at); ++*at, unit /= 10) ns += unit * (uint64_t)(**at - '0');
  return ns;
}

static bool parse_date(const char *text, uint64_t *time_ns) {
  struct tm t = {0};
  const char *at = text;
  uint64_t fraction = 0;
  if (!take_number(&at, 0, 4, 1970, 2500, &t.tm_year) || !take_number(&at, '-', 2, 1, 12, &t.tm_mon) ||
      !take_number(&at, '-', 2, 1, 31, &t.tm_mday))
    return false;
  if (*at == 'T' || *at == ' ') {
    if (!take_number(&at, *at, 2, 0, 23, &t.tm_hour) || !take_number(&at, ':', 2, 0, 59, &t.tm_min)) return false;
    if (*at == ':' && !take_number(&at, ':', 2, 0, 60, &t.tm_sec)) return false;
    fraction = take_fraction(&at);
    if (*at == 'Z') at++;
  }
  int day = t.tm_mday;
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  time_t seconds = timegm(&t);
  *time_ns = (uint64_t)seconds * 1000000000u + fraction;
  return !*at && seconds >= 0 && t.tm_mday == day; /* no 31st of April */
}

bool cli_parse_time(const char *text, uint64_t now_ns, uint64_t *time_ns) {
  return parse_ago(text, now_ns, time_ns) || parse_date(text, time_ns);
}

bool cli_parse_status(const char *text, uint32_t *least, uint32_t *most) {
  const char *at = text;
  int from, to;
  if (strlen(text) == 3 && strcmp(text + 1, "xx") == 0 && text[0] >= '1' && text[0] <= '5') {
    *least = (uint32_t)(text[0] - '0') * 100;
    *most = *least + 99;
    return true;
  }
  if (!take_number(&at, 0, 3, 100, 599, &from)) return false;
  to = from;
  if (*at && !take_number(&at, '-', 3, from, 599, &to)) return false;
  *least = (uint32_t)from;
  *most = (uint32_t)to;
  return !*at;
}

/* ---- lines ---- */

static void put_time(uint64_t time_ns, FILE *out) {
  struct tm t;
  time_t seconds = (time_t)(time_ns / 1000000000u);
  if (!gmtime_r(&seconds, &t)) t = (struct tm){.tm_mday = 1};
  fprintf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
          t.tm_sec, (unsigned)(time_ns / 1000000 % 1000));
}

static void put_text(const char *text, FILE *out) {
  cli_put_name(text, strlen(text), out);
}

/* At least `width` wide, "-" when there is none. */
static void put_column(const char *text, const char *more, int width, FILE *out) {
  if (!*text && !*more) text = "-";
  put_text(text, out);
  if (*more) fputc(':', out);
  put_text(more, out);
  int used = (int)(strlen(text) + strlen(more)) + (*more != 0);
  fprintf(out, "%*s", used < width ? width - used : 0, "");
}

static size_t longest_phase(const ockham_request *r) {
  size_t longest = 0;
  for (size_t i = 1; i < OCKHAM_PHASE_COUNT; i++)
    if (r->phase_ns[i] > r->phase_ns[longest]) longest = i;
  return longest;
}

static void put_phase(const ockham_request *r, FILE *out) {
  size_t phase = longest_phase(r);
  if (!r->total_ns || !r->phase_ns[phase]) {
    fprintf(out, "%-13s", "");
    return;
  }
  double share = 100 * (double)r->phase_ns[phase] / (double)r->total_ns;
  fprintf(out, "%-7s %3.0f %%", phases[phase], share < 100 ? share : 100);
}

static void put_marks(uint32_t set, const char *before, const char *between, FILE *out) {
  bool any = false;
  for (size_t i = 0; i < N_MARKS; i++) {
    if (!(set & marks[i].mark)) continue;
    fprintf(out, "%s%s", any ? between : before, marks[i].word);
    any = true;
  }
}

void cli_print_request(const ockham_request *r, FILE *out) {
  put_time(r->time_ns, out);
  fputs("  ", out);
  put_column(r->id, "", 16, out);
  fputs("  ", out);
  put_column(r->model, r->version, 14, out);
  fprintf(out, "  %3u %10.3f ms  ", r->status, (double)r->total_ns / 1e6);
  put_phase(r, out);
  fprintf(out, " %6llu row%s", (unsigned long long)r->n_rows, r->n_rows != 1 ? "s" : r->marks || *r->error ? " " : "");
  put_marks(r->marks, "  ", " ", out);
  if (*r->error) {
    fputs("  ", out);
    put_text(r->error, out);
  }
  fputc('\n', out);
}

void cli_print_event(const ockham_event *event, FILE *out) {
  put_time(event->time_ns, out);
  fputs("  ", out);
  put_column(event->kind, "", 10, out);
  fputs("  ", out);
  put_column(event->model, event->version, 14, out);
  fputs("  ", out);
  put_text(event->text, out);
  fputc('\n', out);
}

/* ---- one request ---- */

static void put_bar(const char *name, uint64_t ns, uint64_t total_ns, FILE *out) {
  enum { WIDTH = 50 };
  int length = total_ns ? (int)((double)ns / (double)total_ns * WIDTH + 0.5) : 0;
  fprintf(out, "  %-8s %12.3f ms%s", name, (double)ns / 1e6, length ? "  " : "");
  for (int i = 0; i < length && i < WIDTH; i++) fputc('#', out);
  fputc('\n', out);
}

static void put_bars(const ockham_request *r, FILE *out) {
  uint64_t sum = 0;
  fputc('\n', out);
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) {
    put_bar(phases[i], r->phase_ns[i], r->total_ns, out);
    sum += r->phase_ns[i];
  }
  if (sum < r->total_ns) put_bar("other", r->total_ns - sum, r->total_ns, out);
  put_bar("total", r->total_ns, r->total_ns, out);
  if (r->cpu_ns) fprintf(out, "  %-8s %12.3f ms  of the worker\n", "CPU", (double)r->cpu_ns / 1e6);
}

static void put_field(const char *name, const char *text, FILE *out) {
  if (!*text) return;
  fprintf(out, "  %-8s ", name);
  put_text(text, out);
  fputc('\n', out);
}

static void put_size(const char *name, uint64_t bytes, const char *type, FILE *out) {
  fprintf(out, "  %-8s %llu bytes", name, (unsigned long long)bytes);
  if (*type) fputs(", ", out);
  put_text(type, out);
  fputc('\n', out);
}

static ockham_status put_body(const ockham_request *r, bool answer, FILE *out, ockham_error *err) {
  uint64_t kept = answer ? r->answer_size : r->body_size, all = answer ? r->bytes_out : r->bytes_in;
  char *json;
  if (!(answer ? r->answer : r->body)) {
    if (all) fprintf(out, "\nthe %s was not kept\n", answer ? "answer" : "body");
    return OCKHAM_OK;
  }
  ockham_status status = ockham_request_explain(r, answer, &json, err);
  if (status) return status;
  fprintf(out, "\n%s", answer ? "answer" : "body");
  if (kept < all) fprintf(out, ", the first %llu of %llu bytes", (unsigned long long)kept, (unsigned long long)all);
  fputs(":\n", out);
  put_text(json, out);
  fputc('\n', out);
  ockham_text_free(json);
  return OCKHAM_OK;
}

ockham_status cli_print_request_page(const ockham_request *r, FILE *out, ockham_error *err) {
  fputs("request ", out);
  put_text(r->id, out);
  fprintf(out, ", number %llu of the recording\n  %-8s ", (unsigned long long)r->number, "time");
  put_time(r->time_ns, out);
  fprintf(out, "\n  %-8s ", "model");
  put_column(r->model, r->version, 0, out);
  fprintf(out, "\n  %-8s %u\n", "status", r->status);
  put_field("error", r->error, out);
  put_field("route", r->route, out);
  put_field("client", r->client, out);
  put_field("key", r->key, out);
  fprintf(out, "  %-8s %llu\n", "rows", (unsigned long long)r->n_rows);
  put_size("in", r->bytes_in, r->content_type, out);
  put_size("out", r->bytes_out, r->answer_type, out);
  fprintf(out, "  %-8s %016llx\n", "hash", (unsigned long long)r->hash);
  if (r->marks) fprintf(out, "  %-8s", "marks");
  put_marks(r->marks, " ", ", ", out);
  if (r->marks) fputc('\n', out);
  put_bars(r, out);
  ockham_status status = put_body(r, false, out, err);
  return status ? status : put_body(r, true, out, err);
}
