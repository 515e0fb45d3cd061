// Limits of what is written that GitHub's description does not say, or counts in other units. Pure.
import * as z from "zod";

/** "65535" of the Checks API are bytes: GitHub's error speaks of `bytesize` (dorny/test-reporter#57). */
export const MAX_CHECK_TEXT_BYTES = 65_535;
/** "Body is too long (maximum is 65536 characters)", as GitHub's error says (bencherdev/bencher#644). */
export const MAX_COMMENT_CHARACTERS = 65_536;
const MAX_MESSAGE_BYTES = 65_536;
const MAX_TITLE_CHARACTERS = 255;
const MAX_PAYLOAD_BYTES = 65_535;

const Annotation = z.looseObject({
  message: z.string().optional(),
  raw_details: z.string().optional(),
  title: z.string().optional(),
});
const Check = z.looseObject({
  output: z
    .looseObject({
      summary: z.string().optional(),
      text: z.string().optional(),
      annotations: z.array(Annotation).optional(),
    })
    .optional(),
});
const Comment = z.looseObject({ body: z.string() });
const Dispatch = z.looseObject({ client_payload: z.unknown().optional(), inputs: z.unknown().optional() });

/** Names what GitHub refuses about the content of a write. */
export function judgeContent(operation: string, json: unknown): string[] {
  if (operation === "checks/create" || operation === "checks/update") return judgeCheck(Check.safeParse(json).data);
  if (operation === "issues/create-comment" || operation === "issues/update-comment") {
    const body = Comment.safeParse(json).data?.body ?? "";
    if (body.trim() === "") return ["body can't be blank"];
    return body.length > MAX_COMMENT_CHARACTERS
      ? [`body is too long (maximum is ${MAX_COMMENT_CHARACTERS} characters)`]
      : [];
  }
  if (operation === "repos/create-dispatch-event" || operation === "actions/create-workflow-dispatch") {
    const payload = Dispatch.safeParse(json).data;
    const size = Buffer.byteLength(JSON.stringify(payload?.client_payload ?? payload?.inputs ?? {}));
    return size > MAX_PAYLOAD_BYTES ? [`the payload has ${size} bytes, more than ${MAX_PAYLOAD_BYTES}`] : [];
  }
  return [];
}

function judgeCheck(check: z.infer<typeof Check> | undefined): string[] {
  const { summary = "", text = "", annotations = [] } = check?.output ?? {};
  const limited: [what: string, size: number, most: number][] = [
    ["summary", Buffer.byteLength(summary), MAX_CHECK_TEXT_BYTES],
    ["text", Buffer.byteLength(text), MAX_CHECK_TEXT_BYTES],
  ];
  for (const { message = "", raw_details: details = "", title = "" } of annotations) {
    limited.push(
      ["an annotation's message", Buffer.byteLength(message), MAX_MESSAGE_BYTES],
      ["an annotation's raw_details", Buffer.byteLength(details), MAX_MESSAGE_BYTES],
      ["an annotation's title", title.length, MAX_TITLE_CHARACTERS],
    );
  }
  return limited
    .filter(([, size, most]) => size > most)
    .map(([what, size, most]) => `${what} exceeds a maximum bytesize of ${most}: ${size}`);
}
