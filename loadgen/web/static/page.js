// The page: which run is shown, the list of runs, and what may be done.

import { byId, make, say, show, table } from "./dom.js";
import { follow } from "./events.js";
import { RunView } from "./run.js";
import { ask, hasToken, LOST, readAddress, Refused, rights, useToken } from "./session.js";

const LIST_MS = 4000;

let shown = null, wanted = null, following = null, view = null, lost = true, may = { looks: false, changes: false, starts: false };

function notice(text) {
  say(byId("connection"), text);
  show(byId("connection"), Boolean(text));
}

function open(run) {
  if (run === shown) return;
  following?.abort();
  following = new AbortController();
  shown = run;
  view = new RunView();
  const { signal } = following, mine = view;
  show(byId("no-run"), false);
  follow(run, {
    signal,
    onEvent: (event) => { if (view === mine) mine.take(event); },
    onLost: (why) => notice(why),
    onBack: () => notice(""),
  }).catch((error) => {
    if (!(error instanceof Refused && error.status === 401)) return notice(error.message);
    shown = null;
    wanted = run;  // opened again once there is a token
    lost = true;
  });
}

function stateOf(run) {
  return run.outcome ?? run.state;
}

async function list() {
  let found;
  try {
    if (lost) await session();
    if (!may.looks) {
      notice("");
      return;
    }
    if (wanted && wanted !== shown) {
      open(wanted);
      scrollTo({ top: 0 });
    }
    wanted = null;
    found = await ask("/api/cluster");
  } catch (error) {
    lost = true;  // a server that comes back may want another token
    if (!(error instanceof Refused && error.status === 401)) notice(error instanceof Refused ? error.message : LOST);
    return;
  }
  if (byId("connection").textContent === LOST) notice("");
  say(byId("cluster"), `${found.leader ? `led by ${found.leader}` : "no coordinator leads"}, ${found.workers} workers, ${found.busy} busy`);
  const active = found.runs.find((run) => run.state !== "finished" && run.state !== "queued" && run.state !== "unreadable");
  if (!shown && found.runs.length) open((active ?? found.runs[0]).run);
  show(byId("no-run"), !found.runs.length);
  for (const id of ["runs", "to-runs"]) show(byId(id), found.runs.length > 0);
  const now = found.runs.find((run) => run.run === shown);
  if (now) byId("report").href = now.report;
  runs(found.runs);
}

function runs(all) {
  const holder = byId("runs-table");
  const focused = holder.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const when = (run) => run.submitted_at ? new Date(run.submitted_at * 1000).toLocaleString() : "";
  holder.replaceChildren(table([
    { title: "Run", head: true, cell: (run) => make("a", { href: `#run=${encodeURIComponent(run.run)}`, "aria-current": run.run === shown ? "true" : null }, run.run) },
    { title: "State", cell: stateOf },
    { title: "Submitted", cell: when },
    { title: "Report", cell: (run) => make("a", { href: run.report, target: "_blank", rel: "noopener", "aria-label": `Report of ${run.run}` }, "Report") },
    { title: "In words", wide: true, cell: (run) => run.detail },
  ], all));
  if (focused) [...holder.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

// What this tab may do; asked again whenever the server was away.
async function session() {
  may = await rights();
  lost = false;
  for (const id of ["stop", "stop-now"]) byId(id).disabled = !may.changes;
  show(byId("emergency"), may.changes);
  show(byId("start"), may.changes && may.starts);
  show(byId("to-start"), may.changes && may.starts);
  show(byId("to-token"), !may.changes);
  say(byId("token-why"), may.looks ? "Starting and stopping need the token." : "Looking, starting and stopping here need the token.");
  say(byId("token-said"), hasToken() && !may.changes ? "The token that this tab had is not this server's, or not any more." : "");
  if (may.changes) show(byId("token-form"), false);
  else if (!may.looks && byId("token-form").hidden) {
    show(byId("token-form"), true);
    byId("token").focus();
  }
  if (may.changes && may.starts) known();
}

async function known() {
  const { plans } = await ask("/api/plans");
  show(byId("known-plan"), plans.length > 0);
  const kept = byId("known").value;
  byId("known").replaceChildren(make("option", { value: "" }, "–"), ...plans.map((name) => make("option", { value: name }, name)));
  byId("known").value = plans.includes(kept) ? kept : "";
}

function sure(text) {
  const dialog = byId("sure");
  say(byId("sure-text"), text);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

async function doing(what) {
  try {
    await what();
  } catch (error) {
    notice(error.message);
  }
}

function stopping(id, text, path, body) {
  byId(id).addEventListener("click", async () => {
    if (await sure(text())) doing(() => ask(path(), body));
  });
}

function starting() {
  const said = byId("plan-said");
  const checked = ({ ok, said }) => `${ok ? "ok: " : ""}${said}`;
  const plan = () => ({ plan: byId("plan").value, folder: byId("folder").value });
  const doing = async (what) => {
    say(said, "…");
    try {
      say(said, await what());
    } catch (error) {
      say(said, error.message);
    }
  };
  byId("plan-file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    byId("plan").value = await file.text();
    byId("known").value = "";
    say(said, "");
  });
  byId("known").addEventListener("change", (event) => doing(async () => {
    if (!event.target.value) return "";
    const found = await ask(`/api/plans?file=${encodeURIComponent(event.target.value)}`);
    byId("plan").value = found.plan;
    byId("folder").value = found.folder;
    byId("plan-file").value = "";
    return "";
  }));
  byId("check").addEventListener("click", () => doing(async () => checked(await ask("/api/check", plan()))));
  byId("start-form").addEventListener("submit", (event) => {
    event.preventDefault();
    doing(async () => {
      const found = await ask("/api/check", plan());
      if (!found.ok) return found.said;
      const { run } = await ask("/api/start", plan());
      location.hash = `run=${encodeURIComponent(run)}`;
      byId("main").focus();
      return `started ${run}`;
    });
  });
}

async function address() {
  wanted = readAddress();
  lost = true;  // the address may have brought a token
  await list();
}

stopping("stop", () => `Stop ${shown}? No new shopper comes; those inside finish what they are at.`, () => `/api/runs/${encodeURIComponent(shown)}/stop`, { now: false });
stopping("stop-now", () => `Stop ${shown} now? Nobody sends another request.`, () => `/api/runs/${encodeURIComponent(shown)}/stop`, { now: true });
stopping("emergency", () => "Stop every run of this cluster, at once?", () => "/api/stop", {});
starting();
byId("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("token"), said = byId("token-said"), value = field.value.trim();
  try {
    const found = await rights(value);
    if (!found.changes) {
      say(said, "That is not this server's token.");
      field.select();
      return;
    }
  } catch (error) {
    say(said, error instanceof Refused ? error.message : LOST);
    return;
  }
  useToken(value);
  field.value = "";
  say(said, "");
  show(byId("token-form"), false);
  byId("main").focus();
  await address();
});
// Within the page one is led by focus and scrolling: its address says which run is shown, and keeps saying so.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']:not([href^='#run='])");
  if (!link) return;
  event.preventDefault();
  const place = document.getElementById(link.getAttribute("href").slice(1));
  show(place, true);
  place.scrollIntoView();
  place.focus({ preventScroll: true });
});
addEventListener("hashchange", address);
addEventListener("resize", () => view?.draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view?.draw());
address();
setInterval(list, LIST_MS);
