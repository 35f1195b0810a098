/* SPDX-License-Identifier: Apache-2.0 */
/* What would be run, how long that takes, and what it can tell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ablate.h"

typedef struct plan_options {
  const char *journal;
  bool anyway, runs;
} plan_options;

static const cli_option option_table[] = {
    {"journal", CLI_TEXT, "FILE", "what has been run (default: beside STUDY, in .journal)",
     offsetof(plan_options, journal), NULL},
    {"runs", CLI_FLAG, NULL, "print every run", offsetof(plan_options, runs), NULL},
    {"anyway", CLI_FLAG, NULL, "exit with 0 also when the study cannot tell enough, or takes too long",
     offsetof(plan_options, anyway), NULL},
    {0},
};

/* ---- factors and design ---- */

static void print_factors(const ockham_study *study) {
  printf("\nFactors (the first level is the baseline)\n");
  for (size_t f = 0; f < study->n_factors; f++) {
    printf("  %-20s", study->factors[f].name);
    for (size_t l = 0; l < study->factors[f].n_levels; l++) printf("%s%s", l ? ", " : "", study->factors[f].levels[l]);
    printf("\n");
  }
}

static const char *kind_about(ockham_design_kind kind) {
#define X(name, word, about) word ": " about,
  static const char *const words[] = {OCKHAM_DESIGN_LIST(X)};
#undef X
  return words[kind];
}

static bool same_design(const ockham_design *a, const ockham_design *b) {
  return a->n_cells == b->n_cells && memcmp(a->levels, b->levels, a->n_cells * a->n_factors) == 0;
}

static void print_aliases(const ockham_design *d, const char *scales) {
  enum { MOST = 40 };
  static const char *const roman[] = {"", "", "II", "III", "IV", "V", "VI", "VII", "VIII"};
  printf("  %s: %zu cells", scales, d->n_cells);
  if (d->resolution > 1 && d->resolution < 9)
    printf(", resolution %s", roman[d->resolution]);
  else if (d->resolution >= 9)
    printf(", resolution %zu", d->resolution);
  printf(", D-efficiency for single changes %.2f\n", d->efficiency);
  for (size_t i = 0; i < d->n_aliases && i < MOST; i++) printf("    %s\n", d->aliases[i]);
  if (d->n_aliases > MOST) printf("    and %zu more\n", d->n_aliases - MOST);
}

/* Scales that share a design are told together. */
static void print_designs(const ablate_study *a) {
  const ockham_study *study = a->study;
  printf("\nDesign: %s\n", kind_about(study->design));
  for (size_t s = 0; s < study->n_scales; s++) {
    char scales[256] = "";
    bool told = false;
    for (size_t t = 0; t < s; t++) told = told || same_design(&a->plan->designs[t], &a->plan->designs[s]);
    if (told) continue;
    for (size_t t = s; t < study->n_scales; t++) {
      size_t used = strlen(scales);
      if (same_design(&a->plan->designs[t], &a->plan->designs[s]))
        snprintf(scales + used, sizeof scales - used, "%s%s", used ? ", " : "", study->scales[t].name);
    }
    print_aliases(&a->plan->designs[s], scales);
  }
  if (study->add_one_in) printf("  and the baseline with one change each, at %s\n", study->scales[0].name);
  if (study->leave_one_out) printf("  and all changes but one each, at %s\n", study->scales[0].name);
}

/* ---- runs ---- */

#define X(name, word) word,
static const char *const purposes[] = {OCKHAM_PURPOSE_LIST(X)};
#undef X

/* "16 design, 4 baseline" */
static void describe_runs(const ockham_plan *plan, size_t scale, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t p = 0; p < OCKHAM_N_PURPOSES; p++) {
    size_t n = 0;
    for (size_t i = 0; i < plan->n_runs; i++)
      n += plan->runs[i].scale == scale && plan->runs[i].purpose == (ockham_purpose)p;
    if (n && used < size)
      used += (size_t)snprintf(text + used, size - used, "%s%zu %s", used ? ", " : "", n, purposes[p]);
  }
}

