# readReference : { at, isProducer, hint } -> (producer | [ producer "out" ] | [ producer "out" "in" ])
# -> { producer, output, input }; null = by name. How a dependency is written, between stages and between steps.
{ at, isProducer, hint }: dependency:
let
  fail = import ./fail.nix;
  parts = if builtins.isList dependency then dependency else [ dependency ];
  length = builtins.length parts;
  names = if length == 0 then [ ] else builtins.tail parts;
  isWritten =
    builtins.elem length (if builtins.isList dependency then [ 2 3 ] else [ 1 ])
    && isProducer (builtins.head parts)
    && builtins.all builtins.isString names;
in
if isWritten then
  {
    producer = builtins.head parts;
    output = if names == [ ] then null else builtins.head names;
    input = if names == [ ] then null else builtins.elemAt names (length - 2);
  }
else
  fail {
    code = "LAB_DEPENDENCY_INVALID";
    inherit at hint;
    message = "not a dependency: ${
      if builtins.isList dependency then
        "a list of ${toString length}: ${builtins.concatStringsSep ", " (map builtins.typeOf parts)}"
      else
        "a value of type ${builtins.typeOf dependency}"
    }";
  }
