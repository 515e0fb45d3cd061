// What room a target has: in its survey, and again after something was removed. Read by `parse-survey.ts`.

/** `say <key>`: begins a section. */
export const SAY = String.raw`say() { printf '= %s\n' "$1"; }`;

/** In the base path: says what pushes left there, what is free, and what the quota of `$user` leaves. */
export const SAY_ROOM = String.raw`say leftovers
ls -1 artifacts/.staging
say blocks
df -Pk . 2>/dev/null
say inodes
df -Pi . 2>/dev/null
if command -v timeout >/dev/null 2>&1; then
  say quota
  command -v quota >/dev/null 2>&1 && timeout 1 quota -w 2>/dev/null </dev/null
  say lustre
  command -v lfs >/dev/null 2>&1 && timeout 1 lfs quota -q -u "$user" "$base" 2>/dev/null </dev/null
fi
`;
