// The page: which run is shown, the list of runs, and what may be done.

import { byId, make, say, show, table } from "./dom.js";
import { follow } from "./events.js";
import { RunView } from "./run.js";
import { ask, readAddress, Refused, useToken } from "./session.js";

const LIST_MS = 4000;

let shown = null, following = null, view = null, may = { changes: false, starts: false };

function notice(text) {
  say(byId("connection"), text);
  show(byId("connection"), Boolean(text));
}

function needToken() {
  show(byId("token-form"), true);
  notice("");
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
  }).catch((error) => error instanceof Refused && error.status === 401 ? needToken() : notice(error.message));
}

function stateOf(run) {
  return run.outcome ?? run.state;
}

async function list() {
  let found;
  try {
    found = await ask("/api/cluster");
  } catch (error) {
    if (error instanceof Refused && error.status === 401) needToken();
    else notice(error instanceof Refused ? error.message : "the connection is lost; trying again");
    return;
  }
  show(byId("token-form"), false);
  if (byId("connection").textContent.startsWith("the connection")) notice("");
  say(byId("cluster"), `${found.leader ? `led by ${found.leader}` : "no coordinator leads"}, ${found.workers} workers, ${found.busy} busy`);
  const active = found.runs.find((run) => run.state !== "finished" && run.state !== "queued" && run.state !== "unreadable");
  if (!shown && found.runs.length) open((active ?? found.runs[0]).run);
  show(byId("no-run"), !found.runs.length);
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

async function session() {
  try {
    may = await ask("/api/session");
  } catch {
    return;
  }
  for (const id of ["stop", "stop-now"]) byId(id).disabled = !may.changes;
  show(byId("emergency"), may.changes);
  show(byId("start"), may.changes && may.starts);
  show(byId("to-start"), may.changes && may.starts);
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
    if (file) byId("plan").value = await file.text();
  });
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

function address() {
  const run = readAddress();
  if (run) {
    open(run);
    list();
    scrollTo({ top: 0 });
  }
}

stopping("stop", () => `Stop ${shown}? No new shopper comes; those inside finish what they are at.`, () => `/api/runs/${encodeURIComponent(shown)}/stop`, { now: false });
stopping("stop-now", () => `Stop ${shown} now? Nobody sends another request.`, () => `/api/runs/${encodeURIComponent(shown)}/stop`, { now: true });
stopping("emergency", () => "Stop every run of this cluster, at once?", () => "/api/stop", {});
starting();
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(byId("token").value);
  session();
  const again = shown;
  shown = null;
  list().then(() => again && open(again));
});
addEventListener("hashchange", address);
addEventListener("resize", () => view?.draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view?.draw());
address();
session();
list();
setInterval(list, LIST_MS);
