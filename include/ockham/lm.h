/* SPDX-License-Identifier: Apache-2.0 */
/** Small language models, trained on a processor: every choice that papers argue about is a factor of one table, so
 * that two models differ by what a study says and by nothing else. */
#ifndef OCKHAM_LM_H
#define OCKHAM_LM_H

#include <ockham/ablate.h>
#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- choices: X(NAME, "word", formula, source); the first is the default ----
 * f is a sublayer (attention or feed-forward), N a norm, d the width, L the number of layers. */

#define OCKHAM_LM_ARCHITECTURE_LIST(X)                                                                               \
  X(CAUSAL, "causal", "one stack; i sees j <= i", "Radford et al., 2018 (GPT)")                                      \
  X(PREFIX, "prefix", "the same weights; i sees j <= i and the whole prefix", "Liu et al., 2018 (arXiv:1801.10198)") \
  X(ENCODER_DECODER, "encoder-decoder",                                                                              \
    "n_layers that see all of the source, then n_layers of causal decoder with attention to them",                   \
    "Vaswani et al., 2017 (arXiv:1706.03762)")                                                                       \
  X(ENCODER_DECODER_HALVES, "encoder-decoder-halves", "the same with half of n_layers each",                         \
    "Raffel et al., 2019 (arXiv:1910.10683)")

#define OCKHAM_LM_OBJECTIVE_LIST(X)                                                                                \
  X(FLM, "flm", "each token from those before", "full language modelling: Wang et al., 2022 (arXiv:2204.05832)")   \
  X(PLM, "plm", "a prefix of uniform length is given, loss on the rest", "Raffel et al., 2019 (arXiv:1910.10683)") \
  X(MLM, "mlm", "15 % in spans of mean 3 become sentinels; the spans are the targets",                             \
    "span corruption: Raffel et al., 2019 (arXiv:1910.10683)")                                                     \
  X(UL2, "ul2",                                                                                                    \
    "seven denoisers in equal parts: spans of mean 3, 8 (15 %, 50 %) and 64 (15 %, 50 %), and a suffix; each "     \
    "with its token of mode",                                                                                      \
    "Tay et al., 2022 (arXiv:2205.05131)")                                                                         \
  X(DENOISING_CLM, "denoising-clm",                                                                                \
    "80 %: 15 % dropped in Poisson(3) spans without sentinels, all is the target; 20 %: continue a prefix",        \
    "Soltan et al., 2022 (arXiv:2208.01448, AlexaTM)")                                                             \
  X(FIM, "fim", "half of the documents: prefix, suffix, then the middle", "Bavarian et al., 2022 (arXiv:2207.14255)")

#define OCKHAM_LM_NORM_PLACE_LIST(X)                                                                   \
  X(PRE, "pre", "x + f(N(x)), N before the head", "Xiong et al., 2020 (arXiv:2002.04745)")             \
  X(POST, "post", "N(x + f(x))", "Vaswani et al., 2017 (arXiv:1706.03762)")                            \
  X(OUTPUT, "output", "x + N(f(x)), N before the head", "OLMo 2, 2025 (arXiv:2501.00656)")             \
  X(SANDWICH, "sandwich", "x + N(f(N(x))), N before the head", "Ding et al., 2021 (arXiv:2105.13290)") \
  X(REZERO, "none", "x + a f(x), one a a sublayer, 0 at first", "ReZero: Bachlechner et al., 2020 (arXiv:2003.04887)")

#define OCKHAM_LM_NORM_LIST(X)                                                               \
  X(RMS, "rms", "g x / sqrt(mean(x^2) + 1e-6)", "Zhang & Sennrich, 2019 (arXiv:1910.07467)") \
  X(LAYER, "layer", "g (x - mean) / sqrt(var + 1e-5) + b", "Ba et al., 2016 (arXiv:1607.06450)")