static void print_number(double value, const char *format, int width) {
  char text[32] = "?";
  if (isinf(value)) snprintf(text, sizeof text, "none");
  if (isfinite(value)) snprintf(text, sizeof text, format, value);
  printf("%-*s", width, text);
}

/* Mean seconds of a scale's runs, before any was measured: by what the trainer says they cost, at a speed that small
 * models have on a core. NaN: it says nothing. */
static double guess_seconds(const ockham_plan *plan, size_t scale) {
  const double speed = 6e10;
  double sum = 0;
  size_t n = 0;
  for (size_t i = 0; i < plan->n_runs; i++) {
    if (plan->runs[i].scale != scale) continue;
    sum += plan->runs[i].flops;
    n++;
  }
  return n ? sum / (double)n / speed : NAN;
}

static void print_seconds(const ockham_plan *plan, size_t scale) {
  char time[32], text[40];
  double measured = plan->scales[scale].run_seconds, guess = guess_seconds(plan, scale);
  bool known = !isnan(measured);
  snprintf(text, sizeof text, "%s%s", known ? "" : "~ ", ablate_duration(known ? measured : guess, time));
  printf("%-11s", known || !isnan(guess) ? text : "?");
}

static void print_scales(const ablate_study *a) {
  const ockham_plan *plan = a->plan;
  char runs[160];
  printf("\n%-10s%-7s%-11s%-12s%-20s%-18s%s\n", "Scale", "runs", "each", "noise (sd)", "detectable change",
         "detectable CEG", "of them");
  for (size_t s = 0; s < plan->n_scales; s++) {
    const ockham_plan_scale *p = &plan->scales[s];
    describe_runs(plan, s, runs, sizeof runs);
    printf("%-10s%-7zu", a->study->scales[s].name, p->n_runs);
    print_seconds(plan, s);
    print_number(p->noise, "%.4f", 12);
    print_number(p->detectable_loss, "%.4f", 20);
    print_number(p->detectable_ceg, "%.3g", 18);
    printf("%s%s\n", runs, a->study->scales[s].held_out ? "; held out" : "");
  }
}

static double guess_all(const ockham_plan *plan) {
  double sum = 0;
  for (size_t s = 0; s < plan->n_scales; s++)
    if (plan->scales[s].n_runs) sum += (double)plan->scales[s].n_runs * guess_seconds(plan, s);
  return sum;
}

static void print_time(const ablate_study *a) {
  const ockham_study *study = a->study;
  size_t n_waiting = ockham_study_waiting(study, a->plan, a->journal);
  char time[32];
  printf("\n%zu runs, %zu of them still to be run", a->plan->n_runs, n_waiting);
  if (isnan(a->plan->core_seconds) && !isnan(guess_all(a->plan)))
    printf("; all take about %s of one core, which a pilot measures (`ockham ablate run --pilot`)\n",
           ablate_duration(guess_all(a->plan), time));
  else if (isnan(a->plan->core_seconds))
    printf("; how long that takes is not known before some are run (`ockham ablate run --pilot`)\n");
  else
    printf("; all take %s of one core%s\n", ablate_duration(a->plan->core_seconds, time),
           a->plan->over_budget ? ", more than the budget" : "");
}

/* They are planned when the probes before them have ended. */
static void print_further(const ockham_study *study) {
  if (study->widen)
    printf("up to %zu probes more for a cell that does best at the lowest or the highest rate tried\n", study->widen);
}

static void print_run(const ablate_study *a, size_t i, double rate) {
  const ockham_run *run = &a->plan->runs[i];
  printf("  %-6llu%-15s%-10s", (unsigned long long)run->id, purposes[run->purpose], a->study->scales[run->scale].name);
  for (size_t f = 0; f < a->study->n_factors; f++)
    printf("%s=%s ", a->study->factors[f].name, a->study->factors[f].levels[run->levels[f]]);
  printf("seed=%llu", (unsigned long long)run->seed);
  if (rate > 0)
    printf(" rate=%.4g\n", rate);
  else
    printf(" rate: as probed\n");
}

