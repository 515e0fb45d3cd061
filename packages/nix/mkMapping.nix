# mkMapping : attrs -> mapping with every field of RepX 0.5's input mapping; those not given are null.
{
  target_input,
  type ? null,
  job_id_template ? null,
  source_output ? null,
  source_run ? null,
  dependency_type ? null,
  source_value ? null,
  source ? null,
  source_key ? null,
}:
{
  inherit target_input type job_id_template source_output source_run dependency_type source_value source source_key;
  job_id = null;
}
