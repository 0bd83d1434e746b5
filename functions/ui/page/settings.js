// The settings, in the order of the original panel; what a change affects is said before it is saved.

import { announce, ask, blame, button, call, field, fill, get, h, load, notice, trouble } from "/ui/app.js";
import { t } from "/ui/texts.js";

const KEPT = "settings";
/** Minutes below which the Sugar server feels it. */
const SHORT = 15;
const SIDES = ["from_sugar", "from_google"];
const SWITCHES = ["update", "create", "delete"];

/** What the server has, and what the form shows. */
let shown, draft;

export async function panel() {
  shown = await get("/settings");
  draft = brought();
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); save(form); } });
  draw(form);
  return form;
}

/** Changes that were not saved before the session ended, or the page was left. */
function brought() {
  const draft = structuredClone(shown.settings);
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  if (kept?.version === shown.version) {
    for (const [name, value] of Object.entries(kept.patch)) draft[name] = SIDES.includes(name) ? { ...draft[name], ...value } : value;
  }
  return draft;
}

function draw(form) {
  const labels = h("div", {}), fields = h("div", {});
  const foot = h("div.card", { id: "save" });
  fill(form,
    h("fieldset", {}, h("legend", {}, t("settings.when")),
      tick("sync_regularly"), interval(), tick("ask_first")),
    h("div.cards", {}, SIDES.map(direction)), guardNote(),
    h("fieldset", {}, h("legend", {}, t("settings.both")), choice("conflict", shown.bounds.conflict), choice("region", shown.bounds.region, regions())),
    h("fieldset", {}, h("legend", {}, t("settings.which")), choice("sugar_scope", shown.bounds.sugar_scope), labels, choice("leaves_scope", shown.bounds.leaves_scope)),
    h("fieldset", {}, h("legend", {}, t("settings.fields")), fields),
    h("fieldset", {}, h("legend", {}, t("settings.privacy")), days(), without()),
    foot);
  form.addEventListener("input", () => footer(foot));
  form.addEventListener("change", () => footer(foot));
  footer(foot);
  load(labels, async () => labelChoices((await get("/labels")).items, labels));
  load(fields, async () => fieldMap(await get("/fields"), fields));
}

function footer(foot) {
  const patch = changes();
  const count = Object.keys(patch).length;
  if (count) sessionStorage.setItem(KEPT, JSON.stringify({ version: shown.version, patch }));
  else sessionStorage.removeItem(KEPT);
  const key = JSON.stringify(patch);
  if (foot.dataset.drawn === key) return;
  foot.dataset.drawn = key;
  fill(foot,
    count ? [h("h2", {}, t("settings.changes")), h("ul", {}, effects(patch).map((text) => h("li", {}, text)))] : h("p.hint", {}, t("settings.unchanged")),
    h("div", { id: "told" }),
    h("div.row", {}, h("button.primary", { type: "submit", disabled: !count }, t("save")),
      count > 0 && button(t("settings.discard"), () => { sessionStorage.removeItem(KEPT); reopen(foot.closest("form")); }),
      button(t("restore_default"), () => restore(foot.closest("form")))));
}

function reopen(form) {
  draft = structuredClone(shown.settings);
  const fresh = form.cloneNode(false);
  fresh.addEventListener("submit", (event) => { event.preventDefault(); save(fresh); });
  form.replaceWith(fresh);
  draw(fresh);
}

// -- what changed ----------------------------------------------------------------------------------

function changes() {
  const patch = {};
  for (const [name, value] of Object.entries(draft)) {
    const old = shown.settings[name];
    if (JSON.stringify(value) === JSON.stringify(old)) continue;
    patch[name] = SIDES.includes(name) ? Object.fromEntries(Object.entries(value).filter(([key, on]) => on !== old[key])) : value;
  }
  return patch;
}

/** Each change in words, with what it will do. */
function effects(patch) {
  return Object.entries(patch).flatMap(([name, value]) => {
    if (SIDES.includes(name)) return Object.entries(value).map(([key, on]) => `${t(name)}, ${t(key)}: ${t(on ? "on" : "off")}. ${t(`effect.${name}.${key}.${on}`)}`);
    const said = typeof value === "boolean" ? t(value ? "on" : "off") : Array.isArray(value) || typeof value === "object" ? "" : word(name, value);
    const effect = t.has(`effect.${name}.${value}`) ? t(`effect.${name}.${value}`) : t(`effect.${name}`);
    return [`${t(name)}${said ? `: ${said}` : ""}. ${effect}`];
  });
}

