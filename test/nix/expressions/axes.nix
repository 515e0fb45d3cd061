# Which combinations of parameters a run has: plain axes, zips, filters by null, and what is refused.
{ repx, run, chain, pipe, stage, parametersOf, internal, ... }:
let
  inherit (repx.mkUtils { }) zip range list;
  read = internal "readAxes" { at = "run sim.parameters"; };
  expand = parameters: internal "expandAxes" (read parameters);
  # A run with one stage that declares a, b, c and d.
  sim =
    parameters:
    run "sim" {
      pipelines = [
        (pipe (call: { s = call (stage "s" { parameters = { a = 0; b = 0; c = 0; d = 0; }; }) [ ]; }))
      ];
      inherit parameters;
    };
  sweep = parameters: builtins.sort builtins.lessThan (parametersOf (sim parameters));
  refuses = parameters: error: {
    expr = parametersOf (sim parameters);
    inherit error;
  };
in
{
  "plain axes stand in name order, then zips in the order of what they stand under" = {
    expr = map (axis: axis.names) (read {
      b = [ 1 ];
      z = zip { a = [ 1 ]; };
      c = [ 1 ];
      m = zip { y = [ 1 ]; d = [ 1 ]; };
    });
    expected = [ [ "b" ] [ "c" ] [ "d" "y" ] [ "a" ] ];
  };

  "no axes are one combination" = {
    expr = expand { };
    expected = [ { } ];
  };

  "every combination occurs and the last axis varies fastest" = {
    expr = expand { a = [ 1 2 ]; b = [ "x" "y" ]; };
    expected = [ { a = 1; b = "x"; } { a = 1; b = "y"; } { a = 2; b = "x"; } { a = 2; b = "y"; } ];
  };

  "the order in which axes are written changes nothing" = {
    expr = expand { b = [ 1 2 ]; a = [ 3 4 ]; } == expand { a = [ 3 4 ]; b = [ 1 2 ]; };
    expected = true;
  };

  "a zip beside a plain axis gives the product of the axis and the rows" = {
    expr = sweep { a = [ 1 2 ]; sizes = zip { b = [ 10 20 ]; c = [ "x" "y" ]; }; };
    expected = [
      "{\"a\":1,\"b\":10,\"c\":\"x\",\"d\":0}"
      "{\"a\":1,\"b\":20,\"c\":\"y\",\"d\":0}"
      "{\"a\":2,\"b\":10,\"c\":\"x\",\"d\":0}"
      "{\"a\":2,\"b\":20,\"c\":\"y\",\"d\":0}"
    ];
  };

  "two zips give every pair of their rows" = {
    expr = sweep { x = zip { a = [ 1 2 ]; b = [ 3 4 ]; }; y = zip { c = [ 5 6 ]; d = [ 7 8 ]; }; };
    expected = [
      "{\"a\":1,\"b\":3,\"c\":5,\"d\":7}"
      "{\"a\":1,\"b\":3,\"c\":6,\"d\":8}"
      "{\"a\":2,\"b\":4,\"c\":5,\"d\":7}"
      "{\"a\":2,\"b\":4,\"c\":6,\"d\":8}"
    ];
  };

  "a zip alone has its rows and no parameter of the name that it stands under" = {
    expr = sweep { pairs = zip { a = range 1 2; b = list [ "x" "y" ]; }; };
    expected = [ "{\"a\":1,\"b\":\"x\",\"c\":0,\"d\":0}" "{\"a\":2,\"b\":\"y\",\"c\":0,\"d\":0}" ];
  };

  "without a zip every list is an axis" = {
    expr = builtins.length (sweep { a = [ 1 2 ]; b = [ 1 2 3 ]; });
    expected = 6;
  };

  "null in a row of a zip is the default of the stage" = {
    expr = sweep { pairs = zip { a = [ null 2 ]; b = [ 1 2 ]; }; };
    expected = [ "{\"a\":0,\"b\":1,\"c\":0,\"d\":0}" "{\"a\":2,\"b\":2,\"c\":0,\"d\":0}" ];
  };

  "equal values of an axis are one job" = {
    expr = sweep { a = [ 1 1 ]; };
    expected = [ "{\"a\":1,\"b\":0,\"c\":0,\"d\":0}" ];
  };

  "strings, numbers, booleans and null keep their type" = {
    expr = expand { a = [ "" "two words" 1 1.5 true null ]; };
    expected = [ { a = ""; } { a = "two words"; } { a = 1; } { a = 1.5; } { a = true; } { a = null; } ];
  };

  "a path becomes a store path of its own, named after the file" = {
    expr = map (row: builtins.match "/nix/store/[a-z0-9]{32}-axes[.]nix" row.a != null) (expand { a = [ ./axes.nix ]; });
    expected = [ true ];
  };

  "a store path that only a zip names reaches the Lab" = {
    expr = builtins.length (sim { pairs = zip { a = [ ./axes.nix ]; b = [ 1 ]; }; }).storeValues;
    expected = 1;
  };

  "an axis that is no list is refused" = refuses { a = 3; } [
    "error[LAB_AXIS_INVALID]: at run sim.parameters.a: an axis is a list, found int"
    "hint: write a = [ ... ]; one value is a list of one"
  ];

  "an axis without values is refused" = refuses { a = [ ]; } [
    "error[LAB_AXIS_EMPTY]: at run sim.parameters.a: the axis has no values"
    "hint: give at least one value; a = [ null ] uses the default of the stage"
  ];

  "a list as a value is refused with its place" = refuses { a = [ 1 2 [ 3 ] ]; } [
    "error[LAB_VALUE_NOT_SCALAR]: at run sim.parameters.a[2]: a parameter cannot be a list"
    "hint: use a string, number, boolean, null, path or derivation"
  ];

  "a set as a value is refused with its place" = refuses { a = [ { x = 1; } ]; } [
    "error[LAB_VALUE_NOT_SCALAR]: at run sim.parameters.a[0]: a parameter cannot be a set"
    "pass structured data as builtins.toJSON text"
  ];

  "a function as a value in a zip is refused with its place" = refuses { pairs = zip { a = [ 1 (x: x) ]; }; } [
    "error[LAB_VALUE_NOT_SCALAR]: at run sim.parameters.pairs.a[1]: a parameter cannot be a lambda"
  ];

  "a member of a zip that is no list is refused" = refuses { pairs = zip { a = 1; }; } [
    "error[LAB_AXIS_INVALID]: at run sim.parameters.pairs.a: an axis is a list, found int"
  ];

  "a member of a zip without values is refused" = refuses { pairs = zip { a = [ ]; b = [ 1 ]; }; } [
    "error[LAB_AXIS_EMPTY]: at run sim.parameters.pairs.a: the axis has no values"
  ];

  "a zip without members is refused" = refuses { pairs = zip { }; } [
    "error[LAB_ZIP_INVALID]: at run sim.parameters.pairs: the zip has no members"
    "hint: write pairs = zip { width = [ 1 2 ]; height = [ 3 4 ]; };"
  ];

  "lists of unequal length in a zip are refused with their lengths" = refuses { pairs = zip { a = [ 1 2 ]; b = [ 1 2 3 ]; }; } [
    "error[LAB_ZIP_INVALID]: at run sim.parameters.pairs: the lists of a zip are of one length, found a with 2, b with 3"
    "hint: give every member as many values as the others"
  ];

  "a member of a zip that is a plain parameter too is refused" = refuses { a = [ 1 ]; pairs = zip { a = [ 1 ]; b = [ 2 ]; }; } [
    "error[LAB_ZIP_INVALID]: at run sim.parameters.pairs.a: the parameter is also given by run sim.parameters.a"
    "hint: a parameter belongs to one axis: remove a from one of the two"
  ];

  "a member of two zips is refused" = refuses { x = zip { a = [ 1 ]; }; y = zip { a = [ 1 ]; }; } [
    "error[LAB_ZIP_INVALID]: at run sim.parameters.x.a: the parameter is also given by run sim.parameters.y"
  ];

  "a zip under the name of its member is refused" = refuses { a = zip { a = [ 1 ]; b = [ 2 ]; }; } [
    "error[LAB_ZIP_INVALID]: at run sim.parameters.a: the zip stands under the name of its member a"
    "choose one that is not among: a, b"
  ];

  "a member of a zip that no stage declares is refused" = refuses { pairs = zip { a = [ 1 ]; e = [ 2 ]; }; } [
    "error[LAB_PARAMETER_UNDECLARED]: at run sim.parameters: no stage declares the parameter e"
  ];

  "a number in a zip that Nix would round is refused" = refuses { pairs = zip { a = [ (0.1 + 0.2) ]; }; } [
    "error[LAB_FLOAT_INEXACT]"
  ];
}
