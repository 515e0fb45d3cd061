import { isFinal, step, type EventReceipt } from "@repx/core/model";
import type { EventBatch } from "./event-lines.ts";
import { cutText } from "./issues.ts";
import { noteEvent, readRecord, writeRecord } from "./submission-store.ts";
import { noteMove, noteQueue, noteWord } from "./watch/watch-store.ts";

/** What became of a batch, and whether GitHub is to hear of it. */
export interface AcceptedBatch {
  readonly receipt: EventReceipt;
  readonly hasChanged: boolean;
}

/** Takes a batch into the records; the caller makes it one transaction. */
export function acceptBatch(sql: SqlStorage, batch: EventBatch, now: number): AcceptedBatch {
  const receipt: EventReceipt = { accepted: 0, duplicates: 0, rejected: [] };
  let [changes, moves] = [0, 0];
  for (const { line, event } of batch.events) {
    const before = readRecord(sql, event.job);
    if (before === undefined) {
      receipt.rejected.push({ line, message: cutText(`job: not a job of this submission: ${event.job}`) });
    } else if (noteEvent(sql, event, now)) {
      receipt.accepted += 1;
      const after = step(before, event);
      if (after === before) continue;
      writeRecord(sql, event.job, after);
      changes += 1;
      if (after.state === "running" || isFinal(after.state)) moves += 1;
    } else {
      receipt.duplicates += 1;
    }
  }
  noteWord(sql, now);
  if (moves > 0) noteMove(sql, now);
  const isQueueNew = batch.pulse?.queue !== undefined && noteQueue(sql, batch.pulse.pulse, batch.pulse.queue);
  return { receipt, hasChanged: changes > 0 || isQueueNew };
}
