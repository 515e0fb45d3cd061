# mkMapping : attrs -> mapping with every field of RepX 0.5's input mapping; those not given are null.
{
  type,
  target_input,
  job_id_template ? null,
  source_output ? null,
  source_run ? null,
  dependency_type ? null,
  source_value ? null,
}:
{
  inherit type target_input job_id_template source_output source_run dependency_type source_value;
  source = null;
  source_key = null;
  job_id = null;
}
