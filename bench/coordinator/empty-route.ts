import { Hono } from "hono";

const app = new Hono();
app.get("/healthz", (context) => context.json({ ok: true }));
app.post("/empty", (context) => context.json({ ok: true }));

/** What a Worker costs that does nothing: the bar for one that stores an event. */
// oxlint-disable-next-line import/no-default-export -- a Worker is what its module exports by default
export default app;
