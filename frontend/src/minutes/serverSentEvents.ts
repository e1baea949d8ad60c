// Parses server-sent events from the answer to a POST: EventSource can send neither a body nor a token.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Yields each event as soon as it is complete. */
export async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const parts = rest.split(/\r\n\r\n|\n\n|\r\r/);
      rest = parts.pop()!;
      for (const part of parts) {
        const event = parseEvent(part);
        if (event) yield event;
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parseEvent(text: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [name, value] = [line.split(":", 1)[0]!, line.slice(line.indexOf(":") + 1).replace(/^ /, "")];
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
  }
  return data.length ? { event, data: data.join("\n") } : null;
}
