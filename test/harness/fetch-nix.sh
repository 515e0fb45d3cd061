# fetch-nix.sh <Debian suite> <mirror> <folder>: that suite's Nix, so that it runs on an older Debian. Does nothing when it is
# there. The caller holds a lock. Its own libraries lie beside it and its loader is named in it: nothing of the machine's changes.
set -euo pipefail
suite=$1 mirror=$2 folder=$3
[[ ! -x $folder/bin/nix ]] || exit 0
work=$folder.new
rm -rf "$work"
mkdir -p "$work/nix/bin" "$work/nix/lib"
trap 'rm -rf "$work"' EXIT
# A mirror that stands still has sid's Release past its date; signatures are checked all the same.
mmdebstrap --quiet --variant=extract --architectures=amd64 --include=nix-bin --aptopt='Acquire::Check-Valid-Until "false"' \
  "$suite" "$work/root" "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
cp -a "$work"/root/usr/lib/x86_64-linux-gnu/*.so* "$work/nix/lib/"
loader=$(readlink -e "$work/root/usr/lib64/ld-linux-x86-64.so.2" || readlink -e "$work/root/lib64/ld-linux-x86-64.so.2")
cp "$loader" "$work/nix/lib/ld-linux-x86-64.so.2"
cp "$work/root/usr/bin/nix" "$work/nix/bin/nix"
# Not `ld.so nix`: Nix starts itself again as /proc/self/exe for its build hook.
patchelf --set-interpreter "$folder/lib/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$folder/lib" "$work/nix/bin/nix"
for name in nix-build nix-instantiate nix-store; do ln -s nix "$work/nix/bin/$name"; done
mv "$work/nix" "$folder"
