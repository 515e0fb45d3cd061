# readResources : { at } -> attrs | null -> resource hints as the Lab carries them; null for none.
{ at }: resources:
let
  fail = import ./fail.nix;
  checkKeys = import ./checkKeys.nix;
  types = {
    mem = { isRight = builtins.isString; example = "\"2G\""; };
    cpus = { isRight = builtins.isInt; example = "4"; };
    time = { isRight = builtins.isString; example = "\"01:00:00\""; };
    partition = { isRight = builtins.isString; example = "\"compute\""; };
    sbatch_opts = {
      isRight = value: builtins.isList value && builtins.all builtins.isString value;
      example = "[ \"--exclusive\" ]";
    };
  };
  checkValue =
    name: value:
    if types.${name}.isRight value then
      value
    else
      fail {
        code = "LAB_RESOURCES_INVALID";
        at = "${at}.${name}";
        message = "a value of type ${builtins.typeOf value} does not fit";
        hint = "for instance ${name} = ${types.${name}.example};";
      };
  known = checkKeys {
    inherit at;
    required = [ ];
    optional = builtins.attrNames types;
  } resources;
in
if resources == null || resources == { } then null else builtins.mapAttrs checkValue known
