{ repx-lib, ... }:
let
  inherit (repx-lib) utils;
in
{
  name = "growth-run";
  pipelines = [ ../pipelines/model.nix ];
  parameters = {
    seed = utils.range 1 2;
    start = utils.files ../data;
    label = utils.list [ "" "two words" ];
    environment = [ (utils.env { UNIT = "mm"; }) ];
    schedule = utils.zip {
      rate = [ 2 3 ];
      steps = [ 4 3 ];
    };
    # No stage declares it: it makes no job more.
    note = [ "a" "b" ];
  };
}
