// The first-sync report: who was found on both sides, who not, and who may be the same though no email says so.

import { field, fill, get, h, number, pages } from "/ui/app.js";
import { t } from "/ui/texts.js";

const LISTS = ["evidence", "duplicates sugar", "duplicates google"];
const GROUPS = 10;

/** The report of a plan: `told` as the API gives it. */
export function report(plan, told) {
  if (!told.first) return [];
  const list = h("div", {});
  const counts = { evidence: told.evidence, "duplicates sugar": told.duplicates.sugar, "duplicates google": told.duplicates.google };
  const some = LISTS.filter((name) => counts[name] > 0);
  const asks = Object.entries(told.asks).filter(([, count]) => count > 0);
  if (some.length) show(list, plan, some[0]);
  return h("div.card", {}, h("h2", {}, t("report.title")), h("p", {}, t("report.text")),
    h("dl.facts", {},
      fact(told.matches, "report.matches"), fact(told.creates.google || 0, "report.create.google"), fact(told.creates.sugar || 0, "report.create.sugar"),
      fact(told.ambiguous, "report.ambiguous"), fact(told.unheld, "report.unheld"),
      LISTS.map((name) => fact(counts[name], `report.${name}`))),
    asks.length > 0 && [h("h3", {}, t("report.asks")), h("ul", {}, asks.map(([name, count]) => h("li", {}, `${t.has(`class.${name}`) ? t(`class.${name}`) : name}: ${number(count)}`)))],
    some.length > 0 && [h("h3", {}, t("report.alike")), h("p.hint", {}, t("report.alike.text")), field(t("preview.filter"), choice(some, plan, list)), list]);
}

const fact = (count, key) => [h("dt", {}, t(key)), h("dd", {}, number(count))];

function choice(some, plan, list) {
  const control = h("select", { onchange: () => show(list, plan, control.value) }, some.map((name) => h("option", { value: name }, t(`report.${name}`))));
  return control;
}

function show(list, plan, name) {
  const groups = h("ul.list", {});
  fill(list, groups);
  return pages(list, (cursor) => get(`/preview/${plan.id}/alike`, { list: name, limit: GROUPS, cursor }), (items) => {
    const made = items.map((group) => h("li", { tabindex: "-1" }, h("p.soft", {}, t("report.why"), " ", group.why.map((why) => t(`report.why.${why}`)).join(", ")),
      h("ul", {}, group.records.map((one) => h("li", {}, h("strong", {}, one.name || t("nameless")), ` (${t(one.side)}${one.linked ? `, ${t("report.linked")}` : ""}) `,
        h("span.soft", {}, [one.company, ...one.emails, ...one.phones].filter(Boolean).join(" · ")))))));
    groups.append(...made);
    return made[0];
  });
}