#define OCKHAM_LM_POSITION_LIST(X)                                                                                   \
  X(ROPE, "rope", "q and k turn by i 10000^(-2m/d_h); pairs m, m + d_h / 2", "Su et al., 2021 (arXiv:2104.09864)")   \
  X(LEARNED, "learned", "a vector for each place is added to the token's", "Gehring et al., 2017; GPT")              \
  X(SINUSOIDAL, "sinusoidal", "sin and cos of i 10000^(-2m/d) are added", "Vaswani et al., 2017 (arXiv:1706.03762)") \
  X(ALIBI, "alibi", "-2^(-8h/H) |i - j| is added to the logit of head h = 1 ... H",                                  \
    "Press et al., 2021 (arXiv:2108.12409)")                                                                         \
  X(T5, "t5", "a learned number for each of 32 buckets of i - j and head, shared by the layers of a stack",          \
    "Raffel et al., 2019 (arXiv:1910.10683)")                                                                        \
  X(NONE, "none", "order is known from the mask only", "Haviv et al., 2022 (arXiv:2203.16634)")

#define OCKHAM_LM_FFN_LIST(X)                                                                              \
  X(SWIGLU, "swiglu", "(silu(x V) * x W) O; hidden width 8/3 d", "Shazeer, 2020 (arXiv:2002.05202)")       \
  X(GEGLU, "geglu", "(gelu(x V) * x W) O; hidden width 8/3 d", "Shazeer, 2020 (arXiv:2002.05202)")         \
  X(REGLU, "reglu", "(relu(x V) * x W) O; hidden width 8/3 d", "Shazeer, 2020 (arXiv:2002.05202)")         \
  X(GELU, "gelu", "gelu(x W) O, by tanh; hidden width 4 d", "Hendrycks & Gimpel, 2016 (arXiv:1606.08415)") \
  X(RELU, "relu", "max(0, x W) O; hidden width 4 d", "Vaswani et al., 2017 (arXiv:1706.03762)")            \
  X(RELU2, "relu2", "max(0, x W)^2 O; hidden width 4 d", "So et al., 2021 (arXiv:2109.08668)")             \
  X(SILU, "silu", "silu(x W) O; hidden width 4 d", "Ramachandran et al., 2017 (arXiv:1710.05941)")

#define OCKHAM_LM_INIT_LIST(X)                                                                                      \
  X(FAN_IN, "fan-in", "sd 1/sqrt(inputs), outputs of sublayers / sqrt(2 L); embeddings 1/sqrt(d)",                  \
    "LeCun et al., 1998; Wortsman et al., 2023 (arXiv:2309.14322)")                                                 \
  X(FAN_IN_UNSCALED, "fan-in-unscaled", "the same, outputs of sublayers not divided", "LeCun et al., 1998")         \
  X(GPT2, "gpt2", "sd .02, outputs of sublayers .02 / sqrt(2 L)", "Radford et al., 2019 (GPT-2)")                   \
  X(XAVIER, "xavier", "uniform within sqrt(6 / (inputs + outputs))", "Glorot & Bengio, 2010")                       \
  X(T5, "t5",                                                                                                       \
    "q 1/sqrt(d d_h) and logits not divided; k, v, hidden 1/sqrt(d); o 1/sqrt(H d_h); embeddings 1, tied logits / " \
    "sqrt(d)",                                                                                                      \
    "Raffel et al., 2019 (arXiv:1910.10683)")                                                                       \
  X(MUP, "mup",                                                                                                     \
    "fan-in, embeddings 1/8; AdamW's rates of matrices x 64/d, logits x 64/d, attention / d_h instead of its root", \
    "Yang et al., 2022 (arXiv:2203.03466)")                                                                         \
  X(ZERO_OUTPUT, "zero-output", "fan-in, outputs of sublayers 0", "Zhang et al., 2019 (arXiv:1901.09321, Fixup)")

#define OCKHAM_LM_ATTENTION_LIST(X)                                                                      \
  X(MHA, "mha", "keys and values for each head", "Vaswani et al., 2017 (arXiv:1706.03762)")              \
  X(GQA, "gqa", "for each group of heads: `kv_heads` groups", "Ainslie et al., 2023 (arXiv:2305.13245)") \
  X(MQA, "mqa", "one for all heads", "Shazeer, 2019 (arXiv:1911.02150)")

