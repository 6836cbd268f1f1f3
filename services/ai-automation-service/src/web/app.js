// The page's state and its talk with the API. Addresses are relative, so that the page works under any prefix.

import { card } from "./card.js";
import { drawDay } from "./day.js";
import { element, told } from "./element.js";
import { whyItems } from "./whys.js";
import { STAGES, moment, number, percent } from "./words.js";

const PAGE = 100;
const POLL_MS = 1000;
const at = (id) => document.getElementById(id);

const state = {
  view: { name: "all" }, // {name: "all"} | {name: "interest", interest} | {name: "answer", question}
  patterns: [],          // what the view shows, before kind and status where those are filtered here
  next: null,            // cursor of the next page of "all"
  shortlists: [],
  latest: null,          // the last run that succeeded
  failed: null,          // the newest run, if it failed
  running: false,        // whether the newest run is at work
  unready: null,         // why the service cannot do its job, if it cannot
  listening: null,       // how listening to Home Assistant goes, where there is one
};

class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: options.body ? { "Content-Type": "application/json" } : {},
    });
  } catch {
    throw new Refused({ detail: "The service does not answer.", remedy: "Check that it runs; this page tries again when reloaded." });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused({ detail: `The service answered ${response.status}.`, ...body });
  return body;
}

function send(method, path, body) {
  return ask(path, { method, body: JSON.stringify(body) });
}

function notice(problem) {
  const box = at("notice");
  box.hidden = !problem;
  box.replaceChildren();
  if (!problem) return;
  const close = element("button", "Close");
  close.type = "button";
  close.addEventListener("click", () => notice(null));
  box.append(element("strong", problem.detail), told("span", problem.remedy ?? ""), close);
}

/** Runs a piece of work and tells of what it was refused. */
async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(error.problem);
    return undefined;
  }
}

// What is there

async function loadRuns() {
  const runs = await ask("runs?limit=1");
  const newest = runs.runs[0] ?? null;
  const isNew = runs.latest_success?.id !== state.latest?.id;
  state.latest = runs.latest_success;
  state.failed = newest?.state === "failed" ? newest : null;
  state.running = newest?.state === "running";
  at("schedule").textContent = [lastRun(runs.latest_success), runs.next_nightly && `Next run ${moment(runs.next_nightly)}`]
    .filter(Boolean).join("  ·  ");
  if (isNew && state.latest) state.shortlists = (await ask(`runs/${encodeURIComponent(state.latest.id)}`)).shortlists;
  await lookAtReadiness();
  at("whys").hidden = !state.latest;
  if (isNew) at("whys").open = false;
  drawInterests();
  drawWarnings();
  drawMade();
  return newest;
}

/** What the service says of itself; where it is not ready the same findings come with the refusal. */
async function lookAtReadiness() {
  let found = null;
  state.unready = null;
  try {
    found = await ask("health/ready");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.unready = error.problem;
    found = error.problem.checks;
  }
  state.listening = found?.home_assistant ?? null;
}

function lastRun(run) {
  if (!run) return "No run yet";
  const events = run.counts.events ?? run.inputs.events;
  const read = typeof events === "number" ? ` over ${number(events)} events` : "";
  return `Last run ${moment(run.finished_at ?? run.created_at)}${read}`;
}

async function loadPatterns(cursor = null) {
  const query = new URLSearchParams({ limit: PAGE });
  if (cursor) query.set("cursor", cursor);
  if (at("kind").value) query.set("kind", at("kind").value);
  if (at("status").value) query.set("status", at("status").value);
  const page = await ask(`patterns?${query}`);
  state.patterns = cursor ? [...state.patterns, ...page.patterns] : page.patterns;
  state.next = page.next;
}

/** Show what the view names, anew. */
async function show() {
  at("cards").setAttribute("aria-busy", "true");
  await attempt(async () => {
    if (state.view.name === "all") {
      await loadPatterns();
    } else if (state.view.name === "interest") {
      const shortlist = state.shortlists.find((one) => one.interest === state.view.interest);
      state.patterns = await withStatus(shortlist?.patterns ?? []);
      state.next = null;
    } else {
      state.patterns = (await send("POST", "patterns/search", { question: state.view.question })).patterns;
      state.next = null;
    }
    draw();
  });
  at("cards").setAttribute("aria-busy", "false");
}

/** A shortlist is kept as it was published; what people said of its patterns since is asked for. */
function withStatus(patterns) {
  return Promise.all(patterns.map(async (pattern) => {
    const { status, covered_by } = await ask(`patterns/${encodeURIComponent(pattern.id)}`);
    return { ...pattern, status, covered_by };
  }));
}

function visible() {
  if (state.view.name === "all") return state.patterns;
  return state.patterns.filter((pattern) => (!at("kind").value || pattern.kind === at("kind").value)
    && (!at("status").value || pattern.status === at("status").value));
}

// Drawing

function draw() {
  const patterns = visible();
  at("cards").replaceChildren(...patterns.map((pattern) => card(pattern, decide, { ask, send, attempt, notice })));
  at("list-title").textContent = {
    all: "Routines", interest: `For: ${state.view.interest}`, answer: `“${state.view.question}”`,
  }[state.view.name];
  const amount = `${number(patterns.length)}${state.next ? "+" : ""} ${patterns.length === 1 ? "routine" : "routines"}`;
  at("count").textContent = patterns.length
    ? `${amount}, ${state.view.name === "all" ? "strongest" : "most relevant"} first` : "";
  at("more").hidden = !state.next;
  drawDay(patterns);
  drawEmpty(patterns.length === 0);
}

