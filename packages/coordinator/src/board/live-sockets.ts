// Tells open pages that a submission has changed. A message says only that: the page then asks again, as who is signed
// in by then. Sockets hibernate, so that a page that nobody looks at costs nothing.

/** Pages of one submission that are told; a further one stays as it was loaded. */
const MAX_SOCKETS = 200;
/** However many events come, pages are told once in so long. */
const INTERVAL_MS = 1000;

/** The open pages of one submission. */
export interface LiveSockets {
  /** Takes a WebSocket; who may read the submission was asked before. */
  accept(request: Request): Response;
  /** Tells every page, soon. */
  announce(): void;
}

/** Opens the sockets of an object; they outlive its memory. */
export function openLiveSockets(context: DurableObjectState): LiveSockets {
  context.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  let isPlanned = false;
  const tell = (): void => {
    isPlanned = false;
    for (const socket of context.getWebSockets()) send(socket);
  };
  return {
    accept: (request) => {
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return new Response(null, { status: 426 });
      if (context.getWebSockets().length >= MAX_SOCKETS) return new Response(null, { status: 503 });
      const { 0: client, 1: server } = new WebSocketPair();
      context.acceptWebSocket(server);
      return new Response(null, { status: 101, webSocket: client });
    },
    announce: () => {
      if (isPlanned || context.getWebSockets().length === 0) return;
      isPlanned = true;
      setTimeout(tell, INTERVAL_MS);
    },
  };
}

function send(socket: WebSocket): void {
  try {
    socket.send("changed");
  } catch {
    // It is closing: its page connects again, and is up to date then.
  }
}