static ockham_status print_runs(const ablate_study *a, ockham_error *err) {
  double *rates;
  ockham_status status = ablate_rates(a, &rates, err);
  if (!status) printf("\nRuns, in their order\n");
  for (size_t i = 0; !status && i < a->plan->n_runs; i++) print_run(a, i, rates[i]);
  free(rates);
  return status;
}

/* ---- doubts ---- */

static bool is_replicated(const ockham_study *study) {
  bool replicated = study->seeds > 1;
  for (size_t s = 0; s < study->n_scales; s++) replicated = replicated || study->scales[s].replicates > 1;
  return replicated;
}

static void print_doubts(const ablate_study *a) {
  const ockham_study *study = a->study;
  char text[240];
  if (study->n_scales < 2)
    printf("\n  beware: one scale only: no gain in compute, and nothing about how effects go on with scale\n");
  for (size_t s = 0; s < a->plan->n_scales; s++)
    if (a->plan->designs[s].resolution == 3)
      printf("\n  beware: at %s single changes are mixed up with pairs of others (resolution III)\n",
             study->scales[s].name);
  if (a->n_runs == 0)
    printf(
        "\n  beware: nothing has been run yet, so what this study can tell is not known: `ockham ablate run --pilot` "
        "runs the baseline's replicates first\n");
  if (ablate_doubt(a, text)) printf("\n  beware: %s\n", text);
  ockham_error err = {0};
  if (ablate_check_corpus(a->study, &err)) printf("\n  beware: %s\n", err.message);
}

const char *ablate_doubt(const ablate_study *a, char text[240]) {
  char time[32];
  if (!is_replicated(a->study))
    snprintf(text, 240,
             "nothing is run twice, so that no effect can be told from noise: give scales `replicates`, or more seeds");
  else if (a->plan->underpowered)
    snprintf(text, 240, "it cannot tell a gain of less than 1.25 at any scale: give it more runs, seeds or replicates");
  else if (a->plan->over_budget)
    snprintf(text, 240, "it takes %s of one core, and its budget is %g min",
             ablate_duration(a->plan->core_seconds, time), a->study->core_minutes);
  else
    return NULL;
  return text;
}

/* ---- the command ---- */

ockham_status ablate_print_plan(const ablate_study *a, bool runs, ockham_error *err) {
  printf("%s%s%s\n", a->study->name, a->study->question ? ": " : "", a->study->question ? a->study->question : "");
  print_factors(a->study);
  print_designs(a);
  print_scales(a);
  print_time(a);
  print_further(a->study);
  ockham_status status = runs ? print_runs(a, err) : OCKHAM_OK;
  if (!status) print_doubts(a);
  return status;
}

static int plan_study(const char *path, const plan_options *o) {
  ablate_study a = {0};
  ockham_error err = {0};
  char doubt[240];
  ockham_status status = ablate_open(path, o->journal, false, &a, &err);
  if (!status) status = ablate_plan(&a, &err);
  if (!status) status = ablate_print_plan(&a, o->runs, &err);
  int code = status ? cli_fail(&err) : ablate_doubt(&a, doubt) && !o->anyway ? EXIT_DATA : EXIT_DONE;
  ablate_close(&a);
  return code;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  plan_options options = {0};
  bool stop;
  int n, code = cli_parse(command, n_arguments, arguments, &options, &n, &stop);
  return stop ? code : plan_study(arguments[0], &options);
}

const cli_command cmd_ablate_plan = {"ablate plan",
                                     "STUDY [options]",
                                     "the design, its aliases, the time it takes, and what it can tell",
                                     "Exits with 1 where the study as planned should not be run: see the last lines.",
                                     1,
                                     1,
                                     true,
                                     option_table,
                                     run};
