/* SPDX-License-Identifier: Apache-2.0 */
/* A study as one page of HTML. */
#include "report/ablation_json.h"
#include "report/page.h"

#ifdef OCK_HAVE_PAGE

enum { TURNS = OCKHAM_N_EFFECT_VERDICTS };

/* One that neither helps nor hurts in the middle, for it does one here and the other there, turns. */
static int kind_of(const ockham_effect *e) {
  bool is_clear = e->verdict == OCKHAM_EFFECT_HELPS || e->verdict == OCKHAM_EFFECT_HURTS;
  return !is_clear && e->trend == OCKHAM_TREND_CROSSES ? TURNS : (int)e->verdict;
}

/* "2 changes help, 1 hurts, 3 are undecided" */
static bool write_headline(const void *what, FILE *out) {
  static const struct {
    int kind;
    const char *one, *many;
  } words[] = {{OCKHAM_EFFECT_HELPS, "helps", "help"},
               {OCKHAM_EFFECT_HURTS, "hurts", "hurt"},
               {TURNS, "turns with scale", "turn with scale"},
               {OCKHAM_EFFECT_NEGLIGIBLE, "is negligible", "are negligible"},
               {OCKHAM_EFFECT_UNDECIDED, "is undecided", "are undecided"}};
  const ockham_ablation *a = ((const ock_ablation_report *)what)->ablation;
  bool first = true;
  for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
    size_t n = 0;
    for (size_t i = 0; i < a->n_mains; i++) n += kind_of(&a->mains[i]) == words[w].kind;
    if (!n) continue;
    if (first)
      fprintf(out, "%zu change%s %s", n, ock_plural(n), n == 1 ? words[w].one : words[w].many);
    else
      fprintf(out, ", %zu %s", n, n == 1 ? words[w].one : words[w].many);
    first = false;
  }
  return true;
}

static const char *source_of(const ock_ablation_report *r) {
  return r->account->source ? r->account->source : r->study->name;
}

/* "2 changes help – quick"; false when memory ran out. */
static bool write_title(const void *what, FILE *out) {
  const ock_ablation_report *r = what;
  write_headline(r, out);
  char *source = ock_text_clean(source_of(r), OCKHAM_PAGE_NAME_CHARACTERS);
  if (!source) return false;
  fputs(" \xe2\x80\x93 ", out);
  ock_text_escape(source, out);
  ock_free(source);
  return true;
}

static bool write_whole_text(const void *what, FILE *out) {
  ock_ablation_text(what, out);
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

static bool write_data(const void *what, FILE *out) {
  const ock_ablation_report *r = what;
  const double usual_negligible = 1.05, usual_false_calls = 0.1;
  char *headline = ock_text_of(write_headline, r);
  json_t *object = headline ? json_object() : NULL;
  if (headline) ock_json_put(&object, "headline", ock_json_text(headline, OCKHAM_PAGE_SOURCE_CHARACTERS));
  ock_free(headline);
  ock_json_put(&object, "source", ock_json_text(source_of(r), OCKHAM_PAGE_SOURCE_CHARACTERS));
  ock_json_put(&object, "command", ock_json_text(r->account->command, SIZE_MAX / 8));
  ock_json_put(&object, "account_about", json_string(ock_account_about(r->account->account)));
  ock_json_put(&object, "negligible",
               ock_json_number(r->account->negligible > 0 ? r->account->negligible : usual_negligible));
  ock_json_put(&object, "false_calls",
               ock_json_number(r->account->false_calls > 0 ? r->account->false_calls : usual_false_calls));
  if (r->account->plan) ock_json_put(&object, "planned", ock_json_integer(r->account->plan->n_runs));
  ock_json_put(&object, "ablation", ock_json_ablation(r));
  return ock_json_dump_escaped(object, out);
}

static bool write_page(const void *what, FILE *out) {
  static ock_page_part *const parts[OCK_PAGE_PIECES - 1] = {write_title, write_text, write_data, ock_page_vega};
  return ock_page_write(ock_ablation_pieces, parts, what, out);
}

ockham_status ockham_report_ablation_page(const ockham_ablation_account *account, char **html, ockham_error *err) {
  static const ockham_ablation_report_options every = {.every = true};
  ock_ablation_report report;
  *html = NULL;
  if (ock_ablation_report_make(account, &every, &report)) *html = ock_text_of(write_page, &report);
  ock_ablation_report_clear(&report);
  return *html ? OCKHAM_OK : ock_fail_memory(err, "the page", 1);
}

#else

ockham_status ockham_report_ablation_page(const ockham_ablation_account *account, char **html, ockham_error *err) {
  (void)account;
  *html = NULL;
  return ockham_report_check_page(err);
}

#endif
