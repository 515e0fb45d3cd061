# checkRunName : { at } -> string -> string, a plain name that gives the run's metadata a file of its own.
{ at }: name:
let
  fail = import ./fail.nix;
  checkName = import ./checkName.nix;
in
if name == "top" then
  fail {
    code = "LAB_NAME_INVALID";
    inherit at;
    message = "a run cannot be named top: revision/metadata-top.json is the Lab's own file";
    hint = "choose another name";
  }
else
  checkName { inherit at; } name
