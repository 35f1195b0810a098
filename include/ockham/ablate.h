/* SPDX-License-Identifier: Apache-2.0 */
/** Which change matters, and which is only scale? A study of factors crossed with scales: designed, run, and answered
 * with effects, the compute that each is worth, and whether that grows, stays or vanishes. Any trainer will do: a run
 * is a command, or a row of a file. */
#ifndef OCKHAM_ABLATE_H
#define OCKHAM_ABLATE_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a study ---- */

/** A factor: its first level is the baseline's. */
typedef struct ockham_study_factor {
  const char *name;
  size_t n_levels;           /**< 2 to 32 */
  const char *const *levels; /**< words that stand for {name} in the command */
} ockham_study_factor;

typedef struct ockham_study_setting {
  const char *name, *value;
} ockham_study_setting;

/** A scale: settings of all of its runs. */
typedef struct ockham_study_scale {
  const char *name;
  size_t n_settings;
  const ockham_study_setting *settings;
  size_t design_runs; /**< cells of the design at this scale; 0: as the study says */
  size_t replicates;  /**< of the baseline and of the full recipe (every factor at its second level); the pure error */
  bool held_out;      /**< predicted from the others before it is shown */
} ockham_study_scale;

/** Two levels that cannot meet. */
typedef struct ockham_study_forbidden {
  size_t factor[2], level[2];
} ockham_study_forbidden;

/** X(NAME, "word", what it is) */
#define OCKHAM_DESIGN_LIST(X)                                                                      \
  X(FULL, "full", "every combination")                                                             \
  X(FRACTION, "fraction", "a regular two-level fraction of least aberration, aliases are printed") \
  X(D_OPTIMAL, "d-optimal", "coordinate exchange, for mixed levels and forbidden combinations")    \
  X(ADD_ONE_IN, "add-one-in", "the baseline, and it with one change each")                         \
  X(LEAVE_ONE_OUT, "leave-one-out", "the full recipe, and it without one change each")
#define X(name, word, about) OCKHAM_DESIGN_##name,
typedef enum ockham_design_kind { OCKHAM_DESIGN_LIST(X) OCKHAM_N_DESIGNS } ockham_design_kind;
#undef X

/** X(NAME, "word", how runs of a scale compare) */
#define OCKHAM_ACCOUNT_LIST(X)                          \
  X(FLOPS, "iso-flop", "at equal floating-point work")  \
  X(PARAMETERS, "iso-parameter", "at equal parameters") \
  X(TIME, "iso-time", "at equal measured core time")
#define X(name, word, about) OCKHAM_ACCOUNT_##name,
typedef enum ockham_compute_account { OCKHAM_ACCOUNT_LIST(X) OCKHAM_N_ACCOUNTS } ockham_compute_account;
#undef X

/** A statement made before the data: `factor` at `level` does `sign` to the loss, or its CEG does. */
typedef enum ockham_claim_kind {
  OCKHAM_CLAIM_HELPS, /**< lowers the loss at every scale of the study */
  OCKHAM_CLAIM_HURTS,
  OCKHAM_CLAIM_NEGLIGIBLE,       /**< its CEG is within 1/1.05 and 1.05 */
  OCKHAM_CLAIM_GROWS,            /**< |log CEG| grows with compute */
  OCKHAM_CLAIM_VANISHES,         /**< |log CEG| shrinks */
  OCKHAM_CLAIM_SUBMULTIPLICATIVE /**< the joint CEG is below the product; factor and level unused */
} ockham_claim_kind;
typedef struct ockham_study_claim {
  const char *text; /**< as written */
  ockham_claim_kind kind;
  size_t factor, level;
} ockham_study_claim;