#define OCKHAM_LM_MASK_LIST(X)                                                                                  \
  X(FULL, "full", "as the architecture says", "")                                                               \
  X(LOCAL, "local", "and i - j < window", "Beltagy et al., 2020 (arXiv:2004.05150)")                            \
  X(STRIDED, "strided", "and i - j < window, or a multiple of window", "Child et al., 2019 (arXiv:1904.10509)") \
  X(ALTERNATING, "alternating", "local in every other layer", "Gemma 2, 2024 (arXiv:2408.00118)")

#define OCKHAM_LM_BLOCK_LIST(X)                                                                  \
  X(SERIAL, "serial", "attention, then feed-forward", "Vaswani et al., 2017 (arXiv:1706.03762)") \
  X(PARALLEL, "parallel", "x + attention(N(x)) + ffn(N(x))", "Wang & Komatsuzaki, 2021 (GPT-J); PaLM, 2022")

#define OCKHAM_LM_TYING_LIST(X)                                                                   \
  X(TIED, "tied", "the head is the table of embeddings", "Press & Wolf, 2016 (arXiv:1608.05859)") \
  X(UNTIED, "untied", "the head has weights of its own", "")

#define OCKHAM_LM_ORDER_LIST(X)           \
  X(FORWARD, "forward", "as written", "") \
  X(REVERSE, "reverse", "each document from its end", "Papadopoulos et al., 2024 (arXiv:2401.17505)")

#define OCKHAM_LM_TOKENS_LIST(X)                                      \
  X(BYTE, "byte", "256 bytes", "Xue et al., 2021 (arXiv:2105.13626)") \
  X(BPE, "bpe", "`vocabulary` merged pairs of bytes", "Sennrich et al., 2015 (arXiv:1508.07909)")

#define OCKHAM_LM_OPTIMIZER_LIST(X)                                                                               \
  X(ADAMW, "adamw", "decoupled decay of matrices; betas .9, .95", "Loshchilov & Hutter, 2017 (arXiv:1711.05101)") \
  X(MUON, "muon", "orthogonalised momentum for hidden matrices, AdamW at .15 of the rate for the rest",           \
    "Jordan et al., 2024")                                                                                        \
  X(SGD, "sgd", "momentum .9", "Sutskever et al., 2013")

#define OCKHAM_LM_SCHEDULE_LIST(X)                                                                         \
  X(COSINE, "cosine", "half a cosine down to `last_rate`", "Loshchilov & Hutter, 2016 (arXiv:1608.03983)") \
  X(LINEAR, "linear", "a straight line down to `last_rate`", "Howard & Ruder, 2018")                       \
  X(CONSTANT, "constant", "no decay", "")

#define OCKHAM_LM_PRECISION_LIST(X)               \
  X(F32, "f32", "float32 throughout", "IEEE 754") \
  X(BF16, "bf16", "products of bfloat16, sums of float32", "Kalamkar et al., 2019 (arXiv:1905.12322)")

/** The lists: X(FACTOR, field, "name", what it is). Enums are OCKHAM_LM_<FACTOR>_<NAME>. */
#define OCKHAM_LM_CHOICES(X)                                              \
  X(ARCHITECTURE, architecture, "architecture", "who sees whom")          \
  X(OBJECTIVE, objective, "objective", "what is predicted from what")     \
  X(NORM_PLACE, norm_place, "norm-place", "where norms stand")            \
  X(NORM, norm, "norm", "the norm")                                       \
  X(POSITION, position, "position", "how places are known")               \
  X(FFN, ffn, "ffn", "the feed-forward sublayer")                         \
  X(INIT, init, "init", "first weights; sd: standard deviation")          \
  X(ATTENTION, attention, "attention", "how many keys and values")        \
  X(MASK, mask, "mask", "which pairs attention leaves out")               \
  X(BLOCK, block, "block", "how sublayers follow each other")             \
  X(TYING, tying, "tying", "embeddings and head")                         \
  X(ORDER, order, "order", "of tokens")                                   \
  X(TOKENS, tokens, "tokens", "what a token is")                          \
  X(OPTIMIZER, optimizer, "optimizer", "what turns gradients into steps") \
  X(SCHEDULE, schedule, "schedule", "of the rate, after the warm-up")     \
  X(PRECISION, precision, "precision", "of matrix products")

