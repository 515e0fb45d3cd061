# hostTools : { pkgs } -> [ { folder, program } ], the static programs that a Lab brings for the machines that run its jobs.
# program is a file of the folder, or `*` for all of them. bash and busybox always, the others where pkgsStatic has them.
{ pkgs }:
let
  toolPath = import ./toolPath.nix;
  optional = builtins.filter (tool: pkgs.pkgsStatic ? ${tool.package}) [
    { package = "bubblewrap"; program = "bwrap"; }
    { package = "coreutils"; program = "*"; }
    { package = "curl"; program = "curl"; }
    { package = "gnutar"; program = "tar"; }
    { package = "jq"; program = "jq"; }
    { package = "zstd"; program = "zstd"; }
  ];
  always = [
    { package = "bash"; program = "bash"; }
    { package = "busybox"; program = "busybox"; }
  ];
in
map (tool: {
  folder = toolPath pkgs.pkgsStatic.${tool.package};
  inherit (tool) program;
}) (always ++ optional)
