# SPDX-License-Identifier: Apache-2.0
# R's kmeans (Hartigan and Wong) for every k: a line "k seconds" each, the centres to DIR/centres-<k>.f64, row by row.
#   Rscript kmeans.R TABLE.f64 N D NSTART DIR K...     TABLE.f64: raw float64, column by column
a <- commandArgs(TRUE)
n <- as.integer(a[2]); d <- as.integer(a[3]); nstart <- as.integer(a[4])
x <- matrix(readBin(a[1], "double", n * d), n, d)
invisible(suppressWarnings(kmeans(x[1:min(n, 1000), , drop = FALSE], 2, iter.max = 300)))
cat("ready\n"); flush(stdout())
spent <- 0
for (k in as.integer(a[-(1:5)])) {
  set.seed(1)
  start <- proc.time()[["elapsed"]]
  fit <- suppressWarnings(kmeans(x, k, iter.max = 300, nstart = nstart, algorithm = "Hartigan-Wong"))
  spent <- spent + proc.time()[["elapsed"]] - start
  writeBin(as.vector(t(fit$centers)), file.path(a[5], sprintf("centres-%d.f64", k)))
  cat(k, spent, "\n"); flush(stdout())
}
