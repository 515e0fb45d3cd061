# Two producers, a consumer, partial sums by scatter-gather, their total, and two stages that work on the total.
# The attributes' alphabetical order is not the order in which the stages need each other.
{ repx, ... }:
repx.mkPipe rec {
  producer_a = repx.callStage ./stages/stage-a-producer.nix [ ];
  producer_b = repx.callStage ./stages/stage-b-producer.nix [ ];
  consumer = repx.callStage ./stages/stage-c-consumer.nix [
    producer_a
    [ producer_b "raw_output" "list_b" ]
  ];
  partial_sums = repx.callStage ./stages/stage-d-partial-sums.nix [
    [ consumer "combined_list" "number_list_file" ]
  ];
  total_sum = repx.callStage ./stages/stage-e-total-sum.nix [ partial_sums ];
  dynamic_stage = repx.callStage ./stages/stage-f-dynamic.nix [
    [ total_sum "data.total_sum" "source_data" ]
  ];
  multiarg = repx.callStage ./stages/stage-g-multiarg.nix [
    [ dynamic_stage "result" "source_data" ]
  ];
}
