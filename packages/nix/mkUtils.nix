# mkUtils : { pkgs } -> { list, range, zip, scan, files, dirs, env, sanitize }, what makes axes and values of parameters.
# None of them needs a program: `pkgs` may be left out, and is there because RepX 0.5 asks for it.
_:
{
  list = import ./listValues.nix;
  range = import ./rangeValues.nix;
  zip = import ./zipValues.nix;
  scan = import ./scanFolder.nix;
  files = import ./listFiles.nix;
  dirs = import ./listFolders.nix;
  env = import ./renderEnvironment.nix;
  sanitize = import ./sanitizePath.nix { at = "sanitize"; };
}