typedef struct ockham_study {
  const char *name, *question; /**< question may be NULL */
  const char *corpus;          /**< of the built-in trainer, as it is written; else NULL */
  const char *corpus_path;     /**< where that was found (docs/studies.md); NULL: where it says */
  const char *command; /**< a template: {factor}, {setting}, {seed}, {rate}, {run}; NULL: the built-in trainer */
  const char *metric;  /**< the response, lower is better; default "bits" */
  const char *compute; /**< the metric that counts compute; default "flops" */
  size_t n_base;
  const ockham_study_setting *base; /**< of every run */
  size_t n_factors;
  const ockham_study_factor *factors; /**< n_factors, 1 to 24 */
  size_t n_scales;
  const ockham_study_scale *scales; /**< the smallest first */
  size_t n_forbidden;
  const ockham_study_forbidden *forbidden;
  size_t n_claims;
  const ockham_study_claim *claims;
  ockham_design_kind design;
  size_t design_runs; /**< of fraction and d-optimal at each scale; 0: the fewest of resolution IV, or 1.5 terms */
  size_t seeds;       /**< runs of each cell; default 1 */
  bool add_one_in, leave_one_out; /**< beside the design, at the smallest scale */
  const double *rates; /**< n_rates multiples of the base rate that are probed per cell at the smallest scale */
  size_t n_rates;
  size_t widen;        /**< rates further on that a cell is probed at where its best is the lowest or the highest, one
                            after the other while that holds: at most so many, 0 to 8; needs two rates or more */
  double worst_loss;   /**< a diverged run's loss: the uniform model's; default 8 (bits a byte) */
  double timeout_s;    /**< of a run; 0: none */
  double core_minutes; /**< the budget; 0: none */
  size_t cores;        /**< runs at a time; default: the processor's */
  uint64_t seed;
} ockham_study;

/** What a built-in trainer says of its settings. */
typedef struct ockham_trainer_facts {
  double rate;              /**< the learning rate that multiples are taken of */
  double flops, parameters; /**< of the whole training; NaN: not known */
  double tokens;            /**< that it trains on; NaN */
} ockham_trainer_facts;

/** The built-in trainer, which is a module of its own: ockham_lm_trainer() in lm.h. */
typedef struct ockham_trainer {
  const char *path; /**< of the command `ockham`; NULL: the shell finds it */
  /** Does it take this setting? BAD_ARGUMENT says what there is. NULL: every one. */
  ockham_status (*check)(void *user, const char *name, const char *value, ockham_error *err);
  /** Do these go together (of a name given twice the last holds), and what follows from them? NULL: they do, and a
   * multiple of the rate stands for the rate. */
  ockham_status (*complete)(void *user, const ockham_study_setting *settings, size_t n_settings,
                            ockham_trainer_facts *facts, ockham_error *err);
  void *user;
} ockham_trainer;

/** Read and check a study file (YAML; docs/studies.md lists its keys). Fails with BAD_FILE (the file, the line, what
 * was expected and what was found), IO, UNSUPPORTED (built without libyaml), NO_MEMORY. The text of `path` "-" comes
 * from standard input. trainer: checks factors and settings of studies without a command; NULL: nothing does. *study is
 * owned by the caller: ockham_study_free(). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_study_read(const char *path, const ockham_trainer *trainer,
                                                             ockham_study **study, ockham_error *err);
/** The same of a text; name: of it, for messages. A corpus is taken from where it says. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_study_parse(const char *name, const char *text, size_t size,
                                                              const ockham_trainer *trainer, ockham_study **study,
                                                              ockham_error *err);
OCKHAM_API void ockham_study_free(ockham_study *study);

/* ---- designs ---- */

typedef struct ockham_design {
  size_t n_cells, n_factors;
  uint8_t *levels;   /**< n_cells x n_factors; owned */
  size_t resolution; /**< of a regular fraction: 3, 4, 5 ...; 0: not one */
  size_t n_aliases;
  char **aliases;    /**< main effects and pairs of a regular fraction that only come together, with their signs:
                          "norm = -ffn*tied", "norm*ffn = tied*init", by factor names; those not named are alone; owned */
  double efficiency; /**< D-efficiency for the main effects, det(X'X)^(1/terms) / cells with contrasts for which all
                          combinations have 1; 0: some level is not told from the others */
} ockham_design;

