# fail : { code, at, message, hint } -> throws two lines: what is wrong and where, and what would have been right.
{ code, at, message, hint }: throw "error[${code}]: at ${at}: ${message}\nhint: ${hint}"
