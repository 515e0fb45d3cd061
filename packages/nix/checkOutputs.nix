# checkOutputs : { at } -> { name = "$out/..."; } -> the same. An output lies in the job's own folder.
# A scatter's worker__arg is an example of a work item.
{ at }: outputs:
let
  fail = import ./fail.nix;
  checkNames = import ./checkNames.nix;
  isTemplate = value: builtins.isString value && builtins.match "[$]out(/.*)?" value != null;
  checkOutput =
    name: value:
    if isTemplate value || name == "worker__arg" && builtins.isAttrs value then
      value
    else
      fail {
        code = "LAB_OUTPUT_INVALID";
        at = "${at}.${name}";
        message = "an output is a path that begins with $out, found ${
          if builtins.isString value then builtins.toJSON value else "a value of type ${builtins.typeOf value}"
        }";
        hint = "for instance ${name} = \"$out/${name}.txt\";";
      };
in
builtins.mapAttrs checkOutput (checkNames { inherit at; } outputs)
