/* SPDX-License-Identifier: Apache-2.0 */
/* Text to train language models on. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include <ockham/lm.h>

#include "cli.h"

typedef struct corpus_options {
  bool strip_markup, synthetic, json, quiet;
  size_t document_bytes, most_bytes, letters;
  double held_out; /* NaN: not given */
  uint64_t seed;
} corpus_options;

#define FIELD(name) offsetof(corpus_options, name)

static const cli_option option_table[] = {
    {"strip-markup", CLI_FLAG, NULL, "HTML becomes text, in files that begin with '<'", FIELD(strip_markup), NULL},
    {"document-bytes", CLI_BYTES, "BYTES", "cut files at the blank line next after so many (default: 4K)",
     FIELD(document_bytes), NULL},
    {"held-out", CLI_REAL, "P", "part of the documents that nothing is trained on (default: 0.02)", FIELD(held_out),
     NULL},
    {"most", CLI_BYTES, "BYTES", "stop before more than so many (default: all; synthetic: 1M)", FIELD(most_bytes),
     NULL},
    {"synthetic", CLI_FLAG, NULL, "no files: a Markov chain with copies, whose entropy is known", FIELD(synthetic),
     NULL},
    {"letters", CLI_COUNT, "N", "of the synthetic source: 2 to 26 (default: 8)", FIELD(letters), NULL},
    {"seed", CLI_SEED, "N", "of the synthetic source (default: 0)", FIELD(seed), NULL},
    {"json", CLI_FLAG, NULL, "print one JSON object instead", FIELD(json), NULL},
    {"quiet", CLI_FLAG, NULL, "no progress bar", FIELD(quiet), NULL},
    {0},
};

/* ---- what is printed ---- */

static void print_json(const ockham_corpus_facts *facts, double entropy) {
  printf("{\"documents\": %" PRIu64 ", \"held_out_documents\": %" PRIu64 ", \"bytes\": %" PRIu64
         ", \"held_out_bytes\": %" PRIu64 ", \"byte_entropy\": %.6f, \"left_out_files\": %" PRIu64,
         facts->n_documents, facts->n_held_documents, facts->n_bytes, facts->n_held_bytes, facts->byte_entropy,
         facts->n_left_out);
  if (isfinite(entropy)) printf(", \"entropy\": %.6f", entropy);
  puts("}");
}

static void print_text(const char *path, const ockham_corpus_facts *facts, double entropy) {
  cli_put_name(path, strlen(path), stdout);
  printf(": %" PRIu64 " bytes in %" PRIu64 " documents\n", facts->n_bytes, facts->n_documents);
  printf("held out: %" PRIu64 " bytes in %" PRIu64 " documents (%.2g %% of the bytes)\n", facts->n_held_bytes,
         facts->n_held_documents, 100 * (double)facts->n_held_bytes / (double)facts->n_bytes);
  printf("bits a byte: %.4f by the frequency of single bytes\n", facts->byte_entropy);
  if (isfinite(entropy)) printf("entropy: %.4f bits a byte, which no model can be below\n", entropy);
  if (facts->n_left_out)
    printf("left out: %" PRIu64 " file%s with zero bytes, which no text has\n", facts->n_left_out,
           facts->n_left_out == 1 ? "" : "s");
}

/* ---- what is done ---- */

static ockham_status make_synthetic(const corpus_options *options, const char *path, ockham_corpus_facts *facts,
                                    double *entropy, ockham_error *err) {
  ockham_corpus *corpus;
  size_t n_bytes = options->most_bytes ? options->most_bytes : 1 << 20;
  ockham_status status = ockham_corpus_synthetic(n_bytes, options->letters, options->seed, &corpus, entropy, err);
  if (!status) status = ockham_corpus_write(corpus, path, err);
  if (!status) *facts = ockham_corpus_look(corpus);
  ockham_corpus_free(corpus);
  return status;
}

static ockham_status prepare(const corpus_options *options, char **arguments, int n_arguments,
                             ockham_corpus_facts *facts, ockham_error *err) {
  ockham_corpus_options prepared = {
      .paths = (const char *const *)arguments + 1,
      .n_paths = (size_t)n_arguments - 1,
      .strip_markup = options->strip_markup,
      .document_bytes = options->document_bytes,
      .held_out = isnan(options->held_out) ? 0 : options->held_out,
      .most_bytes = options->most_bytes,
      .progress = *cli_progress_start(options->quiet),
  };
  ockham_status status = ockham_corpus_prepare(&prepared, arguments[0], facts, err);
  cli_progress_end();
  return status;
}

static bool same_file(const char *a, const char *b) {
  struct stat first, second;
  return stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

static int check(const corpus_options *options, char **arguments, int n_arguments) {
  if (options->synthetic && n_arguments > 1)
    return cli_fail_usage("--synthetic reads no files, found '%s'", arguments[1]);
  if (!options->synthetic && n_arguments < 2)
    return cli_fail_usage("corpus needs a file to write and at least one to read");
  if (options->held_out <= 0)
    return cli_fail_usage("--held-out must be above 0 and at most 0.5, found %g", options->held_out);
  for (int i = 1; i < n_arguments; i++)
    if (same_file(arguments[0], arguments[i]))
      return cli_fail_usage("%s would be overwritten, and is read", arguments[0]);
  return EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  corpus_options options = {.held_out = NAN};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (stop) return code;
  code = check(&options, arguments, n_positional);
  if (code) return code;
  ockham_error err = {0};
  ockham_corpus_facts facts;
  double entropy = NAN;
  ockham_status status = options.synthetic ? make_synthetic(&options, arguments[0], &facts, &entropy, &err)
                                           : prepare(&options, arguments, n_positional, &facts, &err);
  if (status) return cli_fail(&err);
  if (options.json)
    print_json(&facts, entropy);
  else
    print_text(arguments[0], &facts, entropy);
  return EXIT_DONE;
}

const cli_command cmd_corpus = {
    .name = "corpus",
    .usage = "OUT FILE... [options]",
    .summary = "text to train language models on, a part of it held out",
    .details =
        "Files may be gzipped, '-' is standard input; of folders all that is text is read, in the order of names.\n"
        "Each file is cut into documents. Which are held out depends on their own bytes: equal documents are never\n"
        "on both sides, and text that is added moves none. examples/ablation/fetch_corpus makes a corpus from\n"
        "Debian's packages of text.",
    .min_arguments = 1,
    .max_arguments = 1 << 20,
    .options = option_table,
    .run = run,
};
