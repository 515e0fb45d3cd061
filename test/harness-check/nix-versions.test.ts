import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installNix, readDebianMirror } from "../harness/nix-versions.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const ONE_LINE = `# a comment
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://security.example.org/debian-security bookworm-security main
deb-src http://sources.example.org/debian bookworm main
deb [arch=amd64] http://mirror.example.org/pub/debian bookworm main contrib
`;
const DEB822 = `Types: deb
URIs: https://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
`;

test.each([
  { form: "one-line", name: "sources.list", text: ONE_LINE, mirror: "http://mirror.example.org/pub/debian" },
  { form: "deb822", name: "debian.sources", text: DEB822, mirror: "https://mirror.example.org/debian" },
  {
    form: "other people's",
    name: "sources.list",
    text: "deb http://x.org/apt x main",
    mirror: "http://deb.debian.org/debian",
  },
])("reads the mirror of Debian from $form sources", async ({ name, text, mirror }) => {
  await using scratch = await startScratchFolder();
  await mkdir(join(scratch.path, "etc/sources.list.d"), { recursive: true });
  await writeFile(join(scratch.path, "etc", name.endsWith(".list") ? name : `sources.list.d/${name}`), text);
  const places = { "Dir::Etc": `${scratch.path}/etc`, "Dir::Etc::parts": "none", "Dir::State::lists": scratch.path };
  const options = Object.entries(places).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  expect(await readDebianMirror(options)).toBe(mirror);
});

test("a Nix that cannot be fetched fails with the mirror and what to install, and leaves nothing half made", async () => {
  await using scratch = await startScratchFolder();
  const source = { cache: scratch.path, mirror: `file://${scratch.path}/no-mirror` };
  await expect(installNix("trixie", source)).rejects.toThrow(
    /cannot fetch Nix of Debian trixie from file:\/\/.*no-mirror.*apt-get install mmdebstrap patchelf/,
  );
  expect(await readdir(scratch.path)).toEqual(["nix-trixie.lock"]);
});
