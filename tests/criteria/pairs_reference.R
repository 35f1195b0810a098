# SPDX-License-Identifier: Apache-2.0
# Write pairs_reference.h: criteria of pairs of rows by R packages that share no code with Ockham.
#
# Run by hand with clusterCrit, fpc and NbClust installed:  Rscript pairs_reference.R > pairs_reference.h; then
# tools/check_format --fix.
# Values of the data are multiples of 1/64, so that integers carry them exactly. What the packages get wrong, and is
# therefore not asked: clusterCrit 1.3.0 counts s+ and s- in integers of 8 bits (gamma, G+, tau), halves the mean
# diameter (second digit 2) and measures the fifth separation to clusters' own centroids; NbClust's G+ and tau take
# the number of rows for that of pairs.

suppressMessages({library(clusterCrit); library(fpc); library(NbClust)})
pdf(NULL)

blobs <- function(sizes, sds, d) {
  rows <- lapply(seq_along(sizes), function(j)
    sweep(matrix(rnorm(sizes[j] * d, sd = sds[j]), ncol = d), 2, runif(d, -6, 6), "+"))
  list(x = round(do.call(rbind, rows) * 64), cl = rep(seq_along(sizes), sizes))
}

cases <- function() {
  set.seed(20240611)
  random <- blobs(c(24, 12), c(2, 2), 3)
  random$cl <- sample(rep(1:3, 12))
  alone <- blobs(c(15, 15), c(1, 1), 2)
  alone$cl[c(1, 16)] <- 3:4
  equal <- blobs(c(12, 6, 14), c(1, 1, 1), 3)
  equal$x[13:18, ] <- rep(equal$x[13, ], each = 6)
  grid <- list(x = 64 * as.matrix(expand.grid(0:5, 0:5)), cl = rep(1:2, each = 18))
  list("equal spread" = blobs(c(12, 12, 12), c(1, 1, 1), 2), "unequal spread" = blobs(c(9, 14, 20), c(0.2, 1, 3), 2),
       "five columns" = blobs(c(6, 15, 12, 5), c(0.5, 1, 2, 1), 5), "one column" = blobs(c(20, 12), c(1, 1.5), 1),
       "labels at random" = random, "two singletons" = alone, "six equal rows" = equal, "a grid" = grid)
}

numbers <- function(x) paste(ifelse(is.finite(x), sprintf("%.17g", x), "NAN"), collapse = ", ")

array <- function(type, name, values) {
  cat("static const ", type, " ", name, "[] = {\n", sep = "")
  cat(strwrap(paste0(values, ",", collapse = " "), 110, prefix = "    "), sep = "\n")
  cat("};\n")
}

# Distances of all pairs, whether they are of two clusters, and the distances of these clusters' centroids.
by_pairs <- function(x, cl) {
  centroids <- as.matrix(aggregate(x, list(cl), mean)[, -1, drop = FALSE])
  list(d = c(dist(x)), apart = c(dist(cl)) > 0, q = c(dist(centroids[cl, , drop = FALSE])))
}

values <- function(x, cl) {
  crit <- unlist(intCriteria(x, as.integer(cl), c("C_index", "McClain_Rao", "Dunn", "GDI13", "GDI31", "GDI33", "GDI41",
                                                  "GDI43")))
  stats <- suppressWarnings(cluster.stats(dist(x), cl, G2 = TRUE, G3 = TRUE))
  p <- by_pairs(x, cl)
  c(crit, stats$g2, stats$g3, stats$pearsongamma, stats$dunn, stats$dunn2, cor(p$d, p$apart, method = "kendall"),
    cor(p$d, p$q))
}

write_cases <- function() {
  entries <- c()
  all <- cases()
  for (i in seq_along(all)) {
    x <- all[[i]]$x
    cl <- all[[i]]$cl
    array("int16_t", paste0("pair_rows_", i), t(x))
    array("uint8_t", paste0("pair_labels_", i), cl - 1)
    entries <- c(entries, sprintf('    {"%s", %d, %d, %d, pair_rows_%d, pair_labels_%d, %s},', names(all)[i], nrow(x),
                                  ncol(x), max(cl), i, i, numbers(values(x / 64, cl))))
  }
  cat("static const pair_case pair_cases[] = {\n", paste(entries, collapse = "\n"), "\n};\n\n", sep = "")
}

# NbClust makes its own clusterings, from this seed.
write_nbclust <- function() {
  set.seed(3)
  raw <- blobs(c(16, 14, 12, 10), c(1, 1, 1.5, 2), 2)$x
  x <- raw / 64
  array("int16_t", "nbclust_rows", t(raw))
  cat("enum { NBCLUST_ROWS = ", nrow(x), ", NBCLUST_K_MAX = 7 };\n", sep = "")
  cat("static const uint8_t nbclust_labels[NBCLUST_K_MAX - 1][NBCLUST_ROWS] = {\n")
  for (k in 2:7) {
    set.seed(1)
    cl <- kmeans(x, k)$cluster
    cat("    {", paste(cl - 1, collapse = ", "), "},\n", sep = "")
  }
  cat("};\n")
  for (index in c("frey", "gamma", "dunn", "mcclain", "ptbiserial", "gplus", "tau", "cindex")) {
    all <- NULL
    invisible(capture.output(all <- NbClust(x, method = "kmeans", min.nc = 2, max.nc = 6, index = index)$All.index))
    cat("static const double nbclust_", index, "[] = {", numbers(all), "};\n", sep = "") # of four decimals
  }
}

cat("/* SPDX-License-Identifier: Apache-2.0 */\n")
cat("/* Written by pairs_reference.R; do not edit. R", as.character(getRversion()))
for (package in c("clusterCrit", "fpc", "NbClust")) cat("", package, as.character(packageVersion(package)))
cat(" */\n#ifndef OCK_CRITERIA_PAIRS_REFERENCE_H\n#define OCK_CRITERIA_PAIRS_REFERENCE_H\n\n")
cat("#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n\n")
cat("typedef struct pair_case {\n  const char *name;\n  size_t n_rows, n_columns, k;\n  const int16_t *rows;\n")
cat("  const uint8_t *labels;\n")
cat("  double c_index, mcclain_rao, dunn, dunn_13, dunn_31, dunn_33, dunn_41, dunn_43; /* clusterCrit */\n")
cat("  double fpc_gamma, fpc_c_index, point_biserial, fpc_dunn, dunn_32;               /* fpc's cluster.stats */\n")
cat("  double tau, hubert;                                                             /* R's cor() */\n} pair_case;\n\n")
write_cases()
write_nbclust()
cat("\n#endif\n")
