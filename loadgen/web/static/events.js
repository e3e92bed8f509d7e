// Server-sent events with a header of ours, which EventSource cannot send; it resumes by the last event's id as that does.

import { headers, LOST, Refused } from "./session.js";

const AGAIN_MS = 1500;

// Follows a run until it has ended or `signal` aborts.
export async function follow(run, { onEvent, onLost, onBack, signal }) {
  let last = "";
  while (!signal.aborted) {
    try {
      const more = last ? { "Last-Event-ID": last } : {};
      const answer = await fetch(`/api/runs/${encodeURIComponent(run)}/events`, { headers: headers(more), cache: "no-store", signal });
      if (!answer.ok) {
        const said = await answer.json();
        throw new Refused(answer.status, said.error);
      }
      onBack();
      for await (const message of messages(answer.body)) {
        if (message.event === "end") return;
        last = message.id ?? last;
        if (message.event === "run") onEvent(JSON.parse(message.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status < 500) throw error;
      onLost(error instanceof Refused ? error.message : LOST);
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const message = { data: "" };
      for (const line of part.split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) message[line.slice(0, at)] = line.slice(at + 2);
      }
      yield message;
    }
  }
}
