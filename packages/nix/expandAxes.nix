# expandAxes : { name = [ scalar ]; } -> [ { name = scalar; } ]. Axes in name order, the last one varies fastest.
axes:
builtins.foldl' (
  combinations: name:
  builtins.concatMap (combination: map (value: combination // { ${name} = value; }) axes.${name}) combinations
) [ { } ] (builtins.attrNames axes)