/** Cells for factors of so many levels each, all different. n_cells 0: the fewest as in ockham_study.design_runs;
 * unused but for fractions and D-optimal designs. pairs: estimate these interactions too (n_pairs x 2 factor numbers;
 * D-optimal only). Fractions have 2 to 128 cells, the first of which is the baseline; they have the least aberration
 * that a search finds, which is the least known for up to 24 factors. Of two-level factors without forbidden
 * combinations a power of two cells is a regular fraction, and D-optimal. Deterministic; at most about a second.
 * Fails with BAD_ARGUMENT: fewer cells than terms, no fraction of so many runs, nothing left that is allowed. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_design_make(ockham_design_kind kind, size_t n_cells,
                                                              const ockham_study_factor *factors, size_t n_factors,
                                                              const ockham_study_forbidden *forbidden,
                                                              size_t n_forbidden, const size_t *pairs, size_t n_pairs,
                                                              uint64_t seed, ockham_design *design, ockham_error *err);
OCKHAM_API void ockham_design_clear(ockham_design *design);

/* ---- runs ---- */

/** What a run is for. */
#define OCKHAM_PURPOSE_LIST(X)                                   \
  X(DESIGN, "design")                                            \
  X(BASELINE, "baseline") /* a replicate */                      \
  X(RECIPE, "recipe")     /* every factor at its second level */ \
  X(ADD_ONE_IN, "add-one-in")                                    \
  X(LEAVE_ONE_OUT, "leave-one-out")                              \
  X(PROBE, "probe") /* of the learning rate */                   \
  X(PILOT, "pilot")
#define X(name, word) OCKHAM_PURPOSE_##name,
typedef enum ockham_purpose { OCKHAM_PURPOSE_LIST(X) OCKHAM_N_PURPOSES } ockham_purpose;
#undef X

#define OCKHAM_OUTCOME_LIST(X)                                                          \
  X(WAITING, "waiting")                                                                 \
  X(DONE, "done")                                                                       \
  X(DIVERGED, "diverged") /* data: of stability; kept out of all changes of the loss */ \
  X(FAILED, "failed")     /* the command's exit status, or it printed no metric */      \
  X(TIMED_OUT, "timed-out")
#define X(name, word) OCKHAM_OUTCOME_##name,
typedef enum ockham_outcome { OCKHAM_OUTCOME_LIST(X) OCKHAM_N_OUTCOMES } ockham_outcome;
#undef X

typedef struct ockham_run {
  uint64_t id; /**< 1, 2, ... in the order in which they run */
  ockham_purpose purpose;
  size_t scale;
  const uint8_t *levels; /**< n_factors */
  uint64_t seed;
  double rate; /**< multiple of the base rate; 0: not said */
  ockham_outcome outcome;
  double loss; /**< the response; NaN unless done (of a diverged run what it reported, or NaN) */
  double flops, parameters, tokens, seconds; /**< NaN: not reported */
  double slope; /**< of the loss on log(compute) in the last part of the run (negative while it learns); NaN */
} ockham_run;

/* ---- what the runs say ---- */

#define OCKHAM_EFFECT_VERDICT_LIST(X)                                                                   \
  X(HELPS, "helps") /* at the central compute, at the family-wise level */                              \
  X(HURTS, "hurts")                                                                                     \
  X(NEGLIGIBLE, "negligible") /* the interval of its CEG there lies within 1/1.05 and 1.05, it stays */ \
  X(UNDECIDED, "undecided")
#define X(name, word) OCKHAM_EFFECT_##name,
typedef enum ockham_effect_verdict { OCKHAM_EFFECT_VERDICT_LIST(X) OCKHAM_N_EFFECT_VERDICTS } ockham_effect_verdict;
#undef X

#define OCKHAM_TREND_LIST(X)                                                        \
  X(UNKNOWN, "unknown") /* one scale, too few runs, or it is up to what E is */     \
  X(CONSTANT, "stays")  /* the model without a change with scale is the likelier */ \
  X(GROWS, "grows")                                                                 \
  X(VANISHES, "vanishes")                                                           \
  X(CROSSES, "turns") /* from help to harm, or back, within the scales of the study */
