# readFilter : { at, names } -> ((parameters -> bool) | [ { name = value; } ]) -> { name = value; } -> bool.
# A set of the list matches the combinations that have all of its values. names: the parameters of the run.
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
  call =
    combination:
    let
      answer = filter combination;
    in
    if builtins.isBool answer then answer else invalid "the function returns ${builtins.typeOf answer}, not true or false";
in
if builtins.isFunction filter then
  call
else if builtins.isList filter then
  combination: builtins.any (isMatch combination) sets
else
  invalid "a filter is a function or a list, found ${builtins.typeOf filter}"