function drawInterests() {
  const pill = (text, view) => {
    const button = element("button", text);
    button.type = "button";
    button.setAttribute("aria-pressed", String(view.name === state.view.name && view.interest === state.view.interest));
    button.addEventListener("click", () => {
      state.view = view;
      at("question").value = "";
      drawInterests();
      at("interests").querySelector("[aria-pressed=true]")?.focus();
      show();
    });
    return button;
  };
  const interests = state.shortlists.map(({ interest }) => pill(interest, { name: "interest", interest }));
  at("interests").replaceChildren(pill("everything", { name: "all" }), ...interests);
}

/** What people should know: a full disk, why Home Assistant is not heard, a zone a run assumed, a model it did without. */
function drawWarnings() {
  const unready = state.unready && [state.unready.detail, state.unready.remedy].filter(Boolean).join(" ");
  const warnings = [unready, state.listening?.last_error, ...(state.latest?.inputs.warnings ?? [])].filter(Boolean);
  at("warnings").hidden = warnings.length === 0;
  at("warnings").replaceChildren(...warnings.map((warning) => told("li", warning)));
}

function drawMade() {
  const { embedding, reranker, classifier } = state.latest?.versions ?? {};
  const parts = [["Retrieved", embedding], ["ranked", reranker], ["classified", classifier]].filter(([, by]) => by);
  at("made").textContent = parts.length ? `${parts.map(([what, by]) => `${what} by ${by}`).join(", ")}.` : "";
}

function drawEmpty(empty) {
  at("empty").hidden = !empty;
  at("tools").hidden = empty && !state.latest;
  if (!empty) return;
  const say = (title, why, what) => {
    at("empty-title").textContent = title;
    at("empty-why").textContent = why;
    at("empty-what").textContent = what;
  };
  if (state.failed && !state.latest) {
    say("The last run did not succeed", state.failed.error?.message ?? "", state.failed.error?.remedy ?? "");
  } else if (!state.latest && state.running) {
    say("The first run is at work", "What it finds appears here when it is done.", "");
  } else if (!state.latest) {
    say("Nothing was mined yet", "Routines appear after the first run over this home's history.",
      state.listening ? "Press “Run now”, or wait for the next run."
        : "Set HA_URL and HA_TOKEN, or HISTORY, or import a file; then press “Run now”.");
  } else if (at("kind").value || at("status").value || state.view.name !== "all") {
    say("Nothing matches", "No routine fits what was chosen above.", "Choose “everything”, all kinds and all states to see what there is.");
  } else {
    say("No routine yet that chance could not explain as well",
      "Only habits that beat chance and repeat on later days are shown; the last run found none.",
      "It usually takes two to four weeks of history. The nightly run looks again by itself.");
  }
}

// What people do

async function decide(pattern, status) {
  const changed = await attempt(() => send("PATCH", `patterns/${encodeURIComponent(pattern.id)}`, { status }));
  if (!changed) return pattern;
  notice(null);
  pattern.status = changed.status;
  drawDay(visible());
  return changed;
}

async function follow(id) {
  at("run").disabled = true;
  at("progress").hidden = false;
  let run;
  do {
    run = await ask(`runs/${encodeURIComponent(id)}`);
    drawProgress(run);
    if (run.state === "running") await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
  } while (run.state === "running");
  at("run").disabled = false;
  at("progress").hidden = true;
  if (run.state === "failed") {
    notice({ detail: run.error?.message ?? "The run failed.", remedy: run.error?.remedy });
  }
  await loadRuns();
  await show();
}

function drawProgress(run) {
  const { progress } = run;
  const stage = progress?.stage ?? run.stage;
  at("stage").textContent = STAGES[stage] ?? stage;
  const known = progress && progress.total > 0;
  if (known) at("bar").value = Math.min(1, progress.done / progress.total);
  else at("bar").removeAttribute("value");
  at("share").textContent = known ? percent(progress.done / progress.total) : "";
}

async function runNow() {
  notice(null);
  at("run").disabled = true;
  const started = await attempt(() => send("POST", "patterns/detect", {}));
  at("run").disabled = false;
  if (started) await attempt(() => follow(started.run.id));
}

async function tellWhys() {
  if (!at("whys").open) return;
  const found = await attempt(() => ask("runs/latest/whys"));
  if (found) at("whys-list").replaceChildren(...whyItems(found.whys));
}

at("run").addEventListener("click", runNow);
at("whys").addEventListener("toggle", tellWhys);
at("kind").addEventListener("change", () => (state.view.name === "all" ? show() : draw()));
at("status").addEventListener("change", () => (state.view.name === "all" ? show() : draw()));
at("more").addEventListener("click", () => attempt(async () => {
  await loadPatterns(state.next);
  draw();
}));
at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  state.view = question ? { name: "answer", question } : { name: "all" };
  drawInterests();
  show();
});
at("question").addEventListener("search", () => {
  if (!at("question").value && state.view.name === "answer") at("search").requestSubmit();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  at("question").focus();
});

await attempt(async () => {
  const newest = await loadRuns();
  await show();
  if (newest?.state === "running") await follow(newest.id);
});
