// One push as a process: reads an order on stdin, prints the bytes done, a line each, and in the end one object.
import { text } from "node:stream/consumers";
import { PushOrder, pushHere } from "./faulty-push.ts";

const order = PushOrder.parse(JSON.parse(await text(process.stdin)));
const end = await pushHere(order, { onProgress: ({ doneBytes }) => void process.stdout.write(`${doneBytes}\n`) });
process.stdout.write(`${JSON.stringify(end)}\n`);
