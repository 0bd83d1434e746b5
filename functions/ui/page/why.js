// Why isn't this contact syncing? One sentence for each contact that is meant, with where to change what decides it.

import { button, field, fill, get, go, h, load, place } from "/ui/app.js";
import { t } from "/ui/texts.js";

export async function panel() {
  const asked = place();
  const text = h("input", { type: "search", maxlength: 300, value: asked.q || "", autocomplete: "off" });
  const results = h("div", { "aria-live": "polite" });
  const form = h("form.card", {
    role: "search", novalidate: true,
    onsubmit: (event) => { event.preventDefault(); look(results, text.value.trim()); },
  }, field(t("why.who"), text, { hint: t("why.hint") }), h("button.primary", { type: "submit" }, t("why.ask")));
  if (asked.q) look(results, asked.q);
  return [h("p", {}, t("why.text")), form, results];
}

function look(results, q) {
  if (!q) return fill(results, h("p.wrong", {}, t("needed")));
  return load(results, async () => {
    const { items, more, listed } = await get("/why", { q }, { seconds: 120 });
    return [
      !listed && h("p.warn", {}, t("why.unlisted")),
      items.length === 0 && h("p", {}, t("why.nobody")),
      h("ul.list", {}, items.map(answer)),
      more && h("p.hint", {}, t("why.more"))].filter(Boolean);
  });
}

function answer(one) {
  const good = one.decides === "in step" || one.decides === "turn";
  return h("li", {},
    h("div.row.spread", {}, h("h3", {}, one.name || t("nameless")), h(good ? "span.tag.good" : "span.tag.amber", {}, t(`why.${one.decides}`))),
    h("p", {}, one.sentence),
    one.fields.length > 0 && h("p.hint", {}, t("why.fields"), " ", one.fields.join(", ")),
    h("p.hint", {}, [one.sugar_id && `Sugar ${one.sugar_id}`, one.google_id && `Google ${one.google_id}`].filter(Boolean).join(" · ")),
    h("div.row", {}, one.setting && button(t("why.setting"), () => go("settings"), { kind: "small" }),
      one.entry && button(t("why.to_entry"), () => go(`backlog/entry=${encodeURIComponent(one.entry)}${one.decides === "never" ? "&state=never" : ""}`), { kind: "small" }),
      one.contact && h("a", { href: `#history/contact=${one.contact}` }, t("history.contact.see"))));
}
