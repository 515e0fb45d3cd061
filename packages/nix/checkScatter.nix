# checkScatter : { at, wires } -> { scatter, steps, gather } -> the same. What a scatter-gather stage must have to run.
# wires: the dependencies of each step.
{ at, wires }: { scatter, steps, gather }:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  listKeys = attrs: listNames (builtins.attrNames attrs);
  names = builtins.attrNames steps;
  needed = map (wire: wire.step) (builtins.concatLists (builtins.attrValues wires));
  roots = builtins.filter (name: wires.${name} == [ ]) names;
  sinks = builtins.filter (name: !builtins.elem name needed) names;
  sinkOutputs = builtins.attrNames steps.${builtins.head sinks}.outputs;
  problems = [
    {
      isFound = names == [ ];
      code = "LAB_STEPS_INVALID";
      place = "steps";
      message = "a scatter-gather stage has at least one step";
      hint = "write steps.work = { inputs.worker__item = \"\"; outputs.result = \"$out/result\"; run = ...; }";
    }
    {
      isFound = !scatter.outputs ? work__items;
      code = "LAB_OUTPUT_MISSING";
      place = "scatter.outputs";
      message = "the scatter has no output work__items, the list of work items";
      hint = "write outputs.work__items = \"$out/work_items.json\"; outputs given: ${listKeys scatter.outputs}";
    }
    {
      isFound = scatter.outputs.work__items != "$out/work_items.json";
      code = "LAB_OUTPUT_INVALID";
      place = "scatter.outputs.work__items";
      message = "the work items are read from $out/work_items.json, found ${builtins.toJSON scatter.outputs.work__items}";
      hint = "write outputs.work__items = \"$out/work_items.json\"";
    }
    {
      isFound = !scatter.outputs ? worker__arg;
      code = "LAB_OUTPUT_MISSING";
      place = "scatter.outputs";
      message = "the scatter has no output worker__arg, an example of a work item";
      hint = "write outputs.worker__arg = { index = 0; }; outputs given: ${listKeys scatter.outputs}";
    }
    {
      isFound = !gather.inputs ? worker__outs;
      code = "LAB_INPUT_MISSING";
      place = "gather.inputs";
      message = "the gather has no input worker__outs, the outputs of all branches";
      hint = "write inputs.worker__outs = \"\"; inputs given: ${listKeys gather.inputs}";
    }
    {
      isFound = !builtins.any (name: steps.${name}.inputs ? worker__item) roots;
      code = "LAB_INPUT_MISSING";
      place = "steps";
      message = "no first step has the input worker__item, the work item of its branch";
      hint = "write inputs.worker__item = \"\" in one of: ${listNames roots}";
    }
    {
      isFound = builtins.length sinks != 1;
      code = "LAB_STEPS_INVALID";
      place = "steps";
      message = "exactly one step is the last, found ${listNames sinks}";
      hint = "let one of them, or a new step, need the others: deps = [ ${builtins.concatStringsSep " " sinks} ]";
    }
    {
      isFound = builtins.length sinkOutputs != 1;
      code = "LAB_STEPS_INVALID";
      place = "steps.${builtins.head sinks}.outputs";
      message = "the last step has exactly one output, found ${listNames sinkOutputs}";
      hint = "the gather receives one file of each branch: write outputs.result = \"$out/result\"";
    }
  ];
  # Each one may rely on those before it.
  first = builtins.foldl' (found: problem: if found != null || !problem.isFound then found else problem) null problems;
in
if first == null then
  { inherit scatter steps gather; }
else
  fail {
    inherit (first) code message hint;
    at = "${at}.${first.place}";
  }
