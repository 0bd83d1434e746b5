// Who a contact of one side is, and the way to its own page there.

import { h, status } from "/ui/app.js";
import { t } from "/ui/texts.js";

/** Of a crowd so many are listed. */
const MOST = 20;

/** The contact's page on that side; `null`: there is none. */
export function pageOf(side, id) {
  if (!id) return null;
  if (side === "google") return id.startsWith("people/") ? `https://contacts.google.com/person/${encodeURIComponent(id.slice("people/".length))}` : null;
  const page = status?.sugar.contact_page;
  return page ? `${page}${encodeURIComponent(id)}` : null;
}

/** A link to it, in a window of its own. */
export function link(side, id, name) {
  const href = pageOf(side, id);
  return href && h("a", { href, target: "_blank", rel: "noopener noreferrer", "aria-label": `${t(`open.${side}`)}: ${name}` }, t(`open.${side}`));
}

/** Side and id of a candidate: `g:people:c1` is `["google", "people/c1"]`. */
const placeOf = (one) => (one.startsWith("s:") ? ["sugar", one.slice(2)] : ["google", one.slice(2).replace(":", "/")]);

/** What a candidate is called in one line: its name, email and company, as far as they are known. */
export function called(one, questions) {
  const [side, id] = placeOf(one);
  const known = questions.flatMap((question) => question.people || []).find((each) => each.id === one);
  const words = [known?.name, known?.email, known?.company].filter(Boolean).join(" · ");
  return words ? `${words} (${t(side)})` : t(`candidate.${side}`, { id });
}

/** Name and link. */
export function shownAs(one, questions) {
  const name = called(one, questions);
  return [h("span.value", {}, name), " ", link(...placeOf(one), name)];
}

/** Those of a question, as a list. */
export function candidates(question) {
  const all = question.candidates;
  if (!all.length) return null;
  return h("div", {}, h("p.hint", {}, t("candidates")),
    h("ul", {}, all.slice(0, MOST).map((one) => h("li", {}, shownAs(one, [question])))),
    all.length > MOST && h("p.hint", {}, t("candidates.more", { n: all.length - MOST })));
}
