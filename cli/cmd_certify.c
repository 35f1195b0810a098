/* SPDX-License-Identifier: Apache-2.0 */
/* Measure a model before it is served. */
#include <ockham/certify.h>
#include <stdio.h>
#include <string.h>

#include "served.h"

typedef struct certify_options {
  cli_input input; /* of which only how the sample is read is used */
  cli_list models, upstreams;
  const char *name, *version, *sample, *output;
  size_t requests;
  uint64_t seed;
} certify_options;

static const cli_option option_table[] = {
    {"model", CLI_TEXTS, "NAME=COMMAND", "a program", offsetof(certify_options, models), NULL},
    {"upstream", CLI_TEXTS, "NAME=URL", "a server", offsetof(certify_options, upstreams), NULL},
    {"name", CLI_TEXT, "NAME", "which model of a configuration", offsetof(certify_options, name), NULL},
    {"version", CLI_TEXT, "VERSION", "which version of it", offsetof(certify_options, version), NULL},
    {"sample", CLI_TEXT, "FILE", "rows to ask about: a table as for `ockham clusters`",
     offsetof(certify_options, sample), NULL},
    {"output", CLI_OUTPUT, "FILE", "write the figures, as the budget that `ockham serve` holds the model to",
     offsetof(certify_options, output), NULL},
    {"requests", CLI_COUNT, "N", "how often it is asked (default: 10,000)", offsetof(certify_options, requests), NULL},
    {"seed", CLI_SEED, "N", "which rows are asked about, and the intervals (default: 0)",
     offsetof(certify_options, seed), NULL},
    CLI_FILE_OPTIONS(certify_options),
    {0},
};

/* The one model that is meant. */
static int pick_model(const certify_options *o, const ockham_serve_options *all, const ockham_serve_model **model) {
  unsigned n = 0;
  for (unsigned i = 0; i < all->n_models; i++) {
    const ockham_serve_model *m = &all->models[i];
    if (o->name && (!m->name || strcmp(m->name, o->name) != 0)) continue;
    if (o->version && strcmp(m->version ? m->version : "1", o->version) != 0) continue;
    *model = m;
    n++;
  }
  if (n == 1) return EXIT_DONE;
  if (n == 0) return cli_fail_usage("expected a model named '%s', found none", o->name ? o->name : "");
  return cli_fail_usage("expected one model, found %u: --name and --version say which", n);
}

static void print_model(const ockham_serve_model *m, const certify_options *o, uint64_t n_rows) {
  printf("%s%s%s: ", m->name ? m->name : "", m->version ? " version " : "", m->version ? m->version : "");
  if (m->file) fputs(m->file, stdout);
  if (m->upstream) fputs(m->upstream, stdout);
  for (unsigned i = 0; i < m->n_command; i++) printf("%s%s", i ? " " : "", m->command[i]);
  printf(", asked about %llu row%s of %s\n\n", (unsigned long long)n_rows, n_rows == 1 ? "" : "s", o->sample);
}

static unsigned print_findings(const ockham_certificate *certificate) {
  unsigned n_bad = 0;
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++) {
    const ockham_finding *finding = &certificate->findings[i];
    printf("  %-5s %-12s ", ockham_fit_text(finding->fit), finding->name);
    cli_put_name(finding->text, strlen(finding->text), stdout); /* it may quote the model */
    fputc('\n', stdout);
    n_bad += finding->fit == OCKHAM_FIT_BAD;
  }
  return n_bad;
}

static int print_certificate(const ockham_serve_model *m, const certify_options *o,
                             const ockham_certificate *certificate) {
  ockham_error err = {0};
  print_model(m, o, certificate->n_sample_rows);
  unsigned n_bad = print_findings(certificate);
  if (n_bad)
    printf("\n%u of %d things are bad: do not serve it so\n", n_bad, OCKHAM_FINDING_COUNT);
  else
    printf("\nfit to be served\n");
  if (o->output) {
    if (ockham_certificate_write(certificate, m->name ? m->name : "", o->output, &err)) return cli_fail(&err);
    if (strcmp(o->output, "-") != 0)
      printf("its budget is in %s: `budget: %s` holds it to that\n", o->output, o->output);
  }
  return n_bad ? EXIT_DATA : EXIT_DONE;
}

static int certify(const certify_options *o, const ockham_serve_model *model) {
  ockham_read_options read;
  ockham_certificate certificate;
  ockham_error err = {0};
  int code = cli_read_options(&o->input, &read);
  if (code) return code;
  ockham_certify_options options = {.model = model,
                                    .sample = o->sample,
                                    .read = &read,
                                    .requests = o->requests > 100000000 ? 100000000 : (unsigned)o->requests,
                                    .seed = o->seed,
                                    .progress = cli_progress_start(o->input.quiet)};
  ockham_status status = ockham_certify(&options, &certificate, &err);
  cli_progress_end();
  return status ? cli_fail(&err) : print_certificate(model, o, &certificate);
}

static int check_and_certify(const certify_options *o, const ockham_serve_file *file) {
  const ockham_serve_options *all = ockham_serve_file_look(file);
  const ockham_serve_model *model = NULL;
  int code = pick_model(o, all, &model);
  if (code) return code;
  ockham_serve_options alone = {.admin = "none", .models = (ockham_serve_model *)(uintptr_t)model, .n_models = 1};
  ockham_status status = ockham_serve_check_each(&alone, NULL, cli_tell_problem, NULL, NULL);
  return status ? cli_problem_code(status) : certify(o, model);
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  certify_options o = {0};
  ockham_serve_file *file = NULL;
  unsigned n_of_file;
  int n;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &o, &n, &stop);
  if (!stop && !o.sample) {
    code = cli_fail_usage("expected --sample FILE, found none");
    stop = true;
  }
  if (!stop && n == 0 && o.models.n == 0 && o.upstreams.n == 0) {
    code = cli_fail_usage("expected a model, a configuration, --model or --upstream, found none");
    stop = true;
  }
  if (!stop) code = cli_served_read(n, arguments, &o.models, &o.upstreams, &file, &n_of_file);
  if (!stop && !code) code = check_and_certify(&o, file);
  ockham_serve_file_free(file);
  cli_list_free(&o.models);
  cli_list_free(&o.upstreams);
  cli_input_free(&o.input);
  return code;
}

const cli_command cmd_certify = {
    .name = "certify",
    .usage = "[MODEL|FILE.yaml] --sample FILE [options]",
    .summary = "measure a model before it is served",
    .details =
        "Asks the model some 10,000 times about the sample's rows: what it costs, whether it answers the same again,\n"
        "in batches as alone, with numbers; whether its memory grows; whether it refuses what it cannot use. Exit\n"
        "code 1 when something is bad. MODEL, FILE.yaml and --model as for `ockham serve`.",
    .max_arguments = 1,
    .options = option_table,
    .run = run,
};