#define X(name, word) OCKHAM_TREND_##name,
typedef enum ockham_trend { OCKHAM_TREND_LIST(X) OCKHAM_N_TRENDS } ockham_trend;
#undef X

/** A level of a factor against the factor's first level, the others averaged over the design. */
typedef struct ockham_effect {
  size_t factor, level;
  size_t other_factor, other_level; /**< of an interaction; else SIZE_MAX */
  ockham_interval log_loss;         /**< th: change of log(loss - E) at the central compute; negative helps. E is 0
                                         without a law */
  ockham_interval elasticity;       /**< of the CEG in compute: del / gam; 0: the CEG is the same at every scale */
  const ockham_interval *loss;      /**< n_scales: change of the loss, averaged over the scale's cells, from its own
                                         runs, on the plateau too; of the law where these are too few. NaN where all
                                         runs at the level, or at the factor's first, diverged; so are the gains */
  const ockham_interval *ceg; /**< n_scales: compute-equivalent gain; 2: it saves half of the compute; NaN: no law */
  const ockham_interval *ceg_measured; /**< n_scales: read off the baseline's curve, without a law: a monotone cubic
                                            through its scales. Where it leaves their range (censored) the value is the
                                            range's end, and low is 0 or high infinite. The interval has the noise in
                                            it, not how far the curve is from the cubic */
  ockham_interval crossover;           /**< compute at which the CEG is 1 (Fieller), also outside the scales; NaN: none,
                                            or not bounded */
  double p;                            /**< that it does nothing at the central compute */
  double p_adjusted;                   /**< for the family of all mains, by the draws' largest |t|, stepping down
                                            (Westfall & Young); of interactions: their false discovery rate (Benjamini &
                                            Hochberg) */
  double p_trend;                      /**< that its CEG does not change with scale; NaN with one scale */
  double inclusion;                    /**< weight of the models that hold it, by BIC, averaged over E */
  double inclusion_trend;
  ockham_effect_verdict verdict;
  ockham_trend trend;
  double runs_to_decide; /**< of the same design, when undecided; infinite: beyond 100 times as many */

  double parameters, flops_per_token; /**< of a model with this change alone, over the baseline's, at the largest scale
                                           that was not held out; NaN: not known. Like all that follows of mains only */
  size_t n_runs, n_diverged;          /**< runs at the level, at all scales; a probe counts as for the loss */
  ockham_interval diverged, baseline_diverged; /**< share of these runs, and of those at the factor's first level, that
                                                    diverged (Wilson's intervals) */
  double p_diverged; /**< that the level makes no more runs diverge than the first: Fisher's exact test, one-sided, in
                          strata of scales and of factors already found to, of runs and of cells (the larger p);
                          family-wise over all mains (Holm) */
  bool diverges;     /**< p_diverged is at most the family-wise level. The verdict is then "hurts" where more than half
                          of the level's runs diverged, or the loss alone would say "negligible"; else what runs that
                          ended say, and a warning */
} ockham_effect;

/** log(L - E) = g + sum th x - (gam + sum del x) log(C / C0) */
typedef struct ockham_ablation_law {
  ockham_interval irreducible, exponent; /**< E, gam of the baseline */
  double level, central_compute;         /**< exp(g), C0 */
  double residual;                       /**< standard deviation of log(L - E) */
  size_t n_used, n_cells;
  bool fitted; /**< false: fewer than two scales */
} ockham_ablation_law;

/** The noise of one scale. */
typedef struct ockham_scale_noise {
  double sd;                                         /**< of the loss, between equal runs but for their seed */
  size_t degrees;                                    /**< of freedom; 0: nothing was replicated, sd is NaN */
  size_t n_runs, n_diverged, n_failed, n_transition; /**< diverged, of n_runs: kept out of everything but stability;
                                                          transition: has not left the plateau, kept out of the CEG */
  size_t n_plateau;                                  /**< runs of the baseline itself that have not left the plateau:
                                                          above 0 the scale is too small for gains in compute */
  double compute;                                    /**< the baseline's */
  double detectable;                                 /**< the change of loss seen with 80 % power */
} ockham_scale_noise;

