// The token: from the address's fragment, which is sent nowhere, then kept for this tab.

const KEPT = "loadgen-token";

export const LOST = "The connection is lost; trying again. What is shown may be old.";

function token() {
  return sessionStorage.getItem(KEPT) ?? "";
}

// What may be done with a token, or with the one that this tab has.
export async function rights(value = token()) {
  const sent = /^[\x21-\x7e]+$/.test(value) ? { Authorization: `Bearer ${value}` } : {};  // others cannot be sent
  const answer = await fetch("/api/session", { headers: sent, cache: "no-store" });
  if (!answer.ok) throw new Refused(answer.status, (await answer.json()).error);
  return answer.json();
}

export const hasToken = () => Boolean(token());

export function useToken(value) {
  sessionStorage.setItem(KEPT, value);
}

// Takes the token out of the address, so that it is in no bookmark. Gives the run that the address names, if any.
export function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (said.has("token")) {
    useToken(said.get("token"));
    said.delete("token");
    const rest = said.toString();
    history.replaceState(null, "", rest ? `#${rest}` : location.pathname);
  }
  return said.get("run");
}

export function headers(more = {}) {
  return token() ? { Authorization: `Bearer ${token()}`, ...more } : more;
}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Asks the server for JSON; with a body it is a POST.
export async function ask(path, body) {
  const options = body === undefined
    ? { headers: headers() }
    : { method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body) };
  const answer = await fetch(path, { cache: "no-store", ...options });
  const said = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, [said.error, said.hint].filter(Boolean).join("\n"));
  return said;
}
