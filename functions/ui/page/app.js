// The frame of the page: who is signed in, which panel is open, and what all panels share.
//
// What contacts are called is hostile text: it goes into the page by `textContent` only, through `h`.

import { t } from "/ui/texts.js";

// -- elements --------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

/** An element. Attributes by name; `on...` listens; `false` and `null` are left out. Children are nodes or texts. */
export function h(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  return made(document.createElement(tag), classes, attributes, children);
}

/** The same in SVG. */
export function svg(name, attributes, ...children) {
  return made(document.createElementNS(SVG, name), [], attributes, children);
}

function made(element, classes, attributes, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "disabled" || key === "indeterminate") element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** What the element holds from now on. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function button(text, onclick, options = {}) {
  const { kind: look = "", label = null, ...rest } = options;
  return h("button", { type: "button", class: look || null, "aria-label": label, onclick, ...rest }, text);
}

let ids = 0;

/** A labelled control, with a hint and a place for what is wrong with it; `name` as the API calls it. */
export function field(label, control, { hint = "", name = "" } = {}) {
  const id = `c${++ids}`;
  control.id = id;
  const told = [hint && h("p.hint", { id: `${id}-hint` }, hint), h("p.wrong", { id: `${id}-wrong`, hidden: true })];
  control.setAttribute("aria-describedby", [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(" "));
  const box = control.type === "checkbox";
  const caption = h("label", { for: id }, label);
  return h(box ? "div.field.tick" : "div.field", { "data-field": name }, box ? [control, caption] : [caption, control], told);
}

/** Shows what is wrong at the fields that the problem names; the rest of it is returned as a text. */
export function blame(form, problem) {
  const rest = [];
  for (const place of form.querySelectorAll("[data-field]")) tell(place, "");
  for (const { field: name, message } of problem?.errors || []) {
    const place = [...form.querySelectorAll("[data-field]")].find((one) => one.dataset.field === name);
    if (place) tell(place, message);
    else rest.push(name ? `${name}: ${message}` : message);
  }
  form.querySelector("[aria-invalid=true]")?.focus();
  return rest.join(" ");
}

function tell(place, message) {
  const wrong = place.querySelector(".wrong");
  const control = place.querySelector("input, select, textarea");
  wrong.textContent = message;
  wrong.hidden = !message;
  if (message) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

/** Said to who listens instead of looking. */
export function announce(text) {
  frame.said.textContent = "";
  requestAnimationFrame(() => { frame.said.textContent = text; });
}

/** Asks before something that matters; resolves to what was answered. */
export function ask(title, content, { yes, danger = false, ready = null } = {}) {
  return new Promise((resolve) => {
    const go = button(yes, () => dialog.close("yes"), { kind: danger ? "danger" : "primary" });
    const dialog = h("dialog", { "aria-labelledby": "asked" },
      h("h2", { id: "asked" }, title), content,
      h("div.row.end", {}, button(t("cancel"), () => dialog.close("no")), go));
    ready?.(go);
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// -- time and numbers ------------------------------------------------------------------------------

const whole = new Intl.NumberFormat(document.documentElement.lang);
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

export const number = (value) => whole.format(value);
export const time = (iso) => (iso ? h("time", { datetime: iso }, moment.format(new Date(iso))) : "");

/** What a value looks like; a blank one can be seen, too. */
export const shown = (value) => (value === "" || value === null || value === undefined ? h("span.blank", {}, t("blank")) : h("span.value", {}, value));

export const kind = (name) => t(`kind.${name}`);

// -- calls -----------------------------------------------------------------------------------------

/** What went wrong with a call: the API's own words, and what to do. */
export class Problem extends Error {
  constructor(status, body, retryAfter = 0) {
    super(body.detail || t("wrong.unknown"));
    this.status = status;
    this.code = (body.type || "").replace("urn:contact-sync:", "") || "unknown";
    this.errors = body.errors || [];
    this.retryAfter = retryAfter;
  }

  /** What to do about it. */
  get advice() {
    return t.has(`advice.${this.code}`) ? t(`advice.${this.code}`) : t(this.status >= 500 ? "advice.later" : "advice.other");
  }
}

const SECONDS = 60;

/** Calls the API: `call("POST", "/preview", {plan})`. Gives the answer's JSON; throws a {@link Problem}. */
export async function call(method, path, body, { seconds = SECONDS, signal = null } = {}) {
  const given = { method, headers: { Accept: "application/json" }, redirect: "error", credentials: "same-origin" };
  if (body !== undefined) {
    given.headers["Content-Type"] = "application/json";
    given.body = JSON.stringify(body);
  }
  const late = AbortSignal.timeout(seconds * 1000);
  given.signal = signal ? AbortSignal.any([signal, late]) : late;
  let answer, told;
  try {
    answer = await fetch(path, given);
    told = answer.status === 204 ? null : await answer.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    if (answer && !late.aborted) throw new Problem(answer.status, { type: "odd", detail: t("wrong.odd", { status: answer.status }) });
    throw new Problem(0, late.aborted ? { type: "slow", detail: t("wrong.slow", { seconds }) } : { type: "offline", detail: t("wrong.offline") });
  }
  if (answer.ok) return told;
  const problem = new Problem(answer.status, told || {}, Number(answer.headers.get("Retry-After")) || 0);
  if (problem.status === 401) ended();
  throw problem;
}

export const get = (path, query = {}, how = {}) => {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  return call("GET", asked.size ? `${path}?${asked}` : path, undefined, how);
};

/** A problem as people read it, with another try where that makes sense. */
export function trouble(problem, retry = null) {
  if (!(problem instanceof Problem)) {
    console.error(problem);
    problem = new Problem(500, { type: "page", detail: t("wrong.page") });
  }
  const link = { "not-connected": "connections", "contacts-not-granted": "connections" }[problem.code];
  return h("div.trouble", { role: "alert" },
    h("p", {}, h("strong", {}, problem.message)),
    problem.errors.length > 1 && h("ul", {}, problem.errors.map((one) => h("li", {}, one.field ? `${one.field}: ${one.message}` : one.message))),
    h("p", {}, problem.advice),
    h("div.row", {},
      problem.status === 401 && h("a.button.primary", { href: signInHere() }, t("sign_in")),
      link && h("a.button", { href: `#${link}` }, t(`panel.${link}`)),
      retry && problem.status !== 401 && button(t("retry"), retry)));
}

const PATIENCE = 4000;

/**
 * Fills a place with what has to be asked for first: says that it is loading, that it takes long, and what went wrong.
 * `make` gives nodes.
 */
export async function load(place, make) {
  const slow = setTimeout(() => place.append(h("p.hint", { role: "status" }, t("slow"))), PATIENCE);
  place.setAttribute("aria-busy", "true");
  fill(place, h("p.loading", {}, t("loading")));
  try {
    const nodes = await make();
    fill(place, nodes);
  } catch (error) {
    if (error.name !== "AbortError") fill(place, trouble(error, () => load(place, make)));
  } finally {
    clearTimeout(slow);
    place.removeAttribute("aria-busy");
  }
}

/** Runs what a button starts: the button waits meanwhile, and what goes wrong is told in `place`. */
export async function doing(pressed, place, work) {
  pressed.disabled = true;
  pressed.setAttribute("aria-busy", "true");
  fill(place);
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") fill(place, trouble(error));
  } finally {
    pressed.disabled = false;
    pressed.removeAttribute("aria-busy");
  }
}

/** Page after page of a list: `ask(cursor)` gives `{items, next}`, `show(items)` adds them; with a button for more. */
export function pages(place, ask, show) {
  const foot = h("div.row", {});
  async function more(cursor) {
    const next = h("div", {});
    fill(foot, next);
    await load(next, async () => {
      const page = await ask(cursor);
      const first = show(page.items, cursor === undefined);
      if (cursor !== undefined) first?.focus?.();
      return page.next ? [button(t("more"), () => more(page.next))] : [];
    });
  }
  place.append(foot);
  return more(undefined);
}

// -- the frame -------------------------------------------------------------------------------------

const PANELS = ["overview", "connections", "settings", "preview", "history", "backlog", "why"];
const frame = {};

/** What `GET /status` said last; `null`: nobody is signed in, as far as is known. */
export let status = null;

const listeners = new Set();

/** Called with each new status while the panel is open. */
export function onStatus(listener) {
  listeners.add(listener);
}

/** How many of the last runs the overview shows. */
export const RUNS = 48;

/** Asks how it stands, with so many of the last runs, and tells everybody. */
export async function refresh(runs = 0) {
  status = await get(runs ? `/status?runs=${runs}` : "/status");
  asked = performance.now();
  told();
  return status;
}

const FRESH = 2000;
let asked = -FRESH;

/** The same, unless it was asked just now. */
export const current = async () => (performance.now() - asked < FRESH ? status : refresh());

function told() {
  const count = status?.backlog || 0;
  frame.count.textContent = count ? number(count) : "";
  frame.count.hidden = !count;
  frame.countSaid.textContent = count ? t("backlog.count", { n: count }) : "";
  frame.who.textContent = status?.google.email || "";
  for (const listener of listeners) listener(status);
}

export const signInHere = () => `/oauth_start?then=${encodeURIComponent(`/ui${location.hash.replace(/[^A-Za-z0-9_.\/~#?=&-]/g, "")}`)}`;

/** The session is over: said at the top; what was typed stays where it is. */
function ended() {
  if (status === null) return;
  fill(frame.notice, h("div.trouble", { role: "alert" }, h("p", {}, h("strong", {}, t("ended.title"))), h("p", {}, t("ended.text")),
    h("a.button.primary", { href: signInHere() }, t("sign_in"))));
}

/** Something good or worth knowing, at the top until the next panel. */
export function notice(text) {
  fill(frame.notice, h("p.notice", {}, text));
  announce(text);
}

function layout() {
  const links = PANELS.map((name) => h("li", {}, h("a", { href: `#${name}` }, t(`panel.${name}`),
    name === "backlog" && [frame.count = h("span.count", { hidden: true, "aria-hidden": "true" }), frame.countSaid = h("span.unseen", {})])));
  frame.sync = button(t("sync_now"), startSync, { kind: "primary" });
  frame.who = h("span.who", {});
  frame.said = h("div.unseen", { role: "status", "aria-live": "polite" });
  frame.notice = h("div", { id: "notice" });
  frame.progress = h("section", { id: "progress", "aria-label": t("sync.region"), hidden: true });
  frame.panel = h("div", { id: "panel" });
  frame.nav = h("nav", { "aria-label": t("nav") }, h("ul", {}, links));
  fill(document.getElementById("app"),
    h("a.skip", { href: "#main", onclick: (event) => { event.preventDefault(); heading()?.focus(); } }, t("skip")),
    h("header", {}, h("div.brand", {}, t("product")), frame.who, frame.sync),
    frame.nav,
    h("main", { id: "main" }, frame.notice, frame.progress, frame.panel),
    frame.said);
}

const heading = () => frame.panel.querySelector("h1");

async function startSync() {
  const { run } = await import("/ui/sync.js");
  await run(frame.progress, frame.sync);
}

/** Carries out a stored plan, in the same place as "Sync Now". */
export async function carryOut(plan, leaveOut) {
  const { run } = await import("/ui/sync.js");
  return run(frame.progress, frame.sync, { plan, leaveOut });
}

/** Goes to another place of the page. */
export const go = (hash) => { location.hash = hash; };

/** The part of the address after the panel's name: `#history/contact=1` gives `{contact: "1"}`. */
export const place = () => Object.fromEntries(new URLSearchParams(location.hash.split("/").slice(1).join("/")));

/** Milliseconds between two looks at how it stands, while somebody looks at the page. */
const LOOK = 60_000;

let shownPanel = null;

async function open() {
  const wanted = location.hash.slice(1).split("/")[0];
  const name = PANELS.includes(wanted) ? wanted : home();
  listeners.clear();
  fill(frame.notice);
  for (const link of frame.nav.querySelectorAll("a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(`panel.${name}`)} – ${t("product")}`;
  const content = h("div", {});
  const title = h("h1", { tabindex: "-1" }, t(`panel.${name}`));
  fill(frame.panel, title, content);
  if (shownPanel !== null) title.focus();
  shownPanel = name;
  await load(content, async () => {
    const module = await import(`/ui/${name}.js`);
    return module.panel();
  });
}

const home = () => (status && (!status.google.connected || !status.sugar.connected) ? "connections" : "overview");

function welcome(problem = null) {
  document.title = t("product");
  fill(document.getElementById("app"), h("main.welcome", { id: "main" },
    h("h1", {}, t("product")), h("p", {}, t("welcome.text")),
    problem && h("div.trouble", { role: "alert" }, h("p", {}, problem)),
    h("p", {}, h("a.button.primary", { href: signInHere() }, t("grant"))),
    h("p.hint", {}, t("welcome.hint"))));
}

async function start() {
  const came = new URLSearchParams(location.search).get("problem");
  const problem = came && (t.has(`came.${came}`) ? t(`came.${came}`) : t("came.failed"));
  // A reload does not say it again.
  if (came) history.replaceState(null, "", location.pathname + location.hash);
  layout();
  document.getElementById("app").hidden = true;
  try {
    await refresh(["", "#overview"].includes(location.hash) ? RUNS : 0);
  } catch (error) {
    document.getElementById("app").hidden = false;
    if (error.status === 401) return welcome(problem);
    fill(document.getElementById("app"), h("main.welcome", { id: "main" }, h("h1", {}, t("product")), trouble(error, () => location.reload())));
    return;
  }
  document.getElementById("app").hidden = false;
  addEventListener("hashchange", open);
  // What fails here fails again, and is told, as soon as somebody asks for something.
  setInterval(() => { if (!document.hidden) refresh().catch(() => null); }, LOOK);
  await open();
  if (problem) fill(frame.notice, h("div.trouble", { role: "alert" }, h("p", {}, problem)));
}

start();
