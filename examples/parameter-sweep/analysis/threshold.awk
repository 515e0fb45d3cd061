# Pools the samples of each lattice size, then extrapolates to the infinite lattice by a weighted straight line:
#   mean(L) = threshold + slope * L^(-1/nu),  1/nu = 3/4 in two dimensions.
# Variables: thresholds, metrics (files to write).

BEGIN { KNOWN = 0.592746 }      # Newman & Ziff (2000); used for comparison only

NR > 1 {
  L = $1; n = $3; mean = $4; variance = $5
  count[L] += n
  sum[L] += n * mean
  sum_squares[L] += (n - 1) * variance + n * mean * mean
}

END {
  print "lattice_size\trealisations\tmean\tstandard_error" > thresholds
  for (L = 1; L <= 4096; L++) if (L in count) {
    n = count[L]
    mean = sum[L] / n
    squared_error = (sum_squares[L] - n * mean * mean) / (n - 1) / n
    printf "%d\t%d\t%.6f\t%.6f\n", L, n, mean, square_root(squared_error) > thresholds

    x = 1 / (square_root(L) * square_root(square_root(L)))      # L^(-3/4)
    w = 1 / squared_error
    Sw += w; Sx += w * x; Sy += w * mean; Sxx += w * x * x; Sxy += w * x * mean
    realisations += n
    sizes++
  }
  if (sizes < 2) { print "need at least two lattice sizes, found " sizes + 0 > "/dev/stderr"; exit 1 }

  determinant = Sw * Sxx - Sx * Sx
  threshold = (Sxx * Sy - Sx * Sxy) / determinant
  threshold_error = square_root(Sxx / determinant)
  slope = (Sw * Sxy - Sx * Sy) / determinant
  slope_error = square_root(Sw / determinant)

  printf "{\n" > metrics
  printf "  \"percolation_threshold\": {\"value\": %.6f, \"error\": %.6f},\n", threshold, threshold_error > metrics
  printf "  \"finite_size_slope\": {\"value\": %.5f, \"error\": %.5f},\n", slope, slope_error > metrics
  printf "  \"deviation_from_known\": {\"value\": %.3f, \"unit\": \"standard errors\"},\n", \
    (threshold - KNOWN) / threshold_error > metrics
  printf "  \"realisations\": %d\n}\n", realisations > metrics
}

# Newton's iteration; busybox may be built without awk's mathematics.
function square_root(a,    root, i) {
  root = a > 1 ? a : 1
  for (i = 0; i < 60; i++) root = (root + a / root) / 2
  return root
}
