# SPDX-License-Identifier: Apache-2.0
# Seconds that R packages take for criteria of pairs of rows, k = 2 ... 20: Rscript pairs.R TABLE.csv FIRST_K_OF_GAMMA
arguments <- commandArgs(TRUE)
x <- as.matrix(read.csv(arguments[1], header = FALSE))
pdf(NULL)
say <- function(name, first_k, expression) {
  seconds <- system.time(invisible(capture.output(expression)))[3]
  cat(name, first_k, seconds, "\n", sep = ",")
}
if (requireNamespace("clusterCrit", quietly = TRUE)) {
  clusterings <- lapply(2:20, function(k) { set.seed(1); kmeans(x, k)$cluster })
  criteria <- c("C_index", "Gamma", "G_plus", "Tau", "McClain_Rao", "Point_Biserial", "Dunn",
                paste0("GDI", c(12, 13, 31, 32, 33, 41, 42, 43, 51, 52, 53)))
  say("clusterCrit's 18", 2, for (clusters in clusterings) clusterCrit::intCriteria(x, clusters, criteria))
}
if (requireNamespace("NbClust", quietly = TRUE)) {
  suppressMessages(library(NbClust))
  for (index in c("cindex", "ptbiserial", "frey", "mcclain", "dunn", "hubert"))
    say(paste("NbClust", index), 2, NbClust(x, method = "kmeans", min.nc = 2, max.nc = 20, index = index))
  first <- as.integer(arguments[2])
  say("NbClust gamma", first, NbClust(x, method = "kmeans", min.nc = first, max.nc = 20, index = "gamma"))
}
