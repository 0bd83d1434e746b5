// One stored plan: its numbers, its contacts with what each field is before and after, and carrying it out.

import { ask, button, call, carryOut, doing, field, fill, get, h, kind, load, notice, number, pages, refresh, shown, status, time } from "/ui/app.js";
import { t } from "/ui/texts.js";
import { candidates } from "/ui/who.js";

const SIZE = 50;

/** Draws a plan into a place: `plan` as the API tells it. */
export function drawPlan(place, plan, { state = "" } = {}) {
  const leaveOut = new Set();
  const head = h("div", {}), report = h("section", {}), list = h("section", { "aria-label": t("preview.contacts") });
  fill(place, head, report, list);
  header(head, plan, leaveOut, place);
  if (plan.kind === "sync" && plan.complete && status.linked === 0) firstReport(report, plan);
  contacts(list, plan, leaveOut, state);
}

const open = (plan) => ["building", "ready"].includes(plan.state);

function header(head, plan, leaveOut, place) {
  const told = h("div", {});
  const writes = Object.entries(plan.counts).filter(([name]) => name.includes(" "));
  const others = Object.entries(plan.counts).filter(([name]) => !name.includes(" ") && ["park", "link", "wait"].includes(name));
  const nothing = writes.length === 0;
  const exactly = button(t(plan.kind === "undo" ? "undo.go" : plan.state === "started" ? "preview.go_on" : "preview.exactly"), async () => {
    const wanted = plan.waiting - leaveOut.size;
    const sure = await ask(t(plan.kind === "undo" ? "undo.go" : "preview.exactly"), h("p", {}, t("preview.sure", { n: wanted })), { yes: t("preview.yes") });
    if (!sure) return;
    exactly.disabled = true;
    const report = await carryOut(plan.id, [...leaveOut]);
    exactly.disabled = false;
    if (report?.plan) drawPlan(place, report.plan);
  }, { kind: "primary" });
  const stop = button(t("preview.drop"), () => doing(stop, told, async () => {
    const stopped = await call("DELETE", `/preview/${plan.id}`);
    notice(t(stopped.later ? "preview.dropped.later" : "preview.dropped"));
    await refresh();
    drawPlan(place, stopped.plan);
  }));
  fill(head,
    h("div.row.spread", {}, h("p", {}, h("span.tag", {}, t(`plan.${plan.state}`)), " ", t("preview.made"), " ", time(plan.made_at),
      open(plan) && plan.expires_at && [". ", t("preview.until"), " ", time(plan.expires_at)])),
    plan.asked && open(plan) && h("p.warn", {}, t("preview.asked")),
    h("ul.numbers", { "aria-label": t("preview.summary") }, [...writes, ...others].map(([name, count]) => h("li", {}, h("b", {}, number(count)), kind(name))),
      plan.state !== "building" && plan.state !== "ready" && [h("li", {}, h("b", {}, number(plan.done)), t("item.done")), h("li", {}, h("b", {}, number(plan.left_out)), t("item.left out"))]),
    nothing && h("p", {}, t(plan.kind === "undo" ? "undo.nothing" : "preview.nothing")),
    told,
    h("div.row", {}, (open(plan) || plan.state === "started") && !nothing && exactly,
      (open(plan) || plan.state === "started") && stop));
}

// -- contacts --------------------------------------------------------------------------------------

function contacts(list, plan, leaveOut, state) {
  const kinds = Object.keys(plan.counts).sort();
  const results = h("div", {});
  const filter = h("select", { onchange: show }, h("option", { value: "" }, t("preview.all")), kinds.map((name) => h("option", { value: name }, `${kind(name)} (${number(plan.counts[name])})`)));
  const states = h("select", { onchange: show }, ["", "waiting", "done", "left out", "nothing"].map((name) => h("option", { value: name, selected: name === state }, name ? t(`item.${name}`) : t("preview.any"))));
  const left = h("p.hint", { role: "status" });
  fill(list, h("h2", {}, t("preview.contacts")), h("div.row", {}, field(t("preview.filter"), filter), field(t("preview.state"), states)), left, results);

  function show() {
    const rows = h("ul.list", {});
    fill(results, rows);
    const asked = { kind: filter.value, state: states.value, limit: SIZE };
    return pages(results, (cursor) => get(`/preview/${plan.id}`, { ...asked, cursor }), (items, start) => {
      const made = items.map((item) => contact(item, open(plan), leaveOut, () => { left.textContent = leaveOut.size ? t("preview.left", { n: leaveOut.size }) : ""; }));
      rows.append(...made);
      if (start && !made.length) rows.append(h("li", {}, t("preview.none")));
      return made[0]?.querySelector("summary, input");
    });
  }
  return show();
}

function contact(item, choose, leaveOut, changed) {
  const name = item.name || t("nameless");
  const pick = choose && item.state === "waiting" && item.writes.length > 0;
  const box = pick && h("input", {
    type: "checkbox", checked: !leaveOut.has(item.key), "aria-label": t("preview.take", { name }),
    onchange: () => { if (box.checked) leaveOut.delete(item.key); else leaveOut.add(item.key); changed(); },
  });
  const kinds = item.writes.length ? item.writes : [item.action];
  return h("li", {},
    h("div.row.spread", {}, h("div.row", {}, box, h("h3", {}, name)),
      h("div.row", {}, kinds.map((one) => h(one.startsWith("delete") ? "span.tag.bad" : one.startsWith("create") ? "span.tag.good" : "span.tag", {}, kind(one))),
        item.state !== "waiting" && item.state !== "nothing" && h("span.tag", {}, t(`item.${item.state}`)))),
    h("p.soft", {}, item.why),
    item.reason && h("p.warn", {}, item.reason),
    fieldTable(item.fields),
    item.questions.map((question) => [h("p.warn", {}, question.message, " ", question.remedy), candidates(question)]));
}

/** Field by field: before, after, on which side, and why. */
export function fieldTable(fields) {
  if (!fields.length) return null;
  const written = fields.filter((one) => one.to), kept = fields.filter((one) => !one.to);
  const heads = [t("settings.field"), t("side"), t("before"), t("after"), t("why")];
  return h("details", { open: fields.length <= 4 }, h("summary", {}, t("fields.count", { n: fields.length })),
    h("table.stack.fields", {}, h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, written.map((one) => h("tr", {}, h("th", { scope: "row" }, one.label), h("td", { "data-label": heads[1] }, t(one.to)),
        h("td", { "data-label": heads[2] }, one.hidden ? t("hidden_value") : h("del", {}, shown(one.before))),
        h("td", { "data-label": heads[3] }, one.hidden ? t("hidden_value") : h("ins", {}, shown(one.after))),
        h("td", { "data-label": heads[4] }, one.why, one.loser !== null && one.loser !== undefined && h("p.hint", {}, t("loser"), " ", shown(one.loser))))),
      kept.map((one) => h("tr", {}, h("th", { scope: "row" }, one.label), h("td", { "data-label": heads[1] }, t("stays")),
        ["sugar", "google"].map((side) => h("td", {}, h("span.soft", {}, `${t(side)}: `), shown(one[side]))), h("td", { "data-label": heads[4] }, one.why))))));
}

// -- the first sync --------------------------------------------------------------------------------

function firstReport(place, plan) {
  return load(place, async () => {
    const { report } = await import("/ui/report.js");
    return report(plan, await get(`/preview/${plan.id}/report`));
  });
}

