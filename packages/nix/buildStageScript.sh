# Builder of a stage script: writes $text to $out/bin/$pname and lets bash read it once.
set -eu
PATH=$toolFolder
mkdir -p "$out/bin"
cp "$textPath" "$out/bin/$pname"
chmod 0555 "$out/bin/$pname"
"$bashPath" -n "$out/bin/$pname"