typedef struct ockham_joint {
  ockham_interval joint, product; /**< CEG of the full recipe as it ran, and the product of the CEGs that its changes
                                       have on the baseline, one at a time: mains less half of their interactions, whose
                                       sum a fraction tells though it cannot tell them apart */
  ockham_interval ratio;
} ockham_joint;

typedef struct ockham_ablation_options {
  double level;       /**< of intervals, 0.5 to 0.999; default .9 */
  double false_calls; /**< family-wise; default .1 */
  ockham_compute_account account;
  size_t bootstraps; /**< default 1000 */
  double negligible; /**< a CEG within 1/x and x; default 1.05 */
  uint64_t seed;
  size_t threads;
  const ockham_trainer *trainer; /**< says what a change costs; NULL, or it does not know: runs' own words do */
  ockham_progress progress;
} ockham_ablation_options;

typedef struct ockham_ablation {
  size_t n_scales, n_mains, n_interactions;
  ockham_scale_noise *scales;
  ockham_effect *mains;        /**< in the study's order, factor by factor, level by level */
  ockham_effect *interactions; /**< pairs that the design can tell, the likeliest first */
  ockham_ablation_law law;
  ockham_joint *joints;      /**< n_scales, of factors' second levels; NaN without a recipe */
  ockham_interval *shapley;  /**< n_mains: part of the joint log CEG at the largest scale, or NaN */
  bool *transition;          /**< n_runs: it has not left the plateau */
  ockham_interval predicted; /**< loss of the baseline at the held-out scale, from the others; NaN: none held out */
  double predicted_compute, held_loss;
  size_t n_warnings;
  char **warnings; /**< one line each: no replicates, confounded pairs, one scale only ... */
} ockham_ablation;

/** Answer. Runs may come from anywhere (a journal, a file). The loss is that of runs that ended: law, changes and gains
 * are conditional on that. A run that diverged, or ended no better than the study's worst loss, tells of stability
 * (ockham_effect.diverges); failed ones of nothing; a probe only counts where its cell has no other run, and the best
 * of its rates.
 *
 * A run has not left the plateau when its loss is worse than the baseline's median at its scale, by more than twice the
 * spread of the baseline's runs (1.4826 median distances; 0 of fewer than three), and its slope is not within a factor
 * of two of the baseline's median slope: it still falls steeply, or does not fall yet. Nor have the worse of a cell
 * whose runs are in two groups, further apart than six times the spread within groups and than what half of the compute
 * costs the baseline. Where the baseline is in two groups the better one stands for it; where a tenth or more of the
 * other runs are better than it by more than what half of the compute costs, with slopes unlike its own, it is the
 * baseline that is on the plateau, and nothing is marked: both are warned of, and counted in
 * ockham_scale_noise.n_plateau.
 *
 * How intervals are made, and how often they hold the truth: bench/ablation.md. E has the distribution of its profile
 * likelihood between 0 and .97 of the least loss, times Jeffreys' prior, where the baseline's exponent is from 0 to 1;
 * bootstraps draw E from it, and the noise anew with the variances of scales and cells, which are drawn, too. Fails
 * with BAD_ARGUMENT, BAD_DATA (no baseline runs, a factor without variation), NO_MEMORY, INTERRUPTED. The same bits for
 * any number of threads. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_ablation_analyse(const ockham_study *study, const ockham_run *runs,
                                                                   size_t n_runs,
                                                                   const ockham_ablation_options *options,
                                                                   ockham_ablation **ablation, ockham_error *err);
OCKHAM_API void ockham_ablation_free(ockham_ablation *ablation);

#define OCKHAM_ANSWER_LIST(X) \
  X(YES, "yes")               \
  X(NO, "no")                 \
  X(OPEN, "open") /* the runs do not say */
