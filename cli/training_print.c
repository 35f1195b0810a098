/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "training.h"

/* With a comma between thousands. */
static const char *grouped(uint64_t value, char text[32]) {
  char digits[24];
  int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
  char *to = text;
  for (int i = 0; i < n; i++) {
    if (i && (n - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return text;
}

/* ---- the account ---- */

static void print_bits(const ockham_lm_result *r) {
  printf("  held-out text      %.4f bits a byte of suffixes: %.4f, %.4f, %.4f given the first 1/4, 1/2, 3/4\n",
         r->suffix_bits, r->suffix_bits_at[0], r->suffix_bits_at[1], r->suffix_bits_at[2]);
  if (isnan(r->whole_bits))
    printf("                     of whole pieces: not defined for this objective\n");
  else
    printf("                     %.4f bits a byte of whole pieces\n", r->whole_bits);
}

void training_print_account(const ockham_lm_config *config, const ockham_lm_cost *cost, const ockham_lm_result *r,
                            const char *out) {
  char parameters[32], tokens[32], steps[32];
  printf("%s parameters (%zu layers of width %zu), %s tokens in %s steps\n", grouped(cost->parameters, parameters),
         config->n_layers, config->width, grouped(r->tokens, tokens), grouped(r->steps, steps));
  printf("  compute            %.3g FLOPs in %.1f s: %.1f GFLOP/s\n", r->flops, r->seconds,
         r->seconds > 0 ? r->flops / r->seconds / 1e9 : 0);
  if (r->diverged) {
    printf("  it diverged in step %llu: no better than guessing, which is 8 bits a byte\n",
           (unsigned long long)r->diverged_step + 1);
  } else {
    printf("  training loss      %.4f nats a token, mean of the last tenth of steps\n", r->train_loss);
    print_bits(r);
  }
  if (out && strcmp(out, "-") != 0) printf("  %s keeps the model; `ockham sample` prints text from it\n", out);
}

/* ---- metrics ---- */

void training_print_metrics(const ockham_lm_cost *cost, const ockham_lm_result *r) {
  const struct {
    const char *name;
    double value;
  } metrics[] = {{"bits", r->suffix_bits},
                 {"bits_1", r->suffix_bits_at[0]},
                 {"bits_2", r->suffix_bits_at[1]},
                 {"bits_3", r->suffix_bits_at[2]},
                 {"whole", r->whole_bits},
                 {"train_loss", r->train_loss},
                 {"flops", r->flops},
                 {"parameters", (double)cost->parameters},
                 {"tokens", (double)r->tokens},
                 {"seconds", r->seconds},
                 {"slope", r->last_slope},
                 {"diverged", r->diverged ? 1 : 0}};
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
    printf("METRIC %s=%.12g\n", metrics[i].name, isnan(metrics[i].value) ? (double)NAN : metrics[i].value);
  for (size_t p = 0; p < r->n_points; p++)
    if (isfinite(r->points[p].held_bits))
      printf("METRIC curve=%.12g,%.12g\n", r->points[p].flops, r->points[p].held_bits);
}

/* ---- JSON ---- */

/* What is not a number is null. */
static void put_number(const char *name, double value, const char *after) {
  if (isfinite(value))
    printf("\"%s\": %.12g%s", name, value, after);
  else
    printf("\"%s\": null%s", name, after);
}

static void put_curve(const ockham_lm_result *r) {
  printf("  \"curve\": [\n");
  for (size_t p = 0; p < r->n_points; p++) {
    const ockham_lm_point *point = &r->points[p];
    printf("    {\"step\": %llu, \"tokens\": %llu, ", (unsigned long long)point->step,
           (unsigned long long)point->tokens);
    put_number("flops", point->flops, ", ");
    put_number("seconds", point->seconds, ", ");
    put_number("rate", point->rate, ", ");
    put_number("train_loss", point->train_loss, ", ");
    put_number("held_bits", point->held_bits, ", ");
    put_number("gradient_norm", point->gradient_norm, "}");
    printf("%s\n", p + 1 < r->n_points ? "," : "");
  }
  printf("  ]\n");
}

/* Values as --set takes them: names and numbers, which need no escapes. */
static ockham_status put_config(const ockham_lm_config *config, ockham_error *err) {
  char *text = ockham_lm_config_text(config);
  if (!text) return cli_no_memory("the text of a config", err);
  printf("  \"config\": {");
  for (const char *line = text; *line;) {
    size_t size = strcspn(line, "\n"), name = strcspn(line, "=");
    printf("%s\"%.*s\": \"%.*s\"", line == text ? "" : ", ", (int)name, line, (int)(size - name - 1), line + name + 1);
    line += size + (line[size] != '\0');
  }
  printf("},\n");
  ockham_text_free(text);
  return OCKHAM_OK;
}

ockham_status training_print_json(const ockham_lm_config *config, const ockham_lm_cost *cost, const ockham_lm_result *r,
                                  ockham_error *err) {
  printf("{\n");
  ockham_status status = put_config(config, err);
  printf("  \"parameters\": %llu,\n  \"steps\": %llu,\n  \"tokens\": %llu,\n", (unsigned long long)cost->parameters,
         (unsigned long long)r->steps, (unsigned long long)r->tokens);
  printf("  ");
  put_number("flops", r->flops, ", ");
  put_number("seconds", r->seconds, ",\n");
  printf("  \"diverged\": %s, \"diverged_step\": ", r->diverged ? "true" : "false");
  printf(r->diverged ? "%llu,\n  " : "null,\n  ", (unsigned long long)r->diverged_step);
  put_number("train_loss", r->train_loss, ", ");
  put_number("slope", r->last_slope, ",\n  ");
  put_number("bits", r->suffix_bits, ", ");
  put_number("bits_1", r->suffix_bits_at[0], ", ");
  put_number("bits_2", r->suffix_bits_at[1], ", ");
  put_number("bits_3", r->suffix_bits_at[2], ", ");
  put_number("whole", r->whole_bits, ",\n");
  put_curve(r);
  printf("}\n");
  return status;
}
