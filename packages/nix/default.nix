# The definition library: what a researcher's flake calls to describe runs and to make a Lab of them.
# One function a file, the file is named after it. Builtins only; `pkgs` supplies programs, never functions.
{
  mkRun = import ./mkRun.nix;
  mkPipelineHelpers = import ./mkPipelineHelpers.nix;
  runs2Lab = import ./runs2Lab.nix;
}