#define X(name, word) OCKHAM_ANSWER_##name,
typedef enum ockham_answer { OCKHAM_ANSWER_LIST(X) OCKHAM_N_ANSWERS } ockham_answer;
#undef X
/** What the analysis answers to the study's claim of that number, and why: one line. */
OCKHAM_API ockham_answer ockham_claim_answer(const ockham_study *study, const ockham_ablation *ablation, size_t claim,
                                             char why[200]);

/** How runs with a level bear with what is done to them: a second answer, beside the loss. */
typedef struct ockham_level_stability {
  size_t factor, level;
  size_t n_runs, n_diverged, n_failed; /**< of all purposes, probes at all rates too; diverged: also those that ended no
                                            better than the study's worst loss; failed: also those that timed out */
  size_t n_probed;                     /**< cells that were run at all of the study's rates */
  size_t n_at_edge;                    /**< of them, with the lowest loss at the lowest or the highest rate that they
                                            were run at: the best one may lie beyond; not those that diverged at all */
  double rate_sensitivity;             /**< mean of (min(loss, worst) - loss at the best rate) over the study's rates:
                                            Wortsman et al., 2023 (arXiv:2309.14322); NaN: not probed */
  double rate;                         /**< geometric mean of the best multiples of cells that did not diverge at all
                                            of theirs; NaN: there is none */
} ockham_level_stability;
/** One entry a level, factor by factor: levels has room for all of the study. */
OCKHAM_API void ockham_study_stability(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                                       ockham_level_stability *levels);

/* ---- scaling laws ---- */

/** L = E + A N^-alpha + B D^-beta, fitted to log L by Huber's loss (1e-3), by variable projection. Hoffmann et al.,
 * 2022 (arXiv:2203.15556); Besiroglu et al., 2024 (arXiv:2404.10102). */
typedef struct ockham_scaling_law {
  ockham_interval E, A, B, alpha, beta;
  double objective; /**< sum of Huber's losses */
  size_t n;
} ockham_scaling_law;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_scaling_law_fit(const double *parameters, const double *tokens,
                                                                  const double *loss, size_t n, size_t bootstraps,
                                                                  uint64_t seed, ockham_scaling_law *law,
                                                                  ockham_error *err);

/* ---- planning ---- */

typedef struct ockham_plan_scale {
  size_t n_runs;
  double run_seconds; /**< mean of its runs; NaN: not known yet */
  double noise;       /**< standard deviation of the loss between equal runs, pooled over the pilot's cells; of the
                           nearest scale that has one, where this has none; NaN: no pilot */
  size_t degrees;     /**< of freedom that the test will have: runs beyond the first of their cell, planned here or in
                           the pilot */
  /** The change of the loss, the change of a factor's level on its own being looked at, that is found with 80 % power
   * by a two-sided t test at a family-wise level of 10 % (Bonferroni's over all levels of all factors): of the level
   * that shows least. Infinite: this scale cannot tell some level alone; NaN: no pilot. */
  double detectable_loss;
  /** The compute that this change is worth, by the slope of the baseline's loss on log(compute) between the pilot's
   * scales; NaN: the pilot has fewer than two scales, or not this one. */
  double detectable_ceg;
} ockham_plan_scale;
typedef struct ockham_plan {
  size_t n_runs, n_scales;
  ockham_run *runs; /**< in the order in which they run: random within a scale, the smallest scale first; owned */
  uint8_t *levels;  /**< what runs[].levels point to */
  ockham_plan_scale *scales;
  ockham_design *designs; /**< one a scale */
  double core_seconds;    /**< NaN: not known */
  bool over_budget;       /**< core_seconds is known, and more than the study's */
  bool underpowered;      /**< the detectable CEG is known somewhere, and above 1.25 wherever it is */
} ockham_plan;
/** pilot: runs already done (may be none) from which noise and times are taken.
 *
 * Cells: a design for each scale, the smaller ones parts of the larger: regular halves of a regular fraction, else the
 * best subset. Add-one-in and leave-one-out at the smallest scale take what the design has already; what a rule forbids
 * is left out. The baseline and the full recipe are run `replicates` times beside that, and the baseline at every
 * scale. Seeds: every cell has seed + 1, seed + 2, ..., at every scale: what a seed does, it does to all (common random
 * numbers); probes have `seed`. With more than one rate every cell is probed at each, at the smallest scale, before
 * that scale's other runs, whose rate is 0: to be chosen from the probes.
 * Order: a run's place within its scale comes from what it is (its levels, seed, and the study's seed). Numbers follow
 * the order, and a study that grows by larger scales keeps them. Runs of the pilot keep theirs: when that does not fit
 * the order, as in a study that has grown by seeds, runs not made yet are numbered from after the pilot's last.
 *
 * Fails with BAD_ARGUMENT: as ockham_design_make(), a scale with fewer cells than terms, over a million runs. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_plan_make(const ockham_study *study, const ockham_run *pilot,
                                                            size_t n_pilot, ockham_plan **plan, ockham_error *err);
/** Times, detectable effects and the two warnings again: after plan->runs[i].flops have been set to what a trainer says
 * beforehand (NaN: not known), from which times at scales without a pilot come, by a line through the logarithms of the
 * pilot's seconds and flops. runs[i].seconds become what is predicted. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_plan_predict(const ockham_study *study, const ockham_run *pilot,
                                                               size_t n_pilot, ockham_plan *plan, ockham_error *err);
OCKHAM_API void ockham_plan_free(ockham_plan *plan);

/* ---- the journal: what has been run (SQLite) ---- */

