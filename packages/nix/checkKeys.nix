# checkKeys : { at, required, optional, ignored } -> attrs -> attrs. Refuses unknown and missing keys; returns its argument.
# ignored: keys that are accepted and not offered, as they say nothing.
{ at, required, optional ? [ ], ignored ? [ ] }: attrs:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  known = required ++ optional;
  unknown = builtins.filter (key: !builtins.elem key (known ++ ignored)) (builtins.attrNames attrs);
  missing = builtins.filter (key: !attrs ? ${key}) required;
in
if !builtins.isAttrs attrs then
  fail {
    code = "LAB_TYPE_WRONG";
    inherit at;
    message = "expected an attribute set, found ${builtins.typeOf attrs}";
    hint = "its keys are: ${listNames known}";
  }
else if unknown != [ ] then
  fail {
    code = "LAB_KEY_UNKNOWN";
    inherit at;
    message = "unknown key ${listNames unknown}";
    hint = "known keys: ${listNames known}";
  }
else if missing != [ ] then
  fail {
    code = "LAB_KEY_MISSING";
    inherit at;
    message = "missing key ${listNames missing}";
    hint = "required keys: ${listNames required}";
  }
else
  attrs
