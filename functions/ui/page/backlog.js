// Backlog: what waits for a person, grouped by the reason, with what can be done as buttons.

import { announce, ask, blame, button, call, current, doing, field, fill, get, h, load, number, onStatus, place, refresh, shown, time, trouble } from "/ui/app.js";
import { t } from "/ui/texts.js";
import { called, candidates, link, shownAs } from "/ui/who.js";

const PAGE = 100;
/** Pages that are looked at for grouping; what is more comes with a button. */
const FAR = 3;
/** Entries that one call takes. */
const MOST = 100;
/** Actions that need nothing but a yes. */
const PLAIN = ["release", "approve", "delete_both", "restore", "never", "different", "lift"];
const DANGEROUS = ["delete_both", "approve"];

export async function panel() {
  const asked = place();
  const view = h("div", {});
  const state = h("select", { onchange: () => show() }, ["open", "released", "never", "different"].map((name) => h("option", { value: name, selected: name === asked.state }, t(`backlog.state.${name}`))));
  const said = h("div", {});
  const show = () => load(view, () => groups(state.value, said, show, asked.entry));
  let count = (await current()).backlog;
  // What somebody is just looking at stays.
  onStatus((now) => { if (now.backlog !== count && !view.querySelector("details[open]")) { count = now.backlog; show(); } });
  show();
  return [h("p", {}, t("backlog.text")), h("div.row", {}, field(t("backlog.state"), state)), said, view];
}

async function groups(state, said, again, only) {
  const items = [];
  let next;
  for (let n = 0; n < FAR && next !== null; n++) {
    const page = await get("/backlog", { state, limit: PAGE, cursor: next });
    items.push(...page.items);
    next = page.next;
  }
  const wanted = only ? items.filter((item) => item.id === only) : items;
  const shownItems = wanted.length ? wanted : items;
  if (!shownItems.length) return [h("p", {}, t(`backlog.none.${state}`))];
  const found = new Map();
  for (const item of shownItems) found.set(item.class, [...(found.get(item.class) || []), item]);
  return [
    only && h("p", {}, h("a", { href: "#backlog" }, t("backlog.all"))),
    [...found].map(([name, entries]) => group(name, entries, state, said, again, next !== null)),
    next !== null && h("p.warn", {}, t("backlog.many", { n: items.length }))].flat().filter(Boolean);
}

function group(name, entries, state, said, again, more) {
  const picked = new Set();
  const bulk = bulkActions(entries);
  const left = h("span.soft", { role: "status" });
  const boxes = [];
  const note = () => { left.textContent = picked.size ? t("backlog.picked", { n: picked.size }) : ""; };
  const rows = entries.map((entry) => {
    const box = state === "open" && entries.length > 1 && h("input", {
      type: "checkbox", "aria-label": t("backlog.pick", { name: entry.name || t("nameless") }),
      onchange: () => { if (box.checked) picked.add(entry); else picked.delete(entry); note(); },
    });
    if (box) boxes.push(box);
    return item(entry, box, state, said, again);
  });
  const all = boxes.length > 0 && button(t("backlog.pick_all"), () => { for (const box of boxes) { box.checked = true; } entries.forEach((entry) => picked.add(entry)); note(); }, { kind: "small" });
  const title = t.has(`class.${name}`) ? t(`class.${name}`) : name;
  return h("section", { "aria-label": title }, h("h2", {}, title, " ", h("span.tag", {}, `${number(entries.length)}${more ? "+" : ""}`)),
    state === "open" && entries.length > 1 && h("div.row", {}, all, left, bulk.map((action) => button(t(`bulk.${action}`), async () => {
      const chosen = picked.size ? { entries: [...picked] } : { class: name };
      const told = picked.size || `${number(entries.length)}${more ? "+" : ""}`;
      if (await ask(t(`action.${action}`), h("p", {}, t(`sure.${action}`, { n: told })), { yes: t(`action.${action}`), danger: DANGEROUS.includes(action) })) await send(said, again, chosen, { action }).catch(() => null); // it has said so itself
    }, { kind: "small" }))),
    h("ul.list", {}, rows));
}

