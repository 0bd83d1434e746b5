// Google, Sugar, and what belongs to the account: taking everything along, leaving.

import { ask, blame, button, call, current, doing, field, fill, go, h, notice, refresh, signInHere, status, time, trouble } from "/ui/app.js";
import { t } from "/ui/texts.js";

export async function panel() {
  await current();
  return [h("div.cards", {}, google(), sugar()), account()];
}

/** The state of a side in plain words. */
function state(side) {
  if (!side.connected) return h("span.tag.amber", {}, t("state.missing"));
  return side.lost ? h("span.tag.bad", {}, t("state.lost")) : h("span.tag.good", {}, t("state.good"));
}

function google() {
  const now = status.google;
  const grant = now.connected && !now.lost ? "" : "primary";
  return h("section.card", { "aria-labelledby": "google" }, h("div.row.spread", {}, h("h2", { id: "google" }, t("google")), state(now)),
    h("p", {}, t(now.lost ? "google.lost" : now.connected ? "google.connected" : "google.missing")),
    h("dl.facts", {}, h("dt", {}, t("account")), h("dd", {}, now.email), now.since && [h("dt", {}, t("since")), h("dd", {}, time(now.since))],
      h("dt", {}, t("google.granted")), h("dd", {}, t("google.scopes"))),
    h("div.row", {}, h("a", { class: `button ${grant}`, href: `/oauth_start?consent=true&hint=${encodeURIComponent(now.email)}&then=${encodeURIComponent("/ui#connections")}` },
      t(now.connected ? "grant_again" : "grant"))),
    h("p.hint", {}, t("google.revoke"), " ", h("a", { href: "https://myaccount.google.com/connections", rel: "noreferrer", target: "_blank" }, t("google.account"))));
}

function sugar() {
  const card = h("section.card", { "aria-labelledby": "sugar" });
  drawSugar(card);
  return card;
}

function drawSugar(card, change = false) {
  const now = status.sugar;
  const told = h("div", {});
  fill(card, h("div.row.spread", {}, h("h2", { id: "sugar" }, t("sugar")), state(now)),
    h("p", {}, t(now.lost ? "sugar.lost" : now.connected ? "sugar.connected" : "sugar.missing")));
  if (now.connected && !now.lost && !change) {
    const test = button(t("sugar.test"), () => doing(test, told, async () => fill(told, tested(await call("POST", "/sugar/test")))));
    const leave = button(t("sugar.disconnect"), async () => {
      if (await ask(t("sugar.disconnect"), h("p", {}, t("sugar.disconnect.sure")), { yes: t("sugar.disconnect") })) {
        await doing(leave, told, async () => {
          await call("DELETE", "/sugar");
          await refresh();
          drawSugar(card);
          notice(t("sugar.disconnected"));
        });
      }
    });
    card.append(
      h("dl.facts", {}, h("dt", {}, t("sugar.address")), h("dd", {}, now.address), h("dt", {}, t("sugar.user")), h("dd", {}, now.user_name)),
      h("div.row", {}, test, button(t("sugar.change"), () => { drawSugar(card, true); card.querySelector("input").focus(); }), leave), told);
    return;
  }
  card.append(connectForm(card, now));
}

function connectForm(card, now) {
  const address = h("input", { type: "text", inputmode: "url", autocomplete: "url", required: true, value: now.address, placeholder: "https://…" });
  const user = h("input", { type: "text", autocomplete: "username", required: true, value: now.user_name });
  const password = h("input", { type: "password", autocomplete: "current-password", required: true });
  const platform = h("input", { type: "text", value: "contact-sync" });
  const told = h("div", {});
  const connect = h("button.primary", { type: "submit" }, t("sugar.connect"));
  const form = h("form", {
    novalidate: true,
    onsubmit: (event) => {
      event.preventDefault();
      doing(connect, told, () => send());
    },
  }, field(t("sugar.address"), address, { name: "address", hint: t("sugar.address.hint") }),
  field(t("sugar.user"), user, { name: "user_name" }), field(t("sugar.password"), password, { name: "password", hint: t("sugar.password.hint") }),
  h("details", {}, h("summary", {}, t("sugar.more")), field(t("sugar.platform"), platform, { name: "platform", hint: t("sugar.platform.hint") })),
  told, h("div.row", {}, connect));

  async function send() {
    const missing = [["address", address], ["user_name", user], ["password", password]].filter(([, input]) => !input.value.trim());
    if (missing.length) return blame(form, { errors: missing.map(([name]) => ({ field: name, message: t("needed") })) });
    blame(form, null);
    try {
      await call("PUT", "/sugar", { address: address.value.trim(), user_name: user.value.trim(), password: password.value, platform: platform.value.trim() || "contact-sync" });
    } catch (error) {
      if (!error.errors?.length) throw error;
      const rest = blame(form, error);
      if (rest) fill(told, h("div.trouble", { role: "alert" }, rest));
      return null;
    }
    password.value = "";
    await refresh();
    drawSugar(card);
    notice(t("sugar.done"));
    card.querySelector("button")?.focus();
    return null;
  }
  return form;
}

function tested(told) {
  const rights = ["view", "create", "edit", "delete"];
  return h("div", { role: "status" }, h("p", {}, t("sugar.tested", { name: told.full_name || told.user_name, n: told.fields })),
    h("ul", {}, rights.map((right) => h("li", {}, t(`right.${right}`), ": ", told[`may_${right}`] ? t("yes") : t("no")))));
}

function account() {
  const told = h("div", {});
  const out = button(t("sign_out"), () => doing(out, told, async () => { await call("POST", "/account/sign_out"); location.assign("/ui"); }));
  const everywhere = button(t("sign_out_everywhere"), () => doing(everywhere, told, async () => { await call("POST", "/account/sign_out_everywhere"); location.assign("/ui"); }));
  const remove = button(t("leave.created"), () => go("preview/undo=created&side=google"));
  const erase = button(t("erase"), () => eraseAll(erase, told), { kind: "danger" });
  return h("section.card", { "aria-labelledby": "mine" }, h("h2", { id: "mine" }, t("mine")),
    h("p", {}, t("mine.text")),
    h("div.row", {}, h("a.button", { href: "/account/export", download: "contact-sync.json" }, t("export")), out, everywhere),
    h("h3", {}, t("leave")), h("p.hint", {}, t("leave.text")), h("div.row", {}, remove, erase), told);
}

async function eraseAll(erase, told) {
  const email = h("input", { type: "email", autocomplete: "off" });
  const sure = await ask(t("erase"), [h("p", {}, t("erase.sure")), field(t("erase.email", { email: status.google.email }), email)], {
    yes: t("erase"), danger: true,
    ready: (yes) => {
      yes.disabled = true;
      email.addEventListener("input", () => { yes.disabled = email.value.trim().toLowerCase() !== status.google.email.toLowerCase(); });
    },
  });
  if (!sure) return;
  await doing(erase, told, async () => {
    let answer;
    do {
      answer = await call("DELETE", "/account", { email: email.value });
      fill(told, h("p", { role: "status" }, t("erase.going")));
    } while (!answer.done);
    fill(document.getElementById("app"), h("main.welcome", { id: "main" }, h("h1", { tabindex: "-1" }, t("erase.done")),
      ["google", "sugar"].filter((side) => answer[side] === "failed").map((side) => h("p.warn", {}, t(`erase.failed.${side}`))),
      h("p", {}, h("a.button", { href: "/ui" }, t("product")))));
    document.querySelector("h1").focus();
  });
}
