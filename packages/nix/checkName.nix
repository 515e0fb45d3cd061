# checkName : { at } -> string -> string. Names become file names, JSON keys and bash subscripts, so they stay plain.
# A name made of a store path is a text like any other: it stands for nothing that has to be built.
{ at }: name:
let
  fail = import ./fail.nix;
  longest = 200;
  isPlain =
    builtins.isString name
    && builtins.match "[A-Za-z0-9_][A-Za-z0-9_.+-]*" name != null
    && builtins.stringLength name <= longest;
in
if isPlain then
  builtins.unsafeDiscardStringContext name
else
  fail {
    code = "LAB_NAME_INVALID";
    inherit at;
    message = "invalid name ${if builtins.isString name then builtins.toJSON name else "of type ${builtins.typeOf name}"}";
    hint = "use letters, digits and _ . + - and begin with a letter, a digit or _; at most ${toString longest} characters";
  }
