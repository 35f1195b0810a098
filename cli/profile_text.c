/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile holds, in words, in a table and as JSON. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "outputs.h"
#include "profiles.h"

enum { MOST_NAMED = 6, MOST_LISTED = 40, NAME_WIDTH = 20, TWO_WEEKS_S = 14 * 24 * 3600 };

static const ockham_signal *find_signal(const ockham_profile_parts *p, ockham_signal_kind kind) {
  for (size_t s = 0; s < p->n_signals; s++)
    if (p->signals[s].kind == kind) return &p->signals[s];
  return NULL;
}

/* The share of rows outside all clusters; NaN without clusters. */
static double outside_share(const ockham_profile_parts *p) {
  const ockham_signal *clusters = find_signal(p, OCKHAM_SIGNAL_CLUSTERS);
  if (!clusters || p->k == 0 || clusters->n_counted == 0) return (double)NAN;
  return (double)clusters->counts[p->k] / (double)clusters->n_counted;
}

static const ockham_signal *stickiest(const ockham_profile_parts *p) {
  const ockham_signal *most = NULL;
  for (size_t s = 0; s < p->n_signals; s++)
    if (!most || p->signals[s].stickiness > most->stickiness) most = &p->signals[s];
  return most;
}

static bool knows_hours(const ockham_profile_parts *p) {
  for (size_t s = 0; s < p->n_signals; s++)
    if (p->signals[s].by_hour) return true;
  return false;
}

/* ---- in words ---- */

static void put_count(size_t n, const char *one, const char *many) {
  printf("%zu %s", n, n == 1 ? one : many);
}

static void print_columns_by_kind(const ockham_profile_parts *p, ockham_column_role role, const char *title) {
  size_t n[2] = {0};
  for (size_t j = 0; j < p->n_columns; j++)
    if (p->columns[j].role == role) n[p->columns[j].kind == OCKHAM_COLUMN_CATEGORY]++;
  if (n[0] + n[1] == 0) return;
  printf("%s: ", title);
  if (n[0] > 0) put_count(n[0], "column of numbers", "columns of numbers");
  if (n[1] > 0) printf("%s", n[0] > 0 ? ", " : "");
  if (n[1] > 0) put_count(n[1], "of categories", "of categories");
  putchar('\n');
}

static double missing_share(const ockham_profile_parts *p, size_t j) {
  return (double)p->ranges[j].n_missing / (double)p->n_rows;
}

static void print_missing(const ockham_profile_parts *p) {
  size_t n = 0;
  for (size_t j = 0; j < p->n_columns; j++) {
    if (p->ranges[j].n_missing == 0) continue;
    if (n++ >= MOST_NAMED) continue;
    printf("%s", n == 1 ? "missing: " : ", ");
    cli_put_name(p->columns[j].name, strlen(p->columns[j].name), stdout);
    printf(" %.3g %%", 100 * missing_share(p, j));
  }
  if (n > MOST_NAMED) printf(" and %zu more", n - MOST_NAMED);
  puts(n > 0 ? " of rows" : "missing: nothing");
}

static void print_stickiness(const ockham_profile_parts *p) {
  const ockham_signal *most = stickiest(p), *clusters = find_signal(p, OCKHAM_SIGNAL_CLUSTERS);
  if (!most) return;
  if (most->stickiness < 0.1) {
    printf("neighbours: rows hardly depend on the row before them (stickiness at most %.2f)\n", most->stickiness);
    return;
  }
  printf("neighbours: rows resemble the one before them (stickiness %.2f", most->stickiness);
  printf(" of ");
  cli_put_name(most->name, strlen(most->name), stdout);
  if (clusters && clusters != most) printf(", %.2f of clusters", clusters->stickiness);
  puts("), so they count as fewer; limits allow for it");
}

static void format_day(uint64_t seconds, char text[32]) {
  time_t time = (time_t)seconds;
  struct tm parts;
  if (!gmtime_r(&time, &parts) || strftime(text, 32, "%Y-%m-%d %H:%M", &parts) == 0) snprintf(text, 32, "?");
}

static void print_hours(const ockham_profile_parts *p) {
  char since[32], until[32];
  if (p->since_s == 0 && p->until_s == 0) {
    puts("hours of the week: not kept, for times are not known (--time COLUMN)");
    return;
  }
  format_day(p->since_s, since);
  format_day(p->until_s, until);
  if (knows_hours(p)) {
    printf("hours of the week: kept (%s to %s UTC)\n", since, until);
    return;
  }
  double days = (double)(p->until_s - p->since_s) / 86400;
  printf("hours of the week: not kept, for times span %.3g days (%s to %s UTC) and it takes 14\n", days, since, until);
}

static void print_rehearsals(const ockham_profile_parts *p) {
  for (size_t i = 0; i < p->n_rehearsals; i++) {
    const ockham_rehearsal *r = &p->rehearsals[i];
    printf("rehearsed: asked for one false alarm in %.0f rows, got one in %.0f (95 %%: %.0f to %.0f)\n", r->asked_rows,
           r->achieved_rows, r->low, r->high);
  }
}

