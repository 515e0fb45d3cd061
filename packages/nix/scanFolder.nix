# scanFolder : { src, type ? "any", match ? null } -> [ string ], the entries of a folder as an axis, in name order.
# type: any, file or directory; match: a regular expression for the whole name.
# src: a path, each entry of which becomes a store path of its own, so that a new file changes no other job's id;
# or a folder in the store (a derivation is built for it), whose entries stay where they are.
given:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  checkKeys = import ./checkKeys.nix;
  readFolder = import ./readFolder.nix;
  sanitizePath = import ./sanitizePath.nix;
  at = "scan";
  types = {
    any = _: true;
    file = found: found == "regular";
    directory = found: found == "directory";
  };
  options = checkKeys {
    inherit at;
    required = [ "src" ];
    optional = [ "type" "match" ];
  } given;
  type = options.type or "any";
  match = options.match or null;
  folder = readFolder { inherit at; } options.src;
  isWanted =
    name: types.${type} folder.entries.${name} && (match == null || builtins.match match name != null);
  names = builtins.attrNames folder.entries;
  wanted = builtins.filter isWanted names;
  shown = builtins.genList (builtins.elemAt names) (if builtins.length names > 20 then 20 else builtins.length names);
  # A link points to what lies beside it: it keeps its folder.
  readEntry =
    name:
    if builtins.isPath folder.src && folder.entries.${name} != "symlink" then
      sanitizePath { inherit at; } (folder.src + "/${name}")
    else
      "${folder.src}/${name}";
in
if !builtins.isString type || !types ? ${type} then
  fail {
    code = "LAB_SCAN_INVALID";
    at = "${at}.type";
    message = "unknown type ${if builtins.isString type then builtins.toJSON type else "of type ${builtins.typeOf type}"}";
    hint = "known types: ${listNames (builtins.attrNames types)}";
  }
else if match != null && !builtins.isString match then
  fail {
    code = "LAB_SCAN_INVALID";
    at = "${at}.match";
    message = "expected a regular expression, found ${builtins.typeOf match}";
    hint = "write match = \".*[.]csv\"; it has to fit the whole name";
  }
else if wanted == [ ] then
  fail {
    code = "LAB_AXIS_EMPTY";
    inherit at;
    message = "no entry of ${folder.name} has the type ${type}${
      if match == null then "" else " and a name that matches ${match}"
    }";
    hint = "the folder has ${toString (builtins.length names)} entries: ${listNames shown}";
  }
else
  map readEntry wanted
