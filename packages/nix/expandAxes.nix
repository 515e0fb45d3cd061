# expandAxes : [ axis ] -> [ { name = scalar; } ], every combination of one row of each axis. The last axis varies fastest.
builtins.foldl' (
  combinations: axis: builtins.concatMap (combination: map (row: combination // row) axis.rows) combinations
) [ { } ]