void cli_print_profile(const ockham_profile *profile) {
  const ockham_profile_parts *p = ockham_profile_look(profile);
  double outside = outside_share(p);
  printf("profile of %llu rows ", (unsigned long long)p->n_rows);
  if (p->k > 0)
    printf("in %zu cluster%s", p->k, p->k == 1 ? "" : "s");
  else
    printf("without clusters: no input column holds numbers");
  if (!isnan(outside)) printf(", %.2g %% of them outside", 100 * outside);
  putchar('\n');
  print_columns_by_kind(p, OCKHAM_COLUMN_INPUT, "inputs");
  print_columns_by_kind(p, OCKHAM_COLUMN_OUTPUT, "outputs");
  print_missing(p);
  print_stickiness(p);
  print_hours(p);
  print_rehearsals(p);
}

/* ---- as a table ---- */

static void print_column(const ockham_profile_parts *p, size_t j) {
  const ockham_profile_column *column = &p->columns[j];
  char kind[32] = "number";
  if (column->kind == OCKHAM_COLUMN_CATEGORY)
    snprintf(kind, sizeof kind, "%zu text%s", column->n_texts, column->n_texts == 1 ? "" : "s");
  cli_print_name(column->name, NAME_WIDTH);
  printf("  %-7s  %-12s %7.3g %%", column->role == OCKHAM_COLUMN_OUTPUT ? "output" : "input", kind,
         100 * missing_share(p, j));
  if (column->kind == OCKHAM_COLUMN_NUMBER)
    printf("  %.6g to %.6g, mean %.6g, sd %.6g", p->ranges[j].least, p->ranges[j].most, p->ranges[j].mean,
           p->ranges[j].sd);
  putchar('\n');
}

void cli_print_profile_columns(const ockham_profile *profile) {
  const ockham_profile_parts *p = ockham_profile_look(profile);
  printf("%*s  %-7s  %-12s %9s\n", NAME_WIDTH, "column", "role", "kind", "missing");
  for (size_t j = 0; j < p->n_columns && j < MOST_LISTED; j++) print_column(p, j);
  if (p->n_columns > MOST_LISTED) printf("%*s  and %zu more\n", NAME_WIDTH, "...", p->n_columns - MOST_LISTED);
}

/* ---- as JSON ---- */

void cli_put_json_text(const char *text) {
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\')
      printf("\\%c", *c);
    else if (*c < ' ')
      printf("\\u%04x", *c);
    else
      putchar(*c);
  }
  putchar('"');
}

static void put_json_number(const char *key, double value) {
  printf(", \"%s\": ", key);
  if (isfinite(value))
    printf("%.17g", value);
  else
    printf("null");
}

static void put_json_columns(const ockham_profile_parts *p) {
  printf(", \"columns\": [");
  for (size_t j = 0; j < p->n_columns; j++) {
    const ockham_profile_column *column = &p->columns[j];
    bool category = column->kind == OCKHAM_COLUMN_CATEGORY;
    printf("%s{\"name\": ", j ? ", " : "");
    cli_put_json_text(column->name);
    printf(", \"role\": \"%s\", \"kind\": \"%s\"", column->role == OCKHAM_COLUMN_OUTPUT ? "output" : "input",
           category ? "category" : "number");
    if (category) printf(", \"texts\": %zu", column->n_texts);
    printf(", \"missing\": %llu}", (unsigned long long)p->ranges[j].n_missing);
  }
  putchar(']');
}

static void put_json_rehearsals(const ockham_profile_parts *p) {
  printf(", \"rehearsals\": [");
  for (size_t i = 0; i < p->n_rehearsals; i++) {
    printf("%s{\"asked_rows\": %.17g", i ? ", " : "", p->rehearsals[i].asked_rows);
    put_json_number("achieved_rows", p->rehearsals[i].achieved_rows);
    put_json_number("low", p->rehearsals[i].low);
    put_json_number("high", p->rehearsals[i].high);
    putchar('}');
  }
  putchar(']');
}

void cli_print_profile_json(const ockham_profile *profile) {
  const ockham_profile_parts *p = ockham_profile_look(profile);
  const ockham_signal *most = stickiest(p);
  bool timed = p->since_s != 0 || p->until_s != 0;
  printf("{\"rows\": %llu, \"k\": %zu, \"signals\": %zu", (unsigned long long)p->n_rows, p->k, p->n_signals);
  put_json_number("outside", outside_share(p));
  put_json_number("stickiness", most ? most->stickiness : 0);
  printf(", \"stickiest\": ");
  cli_put_json_text(most ? most->name : "");
  put_json_number("since", timed ? (double)p->since_s : (double)NAN);
  put_json_number("until", timed ? (double)p->until_s : (double)NAN);
  printf(", \"by_hour\": %s", knows_hours(p) ? "true" : "false");
  put_json_columns(p);
  put_json_rehearsals(p);
  putchar('}');
}