/** What every entry of a group can have done. */
const actions = (entry) => entry.actions || ["release"];
const bulkActions = (entries) => PLAIN.filter((action) => entries.every((entry) => actions(entry).includes(action)));

/** Sends one action for what was seen of the entries: page by page where it is for a whole class, in parts where more are picked than one call takes. */
async function send(said, again, chosen, extra) {
  let released = 0;
  try {
    for (const part of parts(chosen)) {
      let cursor = null;
      do {
        const answer = await call("POST", "/backlog_release", { ...part, ...(extra.action === "release" ? {} : extra), ...(cursor ? { cursor } : {}) });
        released += answer.releasing;
        cursor = answer.next;
      } while (cursor !== null);
    }
  } catch (error) {
    const overtaken = error.code === "changed-meanwhile";
    fill(said, released > 0 && h("p.notice", {}, t("backlog.sent", { n: released })), trouble(error, overtaken ? again : null));
    if (overtaken) return; // thrown on, it would be shown once more, without the way to the new question
    throw error;
  }
  const text = t("backlog.sent", { n: released });
  fill(said, h("p.notice", {}, text));
  announce(text);
  await refresh();
  await again();
}

function parts({ entries, ...rest }) {
  if (!entries) return [rest];
  return Array.from({ length: Math.ceil(entries.length / MOST) }, (_, n) => entries.slice(n * MOST, (n + 1) * MOST))
    .map((part) => ({ entries: part.map((entry) => entry.id), asked: part.map((entry) => entry.asked) }));
}

function item(entry, box, state, said, again) {
  const whole = h("div", {});
  const details = h("details", {
    ontoggle: () => { if (details.open && !whole.hasChildNodes()) load(whole, async () => opened(await get(`/backlog/${encodeURIComponent(entry.id)}`), said, again)); },
  }, h("summary", {}, t(state === "open" ? "backlog.open" : "backlog.look")), whole);
  return h("li", {},
    h("div.row.spread", {}, h("div.row", {}, box, h("h3", {}, entry.name || t("nameless"))),
      h("span.soft", {}, entry.attempts > 1 && `${t("backlog.attempts", { n: entry.attempts })} · `, t("since"), " ", time(entry.first_at))),
    h("p", {}, entry.message),
    !entry.whole && h("p.soft", {}, t("backlog.rest_goes_on")),
    details);
}

// -- one entry -------------------------------------------------------------------------------------

function opened(entry, said, again) {
  const told = h("div", {});
  const nodes = entry.questions.map((question) => h("div", {}, question.message !== entry.message && h("p", {}, question.message), h("p", {}, h("strong", {}, question.remedy)),
    question.detail && h("p.hint", {}, t("backlog.detail"), " ", h("q", {}, question.detail)),
    question.problems.map((one) => h("p.wrong", {}, `${one.label}: ${one.message}`)), values(question.fields),
    candidates(question)));
  const name = entry.name || t("nameless");
  const own = [link("sugar", entry.sugar_id, name), link("google", entry.google_id, name)].filter(Boolean);
  const possible = entry.state === "open" || entry.actions?.length ? actions(entry) : [];
  return [own.length > 0 && h("p.row", {}, own), nodes, told, h("div", {}, possible.map((action) => remedy(action, entry, told, said, again))),
    entry.contact && h("p", {}, h("a", { href: `#history/contact=${entry.contact}` }, t("history.contact.see")))].flat().filter(Boolean);
}

function values(fields) {
  if (!fields.length) return null;
  const heads = [t("settings.field"), t("sugar"), t("google"), t("base")];
  return h("table.stack", {}, h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, fields.map((one) => h("tr", {}, h("th", { scope: "row" }, one.label), h("td", { "data-label": heads[1] }, shown(one.sugar)),
      h("td", { "data-label": heads[2] }, shown(one.google)), h("td", { "data-label": heads[3] }, one.base === null ? h("span.blank", {}, t("base.none")) : shown(one.base))))));
}

