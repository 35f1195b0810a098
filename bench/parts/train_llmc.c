/* SPDX-License-Identifier: Apache-2.0 */
/* A step of llm.c's GPT-2 on the processor (its folder is on the include path): layers, width, heads, context,
 * sequences, vocabulary, seconds to measure for, a file to write. Prints the mean milliseconds of processor time of a
 * step after the first. */
#define TESTING
#include <train_gpt2.c> /* the peer's program, not a file of ours */

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A checkpoint of small weights, as its header says them. */
static void write_checkpoint(const char *path, int layers, int width, int heads, int context, int vocabulary) {
  int header[256] = {20240326, 3, context, vocabulary, layers, heads, width, vocabulary};
  size_t d = (size_t)width,
         n = ((size_t)vocabulary + (size_t)context) * d + (size_t)layers * (12 * d * d + 13 * d) + 2 * d;
  FILE *file = fopen(path, "wb");
  fwrite(header, sizeof header, 1, file);
  for (size_t i = 0; i < n; i++) {
    float weight = .02f * (float)((int)(i * 2654435761u % 2001) - 1000) / 1000;
    fwrite(&weight, sizeof weight, 1, file);
  }
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc < 9) return 2;
  int layers = atoi(argv[1]), width = atoi(argv[2]), heads = atoi(argv[3]), context = atoi(argv[4]);
  int sequences = atoi(argv[5]), vocabulary = atoi(argv[6]), n = sequences * context;
  double seconds = atof(argv[7]), start = 0;
  int step = 0;
  write_checkpoint(argv[8], layers, width, heads, context, vocabulary);
  GPT2 model;
  gpt2_build_from_checkpoint(&model, argv[8]);
  int *tokens = malloc(((size_t)n + 1) * sizeof *tokens);
  for (int i = 0; i <= n; i++) tokens[i] = (int)((unsigned)i * 2654435761u % 64);
  for (; step < 3 || cpu_seconds() - start < seconds; step++) {
    if (step == 1) start = cpu_seconds();
    gpt2_forward(&model, tokens, tokens + 1, (size_t)sequences, (size_t)context);
    gpt2_zero_grad(&model);
    gpt2_backward(&model);
    gpt2_update(&model, 1e-3f, .9f, .95f, 1e-8f, .1f, step + 1);
  }
  fprintf(stderr, "loss %f\n", (double)model.mean_loss);
  printf("\n%.4f\n", 1e3 * (cpu_seconds() - start) / (step - 1));
  gpt2_free(&model);
  free(tokens);
  return 0;
}
