# The definition library: what a researcher's flake calls to describe runs and to make a Lab of them.
# One function a file, the file is named after it. Builtins only; `pkgs` supplies programs, never functions.
# runs2Lab and mkRun suffice; mkLab and callRun are RepX 0.5's way, so that its projects build as they are.
{
  callRun = import ./callRun.nix;
  mkLab = import ./mkLab.nix;
  mkPipelineHelpers = import ./mkPipelineHelpers.nix;
  mkRun = import ./mkRun.nix;
  mkUtils = import ./mkUtils.nix;
  runs2Lab = import ./runs2Lab.nix;
  utils = import ./mkUtils.nix { };
}