#define X(name, word, formula, source) OCKHAM_LM_ARCHITECTURE_##name,
typedef enum ockham_lm_architecture { OCKHAM_LM_ARCHITECTURE_LIST(X) OCKHAM_LM_N_ARCHITECTURES } ockham_lm_architecture;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_OBJECTIVE_##name,
typedef enum ockham_lm_objective { OCKHAM_LM_OBJECTIVE_LIST(X) OCKHAM_LM_N_OBJECTIVES } ockham_lm_objective;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_NORM_PLACE_##name,
typedef enum ockham_lm_norm_place { OCKHAM_LM_NORM_PLACE_LIST(X) OCKHAM_LM_N_NORM_PLACES } ockham_lm_norm_place;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_NORM_##name,
typedef enum ockham_lm_norm { OCKHAM_LM_NORM_LIST(X) OCKHAM_LM_N_NORMS } ockham_lm_norm;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_POSITION_##name,
typedef enum ockham_lm_position { OCKHAM_LM_POSITION_LIST(X) OCKHAM_LM_N_POSITIONS } ockham_lm_position;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_FFN_##name,
typedef enum ockham_lm_ffn { OCKHAM_LM_FFN_LIST(X) OCKHAM_LM_N_FFNS } ockham_lm_ffn;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_INIT_##name,
typedef enum ockham_lm_init { OCKHAM_LM_INIT_LIST(X) OCKHAM_LM_N_INITS } ockham_lm_init;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_ATTENTION_##name,
typedef enum ockham_lm_attention { OCKHAM_LM_ATTENTION_LIST(X) OCKHAM_LM_N_ATTENTIONS } ockham_lm_attention;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_MASK_##name,
typedef enum ockham_lm_mask { OCKHAM_LM_MASK_LIST(X) OCKHAM_LM_N_MASKS } ockham_lm_mask;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_BLOCK_##name,
typedef enum ockham_lm_block { OCKHAM_LM_BLOCK_LIST(X) OCKHAM_LM_N_BLOCKS } ockham_lm_block;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_TYING_##name,
typedef enum ockham_lm_tying { OCKHAM_LM_TYING_LIST(X) OCKHAM_LM_N_TYINGS } ockham_lm_tying;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_ORDER_##name,
typedef enum ockham_lm_order { OCKHAM_LM_ORDER_LIST(X) OCKHAM_LM_N_ORDERS } ockham_lm_order;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_TOKENS_##name,
typedef enum ockham_lm_tokens { OCKHAM_LM_TOKENS_LIST(X) OCKHAM_LM_N_TOKENSS } ockham_lm_tokens;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_OPTIMIZER_##name,
typedef enum ockham_lm_optimizer { OCKHAM_LM_OPTIMIZER_LIST(X) OCKHAM_LM_N_OPTIMIZERS } ockham_lm_optimizer;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_SCHEDULE_##name,
typedef enum ockham_lm_schedule { OCKHAM_LM_SCHEDULE_LIST(X) OCKHAM_LM_N_SCHEDULES } ockham_lm_schedule;
#undef X
#define X(name, word, formula, source) OCKHAM_LM_PRECISION_##name,
typedef enum ockham_lm_precision { OCKHAM_LM_PRECISION_LIST(X) OCKHAM_LM_N_PRECISIONS } ockham_lm_precision;
#undef X

/** A model and how it is trained. Zero means the default for every field; a negative number where it is allowed: none.
 */