const word = (name, value) => {
  if (t.has(`${name}.${value}`)) return t(`${name}.${value}`);
  if (name === "region") return regions()(value);
  return String(names.get(value) ?? (value === "" ? t("none") : value));
};

async function save(form) {
  const told = form.querySelector("#told");
  const patch = changes();
  const pressed = form.querySelector("button[type=submit]");
  if (!Object.keys(patch).length) return;
  const deletes = SIDES.some((side) => patch[side]?.delete) || patch.leaves_scope === "delete";
  if (deletes && !(await ask(t("settings.deletes"), h("ul", {}, effects(patch).map((text) => h("li", {}, text))), { yes: t("save"), danger: true }))) return;
  blame(form, null);
  pressed.disabled = true;
  try {
    shown = await call("PATCH", "/settings", { ...patch, version: shown.version });
  } catch (error) {
    pressed.disabled = false;
    const overtaken = error.code === "changed-meanwhile";
    const rest = error.errors?.length ? blame(form, error) : "";
    if (error.errors?.length && !rest) announce(error.message);
    else fill(told, trouble(error, overtaken ? () => location.reload() : null));
    return;
  }
  saved(form, t("settings.saved"));
}

function saved(form, text) {
  sessionStorage.removeItem(KEPT);
  reopen(form);
  notice(text);
  document.querySelector("h1").focus();
  scrollTo(0, 0);
}

async function restore(form) {
  const told = form.querySelector("#told");
  const different = Object.keys(shown.defaults).filter((name) => JSON.stringify(shown.defaults[name]) !== JSON.stringify(shown.settings[name]));
  const content = different.length ? [h("p", {}, t("restore_default.sure")), h("ul", {}, different.map((name) => h("li", {}, t(name))))] : h("p", {}, t("restore_default.same"));
  if (!(await ask(t("restore_default"), content, { yes: t("restore_default") }))) return;
  try {
    shown = await call("DELETE", `/settings?version=${encodeURIComponent(shown.version)}`);
  } catch (error) {
    fill(told, trouble(error, error.code === "changed-meanwhile" ? () => location.reload() : null));
    return;
  }
  saved(form, t("restore_default.done"));
}

// -- controls --------------------------------------------------------------------------------------

const hint = (name) => (t.has(`${name}.hint`) ? t(`${name}.hint`) : "");

function tick(name) {
  const box = h("input", { type: "checkbox", checked: draft[name], onchange: () => { draft[name] = box.checked; } });
  return field(t(name), box, { name, hint: hint(name) });
}

function interval() {
  const [least, most] = shown.bounds.interval_minutes;
  const warning = h("p.warn", { role: "status", hidden: true }, t("interval_minutes.short"));
  const input = h("input", { type: "number", min: least, max: most, step: 1, value: draft.interval_minutes, oninput: read });
  function read() {
    draft.interval_minutes = Number(input.value);
    warning.hidden = !(draft.interval_minutes < SHORT);
  }
  read();
  return [field(t("interval_minutes"), input, { name: "interval_minutes", hint: t("interval_minutes.hint", { least, most }) }), warning];
}

function direction(side) {
  return h("fieldset", {}, h("legend", {}, t(side)), SWITCHES.map((name) => {
    const box = h("input", { type: "checkbox", checked: draft[side][name], onchange: () => { draft[side][name] = box.checked; } });
    return field(t(name), box, { name: `${side}.${name}`, hint: t(`${side}.${name}.hint`) });
  }));
}

const guardNote = () => h("p.hint.card", {}, h("strong", {}, t("guard")), " ", t("guard.text"));

function choice(name, values, show = (value) => t(`${name}.${value}`)) {
  const control = h("select", { onchange: () => { draft[name] = control.value; } },
    values.map((value) => h("option", { value, selected: value === draft[name] }, show(value))));
  return field(t(name), control, { name, hint: hint(name) });
}

function regions() {
  const said = new Intl.DisplayNames(document.documentElement.lang, { type: "region", fallback: "code" });
  return (code) => `${said.of(code)} (${code})`;
}

function days() {
  const [least, most] = shown.bounds.history_days;
  const input = h("input", { type: "number", min: least, max: most, value: draft.history_days, oninput: () => { draft.history_days = Number(input.value); } });
  return field(t("history_days"), input, { name: "history_days", hint: t("history_days.hint") });
}

function without() {
  return h("details", {}, h("summary", {}, t("history_without")), h("p.hint", {}, t("history_without.hint")),
    h("div.cards", {}, shown.bounds.fields.map((name) => listed("history_without", name, fieldLabel(name)))));
}

