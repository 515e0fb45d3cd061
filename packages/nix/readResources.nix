# readResources : { at } -> attrs | null -> resource hints as the Lab carries them; null for none.
# RepX 0.5's format has no GPUs: they become an option of sbatch.
{ at }: resources:
let
  fail = import ./fail.nix;
  checkKeys = import ./checkKeys.nix;
  isLike = pattern: value: builtins.isString value && builtins.match pattern value != null;
  # What sbatch(1) takes.
  types = {
    mem = { isRight = isLike "[0-9]+[KMGTkmgt]?[Bb]?"; example = "\"2G\""; };
    cpus = { isRight = value: builtins.isInt value && value > 0; example = "4"; };
    time = {
      isRight = isLike "([0-9]+-)?[0-9]+(:[0-9]+)?(:[0-9]+)?|UNLIMITED|INFINITE";
      example = "\"01:00:00\"";
    };
    partition = { isRight = isLike "[^[:space:]]+"; example = "\"compute\""; };
    gpus = {
      isRight =
        value:
        if builtins.isInt value then
          value > 0
        else
          isLike "([A-Za-z0-9_.-]+:)?[1-9][0-9]*" value;
      example = "1; or gpus = \"a100:2\"";
    };
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
        message =
          if builtins.isString value || builtins.isInt value then
            "${builtins.toJSON value} does not fit"
          else
            "a value of type ${builtins.typeOf value} does not fit";
        hint = "for instance ${name} = ${types.${name}.example};";
      };
  known = checkKeys {
    inherit at;
    required = [ ];
    optional = builtins.attrNames types;
  } resources;
  hints = builtins.mapAttrs checkValue known;
in
if resources == null || resources == { } then
  null
else if hints ? gpus then
  removeAttrs hints [ "gpus" ]
  // {
    sbatch_opts = hints.sbatch_opts or [ ] ++ [ "--gpus=${toString hints.gpus}" ];
  }
else
  hints
