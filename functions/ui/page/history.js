// History: what was changed, when and why; one contact's story, one run, and the way back.

import { button, field, fill, get, h, kind, load, pages, place, time, go } from "/ui/app.js";
import { fieldTable } from "/ui/plan.js";
import { t } from "/ui/texts.js";

const SIZE = 50;
/** Pages that one search looks through before it asks whether to go on. */
const FAR = 10;
const KINDS = ["create google", "update google", "delete google", "create sugar", "update sugar", "delete sugar", "link", "tombstone", "revive", "freeze", "recovered"];

export async function panel() {
  const asked = place();
  const results = h("div", {});
  const one = asked.contact ? "contact" : asked.run ? "run" : "";
  const search = h("input", { type: "search", value: asked.name || "", autocomplete: "off" });
  const what = h("select", {}, h("option", { value: "" }, t("history.any")), KINDS.map((name) => h("option", { value: name, selected: name === asked.kind }, kind(name))));
  const since = h("input", { type: "datetime-local" }), until = h("input", { type: "datetime-local" });
  const form = h("form.card", {
    role: "search", "aria-label": t("history.search"),
    onsubmit: (event) => { event.preventDefault(); show(); },
  }, h("div.cards", {}, field(t("history.name"), search, { hint: t("history.name.hint") }), field(t("history.kind"), what), field(t("from"), since), field(t("to"), until)),
  h("div.row", {}, h("button.primary", { type: "submit" }, t("search")), button(t("undo.span"), span)));
  const wrong = h("p.wrong", { role: "alert", hidden: true }, t("undo.span.both"));

  function span() {
    wrong.hidden = Boolean(since.value && until.value);
    if (wrong.hidden) go(`preview/undo=span&from=${iso(since.value)}&to=${iso(until.value)}`);
  }

  function show() {
    wrong.hidden = true;
    const query = { contact: asked.contact, run: asked.run, kind: what.value, from: iso(since.value), to: iso(until.value), limit: SIZE };
    const name = search.value.trim().toLocaleLowerCase();
    const all = !(name || query.kind || query.from || query.to);
    // Whatever is archived is older than all the rest.
    return timeline(results, query, name, (newest) => { if (back && all && newest.archived) back.lastChild.replaceWith(archived()); });
  }

  const back = one && h("div.row", {}, h("a.button", { href: "#history" }, t("history.all")), h("a.button", { href: `#preview/undo=${one}&id=${asked[one]}` }, t(`undo.${one}`)));
  const top = one && h("div.card", {}, h("h2", {}, t(`history.${one}`)), back);
  show();
  return [top || null, form, wrong, results].filter(Boolean);
}

const archived = () => h("span.hint", {}, t("undo.archived"));

const iso = (local) => (local ? new Date(local).toISOString() : "");

function timeline(results, query, wanted, onNewest) {
  const rows = h("ul.list", {}), none = h("p", { role: "status" });
  fill(results, none, rows);
  let day = "";
  async function ask(cursor) {
    let page = await get("/history", { ...query, cursor });
    if (!wanted) return page;
    const found = page.items.filter(fits);
    for (let far = 1; found.length < SIZE && page.next && far < FAR; far++) {
      page = await get("/history", { ...query, cursor: page.next });
      found.push(...page.items.filter(fits));
    }
    return { items: found, next: page.next };
  }
  const fits = (row) => [row.name, row.sugar_id, row.google_id].some((text) => text.toLocaleLowerCase().includes(wanted));
  return pages(results, ask, (items, start) => {
    let first = null;
    for (const row of items) {
      const today = new Date(row.at).toLocaleDateString(document.documentElement.lang, { dateStyle: "full" });
      const item = entry(row, today === day ? null : today);
      day = today;
      rows.append(item);
      first ??= item.querySelector("a, summary");
    }
    if (start) none.textContent = items.length ? "" : t("history.none");
    if (start && items.length) onNewest(items[0]);
    return first;
  });
}

function entry(row, day) {
  const whole = h("div", {});
  const wrote = row.kinds.some((name) => name.includes(" ")), undoable = wrote && !row.archived;
  const details = h("details", { ontoggle: () => { if (details.open && !whole.hasChildNodes()) load(whole, async () => records(await get(`/history/${encodeURIComponent(row.id)}`))); } },
    h("summary", {}, t("history.records")), whole);
  return h("li", {}, day && h("p.soft", {}, h("strong", {}, day)),
    h("div.row.spread", {}, h("h3", {}, row.name || t("nameless")), h("div.row", {}, row.kinds.filter((name) => name.includes(" ") || row.kinds.length === 1).map((name) => h("span.tag", {}, kind(name))))),
    h("p.soft", {}, time(row.at), " · ", row.why),
    fieldTable(row.fields),
    h("div.row", {}, h("a", { href: `#history/contact=${row.contact}` }, t("history.contact.see")), h("a", { href: `#history/run=${row.run}` }, t("history.run.see")),
      undoable && h("a.button.small", { href: `#preview/undo=row&id=${row.id}`, "aria-label": t("undo.row.of", { name: row.name || t("nameless") }) }, t("undo.row")),
      undoable && row.fields.filter((one) => one.to).length > 1 && undoFields(row), wrote && row.archived && archived()),
    details);
}

/** Single fields of a row. */
function undoFields(row) {
  const names = [...new Map(row.fields.filter((one) => one.to && !one.hidden).map((one) => [one.name, one.label]))];
  const boxes = names.map(([name, label]) => [name, h("input", { type: "checkbox" }), label]);
  return h("details", {}, h("summary", {}, t("undo.fields")), boxes.map(([, box, label]) => field(label, box)),
    button(t("undo.fields.go"), () => {
      const picked = boxes.filter(([, box]) => box.checked).map(([name]) => name);
      if (picked.length) go(`preview/undo=row&id=${row.id}&fields=${picked.join(",")}`);
    }, { kind: "small" }));
}

function records(row) {
  return Object.entries(row.native).map(([side, record]) => h("div.cards", {}, ["before", "after"].map((when) => h("div", {},
    h("h3", {}, `${t(side)}: ${t(when)}`), record[when] === null ? h("p.blank", {}, t(`record.no_${when}`)) : h("pre", { tabindex: "0", "aria-label": `${t(side)}: ${t(when)}` }, JSON.stringify(record[when], null, 2))))));
}
