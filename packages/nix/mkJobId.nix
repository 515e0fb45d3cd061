# mkJobId : { identities, paramsJson, upstream, mappingsJson, forced ? [ ], pname, version } -> "<32 chars>-<pname>-<version>".
# identities: what the stage's scripts are known by; upstream: job ids in the order of the mappings, duplicates kept;
# forced: what makes it another id though all else is equal.
let
  hashJob = import ./hashJob.nix;
in
{ identities, paramsJson, upstream, mappingsJson, forced ? [ ], pname, version }:
let
  hash = hashJob (
    identities
    ++ [
      paramsJson
      (builtins.toJSON upstream)
      (builtins.hashString "sha256" (builtins.concatStringsSep ":" upstream))
      mappingsJson
    ]
    ++ forced
  );
in
"${hash}-${pname}-${version}"
