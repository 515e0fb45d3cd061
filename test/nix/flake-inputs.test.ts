import { once } from "node:events";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { locateLab } from "../../packages/core/src/lab/locate-lab.ts";
import { runCommand } from "../harness/command.ts";
import { startLabBuilder } from "./build-lab.ts";

/** A server of one file, which counts how often it is fetched and refuses the second time, as an overloaded one does. */
async function startOnceServer(body: Buffer): Promise<AsyncDisposable & { url: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    if (request.method !== "HEAD") requests.push(request.url ?? "");
    response.writeHead(requests.length > 1 ? 429 : 200, { "content-type": "application/gzip" });
    response.end(request.method === "HEAD" || requests.length > 1 ? undefined : body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/data.tar.gz`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const renderFlake = (url: string) => `{
  inputs = { repx.url = "path:./library"; packages.url = "path:./packages"; data = { url = "${url}"; flake = false; }; };
  outputs = { self, repx, packages, data }: let
    pkgs = packages.legacyPackages.x86_64-linux;
  in {
    packages.x86_64-linux.default = repx.lib.runs2Lab [ (repx.lib.mkRun {
      inherit pkgs; name = "study";
      parameters.x = builtins.genList (n: n) 40;
      pipelines = [ ({ repx, ... }: repx.mkPipe {
        a = repx.callStage { pname = "a"; parameters.x = 0; run = _: "cat \${data}/text"; } [ ];
      }) ];
    }) ];
  };
}`;

test("I-46: a flake's input is fetched once, however many jobs there are and however often the Lab is built", async () => {
  await using builder = await startLabBuilder();
  const { folder, environment } = builder;
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "data/text"), "an input\n");
  await runCommand(["tar", "-C", folder, "-czf", join(folder, "data.tar.gz"), "data"]);
  await using server = await startOnceServer(await readFile(join(folder, "data.tar.gz")));
  await mkdir(join(folder, "study"));
  for (const name of ["library", "packages"])
    await cp(join(folder, name), join(folder, "study", name), { recursive: true });
  await writeFile(join(folder, "study/flake.nix"), renderFlake(server.url));
  for (let builds = 0; builds < 2; builds += 1) {
    const lab = await locateLab({ reference: `path:${folder}/study`, environment, cwd: folder });
    expect(await readdir(join(lab.folder, "jobs"))).toHaveLength(40);
  }
  expect(server.requests).toEqual(["/data.tar.gz"]);
});