typedef struct ockham_lm_config {
  ockham_lm_architecture architecture;
  ockham_lm_objective objective;
  ockham_lm_norm_place norm_place;
  ockham_lm_norm norm;
  ockham_lm_position position;
  ockham_lm_ffn ffn;
  ockham_lm_init init;
  ockham_lm_attention attention;
  ockham_lm_mask mask;
  ockham_lm_block block;
  ockham_lm_tying tying;
  ockham_lm_order order;
  ockham_lm_tokens tokens;
  ockham_lm_optimizer optimizer;
  ockham_lm_schedule schedule;
  ockham_lm_precision precision;
  size_t n_layers;      /**< 1 to 128; default 2 */
  size_t width;         /**< d, a multiple of heads; 8 to 8192; default 64 */
  size_t heads;         /**< default width / 32, at least 1 */
  size_t kv_heads;      /**< of gqa: a divisor of heads; default heads / 4, at least 1 */
  size_t hidden;        /**< of the feed-forward sublayer; default as the level says, rounded up to a multiple of 8 */
  size_t context;       /**< tokens of a sequence; 8 to 4096; default 128 */
  size_t window;        /**< of the mask; default context / 4 */
  size_t experts;       /**< 0: dense; else feed-forward sublayers to choose from, 2 to 64 */
  size_t active;        /**< of them for each token; default 1 */
  size_t vocabulary;    /**< of bpe: 257 to 65,536; default 1024 */
  bool bias;            /**< of every product */
  bool qk_norm;         /**< RMS over d_h of each query and key, with a gain, before rope: Dehghani et al., 2023
                           (arXiv:2302.05442) */
  double logit_cap;     /**< c tanh(logits / c): Gemma 2, 2024; 0: none */
  double attention_cap; /**< the same of attention's */
  double z_loss;        /**< c log(Z)^2 is added to the loss: PaLM, 2022; 0: none */
  double dropout;       /**< of embeddings, attention and outputs of sublayers; 0 to .9 */
  double rate;          /**< the learning rate at its highest; default .003 (muon: .02, of hidden matrices; the others
                           go at .15 of it; sgd: .3) */
  double decay;         /**< of weights (matrices only), times the rate (in AdamW's: of muon's .15, of sgd's .01, as the
                           default rates are); default .1; negative: none */
  double clip;          /**< the gradient's norm; default 1; negative: none */
  double warmup;        /**< part of the steps; default .05; negative: none */
  double last_rate;     /**< where the schedule ends, part of the rate; default .05; negative: 0 */
  size_t batch;         /**< tokens a step, a multiple of context; default 4 contexts */
  uint64_t
      train_tokens; /**< that pass through the model (of an encoder-decoder: source and target); default 2,500,000 */
  uint64_t seed;
} ockham_lm_config;

/* ---- the table of factors ---- */

typedef enum ockham_lm_kind {
  OCKHAM_LM_CHOICE, /**< a level of a list */
  OCKHAM_LM_COUNT,  /**< size_t or uint64_t */
  OCKHAM_LM_FLAG,   /**< off, on */
  OCKHAM_LM_REAL
} ockham_lm_kind;

typedef struct ockham_lm_level {
  const char *name, *formula, *source;
} ockham_lm_level;

/** A field of the config, as files and options name it. */
typedef struct ockham_lm_factor {
  const char *name, *about;
  ockham_lm_kind kind;
  size_t offset; /**< in ockham_lm_config */
  size_t n_levels;
  const ockham_lm_level *levels; /**< n_levels of a choice or flag; else NULL */
  double low, high;              /**< allowed, of numbers; 0 besides */
} ockham_lm_factor;

/** All of them, in the config's order; static. */
OCKHAM_API const ockham_lm_factor *ockham_lm_factors(size_t *n);
/** Set what "name=value" says. Fails with BAD_ARGUMENT: no such factor or level (the line lists those there are), or a
 * number out of its range. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_lm_config_set(ockham_lm_config *config, const char *assignment,
                                                                ockham_error *err);
/** Fill in every default, and check what goes together (heads divide the width; only causal architectures take flm,
 * which gives others nothing to look at first; ...). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_lm_config_complete(ockham_lm_config *config, ockham_error *err);
/** All factors as "name=value" lines in the table's order, defaults filled in: equal texts train equal models. NULL
 * without memory; the caller frees it with ockham_text_free(). */