typedef struct ockham_journal ockham_journal;
/** Open or create. A journal belongs to one study, and is refused for another; one that has only grown (more levels,
 * scales, seeds, rates, claims) is the same. Where it cannot be written it is only read, and what writes to it fails
 * with CANNOT_WRITE. Fails with BAD_DATA (another study), BAD_FILE (no journal, one of another version, a run that is
 * not as it was written), IO, NO_MEMORY, UNSUPPORTED (built without SQLite). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_journal_open(const char *path, const ockham_study *study,
                                                               ockham_journal **journal, ockham_error *err);
OCKHAM_API void ockham_journal_free(ockham_journal *journal);
/** All runs that have ended; a view until the next call on the journal. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_journal_runs(ockham_journal *journal, const ockham_run **runs,
                                                               size_t *n_runs, ockham_error *err);
/** Whether the claim was made before the first run ended. */
OCKHAM_API bool ockham_journal_claimed_before(const ockham_journal *journal, const ockham_study_claim *claim);

/** Where columns of another's table go: zero leaves a thing out. */
typedef struct ockham_import_options {
  const ockham_study_setting *map; /**< n_map: a column of ours (name), and what it is called there (value) */
  size_t n_map;
  const ockham_study_setting *set; /**< n_set: a column of ours, and the text that it has in every row */
  size_t n_set;
} ockham_import_options;
/** Runs from a table: .csv, or .jsonl with a JSON object a line (members of members are named a.b); columns by the
 * names of factors, and scale, seed, rate, purpose, the study's metric or loss, flops (or the study's metric of
 * compute), parameters, tokens, seconds, slope, outcome. Every factor has a column, or is set; runs without
 * a seed are numbered in their order. Or from what tasks of ockham_study_slurm() left: a file, or the folder. A run
 * that the journal has already is left out, unless it failed there and did not here. Fails with BAD_DATA (the row, what
 * was expected; the same run with another loss; no rows), BAD_ARGUMENT (no such column of ours), BAD_FILE, IO,
 * UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_journal_import(ockham_journal *journal, const char *path,
                                                                 const ockham_import_options *options,
                                                                 uint64_t *n_imported, ockham_error *err);
/** All runs as a table (.csv; "-": standard output) with the columns that ockham_journal_import() takes in: a journal
 * of the same study has the same runs after it, to the last digit. A column of ours whose name a factor has, or the
 * study's metric or compute, is "run:" and its name. Fails with BAD_ARGUMENT (another ending), CANNOT_WRITE, IO,
 * NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_journal_export(const ockham_journal *journal, const char *path,
                                                                 uint64_t *n_exported, ockham_error *err);
/** A row of a table that is in memory. */
typedef struct ockham_study_row {
  const ockham_study_setting *cells; /**< n_cells: a column, and the text there; "" is missing */
  size_t n_cells;
} ockham_study_row;
/** The same of rows in memory, which are numbered from 1. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_journal_import_rows(ockham_journal *journal,
                                                                      const ockham_study_row *rows, size_t n_rows,
                                                                      const ockham_import_options *options,
                                                                      uint64_t *n_imported, ockham_error *err);

typedef struct ockham_run_options {
  const ockham_trainer *trainer; /**< the built-in one; NULL: its defaults */
  const char *folder;            /**< for logs of runs; NULL: beside the journal, its name and ".runs" */
  size_t cores;                  /**< runs at a time; 0: the study's */
  bool retry;                    /**< failed runs, and those that timed out, again */
  bool only_replicates;          /**< only those of the baseline (and the probes of its rate): a pilot */
  size_t only_scale;             /**< 1, 2, ...: only this one; 0: all */
  bool unpinned;                 /**< do not keep each run on a core of its own */
  void (*on_run)(void *arg, const ockham_run *run, const char *why, size_t n_done, size_t n_runs,
                 double seconds_left); /**< after each run; why: of one that failed, a line; may be NULL */
  void *arg;
  ockham_progress progress; /**< stage, runs done, runs in all; may stop it: runs in flight are ended, and run again
                                 next time */
} ockham_run_options;
/** Run what the plan holds and the journal lacks. Each run is a process on a core of its own, its lines
 * "METRIC name=value" are read, and "METRIC diverged=1" and "METRIC curve=COMPUTE,LOSS"; each result is in the journal
 * before the next run begins. Runs that want a rate wait for its probes: the multiple with the lowest mean loss in the
 * cell's own probes at the smallest scale (further ones that these call for are planned on the way), or else in those
 * of the cell that differs in the fewest factors, is kept at every scale. What a run started ends with it, also when
 * this process is killed. Fails with BAD_DATA (the first three runs all failed; another process is running this
 * journal), INTERRUPTED, IO, NO_MEMORY, UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_study_run(const ockham_study *study, const ockham_plan *plan,
                                                            ockham_journal *journal, const ockham_run_options *options,
                                                            ockham_error *err);
/** How many runs of the plan the journal lacks (failed ones are there). journal NULL: there is none yet. */
OCKHAM_API size_t ockham_study_waiting(const ockham_study *study, const ockham_plan *plan,
                                       const ockham_journal *journal);
