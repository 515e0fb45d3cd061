# checkOutputs : { at } -> { name = "$out/..."; } -> the same. An output lies in the job's own folder.
# A scatter's worker__arg is an example of a work item.
{ at }: outputs:
let
  fail = import ./fail.nix;
  checkNames = import ./checkNames.nix;
  isTemplate =
    value:
    builtins.isString value
    && builtins.match "[$]out(/.*)?" value != null
    && builtins.match "(.*/)?[.][.](/.*)?" value == null;
  # What JSON can say.
  isData =
    value:
    if builtins.isList value then
      builtins.all isData value
    else if builtins.isAttrs value && !value ? outPath then
      builtins.all isData (builtins.attrValues value)
    else
      !builtins.isFunction value;
  checkOutput =
    name: value:
    if isTemplate value || name == "worker__arg" && builtins.isAttrs value && isData value then
      value
    else
      fail {
        code = "LAB_OUTPUT_INVALID";
        at = "${at}.${name}";
        message = "an output is a path in $out, found ${
          if builtins.isString value then builtins.toJSON value else "a value of type ${builtins.typeOf value}"
        }";
        hint =
          if name == "worker__arg" then
            "for instance worker__arg = { index = 0; };"
          else
            "for instance ${name} = \"$out/${name}.txt\";";
      };
in
builtins.mapAttrs checkOutput (checkNames { inherit at; } outputs)
