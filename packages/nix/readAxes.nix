# readAxes : { at } -> { name = [ value ] | zip; } -> [ axis ], axis = { names; rows = [ { name = scalar; } ]; }.
# Plain axes come first, in name order, then zips by the name that they stand under. No two axes set one parameter.
{ at }: parameters:
let
  fail = import ./fail.nix;
  checkNames = import ./checkNames.nix;
  readAxis = import ./readAxis.nix;
  readZip = import ./readZip.nix;
  given = checkNames { inherit at; } parameters;
  isZip = name: builtins.isAttrs given.${name} && given.${name}._repxType or null == "zip";
  names = builtins.attrNames given;
  plain = builtins.filter (name: !isZip name) names;
  anchors = builtins.filter isZip names;
  readPlain = name: {
    names = [ name ];
    rows = map (value: { ${name} = value; }) (
      readAxis {
        at = "${at}.${name}";
        inherit name;
      } given.${name}
    );
  };
  readGroup =
    anchor:
    let
      axis = readZip {
        at = "${at}.${anchor}";
        inherit anchor;
      } given.${anchor};
      others = builtins.filter (other: other != anchor) anchors;
      places =
        name:
        builtins.filter (other: other == name) plain
        ++ builtins.filter (other: given.${other}.members ? ${name}) others;
      taken = builtins.filter (name: places name != [ ]) axis.names;
      name = builtins.head taken;
    in
    if taken == [ ] then
      axis
    else
      fail {
        code = "LAB_ZIP_INVALID";
        at = "${at}.${anchor}.${name}";
        message = "the parameter is also given by ${at}.${builtins.head (places name)}";
        hint = "a parameter belongs to one axis: remove ${name} from one of the two";
      };
in
map readPlain plain ++ map readGroup anchors