/** A tick that says whether a field is in a list of the settings. */
function listed(setting, name, text, { inverse = false, hint: told = "" } = {}) {
  const box = h("input", {
    type: "checkbox", checked: draft[setting].includes(name) !== inverse,
    onchange: () => {
      const rest = draft[setting].filter((one) => one !== name);
      const wanted = box.checked !== inverse ? [...rest, name] : rest;
      // In the server's order, so that a change that is taken back is none.
      draft[setting] = [...shown.settings[setting].filter((one) => wanted.includes(one)), ...wanted.filter((one) => !shown.settings[setting].includes(one))];
    },
  });
  return field(text, box, { hint: told });
}

const fieldLabel = (name) => (t.has(`field.${name}`) ? t(`field.${name}`) : name.replaceAll("_", " "));

/** What labels are called, for the list of changes. */
const names = new Map();

function labelChoices(labels, again) {
  names.clear();
  for (const label of labels) names.set(label.id, label.name);
  const known = (id) => id === "" || names.has(id);
  const select = (name) => {
    const options = [["", t(`${name}.none`)], ...labels.map((label) => [label.id, label.name])];
    if (!known(draft[name])) options.push([draft[name], t("label.gone")]);
    const control = h("select", { onchange: () => { draft[name] = control.value; } }, options.map(([value, text]) => h("option", { value, selected: value === draft[name] }, text)));
    return field(t(name), control, { name, hint: hint(name) });
  };
  return [select("google_scope"), select("label"), newLabel(again), select("never_label"), select("opt_in_label")];
}

function newLabel(again) {
  const name = h("input", { type: "text", maxlength: 100 });
  const told = h("div", {});
  const place = field(t("label.new"), name, { name: "name" });
  const make = button(t("label.create"), async () => {
    if (!name.value.trim()) return blame(place.parentElement, { errors: [{ field: "name", message: t("needed") }] });
    make.disabled = true;
    try {
      const label = await call("POST", "/labels", { name: name.value.trim() });
      draft.label = label.id;
      const { items } = await get("/labels");
      fill(again, labelChoices(items, again));
      again.dispatchEvent(new Event("change", { bubbles: true }));
      announce(t("label.created", { name: label.name }));
    } catch (error) {
      make.disabled = false;
      fill(told, trouble(error));
    }
    return null;
  });
  return h("details", {}, h("summary", {}, t("label.new")), place, make, told);
}

function fieldMap(told, again) {
  const rows = told.fields.map((one) => h("tr", {},
    h("th", { scope: "row" }, one.name === "last_name" ? h("span.inline", {}, one.label) : listed("fields_off", one.name, one.label, { inverse: true })),
    h("td", { "data-label": t("sugar") }, there(one.sugar)), h("td", { "data-label": t("google") }, there(one.google)),
    h("td", { "data-label": t("settings.way") }, h("span.soft", {}, t(way(one))))));
  return [
    h("p.hint", {}, t("settings.fields.hint")),
    h("table.stack", {}, h("thead", {}, h("tr", {}, [t("settings.field"), t("sugar"), t("google"), t("settings.way")].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows)),
    further(told),
    h("p", {}, button(t("settings.fields.refresh"), () => load(again, async () => fieldMap(await get("/fields", { refresh: true }), again)), { kind: "small" }))];
}

const there = (side) => (side ? h("span", {}, side.native, !side.writable && h("span.soft", {}, ` (${t("read_only")})`)) : h("span.blank", {}, t("absent")));

function way(one) {
  if (!one.sugar || !one.google) return "way.none";
  if (one.sugar.writable && one.google.writable) return "way.both";
  return one.sugar.writable ? "way.to_sugar" : one.google.writable ? "way.to_google" : "way.none";
}

function further(told) {
  if (!told.further.length && !told.missing.length) return null;
  return h("details", {}, h("summary", {}, t("custom_fields")), h("p.hint", {}, t("custom_fields.hint")),
    told.missing.length > 0 && h("p.warn", {}, t("custom_fields.missing", { names: told.missing.join(", ") })),
    told.further.map((one) => {
      const input = h("input", {
        type: "text", maxlength: 100, value: draft.custom_fields[one.name] || "", placeholder: one.label,
        oninput: () => {
          const mapped = { ...draft.custom_fields };
          if (input.value.trim()) mapped[one.name] = input.value.trim();
          else delete mapped[one.name];
          draft.custom_fields = mapped;
        },
      });
      return field(`${one.label} (${one.name})`, input, { name: `custom_fields.${one.name}`, hint: one.writable ? "" : t("custom_fields.read_only") });
    }));
}
