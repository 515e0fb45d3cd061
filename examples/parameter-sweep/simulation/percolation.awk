# Site percolation by the union-find method of Newman and Ziff (2000), Phys. Rev. Lett. 85, 4104.
# Variables: L (lattice size), seed, sites (lattice sites to spend; realisations = sites / L^2).

BEGIN {
  N = L * L
  TOP = 0; BOTTOM = N + 1              # two virtual sites beyond the first and the last row
  seed_random(seed * 65537 + L)
  realisations = int(sites / N)

  for (r = 1; r <= realisations; r++) {
    p = spanning_fraction()
    sum += p
    sum_squares += p * p
  }

  mean = sum / realisations
  variance = (sum_squares - realisations * mean * mean) / (realisations - 1)
  print "lattice_size\tseed\trealisations\tmean\tvariance"
  printf "%d\t%d\t%d\t%.10f\t%.10e\n", L, seed, realisations, mean, variance
}

# Occupies sites in random order; returns the fraction occupied when top and bottom first belong to one cluster.
function spanning_fraction(    i, n, j, site, column) {
  for (i = 0; i <= N + 1; i++) { order[i] = i; parent[i] = -1; occupied[i] = 0 }
  occupied[TOP] = occupied[BOTTOM] = 1

  for (n = 1; n <= N; n++) {
    j = n + int(random() * (N - n + 1))              # the next site of a Fisher-Yates shuffle
    site = order[j]; order[j] = order[n]
    occupied[site] = 1

    column = (site - 1) % L
    join_clusters(site, site > L ? site - L : TOP)
    join_clusters(site, site <= N - L ? site + L : BOTTOM)
    if (column > 0) join_clusters(site, site - 1)
    if (column < L - 1) join_clusters(site, site + 1)

    if (find_root(TOP) == find_root(BOTTOM)) return n / N
  }
}

# Clusters are trees. A root holds minus the size of its cluster, every other site its parent.
function find_root(i) {
  while (parent[i] >= 0) {
    if (parent[parent[i]] >= 0) parent[i] = parent[parent[i]]      # halve the path
    i = parent[i]
  }
  return i
}

function join_clusters(a, b,    larger) {
  if (!occupied[b]) return
  a = find_root(a); b = find_root(b)
  if (a == b) return
  if (parent[a] > parent[b]) { larger = b; b = a; a = larger }
  parent[a] += parent[b]
  parent[b] = a
}

# L'Ecuyer (1988), Commun. ACM 31, 742: two combined generators, period 2.3e18. All products stay below 2^53,
# so every awk yields the same numbers.
function seed_random(value,    i) {
  state1 = 1 + value % 2147483562
  state2 = 1 + (value * 69069) % 2147483398
  for (i = 0; i < 100; i++) random()                 # neighbouring seeds begin alike
}

function random(    z) {
  state1 = (40014 * state1) % 2147483563
  state2 = (40692 * state2) % 2147483399
  z = state1 - state2
  if (z < 1) z += 2147483562
  return z / 2147483563
}