OCKHAM_API char *ockham_lm_config_text(const ockham_lm_config *config);

/** What a config costs. */
typedef struct ockham_lm_cost {
  uint64_t parameters;           /**< all */
  uint64_t parameters_embedding; /**< of them tables of tokens and places, and an untied head */
  uint64_t parameters_active;    /**< all, less experts that a token does not pass */
  double flops_per_token; /**< forward and backward, multiplications and additions counted apart: of products with
                               weights (6 a weight that a token passes) and attention (over the pairs in the mask) */
  double flops;           /**< of the whole training */
  uint64_t steps;
} ockham_lm_cost;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_lm_cost_of(const ockham_lm_config *config, ockham_lm_cost *cost,
                                                             ockham_error *err);

/** As studies have it built in: what it says of their settings. path: of the command `ockham`, or NULL. */
OCKHAM_API ockham_trainer ockham_lm_trainer(const char *path);

/* ---- corpora ---- */

/** Text in documents, split into a part to train on and one held out, by a hash of each document. A view of a file made
 * by ockham_corpus_prepare() or of memory; read-only, may be shared by threads. */
typedef struct ockham_corpus ockham_corpus;
typedef struct ockham_corpus_facts {
  uint64_t n_documents, n_held_documents; /**< all, and those of them that are held out; likewise the bytes */
  uint64_t n_bytes, n_held_bytes;
  double byte_entropy; /**< of the training part, bits a byte, by counts of single bytes */
  uint64_t n_left_out; /**< by ockham_corpus_prepare(): files of folders that are no text (they hold a zero byte) */
} ockham_corpus_facts;
typedef struct ockham_corpus_options {
  const char *const *paths; /**< files, gzipped or not, "-" for standard input, and folders (read whole, in the order of
                               their names; what begins with a dot is left out) */
  size_t n_paths;
  bool strip_markup;     /**< tags and entities of HTML become text, in files whose first letter is '<' */
  size_t document_bytes; /**< a file is cut into documents at the blank line next after so many (where none follows
                              within as many again, at the end of a line, else anywhere); default 4096 */
  double held_out;       /**< part of the documents, above 0 and up to .5; default .02 */
  uint64_t most_bytes;   /**< stop before the document that would exceed so many; 0: all */
  ockham_progress progress;
} ockham_corpus_options;
/** Read text, and write it as a corpus. Which part a document belongs to depends on its own bytes only, so that equal
 * documents are never on both sides, and adding text moves none; but each part gets at least one document. Fails with
 * BAD_ARGUMENT, IO, BAD_FILE (gzip data are damaged), BAD_DATA (fewer than two documents), INTERRUPTED, CANNOT_WRITE,
 * NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_corpus_prepare(const ockham_corpus_options *options, const char *path,
                                                                 ockham_corpus_facts *facts, ockham_error *err);
/** A source whose entropy is known. A document is 16 records; a record is 16 letters of a Markov chain of order 2 over
 * `letters` letters (2 to 26; 0: 8), and then, in half of them, '=' and the same letters again; each ends with a new
 * line. *entropy (NULL: not wanted) gets its bits a byte, exactly, of somebody who knows the chain and has seen the
 * document so far. Fails with BAD_ARGUMENT (n_bytes is below 4096), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_corpus_synthetic(uint64_t n_bytes, size_t letters, uint64_t seed,
                                                                   ockham_corpus **corpus, double *entropy,
                                                                   ockham_error *err);
/** Fails with IO, BAD_FILE (damaged, or not a corpus), NO_MEMORY. Cost: reads all of it, and its checksum. Training on
 * it with bpe keeps the merges of 1 MB of text or more beside it, where it can; they only save time. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_corpus_open(const char *path, ockham_corpus **corpus,
                                                              ockham_error *err);
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_corpus_write(const ockham_corpus *corpus, const char *path,
                                                               ockham_error *err);
OCKHAM_API ockham_corpus_facts ockham_corpus_look(const ockham_corpus *corpus);
OCKHAM_API void ockham_corpus_free(ockham_corpus *corpus);

/* ---- training ---- */

