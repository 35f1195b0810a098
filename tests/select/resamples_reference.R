# SPDX-License-Identifier: Apache-2.0
# Write resamples_reference.h: what R's cluster and fpc say of the criteria that resample rows, with standard errors.
#
# Run by hand with these two packages installed:  Rscript resamples_reference.R > resamples_reference.h
# Rows are multiples of 1/64, so that integers carry them exactly. gap-star is in no package: references are drawn and
# clustered here. Every k-means is the best of many starts, so that what varies is the resampling.

suppressMessages(library(cluster))
suppressMessages(library(fpc))

K <- 6
STARTS <- 30
REFERENCES <- 400
SPLITS <- 200
BOOTSTRAPS <- 200

blobs <- function(centres, sizes, sd) {
  label <- rep(seq_along(sizes), sizes)
  centres[label, ] + matrix(rnorm(length(label) * ncol(centres), sd = sd), ncol = ncol(centres))
}

tables <- function() {
  set.seed(20240611)
  near <- blobs(rbind(c(0, 0), c(4, 1), c(1, 5)), c(40, 30, 20), 1)
  noise <- matrix(runif(70 * 2, 0, 8), ncol = 2)
  long <- cbind(rnorm(60, sd = 6), rnorm(60, sd = 1), rnorm(60, sd = 0.5)) %*%
    qr.Q(qr(matrix(rnorm(9), 3)))
  four <- blobs(4 * rbind(c(0, 0, 0, 0), c(2, 0, 0, 1), c(0, 2, 1, 0), c(2, 2, 2, 2)), c(15, 25, 20, 20), 1)
  lapply(list(near = near, noise = noise, long = long, four = four), function(x) round(x * 64))
}

inertia <- function(x, k) {
  if (k == 1) sum(scale(x, scale = FALSE)^2) else kmeans(x, k, nstart = STARTS, iter.max = 100)$tot.withinss
}

# W is a sum over clusters of squared distances between rows over twice their number: the inertia.
gap <- function(x, space) {
  clusGap(x, kmeans, K, B = REFERENCES, d.power = 2, spaceH0 = space, nstart = STARTS, iter.max = 100,
          verbose = FALSE)$Tab[, c("gap", "SE.sim")]
}

gap_star <- function(x) {
  low <- apply(x, 2, min)
  high <- apply(x, 2, max)
  star <- replicate(REFERENCES, {
    reference <- mapply(runif, n = nrow(x), min = low, max = high)
    sapply(1:K, function(k) inertia(reference, k))
  })
  cbind(rowMeans(star) - sapply(1:K, function(k) inertia(x, k)), apply(star, 1, sd) * sqrt(1 + 1 / REFERENCES))
}

strength <- function(x) {
  each <- prediction.strength(x, 2, K, M = SPLITS, runs = STARTS)$predcorr
  t(sapply(2:K, function(k) c(mean(each[[k]]), sd(each[[k]]))))
}

# fpc counts pairs that are together in the first and apart in the second; we also the other way round.
instability <- function(x) {
  each <- 2 * nselectboot(x, BOOTSTRAPS, clustermethod = kmeansCBI, classification = "centroid", krange = 2:K,
                          runs = STARTS)$stab
  t(sapply(2:K, function(k) c(mean(each[, k]), sd(each[, k]))))
}

# The least of the clusters' means, and the spread of that cluster's similarities.
jaccard <- function(x) {
  t(sapply(2:K, function(k) {
    each <- clusterboot(x, BOOTSTRAPS, multipleboot = TRUE, clustermethod = kmeansCBI, krange = k, runs = STARTS,
                        count = FALSE)$bootresult
    least <- which.min(rowMeans(each))
    c(mean(each[least, ]), sd(each[least, ]))
  }))
}

pairs_of <- function(m) paste0("{", paste(sprintf("{%.6g, %.4g}", m[, 1], m[, 2]), collapse = ", "), "}")

write_table <- function(i, name, raw) {
  x <- raw / 64
  set.seed(i)
  cat(sprintf("static const int16_t resampled_rows_%d[] = {%s};\n", i, paste(t(raw), collapse = ", ")))
  cat(sprintf("static const resamples_reference resamples_reference_%d = {\n", i))
  cat(sprintf('  "%s", %d, %d, resampled_rows_%d,\n', name, nrow(x), ncol(x), i))
  cat("  ", pairs_of(gap(x, "original")), ",\n  ", pairs_of(gap(x, "scaledPCA")), ",\n", sep = "")
  cat("  ", pairs_of(gap_star(x)), ",\n  ", pairs_of(strength(x)), ",\n", sep = "")
  cat("  ", pairs_of(instability(x)), ",\n  ", pairs_of(jaccard(x)), "};\n", sep = "")
}

cat("/* SPDX-License-Identifier: Apache-2.0 */\n")
cat(sprintf("/* Written by resamples_reference.R; do not edit. %s, cluster %s, fpc %s */\n",
            sub(" \\(.*", "", R.version.string), packageVersion("cluster"), packageVersion("fpc")))
cat("#ifndef OCK_SELECT_RESAMPLES_REFERENCE_H\n#define OCK_SELECT_RESAMPLES_REFERENCE_H\n\n#include <stdint.h>\n\n")
cat(sprintf("enum { REFERENCE_K = %d, REFERENCE_DRAWS = %d, REFERENCE_RESAMPLES = %d };\n", K, REFERENCES, SPLITS))
cat("typedef struct reference_pair {\n  double mean, spread;\n} reference_pair;\n")
cat("/* Rows: times 64. Gaps from k = 1, with s(k); the others from k = 2, with the standard deviation of one resample. */\n")
cat("typedef struct resamples_reference {\n  const char *name;\n  size_t n_rows, n_columns;\n  const int16_t *rows;\n")
cat("  reference_pair gap[REFERENCE_K], gap_pca[REFERENCE_K], gap_star[REFERENCE_K];\n")
cat("  reference_pair strength[REFERENCE_K - 1], instability[REFERENCE_K - 1], jaccard[REFERENCE_K - 1];\n")
cat("} resamples_reference;\n\n")
all <- tables()
for (i in seq_along(all)) write_table(i, names(all)[i], all[[i]])
cat("static const resamples_reference *const resamples_references[] = {\n")
cat(paste0("  &resamples_reference_", seq_along(all), collapse = ", "), "};\n\n#endif\n")
