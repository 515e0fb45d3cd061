import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __knownSymbol = (name, symbol) => (symbol = Symbol[name]) ? symbol : /* @__PURE__ */ Symbol.for("Symbol." + name);
var __typeError = (msg) => {
  throw TypeError(msg);
};
var __require = /* @__PURE__ */ ((x) => typeof require !== "undefined" ? require : typeof Proxy !== "undefined" ? new Proxy(x, {
  get: (a, b) => (typeof require !== "undefined" ? require : a)[b]
}) : x)(function(x) {
  if (typeof require !== "undefined") return require.apply(this, arguments);
  throw Error('Dynamic require of "' + x + '" is not supported');
});
var __commonJS = (cb, mod) => function __require2() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e) {
    throw mod = 0, e;
  }
};
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __using = (stack, value, async) => {
  if (value != null) {
    if (typeof value !== "object" && typeof value !== "function") __typeError("Object expected");
    var dispose, inner;
    if (async) dispose = value[__knownSymbol("asyncDispose")];
    if (dispose === void 0) {
      dispose = value[__knownSymbol("dispose")];
      if (async) inner = dispose;
    }
    if (typeof dispose !== "function") __typeError("Object not disposable");
    if (inner) dispose = function() {
      try {
        inner.call(this);
      } catch (e) {
        return Promise.reject(e);
      }
    };
    stack.push([async, dispose, value]);
  } else if (async) {
    stack.push([async]);
  }
  return value;
};
var __callDispose = (stack, error, hasError) => {
  var E = typeof SuppressedError === "function" ? SuppressedError : function(e, s, m, _) {
    return _ = Error(m), _.name = "SuppressedError", _.error = e, _.suppressed = s, _;
  };
  var fail = (e) => error = hasError ? new E(e, error, "An error was suppressed during disposal") : (hasError = true, e);
  var next = (it) => {
    while (it = stack.pop()) {
      try {
        var result = it[1] && it[1].call(it[2]);
        if (it[0]) return Promise.resolve(result).then(next, (e) => (fail(e), next()));
      } catch (e) {
        fail(e);
      }
    }
    if (hasError) throw error;
  };
  return next();
};

