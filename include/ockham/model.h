/* SPDX-License-Identifier: Apache-2.0 */
/** A fitted model: what a clustering needs to label new rows, and its file. */
#ifndef OCKHAM_MODEL_H
#define OCKHAM_MODEL_H

#include <ockham/core.h>
#include <ockham/data.h>
#include <ockham/mixture.h>
#include <ockham/profile.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Everything a model knows. All sizes follow from k and n_columns. A cluster is the rows nearest to one centroid; or,
 *  with a mixture, those of which one component has the highest posterior probability. A model with a profile that has
 *  no clusters, of rows without a column of numbers, may hold it alone: k and n_columns are 0, there is no scaling, and
 *  no row can be predicted. */
typedef struct ockham_model_parts {
  size_t k;
  size_t n_columns;
  const char *const *column_names; /**< n_columns */
  ockham_scaling scaling;          /**< applied to rows before distances are taken */
  const double *centroids;         /**< k x n_columns, in scaled units; with a mixture its means, and not looked at */
  const uint64_t *sizes;           /**< k: rows of the training data in each cluster */
  const double *within;            /**< k: sum of squared distances of those rows, in scaled units; with a mixture
                                        NULL, and not looked at */
  uint64_t n_rows;                 /**< rows it was fitted on */
  uint64_t seed;
  const char *criterion;         /**< what chose k, such as "bic"; "given" when the user did */
  const double *weights;         /**< k: sum of the weights of those rows, within is by these; NULL: they had none */
  const ockham_mixture *mixture; /**< of k components, in scaled units; its family_bic are not kept (NaN); NULL: none */
  const ockham_profile *profile; /**< what the rows it was made from look like, to notice drift by: its inputs of
                                    numbers have each column of the model, by name, and maybe more; NULL: none */
} ockham_model_parts;

typedef struct ockham_model ockham_model;

/** Make a model that holds copies of all parts.
 *  Fails with BAD_ARGUMENT (k or n_columns 0 but of a profile alone, sizes that do not add up to n_rows, weights that
 * are not positive (with a mixture: that are negative), numbers that are not finite, a scaling factor that is not
 * positive, a mixture of another shape or that ockham_mixture_check() refuses, a profile without one of the columns) or
 * NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_model_new(const ockham_model_parts *parts, ockham_model **model,
                                                            ockham_error *err);
OCKHAM_API void ockham_model_free(ockham_model *model);

/** The parts, valid as long as the model. */
OCKHAM_API const ockham_model_parts *ockham_model_look(const ockham_model *model);

/** Centroid j, or the mean of component j, in the data's own units: n_columns values into `centroid`. */
OCKHAM_API void ockham_model_centroid(const ockham_model *model, size_t j, double *centroid);
/** Of a model with a mixture: the standard deviation of component j along each column, in the data's own units. */
OCKHAM_API void ockham_model_deviations(const ockham_model *model, size_t j, double *deviations);

/** Write the model: a chunked, versioned, checksummed little-endian file, written beside and renamed. Versions that
 * knew no mixtures refuse a file with one; those that knew no profiles pass over it. Fails with CANNOT_WRITE,
 * NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_model_save(const ockham_model *model, const char *path,
                                                             ockham_error *err);
/** Read one back. A file that is cut, changed or of a newer version is refused with BAD_FILE, never misread. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_model_load(const char *path, ockham_model **model, ockham_error *err);

/** Label rows in the data's own units: the cluster (0 ... k-1) and the squared distance to its centroid, in scaled
 *  units: the least there is, or with a mixture that to the mean of the most probable component. labels,
 * squared_distances: room for n_rows each, either may be NULL; after a failure they hold anything. threads: 0 = one a
 * core. Extra memory is about 300 KB a thread (more above 512 columns), whatever n_rows is; with a mixture as for
 * ockham_model_posterior(). Fails with BAD_ARGUMENT (other number of columns), BAD_DATA (not finite, or so far from
 * every centroid that the squared distance overflows; row set), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_model_predict(const ockham_model *model, ockham_rows x,
                                                                size_t threads, uint32_t *labels,
                                                                double *squared_distances, ockham_error *err);

/** What the mixture of a model says of rows in the data's own units: ockham_mixture_predict() of the scaled rows, to
 * the bit. labels: n_rows; probabilities: n_rows x k; log_densities: n_rows, in scaled units (in the data's own they
 * are more by the sum of the logarithms of the scaling's factors); each may be NULL, and after a failure holds
 * anything. A row whose density is far below that of all others fits no component. threads: 0 = one a core. Extra
 * memory is some tens of MB, and what the mixture takes, whatever n_rows is. Fails with BAD_ARGUMENT (no mixture, other
 * number of columns), BAD_DATA (not finite, or so far out that squared distances overflow; row set), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_model_posterior(const ockham_model *model, ockham_rows x,
                                                                  size_t threads, uint32_t *labels,
                                                                  double *probabilities, double *log_densities,
                                                                  ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
