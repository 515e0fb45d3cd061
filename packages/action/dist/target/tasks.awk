# The tasks of an array that accounting tells in one line, 12_[3-5,8%2]: read_tasks("12_[3-5]", tasks) sets tasks[1] to "12_3"
# and so on, and returns how many they are; 0 for any other id.
function read_tasks(id, tasks,    array, piece, range, i, k, n, pieces, ends) {
  if (!match(id, /_\[[0-9,-]+/)) return 0
  array = substr(id, 1, RSTART)
  pieces = split(substr(id, RSTART + 2, RLENGTH - 2), piece, ",")
  for (i = 1; i <= pieces; i++) {
    ends = split(piece[i], range, "-")
    for (k = range[1] + 0; k <= range[ends] + 0; k++) tasks[++n] = array k
  }
  return n + 0
}
