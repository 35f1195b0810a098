/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict, what speaks for it, then which population and which columns changed. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "report/drift.h"

enum {
  WIDTH = 100,
  NAME_WIDTH = 46,
  COLUMN_WIDTH = 24,
  MOST_CLUSTERS = 8,
  MOST_COLUMNS = 10,
  MOST_EXAMPLE_COLUMNS = 6
};

typedef struct teller {
  const ock_drift *drift;
  const char *arrow;
  bool every;
  FILE *out;
} teller;

/* ---- lines ---- */

static int display_width(const char *text) {
  int width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

/* Bytes of the first `most` characters. */
static int bytes_of(const char *text, int most) {
  int n = 0;
  while (text[n] && (most > 0 || ((unsigned char)text[n] & 0xc0) == 0x80))
    most -= ((unsigned char)text[n++] & 0xc0) != 0x80;
  return n;
}

/* With a blank behind it at least. */
static void put_left(const char *text, int width, FILE *out) {
  int n = bytes_of(text, width - 1), shown = display_width(text);
  fprintf(out, "%.*s%*s", n, text, shown < width ? width - shown : 1, "");
}

static void put_right(const char *text, int width, FILE *out) {
  int n = bytes_of(text, width), shown = display_width(text);
  fprintf(out, "%*s%.*s", shown < width ? width - shown : 0, "", n, text);
}

static const char *grouped(uint64_t value, char text[32]) {
  return ock_grouped(value, text);
}

static void put_verdict(const teller *t) {
  const ockham_drift_account *a = t->drift->account;
  const char *left = ock_drift_headline(t->drift);
  char right[480], rows[32], reference[32];
  int n = snprintf(right, sizeof right, "%s row%s%s%.100s against %s%s%.100s", grouped(t->drift->n_rows, rows),
                   ock_plural(t->drift->n_rows), a->source ? " of " : "", a->source ? a->source : "",
                   grouped(t->drift->profile->n_rows, reference), a->reference ? " of " : " of the reference",
                   a->reference ? a->reference : "");
  (void)n;
  for (char *c = right; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
  int gap = WIDTH - display_width(left) - display_width(right);
  fprintf(t->out, "%s%*s%s\n", left, gap > 2 ? gap : 2, "", right);
}

/* ---- what speaks for it ---- */

static void tell_batch(const teller *t) {
  const ockham_drift_comparison *b = t->drift->account->batch;
  char p[32], psi[32];
  fprintf(t->out, "  %s for all signals together; without drift %.3g %% of batches are called drift\n",
          ock_drift_p(b->p_value, p), 100 * b->level);
  if (b->verdict == OCKHAM_DRIFT_TRIVIAL) {
    double most = 0;
    for (size_t s = 0; s < b->n_signals; s++)
      if (b->signals[s].psi > most) most = b->signals[s].psi;
    fprintf(t->out, "  but the stability index is at most %s, and below %.3g it is not called drift\n",
            ock_drift_amount(most, psi), b->min_effect);
  }
  if (b->smallest_shift > 0 && isfinite(b->smallest_shift))
    fprintf(t->out, "  a batch of this size shows a shift of %.2g deviations in one column in 80 %% of cases\n",
            b->smallest_shift);
}

static void tell_onset(const teller *t) {
  const ockham_drift_state *c = t->drift->account->course;
  char since[32], noticed[32];
  if (!c || !t->drift->account->batch || t->drift->verdict != OCKHAM_DRIFT_FOUND) return;
  if (c->n_kept == 0) {
    fputs("  row by row no beginning stands out: all rows alike, or too few after it\n", t->out);
    return;
  }
  const ockham_drift_episode *first = &c->episodes[0];
  fprintf(t->out, "  it begins about row %s (row by row it would have been noticed at row %s)\n",
          grouped(first->since_row, since), grouped(first->noticed_row, noticed));
}

static void tell_stream(const teller *t) {
  const ockham_drift_state *c = t->drift->account->course;
  char rows[32], alarms[32];
  fprintf(t->out, "  %s alarm%s; without drift one comes every %s rows on average\n", grouped(c->n_episodes, alarms),
          ock_plural(c->n_episodes), ock_drift_amount(c->asked_run_length, rows));
  if (isfinite(c->achieved_run_length) && c->achieved_run_length > 0)
    fprintf(t->out, "  rehearsed on the reference: one in %.2g times as many (95 %%: %.2g to %.2g)\n",
            c->achieved_run_length, c->achieved_low, c->achieved_high);
}

static void tell_signal(const teller *t, size_t s) {
  char text[3 * OCK_DRIFT_TEXT];
  fprintf(t->out, "  %s\n", ock_drift_sentence(t->drift, s, text));
}

/* What has no line in a table of its own. */
static void tell_others(const teller *t) {
  const ock_drift *d = t->drift;
  for (size_t i = 0; i < d->n_signals; i++) {
    size_t s = d->order[i];
    ockham_signal_kind kind = d->signals[s].signal->kind;
    bool alone = kind == OCKHAM_SIGNAL_DISTANCE || kind == OCKHAM_SIGNAL_MISSING;
    if (alone && d->signals[s].drifted) tell_signal(t, s);
  }
}

static bool is_direction(const ock_drift *d, size_t s) {
  return d->signals[s].signal->kind == OCKHAM_SIGNAL_DIRECTION;
}

/* Directions move when no column does: the columns' relations changed. */
static void tell_relations(const teller *t) {
  const ock_drift *d = t->drift;
  size_t n = 0, n_columns = 0;
  for (size_t s = 0; s < d->n_signals; s++) {
    n += d->signals[s].drifted && is_direction(d, s);
    n_columns += d->signals[s].drifted && ock_drift_is_column(d, s);
  }
  if (n == 0 || n_columns > 0) return;
  fprintf(t->out,
          "  no column is beyond its own limit, but %zu combination%s of them %s: how they go together changed\n", n,
          ock_plural(n), n == 1 ? "is" : "are");
  for (size_t i = 0; i < d->n_signals; i++)
    if (d->signals[d->order[i]].drifted && is_direction(d, d->order[i])) tell_signal(t, d->order[i]);
}

static void list_names(const teller *t, const char *const *names, size_t n) {
  enum { MOST_NAMES = 6 };
  for (size_t i = 0; i < n && i < MOST_NAMES; i++) {
    fputs(i ? ", " : "", t->out);
    for (const char *c = names[i]; *c; c++) fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, t->out);
  }
  if (n > MOST_NAMES) fprintf(t->out, " and %zu more", n - MOST_NAMES);
}

static void tell_columns(const teller *t) {
  const ockham_drift_account *a = t->drift->account;
  if (a->n_absent) {
    fprintf(t->out, "  column%s that the data lack, taken as missing: ", ock_plural(a->n_absent));
    list_names(t, a->absent_columns, a->n_absent);
    fputc('\n', t->out);
  }
  if (a->n_extra)
    fprintf(t->out, "  %zu column%s of the data %s not in the profile and not looked at\n", a->n_extra,
            ock_plural(a->n_extra), a->n_extra == 1 ? "is" : "are");
}

static void put_sentences(const teller *t) {
  if (t->drift->account->batch)
    tell_batch(t);
  else
    tell_stream(t);
  tell_onset(t);
  tell_others(t);
  tell_relations(t);
  tell_columns(t);
}

void ock_drift_sentences(const ock_drift *drift, bool ascii, FILE *out) {
  teller t = {.drift = drift, .arrow = ascii ? "->" : "\u2192", .out = out};
  put_sentences(&t);
}

/* ---- populations ---- */

static size_t find_clusters(const ock_drift *d) {
  for (size_t s = 0; s < d->n_signals; s++)
    if (d->signals[s].signal->kind == OCKHAM_SIGNAL_CLUSTERS) return s;
  return SIZE_MAX;
}

static void put_population(const teller *t, size_t s, size_t bin) {
  const ockham_drift_bin *b = &ock_drift_bins(t->drift, s)[bin];
  char text[OCK_DRIFT_TEXT], marks[OCK_DRIFT_TEXT] = "", line[2 * OCK_DRIFT_TEXT + 4], then[32], now[32];
  if (bin < t->drift->profile->k) ock_drift_cluster(t->drift, bin, marks);
  snprintf(line, sizeof line, "%s%s%s", ock_drift_bin(t->drift, s, bin, text), marks[0] ? ": " : "", marks);
  fputs("  ", t->out);
  put_left(line, NAME_WIDTH, t->out);
  put_right(ock_drift_percent(b->reference, then), 9, t->out);
  put_right(ock_drift_percent(b->now, now), 9, t->out);
  char change[32], low[32], high[32];
  fprintf(t->out, "   %s (%s to %s)\n", ock_drift_signed(100 * (b->now - b->reference), 1, change),
          ock_drift_signed(100 * b->low, 1, low), ock_drift_signed(100 * b->high, 1, high));
}

/* By how far they changed: those that certainly did, or all. */
static void put_populations(const teller *t) {
  const ock_drift *d = t->drift;
  size_t s = find_clusters(d), order[OCKHAM_PROFILE_MOST_BINS], n = 0;
  const ockham_drift_bin *bins = s == SIZE_MAX ? NULL : ock_drift_bins(d, s);
  if (!bins || !(d->signals[s].drifted || t->every)) return;
  for (size_t b = 0; b < d->signals[s].signal->n_bins; b++) {
    if (!t->every && bins[b].low <= 0 && bins[b].high >= 0) continue;
    double change = fabs(bins[b].now - bins[b].reference);
    size_t at = n++;
    for (; at > 0 && fabs(bins[order[at - 1]].now - bins[order[at - 1]].reference) < change; at--)
      order[at] = order[at - 1];
    order[at] = b;
  }
  if (n == 0) return;
  fputs("\n  ", t->out);
  put_left("population", NAME_WIDTH, t->out);
  fputs("     then      now   change in points (95 %)\n", t->out);
  size_t most = t->every ? n : MOST_CLUSTERS;
  for (size_t i = 0; i < n && i < most; i++) put_population(t, s, order[i]);
  if (n > most) fprintf(t->out, "  and %zu more (--table)\n", n - most);
}

/* ---- columns ---- */

static void put_moved(const ockham_drift_signal *s, char text[64]) {
  char shift[32], low[32], high[32];
  text[0] = '\0';
  if (!isnan(s->shift))
    snprintf(text, 64, "%.16s (%.16s to %.16s)", ock_drift_signed(s->shift, 2, shift),
             ock_drift_signed(s->shift_low, 2, low), ock_drift_signed(s->shift_high, 2, high));
}

static void put_column(const teller *t, size_t s) {
  const ockham_drift_signal *signal = &t->drift->signals[s];
  char name[OCK_DRIFT_TEXT], change[2 * OCK_DRIFT_TEXT], moved[64], psi[32];
  const char *shown = is_direction(t->drift, s) ? signal->signal->name : ock_drift_name(t->drift, s, name);
  if (ock_drift_is_column(t->drift, s)) shown = strchr(shown, ' ') + 1;
  fputs("  ", t->out);
  put_left(shown, COLUMN_WIDTH, t->out);
  put_left(ock_drift_change(t->drift, s, t->arrow, change), 36, t->out);
  put_moved(signal, moved);
  put_right(moved, 24, t->out);
  fprintf(t->out, "%8s%s\n", ock_drift_fixed(signal->psi, 3, psi), t->every && signal->drifted ? "  *" : "");
}

/* Whether it certainly moved, by itself and with nothing left for how many columns there are. */
static bool has_moved(const ock_drift *d, size_t s) {
  const ockham_drift_bin *bins = ock_drift_bins(d, s);
  if (!bins || !ock_drift_is_column(d, s)) return false;
  const ockham_drift_bin *bin = &bins[ock_drift_moved_bin(d, s)];
  return ock_drift_shifted(&d->signals[s]) || bin->low > 0 || bin->high < 0;
}

typedef bool is_told(const ock_drift *d, size_t s);

static bool is_any(const ock_drift *d, size_t s) {
  return d->signals[s].signal->kind != OCKHAM_SIGNAL_CLUSTERS;
}

static bool is_drifted_column(const ock_drift *d, size_t s) {
  return d->signals[s].drifted && ock_drift_is_column(d, s);
}

static size_t put_table(const teller *t, is_told *told, size_t most) {
  const ock_drift *d = t->drift;
  size_t n = 0;
  for (size_t i = 0; i < d->n_signals; i++) {
    if (!told(d, d->order[i])) continue;
    if (n == 0) {
      fputs("\n  ", t->out);
      put_left(t->every ? "signal" : "column", COLUMN_WIDTH, t->out);
      put_left("what changed most", 36, t->out);
      put_right("mean, in deviations", 24, t->out);
      fputs("     PSI\n", t->out);
    }
    if (n++ < most) put_column(t, d->order[i]);
  }
  if (n > most) fprintf(t->out, "  and %zu more (--table)\n", n - most);
  return n;
}

/* What directions are made of. */
static void put_directions(const teller *t) {
  char text[OCK_DRIFT_TEXT];
  size_t n = 0;
  for (size_t s = 0; s < t->drift->n_signals; s++) {
    if (!is_direction(t->drift, s)) continue;
    if (n++ == 0) fputs("\n  directions, of each column's distance from its mean in deviations\n", t->out);
    fprintf(t->out, "  %s\n", ock_drift_name(t->drift, s, text));
  }
}

/* In a wide table each column has a small part of the budget: then none may be beyond its limit, and yet some moved. */
static void put_columns(const teller *t) {
  enum { MOST_WITHIN = 5 };
  const ock_drift *d = t->drift;
  if (t->every) {
    put_table(t, is_any, SIZE_MAX);
    put_directions(t);
    return;
  }
  if (put_table(t, is_drifted_column, MOST_COLUMNS) > 0 || d->verdict != OCKHAM_DRIFT_FOUND) return;
  if (put_table(t, has_moved, MOST_WITHIN) > 0) fputs("  none of these is beyond its own limit\n", t->out);
}

/* Missing cells, new texts and numbers outside the range, where there are certainly more of them. */
static void put_odd_cells(const teller *t, const char *what, size_t which) {
  const ock_drift *d = t->drift;
  enum { MOST_NAMES = 6 };
  size_t n = 0;
  for (size_t s = 0; s < d->n_signals; s++) {
    ock_odd_bins odd = ock_drift_odd_bins(d, s);
    size_t places[] = {odd.missing, odd.fresh, odd.below, odd.above}, bin = places[which];
    const ockham_drift_bin *bins = ock_drift_bins(d, s);
    if (bin == SIZE_MAX || !bins || !d->signals[s].drifted || !(bins[bin].low > 0)) continue;
    char name[OCK_DRIFT_TEXT], then[32], now[32];
    if (n == 0) fprintf(t->out, "  %s: ", what);
    if (n < MOST_NAMES)
      fprintf(t->out, "%s%s %s %s %s", n ? ", " : "", strchr(ock_drift_name(d, s, name), ' ') + 1,
              ock_drift_percent(bins[bin].reference, then), t->arrow, ock_drift_percent(bins[bin].now, now));
    n++;
  }
  if (n > MOST_NAMES) fprintf(t->out, " and %zu more", n - MOST_NAMES);
  if (n > 0) fputc('\n', t->out);
}

/* ---- examples ---- */

/* The beginning of a text, without what could control a terminal. */
static const char *plain(const char *text, char shown[OCK_DRIFT_TEXT]) {
  snprintf(shown, OCK_DRIFT_TEXT, "%.48s", text);
  for (char *c = shown; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
  return shown;
}

/* Columns to show: those that drifted, then others. */
static size_t pick_columns(const ock_drift *d, size_t columns[MOST_EXAMPLE_COLUMNS]) {
  size_t n = 0;
  for (size_t i = 0; i < d->n_signals && n < MOST_EXAMPLE_COLUMNS; i++)
    if (ock_drift_is_column(d, d->order[i])) columns[n++] = d->signals[d->order[i]].signal->index;
  return n;
}

static void put_cell(const ock_drift *d, size_t i, size_t column, FILE *out) {
  double value = d->account->example_values[i * d->profile->n_columns + column];
  const char *text = ock_drift_example_text(d, i, column);
  char amount[32], shown[OCK_DRIFT_TEXT];
  if (isnan(value))
    put_right("-", 13, out);
  else if (d->profile->columns[column].kind == OCKHAM_COLUMN_NUMBER)
    put_right(ock_drift_amount(value, amount), 13, out);
  else
    put_right(text ? plain(text, shown) : "new", 13, out);
}

static void put_examples(const teller *t) {
  const ock_drift *d = t->drift;
  const ockham_drift_account *a = d->account;
  size_t columns[MOST_EXAMPLE_COLUMNS], n = pick_columns(d, columns);
  char bin[OCK_DRIFT_TEXT], name[OCK_DRIFT_TEXT], rows[32];
  if (a->n_examples == 0 || d->verdict != OCKHAM_DRIFT_FOUND) return;
  bool clusters = d->signals[d->leading].signal->kind == OCKHAM_SIGNAL_CLUSTERS;
  fprintf(t->out, "\n  rows of what grew most: %s%s%s\n  ", clusters ? "" : ock_drift_name(d, d->leading, name),
          clusters ? "" : ", ", ock_drift_bin(d, d->leading, ock_drift_example_bin(d), bin));
  put_right("row", 10, t->out);
  for (size_t j = 0; j < n; j++) {
    char shown[OCK_DRIFT_TEXT];
    fputs("  ", t->out);
    put_right(plain(d->profile->columns[columns[j]].name, shown), 11, t->out);
  }
  fputs(n < d->profile->n_columns ? "  ...\n" : "\n", t->out);
  for (size_t i = 0; i < a->n_examples; i++) {
    fputs("  ", t->out);
    put_right(grouped(a->example_rows[i], rows), 10, t->out);
    for (size_t j = 0; j < n; j++) put_cell(d, i, columns[j], t->out);
    fputc('\n', t->out);
  }
}

/* ---- episodes ---- */

static void put_time(double seconds, FILE *out) {
  time_t when = (time_t)seconds;
  struct tm parts;
  char text[32];
  if (seconds > 0 && gmtime_r(&when, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
    fprintf(out, "  %s", text);
}

static void put_episode(const teller *t, const ockham_drift_episode *e) {
  char since[32], noticed[32], until[32] = "lasts", name[OCK_DRIFT_TEXT];
  if (e->until_row) grouped(e->until_row, until);
  fprintf(t->out, "  %5llu  %14s  %13s  %13s  ", (unsigned long long)e->number, grouped(e->since_row, since),
          grouped(e->noticed_row, noticed), until);
  put_left(ock_drift_name(t->drift, e->signal, name), 40, t->out);
  fprintf(t->out, "%8s", ock_drift_fixed(e->psi, 3, since));
  put_time(e->since_s, t->out);
  fputc('\n', t->out);
}

static void put_episodes(const teller *t) {
  const ockham_drift_state *c = t->drift->account->course;
  bool several = c && (!t->drift->account->batch ? c->n_kept > 0 : c->n_kept > 1);
  if (!several) return;
  fputs("\n  alarm  since about row     noticed at          until  ", t->out);
  put_left("by", 40, t->out);
  fputs("     PSI\n", t->out);
  for (size_t i = 0; i < c->n_kept; i++) put_episode(t, &c->episodes[i]);
}

/* ---- all of it ---- */

void ock_drift_text(const ock_drift *drift, const ockham_drift_report_options *options, FILE *out) {
  static const char *const odd[] = {"more missing cells", "texts that the reference has not",
                                    "more below all that was seen", "more above all that was seen"};
  teller t = {.drift = drift, .arrow = options->ascii ? "->" : "\u2192", .every = options->every, .out = out};
  put_verdict(&t);
  put_sentences(&t);
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) put_odd_cells(&t, odd[i], i);
  put_episodes(&t);
  put_populations(&t);
  put_columns(&t);
  put_examples(&t);
}

/* Two digits are known of it. */
static double rounded(double rows) {
  double unit = pow(10, floor(log10(rows)) - 1);
  return rows >= 100 ? round(rows / unit) * unit : rows;
}

static void put_end(const ockham_drift_episode *e, FILE *out) {
  char until[32], since[32];
  fprintf(out, "row %s: all quiet again; the drift since about row %s is over\n", grouped(e->until_row, until),
          grouped(e->since_row, since));
}

void ock_drift_alarm_text(const ock_drift *d, FILE *out) {
  const ockham_drift_state *c = d->account->course;
  if (c->n_kept == 0) return;
  const ockham_drift_episode *e = &c->episodes[c->n_kept - 1];
  char noticed[32], since[32], sentence[3 * OCK_DRIFT_TEXT], length[32];
  if (e->until_row) {
    put_end(e, out);
    return;
  }
  fprintf(out, "row %s: drift since about row %s: %s; without drift once in %s rows", grouped(e->noticed_row, noticed),
          grouped(e->since_row, since), ock_drift_sentence(d, e->signal, sentence),
          ock_drift_amount(rounded(e->run_length), length));
  put_time(e->noticed_s, out);
  fputc('\n', out);
}
