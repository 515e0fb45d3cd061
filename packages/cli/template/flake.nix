{
  description = "{{name}}";

  inputs.repx.url = "github:repx/action";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs =
    { self, repx, nixpkgs }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      experiment = import ./experiment/run.nix { inherit pkgs repx; };
    in
    {
      packages.x86_64-linux.default = repx.lib.runs2Lab [ experiment ];
    };
}
