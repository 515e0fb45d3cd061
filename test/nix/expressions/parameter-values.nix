# What makes the values of parameters: list, range, zip, env and sanitize. Folders are in scan-folder.test.ts.
{ repx, internal, ... }:
let
  inherit (repx.mkUtils { pkgs = { }; }) list range zip env sanitize scan;
  readScalar = internal "readScalar" { at = "here"; };
in
{
  "the tools are reachable as repx.lib.utils too" = {
    expr = builtins.attrNames repx.utils;
    expected = [ "dirs" "env" "files" "list" "range" "sanitize" "scan" "zip" ];
  };

  "list is the list itself" = {
    expr = list [ 1 "a" null ];
    expected = [ 1 "a" null ];
  };

  "list of something else is refused" = {
    expr = list 3;
    error = [ "error[LAB_AXIS_INVALID]: at list: an axis is a list, found int" "hint: write list [ 1 2 3 ]" ];
  };

  "a range has both its ends" = {
    expr = [ (range 1 4) (range (-1) 1) (range 7 7) ];
    expected = [ [ 1 2 3 4 ] [ (-1) 0 1 ] [ 7 ] ];
  };

  "a range that ends before it begins is empty" = {
    expr = range 2 1;
    expected = [ ];
  };

  "a range of something else than whole numbers is refused" = {
    expr = range 0.5 2;
    error = [ "error[LAB_TYPE_WRONG]: at range: expected two whole numbers, found float and int" "hint: write range 1 10" ];
  };

  "a zip of something else than a set is refused" = {
    expr = zip [ 1 2 ];
    error = [ "error[LAB_TYPE_WRONG]: at zip: expected an attribute set, found list" "hint: write zip { width" ];
  };

  "plain values of env stay as RepX writes them, in the order of their names" = {
    expr = env {
      THREADS = "4";
      BIND = "a=b,c/d.e:f+g-h_1";
      EMPTY = "";
    };
    expected = "export BIND=a=b,c/d.e:f+g-h_1 EMPTY= THREADS=4";
  };

  "other values of env are quoted" = {
    expr = env {
      A = "two words";
      B = "it's";
      C = "$HOME \"x\" `y` \\";
      D = "two\nlines";
      E = "~";
    };
    expected = "export A='two words' B='it'\\''s' C='$HOME \"x\" `y` \\' D='two\nlines' E='~'";
  };

  "numbers and booleans of env are written as a stage receives them" = {
    expr = env {
      A = 1;
      B = 0.5;
      C = 2.0;
      D = true;
      E = false;
    };
    expected = "export A=1 B=0.5 C=2.0 D=true E=false";
  };

  "env leaves out what is null, and nothing is an empty string" = {
    expr = [ (env { A = null; B = 1; }) (env { A = null; }) (env { }) ];
    expected = [ "export B=1" "" "" ];
  };

  "a path in env becomes a store path that reaches the Lab" = {
    expr = builtins.hasContext (env { DATA = ./parameter-values.nix; });
    expected = true;
  };

  "a variable that no shell could have is refused" = {
    expr = env { "A-B" = 1; };
    error = [ "error[LAB_NAME_INVALID]: at env: \"A-B\" cannot be the name of a variable" "hint: use letters, digits and _" ];
  };

  "a list in env is refused" = {
    expr = env { A = [ 1 ]; };
    error = [ "error[LAB_VALUE_NOT_SCALAR]: at env.A: a parameter cannot be a list" ];
  };

  "a number in env that Nix would round is refused" = {
    expr = env { A = 0.1 + 0.2; };
    error = [ "error[LAB_FLOAT_INEXACT]: at env.A: this Nix would round the number to 0.3" ];
  };

  "env of something else than a set is refused" = {
    expr = env "A=1";
    error = [ "error[LAB_TYPE_WRONG]: at env: expected an attribute set, found string" ];
  };

  "sanitize is the store path that a plain parameter has" = {
    expr = sanitize ./parameter-values.nix == readScalar ./parameter-values.nix;
    expected = true;
  };

  "sanitize of something else than a path is refused" = {
    expr = sanitize "./x";
    error = [ "error[LAB_TYPE_WRONG]: at sanitize: expected a path, found string" "hint: write ./file.txt, without quotes" ];
  };

  "a key that scan does not know is refused" = {
    expr = scan { source = ./.; };
    error = [ "error[LAB_KEY_UNKNOWN]: at scan: unknown key source" "hint: known keys: src, type, match" ];
  };
}