function remedy(action, entry, told, said, again) {
  const act = (extra) => send(told, () => again(), { entries: [entry] }, { action, ...extra });
  const plain = (text = t(`action.${action}`)) => {
    const go = button(text, () => doing(go, told, async () => {
      if (action !== "release" && !(await ask(text, h("p", {}, t(`sure.${action}`, { n: 1 })), { yes: text, danger: DANGEROUS.includes(action) }))) return;
      await act({});
    }).catch(() => null), { kind: "small" });
    return h("p.row", {}, go, h("span.hint", {}, t(`action.${action}.hint`)));
  };
  if (action === "mend") return mend(entry, told, act);
  if (action === "choose") return choose(entry, told, act);
  if (action === "keep") return keep(entry, told, act);
  return plain();
}

function box(action, ...content) {
  return h("details", {}, h("summary", {}, t(`action.${action}`)), h("p.hint", {}, t(`action.${action}.hint`)), content);
}

function mend(entry, told, act) {
  const fields = unique([...entry.questions.flatMap((one) => one.fields), ...entry.questions.flatMap((one) => one.problems.map((problem) => ({ name: problem.name, label: problem.label, sugar: "", google: "" })))]);
  const side = h("select", {}, ["google", "sugar"].filter((name) => entry[`${name}_id`]).map((name) => h("option", { value: name }, t(name))));
  const inputs = fields.map((one) => [one, h("input", { type: "text" })]);
  const refill = () => { for (const [one, input] of inputs) input.value = one[side.value] ?? ""; };
  side.addEventListener("change", refill);
  refill();
  const form = h("form", {
    novalidate: true,
    onsubmit: (event) => {
      event.preventDefault();
      const changed = inputs.filter(([one, input]) => input.value !== (one[side.value] ?? "") || inputs.length === 1);
      doing(go, told, () => act({ side: side.value, values: Object.fromEntries(changed.map(([one, input]) => [one.name, input.value])) }).catch((error) => { blame(form, error); throw error; }));
    },
  }, field(t("mend.side"), side, { name: "side" }), inputs.map(([one, input]) => field(one.label, input, { name: `values.${one.name}` })));
  const go = h("button.small.primary", { type: "submit" }, t("action.mend.go"));
  form.append(go);
  return box("mend", form);
}

function choose(entry, told, act) {
  const own = [entry.sugar_id && "s", entry.google_id && "g"];
  // It can be linked with somebody on the other side only.
  const all = [...new Set(entry.questions.flatMap((one) => one.candidates))].filter((one) => !own.includes(one[0]));
  return box("choose", h("ul", {}, all.map((one) => {
    const go = button(t("action.choose.go"), () => doing(go, told, () => act({ candidates: [one] })), { kind: "small", label: `${t("action.choose.go")}: ${called(one, entry.questions)}` });
    return h("li.row", {}, h("span", {}, shownAs(one, entry.questions)), go);
  })));
}

function keep(entry, told, act) {
  const fields = unique(entry.questions.flatMap((one) => one.fields)).filter((one) => one.name in entry.keeps);
  const refused = fields.some((one) => entry.keeps[one.name].length < 3);
  const answers = fields.map((one) => {
    const select = h("select", {}, h("option", { value: "" }, t("keep.later")),
      entry.keeps[one.name].map((whose) => h("option", { value: whose }, t(`keep.${whose}`, { value: one[whose] || t("blank") }))));
    return [one, select];
  });
  const go = button(t("action.keep.go"), () => doing(go, told, async () => {
    const given = Object.fromEntries(answers.filter(([, select]) => select.value).map(([one, select]) => [one.name, select.value]));
    if (Object.keys(given).length) await act({ answers: given });
    else fill(told, h("p.wrong", { role: "alert" }, t("keep.none")));
  }), { kind: "small primary" });
  return box("keep", refused && h("p.hint", {}, t("keep.refused")), answers.map(([one, select]) => field(one.label, select, { name: `answers.${one.name}` })), go);
}

const unique = (fields) => [...new Map(fields.map((one) => [one.name, one])).values()];