// ../core/src/sync/tree/tree-index.ts
var HASH_CHARACTERS = 48;
var FIRST_LINE = "repx tree 1";
var TOP = ".";
var FOLDER = /^d ([0-7]{1,4}) (\d{1,15}) ([!-~]+)$/;
var FILE = /^f ([0-7]{1,4}) (\d{1,15}) (\d{1,15}) ([0-9a-f]{48}|-) ([!-~]+)$/;
var SYMLINK = /^l (\d{1,15}) ([!-~]+) ([!-~]+)$/;
var HARDLINK = /^h ([!-~]+) ([!-~]+)$/;
function renderIndex(entries) {
  return `${FIRST_LINE}
${entries.map(renderLine).join("")}end ${entries.length}
`;
}
function parseIndex(text) {
  const lines = text.split("\n");
  const count = lines.length - 3;
  if (lines[0] !== FIRST_LINE || lines.at(-2) !== `end ${count}` || lines.at(-1) !== "") {
    throw new SyntaxError("the index of a tree is not whole");
  }
  return lines.slice(1, -2).map(parseLine);
}
function parseIndexes(texts) {
  const indexes = /* @__PURE__ */ new Map();
  for (const [name, text] of texts) {
    try {
      indexes.set(name, parseIndex(text));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return indexes;
}
function renderIndexName(destination) {
  return destination.replaceAll("/", "%");
}
function parseIndexName(name) {
  return name.replaceAll("%", "/");
}
function renderLine(entry) {
  const path = entry.path === "" ? TOP : escapeBytes(entry.path);
  if (entry.kind === "hardlink") return `h ${path} ${escapeBytes(entry.target)}
`;
  const { mtimeSeconds } = entry;
  if (entry.kind === "symlink") return `l ${mtimeSeconds} ${path} ${escapeBytes(entry.target)}
`;
  const mode = entry.mode.toString(8);
  if (entry.kind === "folder") return `d ${mode} ${mtimeSeconds} ${path}
`;
  return `f ${mode} ${mtimeSeconds} ${entry.sizeBytes} ${entry.sha256?.slice(0, HASH_CHARACTERS) ?? "-"} ${path}
`;
}
function parseLine(line) {
  const [, mode = "", time = "", size = "", sha256 = "", path = ""] = FILE.exec(line) ?? [];
  if (path !== "") {
    const file = { path: parsePath(path), kind: "file", mode: Number.parseInt(mode, 8) };
    const sizes = { mtimeSeconds: Number(time), sizeBytes: Number(size) };
    return sha256 === "-" ? { ...file, ...sizes } : { ...file, ...sizes, sha256 };
  }
  return parseFolder(line) ?? parseSymlink(line) ?? parseHardlink(line);
}
function parseFolder(line) {
  const [, mode = "", time = "", path = ""] = FOLDER.exec(line) ?? [];
  if (path === "") return void 0;
  return { path: parsePath(path), kind: "folder", mode: Number.parseInt(mode, 8), mtimeSeconds: Number(time) };
}
function parseSymlink(line) {
  const [, time = "", path = "", target = ""] = SYMLINK.exec(line) ?? [];
  if (path === "") return void 0;
  return { path: parsePath(path), kind: "symlink", target: parseBytes(target), mtimeSeconds: Number(time) };
}
function parseHardlink(line) {
  const [, path = "", target = ""] = HARDLINK.exec(line) ?? [];
  if (path === "") throw new SyntaxError(`not a line of an index: ${line.slice(0, 200)}`);
  return { path: parsePath(path), kind: "hardlink", target: parsePath(target) };
}
function parsePath(text) {
  if (text === TOP) return "";
  const path = parseBytes(text);
  if (/(?:^|\/)\.{0,2}(?:\/|$)/.test(path)) throw new SyntaxError(`not a path in a tree: ${text.slice(0, 200)}`);
  return path;
}
function escapeBytes(path) {
  if (!/[^!-[\]-~]/.test(path)) return path;
  return path.replaceAll(/[^!-[\]-~]/g, (byte) => String.raw`\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
function parseBytes(text) {
  if (!text.includes("\\")) return text;
  if (/\\(?!x(?!00)[0-9a-f]{2})/.test(text)) throw new SyntaxError(`not an escaped path: ${text.slice(0, 200)}`);
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

// ../core/src/model/errors.ts
var CODES = {
  INPUT_MISSING: { exit: 2, retry: false },
  INPUT_INVALID: { exit: 2, retry: false },
  CONFIG_MISSING: { exit: 2, retry: false },
  CONFIG_INVALID: { exit: 2, retry: false },
  CONFIG_TARGET_UNKNOWN: { exit: 2, retry: false },
  LAB_MISSING: { exit: 2, retry: false },
  LAB_INVALID: { exit: 2, retry: false },
  LAB_RUN_UNKNOWN: { exit: 2, retry: false },
  LAB_JOB_UNKNOWN: { exit: 2, retry: false },
  LAB_JOB_AMBIGUOUS: { exit: 2, retry: false },
  LAB_STORE_PATH_MISSING: { exit: 2, retry: false },
  PLAN_EMPTY: { exit: 2, retry: false },
  PICTURE_TOO_LARGE: { exit: 2, retry: false },
  NIX_MISSING: { exit: 2, retry: false },
  NIX_BUILD_FAILED: { exit: 2, retry: false },
  SSH_UNREACHABLE: { exit: 3, retry: true },
  SSH_TIMEOUT: { exit: 3, retry: true },
  SSH_CONNECTION_LOST: { exit: 3, retry: true },
  SSH_PROXY_COMMAND: { exit: 2, retry: false },
  SSH_HOST_KEY_UNKNOWN: { exit: 2, retry: false },
  SSH_HOST_KEY_MISMATCH: { exit: 2, retry: false },
  SSH_KEY_INVALID: { exit: 2, retry: false },
  SSH_KEY_REFUSED: { exit: 2, retry: false },
  SSH_LOGIN_SHELL_FAILED: { exit: 2, retry: false },
  SSH_COMMAND_FAILED: { exit: 3, retry: false },
  SYNC_BASE_PATH_NOT_WRITABLE: { exit: 2, retry: false },
  SYNC_BASE_PATH_SPLIT: { exit: 2, retry: false },
  SYNC_FAILED: { exit: 3, retry: true },
  SYNC_SOURCE_UNSUPPORTED: { exit: 2, retry: false },
  SYNC_SOURCE_UNREADABLE: { exit: 2, retry: false },
  SYNC_SOURCE_CHANGED: { exit: 2, retry: true },
  SYNC_NO_SPACE: { exit: 2, retry: false },
  SYNC_TOO_LARGE: { exit: 2, retry: false },
  SYNC_UNSAFE_NAME: { exit: 3, retry: false },
  SYNC_DESTINATION_NOT_WRITABLE: { exit: 2, retry: false },
  GC_BUSY: { exit: 2, retry: true },
  GC_ROOT_UNKNOWN: { exit: 2, retry: false },
  GC_ROOT_UNREADABLE: { exit: 2, retry: false },
  SLURM_MISSING: { exit: 2, retry: false },
  SLURM_UNREACHABLE: { exit: 4, retry: true },
  SLURM_UNSATISFIABLE: { exit: 2, retry: false },
  SLURM_REJECTED: { exit: 4, retry: false },
  SLURM_BUSY: { exit: 4, retry: true },
  SUBMISSION_OPEN: { exit: 4, retry: false },
  SUBMISSION_UNKNOWN: { exit: 2, retry: false },
  SUBMISSION_UNREADABLE: { exit: 4, retry: false },
  RUNTIME_NOT_OFFERED: { exit: 2, retry: false },
  RUNTIME_IMAGE_MISSING: { exit: 2, retry: false },
  RUNTIME_PATH_UNSUPPORTED: { exit: 2, retry: false },
  LOCAL_REJECTED: { exit: 4, retry: false },
  LOCAL_AGENT_FAILED: { exit: 4, retry: true },
  AUTH_ID_TOKEN_MISSING: { exit: 2, retry: false },
  AUTH_OIDC_INVALID: { exit: 2, retry: false },
  AUTH_AUDIENCE_WRONG: { exit: 2, retry: false },
  AUTH_APP_NOT_INSTALLED: { exit: 2, retry: false },
  AUTH_TOKEN_INVALID: { exit: 2, retry: false },
  AUTH_SIGNATURE_INVALID: { exit: 2, retry: false },
  AUTH_SIGN_IN_FAILED: { exit: 2, retry: true },
  AUTH_SIGN_IN_REQUIRED: { exit: 2, retry: false },
  AUTH_SETUP_REFUSED: { exit: 2, retry: true },
  COORD_UNREACHABLE: { exit: 5, retry: true },
  COORD_ANSWER_INVALID: { exit: 5, retry: false },
  COORD_REQUEST_INVALID: { exit: 2, retry: false },
  COORD_REQUEST_TOO_LARGE: { exit: 2, retry: false },
  COORD_NOT_FOUND: { exit: 2, retry: false },
  COORD_NOT_CONFIGURED: { exit: 2, retry: false },
  COORD_BUSY: { exit: 5, retry: true },
  COORD_INTERNAL: { exit: 5, retry: true },
  GITHUB_REFUSED: { exit: 5, retry: false },
  GITHUB_UNREACHABLE: { exit: 5, retry: true }
};
var RepxError = class extends Error {
  name = "RepxError";
  code;
  hint;
  details;
  constructor(code, message, context) {
    super(message, context.cause === void 0 ? void 0 : { cause: context.cause });
    this.code = code;
    this.hint = context.hint;
    this.details = context.details;
  }
};
function isCode(text) {
  return Object.hasOwn(CODES, text);
}

// ../core/src/sync/pack/pack-job.ts
function renderPackEntry({ item, entry, existing }) {
  return `${item} ${existing ?? ""}\0${renderLine(entry).trimEnd()}`;
}
function parsePackEntry(text) {
  const [, item = "", existing = "", line = ""] = /^(\d+) ([^\0]*)\0(.*)$/s.exec(text) ?? [];
  const entry = parseLine(line);
  return existing === "" ? { item: Number(item), entry } : { item: Number(item), entry, existing };
}
function isPackJob(message) {
  const kinds = /* @__PURE__ */ new Set(["scan", "hash", "bundle", "part"]);
  return hasField(message, "kind") && kinds.has(message.kind);
}
function renderFailure(error) {
  if (error instanceof RepxError) {
    const { code, message, hint } = error;
    return { failure: { code, message, hint } };
  }
  return { bug: error instanceof Error ? error.stack ?? error.message : String(error) };
}
function readResult(answer) {
  if (hasField(answer, "result")) return answer.result;
  const failure = hasField(answer, "failure") ? answer.failure : void 0;
  if (hasField(failure, "code") && hasField(failure, "message") && hasField(failure, "hint")) {
    const { code, message, hint } = failure;
    if (typeof code === "string" && isCode(code)) throw new RepxError(code, String(message), { hint: String(hint) });
  }
  throw new TypeError(`a packing thread failed: ${hasField(answer, "bug") ? String(answer.bug) : "no answer"}`);
}
function readText(result) {
  if (typeof result !== "string") throw new TypeError("a packing thread answered no text");
  return result;
}
function readTexts(result) {
  if (!Array.isArray(result)) throw new TypeError("a packing thread answered no list");
  return result.map(readText);
}
function readPacked(result) {
  if (!hasField(result, "bytes") || !(result.bytes instanceof Uint8Array) || !hasField(result, "encoding") || !isEncoding(result.encoding) || !hasField(result, "sha256") || !hasField(result, "fileHashes") || !(result.fileHashes instanceof Map)) {
    throw new TypeError("a packing thread answered no parcel");
  }
  const { bytes, encoding, sha256 } = result;
  const fileHashes = new Map([...result.fileHashes].map(([path, digest]) => [readText(path), readText(digest)]));
  return { bytes, encoding, sha256: readText(sha256), fileHashes };
}
function isEncoding(value) {
  return value === "zstd" || value === "gzip" || value === "none";
}
function hasField(value, name) {
  return typeof value === "object" && value !== null && name in value;
}

// ../core/src/sync/tree/read-source.ts
import { createHash, hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";

// ../core/src/sync/tree/byte-path.ts
function encodePath(text) {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}
function joinSource(source, path) {
  return joinPath(encodePath(source), path);
}
function joinPath(folder, path) {
  return path === "" ? folder : `${folder}/${path}`;
}
function toDiskPath(path) {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}
function renderPath(path) {
  const text = Buffer.from(path, "latin1").toString("utf8");
  return text.replaceAll(new RegExp("\\p{Cc}", "gu"), (character) => JSON.stringify(character).slice(1, -1));
}
function isAscii(text) {
  return !/[\u0080-\uffff]/.test(text);
}

// ../core/src/sync/tree/read-source.ts
var FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
var CHUNK_BYTES = 1 << 20;
function readInto(path, sizeBytes, buffer, offset) {
  withSource(path, (file) => {
    const read = readUpTo(file, buffer, { offset, length: sizeBytes + 1 });
    if (read !== sizeBytes) throw reportChange(path);
  });
}
function readPart(path, part, buffer) {
  withSource(path, (file) => {
    const read = readUpTo(file, buffer, { offset: 0, length: part.length, position: part.start });
    if (read !== part.length) throw reportChange(path);
  });
}
function hashSource(path, sizeBytes) {
  scratch ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const buffer = scratch;
  return withSource(path, (file) => {
    const first = readUpTo(file, buffer, { offset: 0, length: buffer.length });
    let total = first;
    let digest;
    if (first < buffer.length) {
      digest = hash("sha256", buffer.subarray(0, first));
    } else {
      const whole = createHash("sha256").update(buffer);
      for (let read = first; read > 0; total += read) {
        read = readUpTo(file, buffer, { offset: 0, length: buffer.length });
        whole.update(buffer.subarray(0, read));
      }
      digest = whole.digest("hex");
    }
    if (sizeBytes !== void 0 && total !== sizeBytes) throw reportChange(path);
    return digest;
  });
}
function explainSource(path, error) {
  const gone = /* @__PURE__ */ new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EISDIR"]);
  return isSystemError(error) && gone.has(error.code) ? reportChange(path, error) : explainNamed(path, error);
}
function explainNamed(path, error) {
  if (!isSystemError(error)) return error;
  const reason = error.message.replace(/,.*/s, "");
  return new RepxError("SYNC_SOURCE_UNREADABLE", `cannot read ${renderPath(path)}: ${reason}`, {
    hint: `Look at its permissions (\`ls -ld\`), or build the Lab again; ${UNCHANGED}`,
    cause: error
  });
}
function reportChange(path, cause) {
  return new RepxError("SYNC_SOURCE_CHANGED", `${renderPath(path)} changed while it was being sent`, {
    hint: `See that nothing writes to it, then try again; ${UNCHANGED}`,
    cause
  });
}
var UNCHANGED = "the target is as it was.";
var scratch;
function isSystemError(error) {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
function withSource(path, use) {
  let file;
  try {
    file = openSync(toDiskPath(path), FLAGS);
    return use(file);
  } catch (error) {
    throw explainSource(path, error);
  } finally {
    if (file !== void 0) closeSync(file);
  }
}
function readUpTo(file, buffer, { offset, length, position }) {
  let read = 0;
  while (read < length) {
    const place = position === void 0 ? null : position + read;
    const now = readSync(file, buffer, offset + read, length - read, place);
    if (now === 0) break;
    read += now;
  }
  return read;
}

// ../core/src/sync/pack/pack-bundle.ts
import { hash as hash2 } from "node:crypto";

// ../core/src/sync/pack/tar-record.ts
var BLOCK_BYTES = 512;
var END_BYTES = 2 * BLOCK_BYTES;
var TYPES = { file: "0", hardlink: "1", symlink: "2", folder: "5" };
var LONG_NAME = "L";
var LONG_TARGET = "K";
var FIELD_BYTES = 100;
var CHECKSUM_OFFSET = 148;
function padBlocks(sizeBytes) {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}
function measureRecord({ name, target = "" }) {
  return BLOCK_BYTES + measureLong(name) + measureLong(target);
}
function writeRecord(buffer, offset, record) {
  const { name, target = "", mode, sizeBytes, mtimeSeconds } = record;
  let end = writeLong(buffer, offset, LONG_TARGET, target);
  end = writeLong(buffer, end, LONG_NAME, name);
  return writeHeader(buffer, end, { type: TYPES[record.type], name, target, mode, sizeBytes, mtimeSeconds });
}
function measureLong(name) {
  return name.length > FIELD_BYTES ? BLOCK_BYTES + padBlocks(name.length + 1) : 0;
}
function writeLong(buffer, offset, type, name) {
  if (name.length <= FIELD_BYTES) return offset;
  const size = name.length + 1;
  const start = writeHeader(buffer, offset, {
    type,
    name: "././@LongLink",
    target: "",
    mode: 420,
    sizeBytes: size,
    mtimeSeconds: 0
  });
  const end = start + padBlocks(size);
  buffer.write(name, start, "latin1");
  buffer.fill(0, start + name.length, end);
  return end;
}
function writeHeader(buffer, offset, header) {
  const end = offset + BLOCK_BYTES;
  buffer.fill(0, offset, end);
  const fixed = `${renderOctal(header.mode, 7)}0000000\x000000000\0${renderOctal(header.sizeBytes, 11)}${renderOctal(header.mtimeSeconds, 11)}        ${header.type}`;
  buffer.write(header.name, offset, FIELD_BYTES, "latin1");
  buffer.write(fixed, offset + FIELD_BYTES, "latin1");
  buffer.write(header.target, offset + 157, FIELD_BYTES, "latin1");
  buffer.write("ustar  ", offset + 257, "latin1");
  let sum = 0;
  for (let index = offset; index < end; index += 1) sum += buffer[index] ?? 0;
  buffer.write(`${sum.toString(8).padStart(6, "0")}\0 `, offset + CHECKSUM_OFFSET, "latin1");
  return end;
}
function renderOctal(value, digits) {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

// ../core/src/sync/pack/pack-bundle.ts
function packBundle({ entries }, { sources, staging }, allocate) {
  const records = entries.map((each) => describeEntry(each, staging));
  const size = records.reduce((sum, record) => sum + measureRecord(record) + padBlocks(record.sizeBytes), END_BYTES);
  const archive = allocate(size);
  const fileHashes = /* @__PURE__ */ new Map();
  let end = 0;
  for (const [index, record] of records.entries()) {
    const start = writeRecord(archive, end, record);
    end = start + padBlocks(record.sizeBytes);
    const each = entries[index];
    if (each?.entry.kind !== "file" || each.existing !== void 0) continue;
    const { item, entry } = each;
    const source = sources.get(item);
    if (source === void 0) throw new TypeError(`no source for item ${item}`);
    readInto(joinSource(source, entry.path), entry.sizeBytes, archive, start);
    fileHashes.set(`${item}/${entry.path}`, hash2("sha256", archive.subarray(start, start + entry.sizeBytes)));
    archive.fill(0, start + entry.sizeBytes, end);
  }
  archive.fill(0, end);
  return { archive, fileHashes };
}
function describeEntry({ item, entry, existing }, staging) {
  const top = `${staging}/${item}`;
  const name = joinPath(top, entry.path);
  const empty = { name, sizeBytes: 0 };
  if (entry.kind === "hardlink") {
    return { ...empty, type: "hardlink", mode: 420, mtimeSeconds: 0, target: joinPath(top, entry.target) };
  }
  const { mtimeSeconds } = entry;
  if (entry.kind === "symlink") return { ...empty, type: "symlink", mode: 511, mtimeSeconds, target: entry.target };
  const { mode } = entry;
  if (entry.kind === "folder") return { ...empty, type: "folder", name: `${name}/`, mode, mtimeSeconds };
  if (existing !== void 0) return { ...empty, type: "hardlink", mode, mtimeSeconds, target: existing };
  return { type: "file", name, mode, mtimeSeconds, sizeBytes: entry.sizeBytes };
}

// ../core/src/sync/pack/encode.ts
import { hash as hash3 } from "node:crypto";
import { constants as constants2, gzipSync, zstdCompressSync } from "node:zlib";

// ../core/src/sync/pack/choose-level.ts
var WORTHWHILE = 0.9;
var SLOW_BYTES_PER_SECOND = 2e7;
function chooseLevel({ sizeBytes, shrunkBytes, seconds }, bytesPerSecond) {
  if (shrunkBytes >= sizeBytes * WORTHWHILE) return "store";
  if (bytesPerSecond === void 0) return "quick";
  if (bytesPerSecond < SLOW_BYTES_PER_SECOND) return "small";
  return bytesPerSecond * seconds < sizeBytes - shrunkBytes ? "quick" : "store";
}

// ../core/src/sync/pack/encode.ts
var SAMPLE_BYTES = 32 << 10;
var MOST_SAMPLES = 8;
var SAMPLE_EACH_BYTES = 2 << 20;
var CHUNK_BYTES2 = 1 << 20;
var SMALL_BYTES = 128 << 10;
var ROOM_BYTES = 33 << 20;
var LEVELS = {
  zstd: { store: -1e3, quick: 1, small: 3 },
  gzip: { store: 0, quick: 1, small: 1 }
};
function encodeParcel(bytes, encoding, bytesPerSecond) {
  if (encoding === "none") return { bytes, encoding, sha256: hash3("sha256", bytes) };
  const level = bytesPerSecond === Infinity ? "store" : chooseLevel(tryOut(bytes, encoding), bytesPerSecond);
  return { bytes: compress(bytes, encoding, level), encoding, sha256: "-" };
}
function encodeEnd(id, encoding) {
  const line = Buffer.from(`${id}
`);
  return encoding === "none" ? line : compress(line, encoding, "store");
}
function tryOut(bytes, encoding) {
  const samples = takeSamples(bytes);
  const startedMs = performance.now();
  const shrunkBytes = samples.reduce((sum, sample) => sum + compress(sample, encoding, "quick").length, 0);
  const sizeBytes = samples.reduce((sum, sample) => sum + sample.length, 0);
  return { sizeBytes, shrunkBytes, seconds: (performance.now() - startedMs) / 1e3 };
}
function takeSamples(bytes) {
  const count = Math.min(MOST_SAMPLES, Math.max(2, Math.ceil(bytes.length / SAMPLE_EACH_BYTES)));
  if (bytes.length <= count * SAMPLE_BYTES) return [bytes];
  const step = Math.floor((bytes.length - SAMPLE_BYTES) / (count - 1));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * step, index * step + SAMPLE_BYTES));
}
function compress(bytes, encoding, level) {
  if (encoding === "gzip") return gzipSync(bytes, { level: LEVELS.gzip[level], chunkSize: CHUNK_BYTES2 });
  return zstdCompressSync(bytes, {
    // In one piece: others would be copied, and stay as garbage of which the collector hardly knows.
    chunkSize: bytes.length > SMALL_BYTES ? ROOM_BYTES : 2 * SMALL_BYTES,
    pledgedSrcSize: bytes.length,
    params: {
      [constants2.ZSTD_c_compressionLevel]: LEVELS.zstd[level],
      // XXH64, of which 32 bits are kept; SSH's own MAC guards the way before it.
      [constants2.ZSTD_c_checksumFlag]: 1
    }
  });
}

export {
  __require,
  __commonJS,
  __export,
  __toESM,
  __using,
  __callDispose,
  CODES,
  RepxError,
  isCode,
  encodePath,
  joinSource,
  joinPath,
  toDiskPath,
  renderPath,
  HASH_CHARACTERS,
  renderIndex,
  parseIndex,
  parseIndexes,
  renderIndexName,
  parseIndexName,
  renderLine,
  renderPackEntry,
  parsePackEntry,
  isPackJob,
  renderFailure,
  readResult,
  readText,
  readTexts,
  readPacked,
  readPart,
  hashSource,
  explainSource,
  explainNamed,
  END_BYTES,
  padBlocks,
  measureRecord,
  writeRecord,
  packBundle,
  describeEntry,
  SLOW_BYTES_PER_SECOND,
  encodeParcel,
  encodeEnd
};
