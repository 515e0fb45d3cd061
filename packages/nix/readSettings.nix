# readSettings : { at } -> mkRun's arguments -> { hashMode, rev, loops, relevant }, null for what is not given.
# relevant: parameters that every stage varies over, whatever it declares.
{ at }: given:
let
  fail = import ./fail.nix;
  read =
    name: default: isRight: hint:
    let
      value = given.${name} or default;
    in
    if value == default || isRight value then
      value
    else
      fail {
        code = "LAB_OPTION_INVALID";
        at = "${at}.${name}";
        message =
          if builtins.isString value || builtins.isInt value then
            "it cannot be ${builtins.toJSON value}"
          else
            "it cannot be a value of type ${builtins.typeOf value}";
        inherit hint;
      };
  loops = read "loops" null (
    value: builtins.isInt value && value > 0
  ) "write how often every job shall run: loops = 5; a stage that declares the parameter loop receives its number, from 1";
in
{
  inherit loops;
  hashMode = read "hashMode" "pure" (value: value == "params-only") "hashMode is \"pure\" or \"params-only\"";
  rev = read "rev" null builtins.isInt "write a number, rev = 2; every other one runs all jobs again";
  relevant = if loops == null then { } else { loop = null; };
}
