# readFilter : { at, names } -> ((parameters -> bool) | [ { name = value; } ]) -> { name = value; } -> bool.
# A set of the list matches the combinations that have all of its values; a function receives the parameters that it names,
# all of them when it names none. names: the parameters of the run.
{ at, names }: filter:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  checkKeys = import ./checkKeys.nix;
  readScalar = import ./readScalar.nix;
  readSet =
    set:
    builtins.mapAttrs (name: readScalar { at = "${at}.${name}"; }) (
      checkKeys {
        inherit at;
        required = [ ];
        optional = names;
      } set
    );
  sets = map readSet filter;
  isMatch = combination: set: builtins.intersectAttrs set combination == set;
  invalid =
    message:
    fail {
      code = "LAB_FILTER_INVALID";
      inherit at message;
      hint =
        "write a function of the parameters, parameters: parameters.x < 3, or a list of sets, [ { x = 3; } ]; "
        + "parameters: ${listNames names}";
    };
  wanted = builtins.functionArgs filter;
  strangers = builtins.filter (name: !wanted.${name} && !builtins.elem name names) (builtins.attrNames wanted);
  call =
    combination:
    let
      answer = filter (if wanted == { } then combination else builtins.intersectAttrs wanted combination);
    in
    if builtins.isBool answer then answer else invalid "the function returns ${builtins.typeOf answer}, not true or false";
in
if builtins.isFunction filter && strangers != [ ] then
  invalid "the function asks for ${listNames strangers}, which no axis gives"
else if builtins.isFunction filter then
  call
else if builtins.isList filter then
  combination: builtins.any (isMatch combination) sets
else
  invalid "a filter is a function or a list, found ${builtins.typeOf filter}"
