# mkSpace : { at, axes, include, exclude } -> names -> [ combination ], combination = { name = { value, text }; }.
# names: the keys of a set. The combinations of a run, seen through some of the parameters: each once. Without filters only the axes of these
# parameters are multiplied; a filter decides on combinations of all axes.
{ at, axes, include ? null, exclude ? null }:
let
  fail = import ./fail.nix;
  unique = import ./unique.nix;
  expandAxes = import ./expandAxes.nix;
  keyCombination = import ./keyCombination.nix;
  mkEntries = import ./mkEntries.nix;
  readFilter = import ./readFilter.nix;
  entries = map (axis: axis // { rows = map (mkEntries { at = "${at}.parameters"; }) axis.rows; }) axes;
  through = names: rows: unique keyCombination (map (builtins.intersectAttrs names) rows);
  isSeen = names: axis: builtins.any (name: names ? ${name}) axis.names;
  multiply =
    names:
    expandAxes (map (axis: axis // { rows = through names axis.rows; }) (builtins.filter (isSeen names) entries));
  keep =
    name: filter: combinations:
    let
      matches = readFilter {
        at = "${at}.${name}";
        names = builtins.concatMap (axis: axis.names) axes;
      } filter;
      kept = builtins.filter (
        combination: matches (builtins.mapAttrs (_: entry: entry.value) combination) == (name == "include")
      ) combinations;
    in
    if filter == null then
      combinations
    else if kept != [ ] then
      kept
    else
      fail {
        code = "LAB_FILTER_EMPTY";
        at = "${at}.${name}";
        message = "the filter leaves none of ${toString (builtins.length combinations)} combinations";
        hint =
          if name == "include" then
            "include keeps the combinations that match; let at least one match"
          else
            "exclude drops the combinations that match; let at least one not match";
      };
  kept = keep "exclude" exclude (keep "include" include (expandAxes entries));
in
if include == null && exclude == null then multiply else names: through names kept
