{
  description = "RepX's reference experiment: seven stages, 64 combinations, 152 jobs, and sums that are known beforehand";

  inputs.repx.url = "github:repx/action";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs =
    { self, repx, nixpkgs }:
    {
      packages.x86_64-linux.default = import ./lab.nix {
        pkgs = nixpkgs.legacyPackages.x86_64-linux;
        repx-lib = repx.lib;
      };
    };
}
