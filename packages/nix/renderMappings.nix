# renderMappings : [ mapping ] -> JSON with RepX 0.5's field order and explicit nulls.
# This text enters job ids: never reorder.
let
  fields = [
    "type"
    "job_id_template"
    "source_output"
    "target_input"
    "source_run"
    "dependency_type"
    "source_value"
    "source"
    "source_key"
    "job_id"
  ];
  renderMapping =
    mapping:
    "{${builtins.concatStringsSep "," (map (field: "\"${field}\":${builtins.toJSON mapping.${field}}") fields)}}";
in
mappings: "[${builtins.concatStringsSep "," (map renderMapping mappings)}]"
