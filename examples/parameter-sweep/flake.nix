{
  description = "The site percolation threshold of the square lattice, by Monte Carlo";

  inputs.repx.url = "github:repx/action";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs =
    { self, repx, nixpkgs }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      simulation = import ./simulation { inherit pkgs repx; };
      analysis = import ./analysis { inherit pkgs repx simulation; };
    in
    {
      packages.x86_64-linux.default = repx.lib.runs2Lab [ simulation analysis ];
    };
}
