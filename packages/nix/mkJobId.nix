# mkJobId : { identities, paramsJson, upstream, mappings, pname, version } -> "<32 chars>-<pname>-<version>".
# identities: store paths of the stage's scripts; upstream: job ids in the order of the mappings, duplicates kept.
let
  hashJob = import ./hashJob.nix;
  renderMapping = import ./renderMapping.nix;
in
{ identities, paramsJson, upstream, mappings, pname, version }:
let
  mappingsJson = "[${builtins.concatStringsSep "," (map renderMapping mappings)}]";
  hash = hashJob (
    identities
    ++ [
      paramsJson
      (builtins.toJSON upstream)
      (builtins.hashString "sha256" (builtins.concatStringsSep ":" upstream))
      mappingsJson
    ]
  );
in
"${hash}-${pname}-${version}"