/** The multiple of the rate that each of the plan's runs is at, or will be: rates has room for n_runs. 0: probes that
 * the journal (NULL: there is none yet) lacks will tell. Fails with NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_plan_rates(const ockham_study *study, const ockham_plan *plan,
                                                             const ockham_journal *journal, double *rates,
                                                             ockham_error *err);
/** The command of one run, as a shell would take it; *command is owned by the caller: free with ockham_text_free(). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_run_command(const ockham_study *study, const ockham_run *run,
                                                              const ockham_trainer *trainer, char **command,
                                                              ockham_error *err);
/** What a trainer says of a run: facts stay as they are where it has nothing to say. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_run_ask(const ockham_study *study, const ockham_run *run,
                                                          const ockham_trainer *trainer, ockham_trainer_facts *facts,
                                                          ockham_error *err);
/** A job array for Slurm: one task a run that the journal lacks and whose rate is known; *n_later others wait for
 * probes. Results come back by ockham_journal_import() of the folder `path` and ".runs". */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_study_slurm(const ockham_study *study, const ockham_plan *plan,
                                                              ockham_journal *journal, const ockham_trainer *trainer,
                                                              const char *path, size_t *n_tasks, size_t *n_later,
                                                              ockham_error *err);

#ifdef __cplusplus
}
#endif

#endif