typedef struct ockham_lm_point {
  uint64_t step, tokens;
  double flops, seconds; /**< so far; without what measuring and checkpoints took */
  double rate;
  double train_loss;    /**< nats a target, mean since the point before */
  double held_bits;     /**< suffix_bits, see ockham_lm_result: at the last point of all held_bytes, before of an eighth
                           of them; NaN where they were not measured */
  double gradient_norm; /**< the largest since the point before */
} ockham_lm_point;

typedef struct ockham_lm_result {
  bool diverged; /**< a loss that is not finite, or whose running mean over some 20 steps after the warm-up is not below
                    the uniform model's (ln V) by .01: it stopped. Bits are then 8, train_loss is ln V */
  uint64_t diverged_step; /**< from 0 */
  double suffix_bits; /**< bits a byte of the last 3/4, 1/2 and 1/4 of held-out pieces of `context` bytes, given what is
                           before: the same targets for every architecture and objective (mean of the three cuts) */
  double suffix_bits_at[3]; /**< at the cuts 1/4, 1/2, 3/4 */
  double whole_bits; /**< bits a byte of whole pieces, by the chain rule; NaN where the objective does not define it */
  double train_loss; /**< nats a target, mean of the last tenth of steps */
  double last_slope; /**< of the points' train_loss on log(tokens), over the second half; NaN with less than 2 */
  uint64_t steps, tokens;
  double flops, seconds;
  size_t n_points;
  ockham_lm_point *points; /**< owned; ockham_lm_result_clear() */
} ockham_lm_result;
OCKHAM_API void ockham_lm_result_clear(ockham_lm_result *result);

typedef struct ockham_lm_train_options {
  const char *checkpoint; /**< a file, written at the beginning, every `checkpoint_s` seconds, when stopped and at the
                             end; NULL: none */
  double checkpoint_s;    /**< default 60 */
  bool resume;            /**< go on from the checkpoint, if it is there; its config must be equal */
  size_t points;          /**< of the curve; default 50 */
  size_t held_every;      /**< measure held_bits at every so many points; default 5 */
  uint64_t held_bytes;    /**< that are measured, from the beginning of the held-out part; default 65,536 */
  void (*on_point)(void *arg, const ockham_lm_point *point); /**< may be NULL */
  void *arg;
  ockham_progress progress; /**< may stop it: status INTERRUPTED, the checkpoint is kept */
} ockham_lm_train_options;

/** Train. The same bits for the same config, corpus and instruction set, resumed or not. One thread: run several at
 * once as processes. Fails with BAD_ARGUMENT (also: the checkpoint is of another config or corpus), BAD_DATA (too
 * little text), BAD_FILE (the checkpoint is damaged), UNSUPPORTED (built without BLAS), INTERRUPTED, NO_MEMORY, IO,
 * CANNOT_WRITE. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_lm_train(const ockham_lm_config *config, const ockham_corpus *corpus,
                                                           const ockham_lm_train_options *options,
                                                           ockham_lm_result *result, ockham_error *err);

/** A trained model. */
typedef struct ockham_lm ockham_lm;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_lm_load(const char *path, ockham_lm **model, ockham_error *err);
OCKHAM_API const ockham_lm_config *ockham_lm_config_of(const ockham_lm *model);
OCKHAM_API void ockham_lm_free(ockham_lm *model);

typedef struct ockham_lm_sample_options {
  const char *prompt; /**< bytes; NULL: the beginning of a document */
  size_t prompt_size;
  size_t length;      /**< tokens; default 256 */
  double temperature; /**< default 1; negative: the likeliest token */
  size_t top;         /**< only the likeliest so many; 0: all */
  uint64_t seed;
  bool (*put)(void *arg, const void *bytes, size_t size); /**< receives text as it comes; false stops */
  void *arg;
} ockham_lm_sample_options;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_lm_sample(ockham_lm *model, const ockham_lm_sample_options *options,
                                                            ockham_error *err);

#ifdef __cplusplus
}
#endif

#endif
